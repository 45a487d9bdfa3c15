// How things look: the fates of messages, what a lane shows, and the legend of both.

/** How the fate of a message looks: a colour, a pattern, and a mark at its end, so that no colour is needed to tell them. */
const FATES = {
  "taken": { colour: "#009e73", dash: [], mark: "arrow" },
  "pending": { colour: "#e69f00", dash: [], mark: "ring" },
  "merged": { colour: "#cc79a7", dash: [6, 3], mark: "diamond" },
  "retried": { colour: "#d55e00", dash: [2, 3], mark: "cross" },
  "accept-error": { colour: "#d55e00", dash: [8, 3, 2, 3], mark: "cross" },
  "replaced": { colour: "#56b4e9", dash: [6, 3], mark: "bar" },
  "dropped": { colour: "#56b4e9", dash: [2, 3], mark: "bar" },
  "cleared": { colour: "#0072b2", dash: [6, 3], mark: "bar" },
  "ignored": { colour: "#0072b2", dash: [2, 3], mark: "cross" },
  "lost": { colour: "#d55e00", dash: [10, 4], mark: "cross" },
  "under-way": { colour: "#999999", dash: [4, 4], mark: "ring" },
};

/** The same marks where there is text. */
const SIGNS = { arrow: "▶", ring: "○", diamond: "◇", cross: "×", bar: "‖" };

/** The name of a fate with its colour and mark. */
function fateMark(fate) {
  const look = FATES[fate] || FATES["under-way"];
  const sign = make("span", { "aria-hidden": "true", style: `color: ${look.colour}` }, `${SIGNS[look.mark]} `);
  return make("span", { className: `fate${look.dash.length ? " dashed" : ""}`, style: `border-color: ${look.colour}` }, sign, fate);
}

/** What the lanes show in words, and how: a class of the style for each. */
const LOOKS = {
  "code": "code", "interrupt": "a handler", "nmi": "the NMI handler", "smm": "system-management mode", "waits": "waits or spins",
  "halted": "HLT", "shutdown": "shutdown", "not-started": "not started", "ended": "its program has ended",
  "interrupts-off": "interrupts off", "message": "a bus has a message",
};

/** Does a run go on for ever as it stands at its end? */
function isForEver(run) {
  return run.header.verdict === "hung";
}

/** What stands in some runs of what the lanes can show, and nothing else; where a lesson asks what comes, all fates. */
function legendOf(runs, isLesson) {
  const looks = (run) => run.header.looks || Object.keys(LOOKS);
  const fates = (run) => run.header.fates.filter(([, count]) => count > 0 || isLesson).map(([name]) => name);
  const items = Object.keys(LOOKS).filter((look) => runs.some((run) => looks(run).includes(look)))
    .map((look) => make("span", { className: "look" }, make("span", { className: `swatch ${look}`, "aria-hidden": "true" }), LOOKS[look]));
  items.push(...Object.keys(FATES).filter((fate) => runs.some((run) => fates(run).includes(fate))).map(fateMark));
  if (!isLesson && runs.some(isForEver)) items.push(make("span", { className: "look" }, "∞ so for ever: proven"));
  return items;
}
