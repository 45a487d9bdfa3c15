// The page: what changes its state, and drawing it anew.

/** The verdict, where it is not covered; of two runs both. */
function drawVerdict(now) {
  const covered = coverOf(now) < Infinity;
  part("verdict").className = covered ? "faint" : "";
  if (covered) part("verdict").textContent = "What comes is covered: predict it, or let it be shown.";
  else part("verdict").replaceChildren(...runs.map(({ header }, number) => make("span", { className: `verdict ${header.verdict || "interrupted"}` },
    runs.length > 1 ? `${"AB"[number]}, ${header.arch}, ${header.variant}: ${header.says}` : header.says)));
}

/** Goes to a place of the run that is shown; the other run goes to the same instant. */
function goTo(place, keepView = false) {
  const before = page.cells[page.shown].taken;
  runs.forEach((run, number) => {
    page.places[number] = number === page.shown ? place : placeAtTime(run, place.time);
    seek(run, page.cells[number], page.places[number].taken);
  });
  page.changed = changedBetween(runs[page.shown], before, place.taken);
  page.follows = true;
  if (!keepView) follow();
  draw();
}

/** The cells that differ between two places; of a long way, those of its last event. */
function changedBetween(run, before, after) {
  const [from, until] = Math.abs(after - before) <= 10 ? [Math.min(before, after), Math.max(before, after)] : [Math.max(0, after - 1), after];
  const cells = new Set();
  for (let event = from; event < until; event += 1) for (const { cell } of changesWith(run, event)) cells.add(cell);
  return cells;
}

/** Moves the view so that the cursor is in it. */
function follow() {
  const at = placeOf(page.scale, page.places[page.shown].time);
  const width = page.view.to - page.view.from;
  if (at < page.view.from) page.view = { from: at - width * 0.3, to: at + width * 0.7 };
  if (at > page.view.to) page.view = { from: at - width * 0.7, to: at + width * 0.3 };
}

function rescale() {
  const name = page.shortened ? "shortened" : "true";
  page.scales[name] = page.scales[name] || makeScale(runs.map((run) => run.time), page.shortened);
  page.scale = page.scales[name];
  page.view = wholeView(page.scale);
}

let [waiting, panels] = [false, false];
/** Draws the page at the next frame; where the view alone has changed, the lanes alone. */
function draw(viewAlone = false) {
  panels = panels || viewAlone !== true;
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    const all = panels;
    [waiting, panels] = [false, false];
    if (all) drawAll();
    else drawLanes(part("lanes"), part("cursor"), scene());
  });
}

function drawAll() {
  const now = scene();
  drawLanes(part("lanes"), part("cursor"), now);
  document.documentElement.style.setProperty("--bar", `${part("bar").offsetHeight}px`);
  part("spacer").style.height = `${lanes.height - now.height}px`;
  part("lanes").setAttribute("aria-label", `lanes of ${now.run.header.cpus} CPUs and the bus; the cursor is at ${microseconds(now.time)}`);
  part("time").textContent = microseconds(now.time);
  part("scrub").max = String(now.run.n);
  part("scrub").value = String(now.place.taken);
  part("scrub").setAttribute("aria-valuetext", `event ${now.place.taken} of ${now.run.n}, ${microseconds(now.time)}`);
  part("kind").value = page.kind;
  part("cpu").value = String(page.cpu);
  drawVerdict(now);
  drawNow(now);
  drawSource(now);
  drawCpus(now);
  drawWords(now);
  drawMessages(now);
  drawWire(now);
  drawWhy(now);
  markAsked(now);
  keepInPlace();
  if (!page.playing) part("said").textContent = now.place.taken > 0 ? Object.values(sayEvent(now.run, now.place.taken - 1)).join(" ") : "before the first event";
  clearTimeout(page.address);
  page.address = setTimeout(showAddress, 200);
}

/** Puts the moment into the address; not at each step, since browsers refuse to do that very often. */
function showAddress() {
  try {
    history.replaceState(null, "", writeAddress({ place: page.places[page.shown], cpu: page.cpu, shown: page.shown, asked: page.asked, lesson: teach && teach.at, notes: page.notes }));
  } catch {
    // an address that may not be changed is no reason not to go on
  }
}

