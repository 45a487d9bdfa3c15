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
  const later = place.time - run.events.time[event];
  const at = placeInSource(run, event);
  const changes = [];
  for (let change = run.firstChange[event]; change < run.firstChange[event + 1]; change += 1) changes.push(change);
  const list = changes.map((change) => {
    const number = run.changes.cell[change];
    const cell = run.cells[number];
    if (cell.kind === "chain" || cell.kind === "slots" || cell.name === "stack") return null;
    const of = cell.cpu >= 0 ? `CPU${cell.cpu} ` : "";
    const text = (value) => valueText({ ...scene, values: { [number]: value } }, { ...cell, number });
    return make("li", {}, `${of}${cell.name}: `, make("span", { className: "faint" }, text(run.changes.was[change])), " → ",
      askable(scene, number, text(run.changes.value[change]), `${of}${cell.name}`));
  });
  part("now").replaceChildren(
    make("p", { className: "what" }, make("strong", {}, who), ` ${what}`),
    make("p", { className: "faint" }, `event ${place.taken} of ${run.n}, at ${microseconds(run.events.time[event])}` +
      (later > 0 ? `; the cursor is ${span(later)} later` : "") + (at ? `, ${at.at}` : "")),
    make("button", { type: "button", className: "ask", dataset: { event: String(event) } }, "Why did this happen?"),
    make("ul", { className: "changes" }, ...list));
}

/** The function that the followed CPU is in, with its line marked. */
function drawSource(scene) {
  const { run, values } = scene;
  const number = values[run.cell(scene.cpu, "at")];
  const site = number < 0 ? null : run.sites[number];
  if (!site) {
    part("source").replaceChildren(make("p", { className: "faint" }, `CPU${scene.cpu} has not acted yet.`));
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
    const change = cell.group === "word" ? lastChange(run, scene.place.taken, number) : -1;
    const by = change < 0 ? "" : `by ${sayEvent(run, run.changes.event[change]).who} at ${microseconds(run.events.time[run.changes.event[change]])}`;
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
  part("wire-part").hidden = !run.messages.some((message) => message.wire >= 0);
  const found = cycleAt(run, place.time);
  if (!found) {
    const again = run.messages.some(({ attempts }) => attempts.some(({ event }) => run.events.open[event] && run.events.time[event] <= place.time));
    part("wire").replaceChildren(make("p", { className: "faint" }, again
      ? "A message is attempted again and again, to the end of the run: the stream does not say in which cycle it is."
      : "No message is on the wires at the cursor."));
    return;
  }
  const { message, cycle, wire } = found;
  const sender = message.from === null ? "I/O agent" : `CPU${message.from}`;
  const rows = wire.map(([what, symbol], index) => make("tr", { className: index + 1 === cycle ? "changed" : "", "aria-current": index + 1 === cycle ? "step" : "false" },
    make("th", { scope: "row" }, String(index + 1)), make("td", {}, what),
    make("td", { className: "picd" }, symbol === null ? "··" : symbol.toString(2).padStart(2, "0"))));
  const head = make("tr", {}, ...["cycle", "carries", "PICD[1:0]"].map((text) => make("th", { scope: "col" }, text)));
  part("wire").replaceChildren(make("p", {}, `${sender}: ${message.what} to ${message.to}, cycle ${cycle} of ${wire.length}`),
    make("table", {}, head, ...rows));
  showIn(part("wire"), part("wire").querySelector(".changed"));
}

/** Messages that are shown around the cursor. */
const MESSAGES = 40;

/** The instant after which nothing is shown of the run: of a lesson, whose questions are about what comes. */
function coverOf(scene) {
  return scene.cover ? scene.cover[scene.shown] : Infinity;
}

/** The messages around the cursor, each with its fates. */
function drawMessages(scene) {
  const { run } = scene;
  const wanted = part("fate").value;
  const all = run.messages.map((message, number) => ({ message, number }))
    .filter(({ message }) => message.sent_ps <= coverOf(scene))
    .filter(({ message }) => !wanted || message.fates.some((fate) => fate.fate === wanted && fate.at_ps <= coverOf(scene)));
  const now = all.findIndex(({ message }) => message.sent_ps > scene.place.time);
  const middle = now < 0 ? all.length : now;
  const from = Math.max(0, Math.min(middle - MESSAGES / 2, all.length - MESSAGES));
  const rows = all.slice(from, from + MESSAGES).map(({ message, number }) => {
    const sender = message.from === null ? "I/O agent" : `CPU${message.from}`;
    const cover = coverOf(scene);
    const known = message.fates.map((fate) => (cover === Infinity ? fate : fateAt(run, fate, cover))).filter(Boolean);
    const fates = known.map((fate) => {
      const because = cover === Infinity || fate.fate === "taken" ? `: ${withMicro(fate.because)}` : "";
      return make("li", {}, fateMark(fate.fate), `${fate.cpu === null ? "" : ` at CPU${fate.cpu}`}${because}`);
    });
    if (known.length < message.fates.length) fates.push(make("li", { className: "faint" }, "not known yet"));
    const first = message.sent >= 0 ? message.sent : message.attempts.length ? message.attempts[0].event : -1; // a device has no write
    const when = first >= 0 ? jump(run, first, microseconds(message.sent_ps)) : microseconds(message.sent_ps);
    return make("tr", { className: message.sent_ps > scene.place.time ? "later" : "", dataset: { message: String(number) } },
      make("td", {}, when), make("td", {}, `${sender}: ${message.what} to ${message.to}`), make("td", {}, make("ul", {}, ...fates)));
  });
  const head = make("tr", {}, ...["sent", "message", "what becomes of it in the end"].map((text) => make("th", { scope: "col" }, text)));
  const cut = run.header.messages_total - run.messages.length;
  const left = cut > 0 ? make("p", { className: "warning" }, `The first ${run.messages.length} messages are told; ${cut} more are not.`) : null;
  const count = all.length > MESSAGES ? make("p", { className: "faint" }, `${from + 1} to ${from + rows.length} of ${all.length}`) : null;
  part("messages").replaceChildren(...[left, make("table", {}, head, ...rows), count].filter(Boolean));
}
