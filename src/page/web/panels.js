// The other parts of the page at the cursor: what happened, what that changed, the source, words, buses and messages.

/** The event at the cursor, and all that it changed. */
function drawNow(scene) {
  const { run, place } = scene;
  const event = place.taken - 1;
  if (event < 0) {
    part("now").replaceChildren(make("p", {}, "Before the first event. Step forward to begin."));
    return;
  }
  const { who, what } = sayEvent(run, event);
  const later = place.time - run.time[event];
  const at = placeInSource(run, event);
  const list = changesWith(run, event).map(({ cell: number, was, value: then }) => {
    const cell = run.cells[number];
    if (cell.kind === "chain" || cell.kind === "slots" || cell.name === "stack") return null; // other cells say it
    const of = cell.cpu >= 0 ? `CPU${cell.cpu} ` : "";
    const text = (value) => valueText({ ...scene, values: { [number]: value } }, { ...cell, number });
    return make("li", {}, `${of}${cell.name}: `, make("span", { className: "faint" }, text(was)), " → ",
      askable(scene, number, text(then), `${of}${cell.name}`));
  });
  part("now").replaceChildren(
    make("p", { className: "what" }, make("strong", {}, who), ` ${what}`),
    make("p", { className: "faint" }, `event ${place.taken} of ${run.n}, at ${microseconds(run.time[event])}` +
      (later > 0 ? `; the cursor is ${span(later)} later` : "") + (at ? `, ${at.at}` : "")),
    make("button", { type: "button", className: "ask", dataset: { event: String(event) } }, "Why did this happen?"),
    make("ul", { className: "changes" }, ...list));
}

/** The function that the CPU is in whose event is the current one, with its line marked. */
function drawSource(scene) {
  const { run, values } = scene;
  const number = values[run.cell(scene.acting, "at")];
  part("cpu-name").textContent = `CPU${scene.acting}: ${run.text(values[run.cell(scene.acting, "does")])}`;
  const site = number < 0 ? null : run.sites[number];
  if (!site) {
    part("source").replaceChildren(make("p", { className: "faint" }, `CPU${scene.acting} has not acted yet.`));
    return;
  }
  const { first, lines } = run.text(site.source);
  const list = lines.map((text, place) => {
    const here = first + place === site.line;
    return make("span", { className: here ? "line here" : "line", "aria-current": here ? "true" : "false" },
      make("span", { className: "number" }, String(first + place)), `${text}\n`);
  });
  part("source").replaceChildren(make("p", { className: "faint" }, site.at), make("pre", { tabIndex: 0, role: "group", "aria-label": "source" }, ...list));
  showIn(part("source").querySelector("pre"), part("source").querySelector(".here"));
}

/** Scrolls a box, and not the page, so that what is in it is seen. */
function showIn(box, element) {
  if (element) box.scrollTop = Math.max(0, element.offsetTop - box.offsetTop - box.clientHeight / 2);
}

/** Who changed a word with an event: a read-modify-write counts from when it left, and its answer comes later. */
function byWhom(run, event) {
  const { left, time } = run.event(event);
  const when = left >= 0 ? `${microseconds(left)} (answered at ${microseconds(time)})` : microseconds(time);
  return `by ${sayEvent(run, event).who} at ${when}`;
}

/** Shared words, and what the buses carry. */
function drawWords(scene) {
  const { run, values } = scene;
  const polled = new Map();
  for (let cpu = 0; cpu < run.header.cpus; cpu += 1) {
    const name = run.text(values[run.cell(cpu, "polls")]);
    if (name) polled.set(name, [...(polled.get(name) || []), `CPU${cpu}`]);
  }
  const body = make("table", { className: "registers" });
  run.cells.forEach((cell, number) => {
    if (cell.group !== "word" && cell.group !== "bus") return;
    const change = cell.group === "word" ? lastChange(run, scene.place.taken, number) : null;
    const by = change ? byWhom(run, change.event) : "";
    const readers = polled.has(cell.name) ? `polled by ${polled.get(cell.name).join(", ")}` : "";
    const value = cell.group === "bus" ? run.text(values[number]) : hex(values[number], 1);
    body.append(make("tr", { className: hasChanged(scene, number) ? "changed" : "" }, make("th", { scope: "row" }, cell.name),
      make("td", {}, askable(scene, number, value, cell.name), make("span", { className: "fields" }, [by, readers].filter(Boolean).join(" · ")))));
  });
  part("words").replaceChildren(body);
}