const actions = {
  step(count) {
    const run = runs[page.shown];
    let place = page.places[page.shown];
    for (let left = Math.abs(count); left > 0; left -= 1) place = step(run, place, page.kind, page.cpu, count > 0);
    goTo(place);
  },
  goTo(taken) { goTo(placeAt(runs[page.shown], taken)); },
  message(by) { goTo(step(runs[page.shown], page.places[page.shown], "message", page.cpu, by > 0)); },
  play() {
    if (page.playing) {
      clearInterval(page.playing);
      page.playing = null;
    } else {
      page.playing = setInterval(() => {
        actions.step(1);
        if (page.places[page.shown].taken >= runs[page.shown].n) actions.play();
      }, 250);
    }
    part("play").textContent = page.playing ? "Stop" : "Play";
    draw();
  },
  kind(kind) { page.kind = kind; draw(); },
  cpu(by) { actions.choose((page.cpu + by + runs[page.shown].header.cpus) % runs[page.shown].header.cpus); },
  choose(cpu) { page.cpu = Math.max(0, Math.min(cpu, runs[page.shown].header.cpus - 1)); page.follows = false; draw(); },
  zoom(factor, around) {
    page.view = zoomed(page.view, factor, around === undefined ? placeOf(page.scale, page.places[page.shown].time) : around);
    draw(true);
  },
  move(share) { page.view = moved(page.view, share); draw(true); },
  whole() { page.view = wholeView(page.scale); draw(true); },
  axis() {
    page.shortened = !page.shortened;
    rescale();
    part("axis").textContent = page.shortened ? "Gaps shortened" : "True to time";
    draw();
  },
  ask(asked) { page.asked = asked; draw(); },
  why() { const { taken } = page.places[page.shown]; if (taken > 0) actions.ask({ event: taken - 1 }); },
  forget() { page.asked = null; draw(); },
  difference() { if (difference) goTo(placeAt(runs[page.shown], difference[page.shown] + 1)); },
  other() {
    if (runs.length < 2) return;
    const { time } = page.places[page.shown];
    page.shown = 1 - page.shown;
    page.asked = null;
    page.cpu = Math.min(page.cpu, runs[page.shown].header.cpus - 1);
    describe();
    goTo(placeAtTime(runs[page.shown], time));
  },
  lesson(by) { if (teach) toLesson(Math.max(0, Math.min(teach.at + by, teach.steps.length - 1))); },
  answer() {
    const chosen = document.querySelector("#lesson-question input:checked");
    if (!teach || !chosen) return;
    teach.given.set(teach.at, Number(chosen.value));
    drawLesson(teach);
    part("lesson-next").focus();
  },
  note() { part("note-text").focus(); },
  help() { const box = part("help"); if (box.open) box.close(); else box.showModal(); },
};

/** Goes to a step of the lesson: its run, its moment, and the CPU whose event it is. */
function toLesson(at) {
  teach.at = at;
  const { run, taken } = teach.steps[at];
  if (run !== null) {
    if (run !== page.shown) actions.other();
    page.asked = null;
    const source = taken > 0 ? runs[run].event(taken - 1).source : -1;
    if (source >= 0) page.cpu = source;
    const place = placeAt(runs[run], taken);
    const whole = wholeView(page.scale);
    const told = placeOf(page.scale, place.time) - whole.from; // what is told fills two thirds of the picture
    page.view = { from: whole.from, to: Math.min(whole.to, whole.from + Math.max(told * 1.5, (whole.to - whole.from) * 0.1)) };
    goTo(place);
  }
  drawLesson(teach);
  draw();
}

/** What the page says of the run that is shown. */
function describe() {
  const { header } = runs[page.shown];
  part("name").textContent = header.scenario;
  part("machine").textContent = `${header.arch}, ${header.variant} of ${header.release}, ${header.generation} on ${header.bus}, ${header.cpus} CPUs, seed ${header.seed}`;
  part("story").textContent = header.story;
  part("command").textContent = header.command;
  part("digest").textContent = header.digest;
  part("injected").textContent = header.injected.length ? `Injected: ${header.injected.join("; ")}` : "";
  part("left-out").textContent = header.left_out ? `This page ends early: ${header.left_out} more events are left out.` : "";
  part("cpu").replaceChildren(...Array.from({ length: header.cpus }, (_, cpu) => make("option", { value: String(cpu) }, `CPU${cpu}`)));
  if (!teach) drawWithout(runs, page.shown, null);
  part("which").hidden = runs.length < 2;
  part("shown").replaceChildren(...runs.map((run, number) =>
    make("option", { value: String(number) }, `${"AB"[number]}: ${run.header.arch}, ${run.header.variant}`)));
  part("shown").value = String(page.shown);
}

