// The panel that answers "why": the chain of causes of what was asked about, each link a jump to its moment.

/** CPUs whose waits are told at once: the one that is followed first. */
const CHAINS = 8;

/** Draws the chain of what is asked about: a cell, a bit of one, an event, or a CPU that waits. */
function drawWhy(scene) {
  const { run, asked } = scene;
  const panel = part("why");
  if (!asked) {
    const waiting = [];
    const others = Array.from({ length: run.header.cpus }, (_, cpu) => cpu).filter((cpu) => cpu !== scene.cpu);
    for (const cpu of [scene.cpu, ...others]) {
      const chain = whyWaits(run, scene.values, cpu);
      if (chain && chain.length) waiting.push([make("h3", {}, `Why CPU${cpu} waits`), sentences(run, chain)]);
    }
    const told = waiting.slice(0, CHAINS).flat();
    if (waiting.length > CHAINS) told.push(make("p", { className: "faint" }, `${waiting.length - CHAINS} more CPUs wait`));
    const hint = make("p", { className: "faint" }, "Click a value, a bit, a slot, a message or a span, and this says why it is so.");
    panel.replaceChildren(hint, ...told);
    return;
  }
  const parts = asked.event === undefined ? aboutCell(scene, asked.cell, asked.bit) : aboutEvent(run, asked.event);
  panel.replaceChildren(...parts, make("button", { type: "button", className: "jump", id: "forget" }, "ask about nothing"));
}

function aboutCell(scene, number, bit) {
  const { run } = scene;
  const cell = run.cells[number];
  const of = cell.cpu >= 0 ? ` of CPU${cell.cpu}` : "";
  const what = bit < 0 ? `${cell.name}${of}` : `${cell.name.replace(/\d+$/, "")} bit ${hex(Number(cell.name.match(/\d+$/)[0]) * 32 + bit, 2)}${of}`;
  const parts = [make("h3", {}, `Why is ${what} ${bit < 0 ? valueText(scene, { ...cell, number }) : Math.floor(Math.max(scene.values[number], 0) / 2 ** bit) % 2}?`)];
  const why = whyCell(run, scene.place.taken, number, bit);
  if (why) parts.push(links(run, why.links));
  else parts.push(make("p", {}, "It has been so since the beginning of the run."));
  const chain = cell.cpu >= 0 && cell.group === "core" ? whyWaits(run, scene.values, cell.cpu) : null;
  if (chain && chain.length) parts.push(make("h3", {}, `And CPU${cell.cpu} waits, because`), sentences(run, chain));
  return parts;
}

function aboutEvent(run, event) {
  return [make("h3", {}, "Why did this happen?"), links(run, causesOf(run, event))];
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
