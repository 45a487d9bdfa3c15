// What the page holds: the runs, where it is in them, and what is to be drawn of that.

/** The runs that the page holds: one, or two to compare. */
function loadRuns() {
  const runs = [];
  for (let number = 0; part(`run-${number}`); number += 1) {
    runs.push(decodeRun(JSON.parse(part(`run-${number}`).textContent), part(`data-${number}`).textContent));
  }
  return runs;
}

const runs = loadRuns();
const difference = JSON.parse(part("difference").textContent);
const page = {
  shown: 0,
  cells: runs.map(cellsAtStart),
  places: runs.map((run) => placeAt(run, 0)),
  kind: "event",
  cpu: 0,
  asked: null,
  shortened: true,
  scale: null,
  scales: {},
  view: null,
  changed: new Set(),
  playing: null,
  notes: [],
  address: 0,
  /** Does the source follow the CPU whose event is the current one? Where a CPU was chosen it is that one's. */
  follows: false,
  /** What was clicked, and where it was: it stays there. */
  held: null,
};
const lessonData = part("lesson") ? JSON.parse(part("lesson").textContent) : null;
const teach = lessonData ? { lesson: lessonData, steps: lessonSteps(lessonData), at: 0, given: new Map() } : null;
const lanes = laneBoxes(runs);

/** All that is drawn, of the run that is shown. */
function scene() {
  const run = runs[page.shown];
  return {
    runs, lanes, run, shown: page.shown, scale: page.scale, view: page.view, place: page.places[page.shown],
    time: page.places[page.shown].time, values: page.cells[page.shown].values, cpu: page.cpu, acting: page.follows ? actingCpu(run, page.places[page.shown]) : page.cpu, asked: page.asked,
    changed: page.changed, cover: covers(), scroll: part("picture").scrollTop, height: pictureHeight(),
    difference: difference ? Math.min(...runs.map((one, number) => one.time[Math.min(difference[number], one.n - 1)])) : null,
  };
}

/** Events that are looked at for the CPU that acted last. */
const ACTED = 200;

/** The CPU whose event is the current one; of an event of the bus the one that acted last before it. */
function actingCpu(run, { taken }) {
  for (let event = taken - 1; event >= Math.max(0, taken - ACTED); event -= 1) {
    const { source, site } = run.event(event);
    if (source >= 0 && site >= 0) return source;
  }
  return page.cpu;
}

/** Of each run the instant after which it is covered; null where nothing is: a lesson asks what comes. */
function covers() {
  const step = teach && teach.steps[teach.at];
  if (!step || step.run === null || part("lesson-reveal").checked) return null;
  const end = page.places[page.shown].taken >= runs[page.shown].n;
  return runs.map((run, number) => {
    if (number !== step.run) return number < step.run ? Infinity : -1;
    return number === page.shown && !end ? page.places[number].time : Infinity;
  });
}

/** How much of the lanes is shown at once: all on paper. */
function pictureHeight() {
  const all = window.matchMedia("print").matches;
  return all ? Math.min(lanes.height, 8000) : Math.min(lanes.height, Math.max(200, Math.round(window.innerHeight * 0.62)));
}