/** What a click on something that can be asked about means. */
function clicked(target) {
  const found = target.closest("[data-jump], [data-cell], [data-event], [data-ask-message], [data-cpu], [data-action], [data-note], [data-forget-note], [data-without]");
  if (!found) return;
  const { jump: to, cell, bit, field, event, askMessage, to: at, cpu, action, argument, note, forgetNote, without } = found.dataset;
  page.held = placeOfElement(found);
  if (note !== undefined) goToMoment(page.notes[Number(note)]);
  else if (forgetNote !== undefined) { page.notes.splice(Number(forgetNote), 1); drawBook(); part("note-text").focus(); }
  else if (without !== undefined) { if (!askWithout(without)) drawWithout(runs, page.shown, without); }
  else if (to !== undefined) goTo(placeAt(runs[page.shown], Number(to) + 1));
  else if (cell !== undefined) actions.ask({ cell: Number(cell), bit: bit === undefined ? -1 : Number(bit), ...(field === undefined ? {} : { field: Number(field) }) });
  else if (askMessage !== undefined) actions.ask({ message: Number(askMessage), to: Number(at) });
  else if (event !== undefined) actions.ask({ event: Number(event) });
  else if (cpu !== undefined) actions.choose(Number(cpu));
  else if (action) actions[action](argument === undefined ? undefined : Number(argument));
}

/** A click into the lanes: the cursor goes there, the lane's CPU is shown, and the arrow or the span's beginning is asked about;
 * where there is neither, what was asked elsewhere is forgotten. */
function clickedLanes(x, y) {
  const now = scene();
  const arrow = x >= LABELS ? arrowUnder(now, x, y) : null;
  const { time, lane, span } = underPointer(now, x, y, part("lanes").clientWidth);
  const of = arrow || lane;
  if (of && of.run !== page.shown) actions.other();
  const run = runs[page.shown];
  const cpu = arrow ? arrow.cpu : lane ? lane.cpu : null;
  if (cpu !== null && cpu !== undefined) page.cpu = cpu;
  if (arrow) page.asked = { message: arrow.message, to: arrow.cpu === null ? -1 : arrow.cpu };
  else if (x >= LABELS) page.asked = span && span.event >= 0 ? { event: span.event } : null;
  if (x >= LABELS) goTo(placeAtTime(run, arrow ? onArrow(arrow, time) : time), true);
  else draw();
  const wait = span && span.look === "waits" && !arrow ? run.cell(cpu, "why") : -1;
  if (wait >= 0 && (whyWaits(run, page.cells[page.shown].values, cpu) || []).length) page.asked = { cell: wait, bit: -1 };
  page.follows = false;
  showAnswer(x, y);
}

function listen() {
  document.addEventListener("click", (event) => { clickedBeside(event); clicked(event.target); });
  document.addEventListener("keydown", (event) => {
    if (openDialog()) return keyInDialog(event);
    const action = isTyped(event) ? null : actionOf(event);
    if (!action) return;
    event.preventDefault();
    actions[action[0]](...action.slice(1));
  });
  part("scrub").addEventListener("input", (event) => goTo(placeAt(runs[page.shown], Number(event.target.value))));
  part("kind").addEventListener("change", (event) => actions.kind(event.target.value));
  part("cpu").addEventListener("change", (event) => actions.choose(Number(event.target.value)));
  part("shown").addEventListener("change", (event) => { if (Number(event.target.value) !== page.shown) actions.other(); });
  part("fate").addEventListener("change", draw);
  part("lesson-reveal").addEventListener("change", draw);
  part("note-form").addEventListener("submit", (event) => { event.preventDefault(); takeNote(part("note-text")); });
  listenToParent(answerParent);
  const canvas = part("lanes");
  let drag = null;
  canvas.addEventListener("pointerdown", (event) => { drag = { x: event.offsetX, y: event.offsetY, view: page.view, far: false }; });
  canvas.addEventListener("pointermove", (event) => {
    canvas.style.cursor = !drag && event.offsetX >= LABELS && arrowUnder(scene(), event.offsetX, event.offsetY) ? "pointer" : "";
    if (!drag || !event.buttons) return;
    const by = event.offsetX - drag.x;
    drag.far = drag.far || Math.abs(by) > 4;
    if (drag.far) page.view = moved(drag.view, -by / (canvas.clientWidth - LABELS));
    draw(true);
  });
  canvas.addEventListener("pointerup", (event) => { if (drag && !drag.far) clickedLanes(event.offsetX, event.offsetY); drag = null; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const share = (event.offsetX - LABELS) / (canvas.clientWidth - LABELS);
    const around = page.view.from + share * (page.view.to - page.view.from);
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) actions.move((event.deltaX || event.deltaY) / 1000);
    else actions.zoom(Math.exp(event.deltaY / 500), around);
  }, { passive: false });
  part("picture").addEventListener("scroll", () => draw(true));
  window.addEventListener("resize", draw);
  for (const event of ["beforeprint", "afterprint"]) window.addEventListener(event, drawAll);
  window.matchMedia("print").addEventListener("change", drawAll);
  window.addEventListener("hashchange", () => goToAddress());
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

