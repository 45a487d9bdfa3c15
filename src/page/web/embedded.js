// The page inside of another one: a course page may send it messages, and is answered. It listens to the window that it is
// embedded in and to no other one, and answers to the origin that has asked. What is no message of this kind is not answered.
// Pure but for the listening at the end.

/** What can be asked for. */
const ASKS = ["state", "go", "select", "step"];

/** Steps of one message. */
const STEPS_MAX = 1000;

const isCount = (value, below) => Number.isSafeInteger(value) && value >= 0 && value < below;

/** A message that is one of these, checked; null: it is none. What is wrong with it is in `error`. */
function readAsk(data, runs, shown) {
  if (typeof data !== "object" || data === null || Array.isArray(data) || data.apicsim !== 1) return null;
  const isId = typeof data.id === "string" ? data.id.length <= 100 : Number.isFinite(data.id);
  const ask = { id: isId ? data.id : null, ask: data.ask };
  const wrong = (error) => ({ id: ask.id, error });
  if (!ASKS.includes(data.ask)) return wrong(`ask is one of ${ASKS.join(", ")}`);
  const run = data.run === undefined ? shown : data.run;
  if (!isCount(run, runs.length)) return wrong(`run is ${runs.length > 1 ? "0 or 1" : "0"}`);
  const { n, cells, header } = runs[run];
  if (data.ask === "go") {
    if (isCount(data.taken, n + 1)) return { ...ask, run, taken: data.taken };
    if (typeof data.ps === "number" && data.ps >= 0 && data.ps <= Number.MAX_SAFE_INTEGER) return { ...ask, run, ps: Math.floor(data.ps) };
    return wrong(`go needs taken, from 0 to ${n}, or ps`);
  }
  if (data.ask === "select") {
    const found = { ...ask, run };
    if (data.cpu !== undefined && !isCount(data.cpu, header.cpus)) return wrong(`cpu is a number below ${header.cpus}`);
    if (data.cell !== undefined && !isCount(data.cell, cells.length)) return wrong(`cell is a number below ${cells.length}`);
    if (data.bit !== undefined && !(isCount(data.bit, 32) && data.cell !== undefined && cells[data.cell].kind === "hex")) return wrong("bit is below 32, and of a cell that is a number");
    if (data.event !== undefined && !isCount(data.event, n)) return wrong(`event is a number below ${n}`);
    if (data.bit !== undefined && !/^(IRR|ISR|TMR)[0-7]$/.test(cells[data.cell].name)) return wrong("bit is of IRR, ISR or TMR");
    if (data.cell !== undefined) found.asked = { cell: data.cell, bit: data.bit === undefined ? -1 : data.bit };
    else if (data.event !== undefined) found.asked = { event: data.event };
    else if (data.nothing === true) found.asked = null;
    return { ...found, cpu: data.cpu };
  }
  if (data.ask === "step") {
    const by = data.by === undefined ? "event" : data.by;
    if (!STEPS.some(([kind]) => kind === by)) return wrong(`by is one of ${STEPS.map(([kind]) => kind).join(", ")}`);
    if (!Number.isSafeInteger(data.count) || Math.abs(data.count) > STEPS_MAX) return wrong(`count is from -${STEPS_MAX} to ${STEPS_MAX}`);
    return { ...ask, run, by, count: data.count };
  }
  return { ...ask, run };
}

/** Answers the window that the page is embedded in. `answer`: does what is asked, and says how the page is then. */
function listenToParent(answer) {
  window.addEventListener("message", (event) => {
    if (window.parent === window || event.source !== window.parent) return;
    const reply = answer(event.data);
    if (reply) event.source.postMessage({ apicsim: 1, ...reply }, event.origin === "null" ? "*" : event.origin); // a file has no origin
  });
}
