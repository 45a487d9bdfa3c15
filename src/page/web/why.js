// The panel that answers "why": the chain of causes of what was asked about, each link a jump to its moment.

/** CPUs whose waits are told at once: the one that is followed first. */
const CHAINS = 8;

/** Draws the chain of what is asked about: a cell, a bit or a field of one, an event, a message at a CPU; or of CPUs that wait. */
function drawWhy(scene) {
  const { run, asked } = scene;
  const panel = part("why");
  part("forget").hidden = !asked;
  part("why-part").classList.toggle("asked", Boolean(asked));
  if (!asked) {
    const told = aboutWaits(scene);
    const hint = make("p", { className: "faint" }, "Click a value, a bit, a slot, a message or a span, and this says why it is so.");
    panel.replaceChildren(hint, ...told);
    return;
  }
  if (asked.event !== undefined) panel.replaceChildren(...aboutEvent(scene, asked.event));
  else if (asked.message !== undefined) panel.replaceChildren(...aboutMessage(scene, asked.message, asked.to));
  else panel.replaceChildren(...aboutCell(scene, asked));
}

/** Of each CPU that waits: why, the one that is followed first. */
function aboutWaits({ run, values, cpu: followed }) {
  const waiting = [];
  const others = Array.from({ length: run.header.cpus }, (_, cpu) => cpu).filter((cpu) => cpu !== followed);
  for (const cpu of [followed, ...others]) {
    const chain = whyWaits(run, values, cpu);
    if (chain && chain.length) waiting.push([make("h3", {}, `Why CPU${cpu} waits`), sentences(run, chain)]);
  }
  const told = waiting.slice(0, CHAINS).flat();
  if (waiting.length > CHAINS) told.push(make("p", { className: "faint" }, `${waiting.length - CHAINS} more CPUs wait`));
  return told;
}

/** What is asked of a cell, in words. */
function questionOfCell(scene, { cell: number, bit, field: place }) {
  const cell = scene.run.cells[number];
  const of = cell.cpu >= 0 ? ` of CPU${cell.cpu}` : "";
  const value = scene.values[number];
  if (place !== undefined) {
    const field = fieldsOf(scene.run, number)[place];
    return `Why is ${field.name} in ${cell.name}${of} “${fieldText(value, field)}”?`;
  }
  if (bit >= 0) return `Why is ${cell.name.replace(/\d+$/, "")} bit ${hex(Number(cell.name.match(/\d+$/)[0]) * 32 + bit, 2)}${of} ${bitsOf(value, { low: bit, high: bit })}?`;
  const text = valueText(scene, { ...cell, number });
  if (cell.kind === "chain") return cell.name === "why" ? `Why does CPU${cell.cpu} wait?` : `Why is the ICR${of} busy?`;
  if (cell.kind === "slots") return `Why do the slots${of} hold ${text}?`;
  return `Why is ${cell.name}${of} ${cell.kind === "hex" || cell.kind === "flag" ? text : `“${text}”`}?`;
}

/** Of a value: first what the program tells of why it is so, then what gave it this value. */
function aboutCell(scene, asked) {
  const { run, values } = scene;
  const { cell: number, bit, field } = asked;
  const cell = run.cells[number];
  const parts = [make("h3", {}, questionOfCell(scene, asked))];
  if (cell.kind === "chain") return values[number] < 0 ? [...parts, make("p", {}, "There is nothing to tell.")] : [...parts, sentences(run, run.text(values[number]))];
  const told = bit >= 0 ? [] : whyFields(run, values, number).filter((one) => field === undefined || one.number === field);
  for (const one of told) {
    if (field === undefined) parts.push(make("h3", {}, `Its ${one.field.name} is “${fieldText(values[number], one.field)}”, because`));
    parts.push(sentences(run, one.chain));
  }
  const { low, high } = field === undefined ? { low: bit, high: bit } : fieldsOf(run, number)[field];
  const why = whyCell(run, scene.place.taken, number, low, high);
  if (told.length) parts.push(make("h3", {}, "What gave it this value"));
  if (why) parts.push(links(run, why.links));
  else parts.push(make("p", {}, "It has been so since the beginning of the run."));
  const chain = cell.cpu >= 0 && cell.group === "core" ? whyWaits(run, values, cell.cpu) : null;
  if (chain && chain.length) parts.push(make("h3", {}, `And CPU${cell.cpu} waits, because`), sentences(run, chain));
  return parts;
}

/** Of an event, which need not be the one at the cursor. */
function aboutEvent(scene, event) {
  const { run, place } = scene;
  const { who, what } = sayEvent(run, event);
  const parts = [make("h3", {}, "Why did this happen?"), make("p", {}, jump(run, event), " ", make("strong", {}, who), ` ${what}`)];
  if (event !== place.taken - 1) parts.push(make("p", { className: "faint" }, `The cursor is elsewhere, at ${microseconds(place.time)}.`));
  // A verdict has no cause among the events: it is about all that waits.
  if (who === "verdict") return [...parts, ...aboutWaits(scene)];
  return [...parts, links(run, causesOf(run, event))];
}

/** Of a message at a CPU: what became of it there, and while it is under way what keeps it. */
function aboutMessage(scene, number, to) {
  const { run, values, place } = scene;
  const message = run.messages.at(number);
  const at = message.fates.find(({ cpu }) => (cpu === null ? -1 : cpu) === to);
  const cover = coverOf(scene);
  const fate = at && cover < Infinity ? fateAt(run, at, cover) : at;
  const sender = message.from === null ? "the I/O agent" : `CPU${message.from}`;
  const where = to < 0 ? "" : ` at CPU${to}`;
  const parts = [make("h3", {}, `What became of ${message.what} of ${sender} to ${message.to}${where}, and why?`)];
  if (!fate) parts.push(make("p", {}, "That is not known yet."));
  else parts.push(make("p", {}, fateMark(fate.fate), cover === Infinity || fate.fate === "taken" ? `: ${withMicro(fate.because)}` : ""));
  const chain = whyMessage(run, values, place, message);
  if (chain && chain.length) parts.push(make("h3", {}, `At the cursor, ${microseconds(place.time)}, it is still under way`), sentences(run, chain));
  const last = lastOfMessage(message, fate || null);
  if (cover === Infinity && last >= 0) parts.push(make("h3", {}, "How it came there"), links(run, causesOf(run, last)));
  return parts;
}

/** Events as a list, from what is asked about to its root. */
function links(run, chain) {
  const items = chain.map((link, place) => {
    const { who, what } = sayEvent(run, link.event);
    const at = placeInSource(run, link.event);
    return make("li", {}, jump(run, link.event), " ", make("strong", {}, who), ` ${what}`,
      at ? make("span", { className: "faint" }, ` ${at.at}`) : null,
      make("span", { className: "how" }, place === chain.length - 1 ? rootOf(run, link) : `${link.how}:`));
  });
  return make("ol", { className: "chain" }, ...items);
}

function rootOf(run, link) {
  if (!link.root) return "and so on";
  const { source, site } = run.event(link.event);
  return source >= 0 && site >= 0 ? "the root: this is what its software does" : "the root";
}

/** Sentences of the program, each with the moment that it names. */
function sentences(run, chain) {
  return make("ol", { className: "chain" }, ...chain.map(([sentence, event]) =>
    make("li", {}, event >= 0 ? jump(run, event) : null, ` ${withMicro(sentence)}`)));
}