/** Takes a note of the moment, and leaves the field empty. */
function takeNote(field) {
  const { taken, time } = page.places[page.shown];
  const note = readNote(writeNote({ taken, time, cpu: page.cpu, shown: page.shown, text: field.value.slice(0, NOTE_LETTERS) }));
  if (!note || page.notes.length >= NOTES) return;
  page.notes.push(note);
  field.value = "";
  drawBook();
}

/** Draws the notebook, which changes seldom, and puts it into the address. */
function drawBook() {
  drawNotebook(runs, page.notes);
  draw();
}

/** Goes to a moment of a run: as many events as the address or a note says, and an instant after them. */
function goToMoment({ taken, time, cpu, shown }) {
  if (shown !== page.shown && shown < runs.length) actions.other();
  if (cpu !== null && cpu < runs[page.shown].header.cpus) page.cpu = cpu;
  goTo(placeNear(runs[page.shown], taken, time));
}

/** The place after so many events, at an instant that lies before the next one. */
function placeNear(run, taken, time) {
  const place = placeAt(run, taken === null ? run.n : taken);
  const until = place.taken < run.n ? run.time[place.taken] : place.time;
  return time !== null && time >= place.time && time <= until ? { taken: place.taken, time } : place;
}

/** Does what the page asks in which this one is embedded, and says how it is then. */
function answerParent(data) {
  const asked = readAsk(data, runs, page.shown);
  if (!asked || asked.error) return asked;
  if (asked.run !== page.shown) actions.other();
  const run = runs[page.shown];
  if (asked.ask === "go") goTo(asked.taken === undefined ? placeAtTime(run, asked.ps) : placeAt(run, asked.taken));
  if (asked.cpu !== undefined) actions.choose(asked.cpu);
  if (asked.asked !== undefined) actions.ask(asked.asked);
  if (asked.ask === "step") {
    page.kind = asked.by;
    actions.step(asked.count);
  }
  const { taken, time } = page.places[page.shown];
  const { header } = run;
  const covered = covers() !== null;
  return {
    id: asked.id,
    state: { scenario: header.scenario, verdict: covered ? null : header.verdict, runs: runs.length, run: page.shown, cpus: header.cpus, events: run.n, taken, ps: time, cpu: page.cpu, asked: page.asked },
  };
}

/** Goes to the moment that the address names, if it names one. */
function goToAddress() {
  const { taken, time, cpu, shown, asked, lesson, notes } = readAddress(location.hash);
  page.notes = notes;
  drawBook();
  if (teach) {
    describe();
    toLesson(lesson !== null && lesson < teach.steps.length ? lesson : taken === null ? 0 : teach.at);
    if (taken === null) return;
  }
  if (shown === 1 && runs.length > 1) page.shown = 1;
  describe();
  const run = runs[page.shown];
  if (cpu !== null && cpu < run.header.cpus) page.cpu = cpu;
  page.asked = asked && isThere(run, asked) ? asked : null;
  goTo(placeNear(run, taken, time));
  page.follows = false;
}

function begin() {
  part("kind").replaceChildren(...STEPS.map(([kind, text]) => make("option", { value: kind }, text)));
  part("fate").replaceChildren(make("option", { value: "" }, "every fate"), ...Object.keys(FATES).map((fate) => make("option", { value: fate }, fate)));
  part("legend").replaceChildren(...legendOf(runs, Boolean(teach)));
  part("keys").replaceChildren(...KEYS.flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, text)]));
  part("first-difference").hidden = !difference;
  if (teach) part("lesson-part").hidden = false;
  if (teach) part("without-part").hidden = true;
  rescale();
  listen();
  goToAddress();
}

begin();