/** The message on a serial bus, cycle by cycle; of other buses there is nothing to show. */
function drawWire(scene) {
  const { run, place } = scene;
  part("wire-part").hidden = !run.header.wires;
  if (!run.header.wires) return;
  const found = cycleAt(run, place.time);
  if (!found) {
    const again = isOpen(run, place.time);
    part("wire").replaceChildren(make("p", { className: "faint" }, again
      ? "A message is attempted again and again, to the end of the run: the stream does not say in which cycle it is."
      : "No message is on the wires at the cursor."));
    return;
  }
  const { message, cycle, wire } = found;
  const says = message ? `${message.from === null ? "I/O agent" : `CPU${message.from}`}: ${message.what} to ${message.to}` : `EOI of ${hex(found.vector, 2)}`;
  const rows = wire.map(([what, symbol], index) => make("tr", { className: index + 1 === cycle ? "changed" : "", "aria-current": index + 1 === cycle ? "step" : "false" },
    make("th", { scope: "row" }, String(index + 1)), make("td", {}, what),
    make("td", { className: "picd" }, symbol === null ? "··" : symbol.toString(2).padStart(2, "0"))));
  const head = make("tr", {}, ...["cycle", "carries", "PICD[1:0]"].map((text) => make("th", { scope: "col" }, text)));
  part("wire").replaceChildren(make("p", {}, `${says}, cycle ${cycle} of ${wire.length}`),
    make("table", {}, head, ...rows));
  showIn(part("wire"), part("wire").querySelector(".changed"));
}

/** Messages that are shown around the cursor. */
const MESSAGES = 40;

/** The instant after which nothing is shown of the run: of a lesson, whose questions are about what comes. */
function coverOf(scene) {
  return scene.cover ? scene.cover[scene.shown] : Infinity;
}

/** Is there a run of attempts at an instant of which nobody knows the end? */
function isOpen(run, time) {
  let found = false;
  eachMessage(run, [time, time], { message({ attempts }) {
    found = found || attempts.some(({ event }) => run.time[event] <= time && run.event(event).open);
  } });
  return found;
}

/** The numbers of the messages around an instant that are wanted: as many before it as after it, if there are. */
function messagesAround(run, time, isWanted) {
  const now = sentUntil(run, time);
  const [before, after] = [[], []];
  const looked = MESSAGES * 200; // a fate that is rare is not looked for in all of a long run
  for (let at = now - 1; at >= Math.max(0, now - looked) && before.length < MESSAGES; at -= 1) if (isWanted(run.messages.at(at))) before.unshift(at);
  for (let at = now; at < Math.min(run.messages.length, now + looked) && after.length < MESSAGES; at += 1) if (isWanted(run.messages.at(at))) after.push(at);
  const half = MESSAGES / 2;
  const own = Math.min(before.length, Math.max(half, MESSAGES - after.length));
  return [...before.slice(before.length - own), ...after.slice(0, MESSAGES - own)];
}

/** The messages around the cursor, each with its fates. */
function drawMessages(scene) {
  const { run } = scene;
  const wanted = part("fate").value;
  const isWanted = (message) => message.sent_ps <= coverOf(scene) &&
    (!wanted || message.fates.some((fate) => fate.fate === wanted && fate.at_ps <= coverOf(scene)));
  const shown = messagesAround(run, scene.place.time, isWanted);
  const rows = shown.map((number) => {
    const message = run.messages.at(number);
    const sender = message.from === null ? "I/O agent" : `CPU${message.from}`;
    const cover = coverOf(scene);
    const known = message.fates.map((fate) => (cover === Infinity ? fate : fateAt(run, fate, cover))).filter(Boolean);
    const fates = known.map((fate) => {
      const because = cover === Infinity || fate.fate === "taken" ? `: ${withMicro(fate.because)}` : "";
      const dataset = { askMessage: String(number), to: String(fate.cpu === null ? -1 : fate.cpu) };
      const ask = make("button", { type: "button", className: "ask", dataset, "aria-label": `${message.what} of ${sender}${fate.cpu === null ? "" : ` at CPU${fate.cpu}`}: ${fate.fate}. Why?` }, fateMark(fate.fate));
      return make("li", {}, ask, `${fate.cpu === null ? "" : ` at CPU${fate.cpu}`}${because}`);
    });
    if (known.length < message.fates.length) fates.push(make("li", { className: "faint" }, "not known yet"));
    const first = message.sent >= 0 ? message.sent : message.attempts.length ? message.attempts[0].event : -1; // a device has no write
    const when = first >= 0 ? jump(run, first, microseconds(message.sent_ps)) : microseconds(message.sent_ps);
    return make("tr", { className: message.sent_ps > scene.place.time ? "later" : "", dataset: { message: String(number) } },
      make("td", {}, when), make("td", {}, `${sender}: ${message.what} to ${message.to}`), make("td", {}, make("ul", {}, ...fates)));
  });
  const head = make("tr", {}, ...["sent", "message", "what becomes of it in the end"].map((text) => make("th", { scope: "col" }, text)));
  const [, all] = wanted ? run.header.fates.find(([name]) => name === wanted) : [null, run.messages.length];
  const count = coverOf(scene) === Infinity && all > shown.length ? make("p", { className: "faint" }, `${shown.length} of ${all}, around the cursor`) : null;
  part("messages").replaceChildren(...[make("table", {}, head, ...rows), count].filter(Boolean));
}
