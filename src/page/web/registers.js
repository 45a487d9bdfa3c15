// The registers and core of every CPU at the cursor: one CPU in full, with its fields spelled out and its bits, the others
// in a few lines. Everything that can be asked about is a button.

const BIT_BLOCKS = ["IRR", "ISR", "TMR"];

/** CPUs that are shown at once. */
const CARDS = 32;

/** The vectors whose bits are set in a block of eight registers, lowest first. */
function vectorsIn(run, values, cpu, block) {
  const vectors = [];
  for (let register = 0; register < 8; register += 1) {
    const value = values[run.cell(cpu, `${block}${register}`)];
    for (let bit = 0; value > 0 && bit < 32; bit += 1) {
      if (Math.floor(value / 2 ** bit) % 2) vectors.push(register * 32 + bit);
    }
  }
  return vectors;
}

/** Did the last step change this cell? */
function hasChanged(scene, cell) {
  return scene.changed.has(cell);
}

/** A value that can be asked about. */
function askable(scene, cell, text, label, extra = {}) {
  const changed = hasChanged(scene, cell) ? " changed" : "";
  return make("button", {
    className: `ask${changed}`, type: "button", dataset: { cell: String(cell), ...extra },
    "aria-label": `${label}: ${text}${changed ? ", changed by this step" : ""}. Why?`,
  }, text);
}

/** All CPUs. */
function drawCpus(scene) {
  const { run, values } = scene;
  const cards = [];
  const from = Math.max(0, Math.min(scene.cpu - CARDS / 2, run.header.cpus - CARDS));
  const until = Math.min(run.header.cpus, from + CARDS);
  for (let cpu = from; cpu < until; cpu += 1) cards.push(cpu === scene.cpu ? fullCard(scene, cpu) : smallCard(scene, cpu));
  const others = run.header.cpus - cards.length;
  if (others > 0) cards.push(make("p", { className: "faint" }, `${others} more CPUs: choose one in the lanes, or follow it`));
  part("cpus").replaceChildren(...cards);
}

function core(scene, cpu, name) {
  const cell = scene.run.cell(cpu, name);
  return { cell, text: scene.run.text(scene.values[cell]) };
}

function smallCard(scene, cpu) {
  const does = core(scene, cpu, "does");
  const facts = [];
  for (const block of ["IRR", "ISR"]) {
    const vectors = vectorsIn(scene.run, scene.values, cpu, block);
    if (vectors.length) facts.push(`${block} ${vectors.map((vector) => hex(vector, 2)).join(" ")}`);
  }
  if (scene.values[scene.run.cell(cpu, "interrupt flag")] === 0) facts.push("IF=0");
  if (scene.values[scene.run.cell(cpu, "NMI latch")] >= 0) facts.push("NMI latched");
  const sends = core(scene, cpu, "sends").text;
  if (sends) facts.push(`sends ${sends}`);
  return make("section", { className: "card small", "aria-label": `CPU${cpu}` },
    make("h3", {}, make("button", { type: "button", className: "choose", dataset: { cpu: String(cpu) } }, `CPU${cpu}`)),
    make("p", {}, askable(scene, does.cell, does.text, `CPU${cpu} does`)),
    make("p", { className: "faint" }, facts.join(" · ") || "nothing waits here"),
    slotBoxes(scene, cpu));
}

/** Kinds of cells that the card of a CPU shows otherwise than in its table. */
const ELSEWHERE = ["slots", "chain", "site"];

function fullCard(scene, cpu) {
  const rows = scene.run.cells.map((cell, number) => ({ ...cell, number })).filter((cell) => cell.cpu === cpu);
  const table = make("table", { className: "registers" }, make("caption", {}, "Core"));
  for (const cell of rows.filter((row) => row.group === "core" && !ELSEWHERE.includes(row.kind))) {
    table.append(row(scene, cell, []));
  }
  const registers = make("table", { className: "registers" }, make("caption", {}, "Local APIC"));
  for (const cell of rows.filter((row) => row.group === "apic" && !isBlock(scene.run, row.name))) {
    const known = scene.run.registers.find((register) => register.name === cell.name);
    const value = scene.values[cell.number];
    registers.append(row(scene, cell, value < 0 || !known ? [] : fieldButtons(scene, cell, known), known));
  }
  return make("section", { className: "card full", "aria-label": `CPU${cpu}, in full` },
    make("div", {}, make("h3", {}, `CPU${cpu}`), slotBoxes(scene, cpu), bitGrids(scene, cpu), table), registers);
}

/** The fields of a register, each to be asked about; of those that are yes or no, the ones that are yes. */
function fieldButtons(scene, cell, register) {
  const value = scene.values[cell.number];
  const said = register.fields.map((field, number) => {
    const text = fieldText(value, field);
    if (text === "no") return null;
    const dataset = { cell: String(cell.number), field: String(number) };
    const says = text === "yes" ? field.name : `${field.name} ${text}`;
    return make("button", { type: "button", className: "ask", dataset, "aria-label": `${says}, in ${cell.name} of CPU${cell.cpu}. Why?` }, says);
  }).filter(Boolean);
  if (!said.length) return register.fields.length ? ["nothing set"] : [];
  return said.flatMap((button, place) => (place ? [" ", button] : [button]));
}

function isBlock(run, name) {
  return run.registers.some((register) => register.block === 8 && name.startsWith(register.name) && /\d$/.test(name));
}

function valueText(scene, cell) {
  const value = scene.values[cell.number];
  switch (cell.kind) {
    case "hex": return value < 0 ? "—" : hex(value, 8);
    case "flag": return value ? "1" : "0";
    case "site": return value < 0 ? "—" : scene.run.sites[value].at;
    case "slots": return value < 0 ? "—" : scene.run.text(value).map(slotsText).join("; ") || "all free";
    case "chain": return value < 0 ? "—" : scene.run.text(value).map(([sentence]) => withMicro(sentence)).join("; ");
    default: return value < 0 ? "—" : String(scene.run.text(value));
  }
}

/** The slots of a class in words. */
function slotsText({ class: name, requested, in_service: served, full }) {
  const held = [...requested.map((vector) => `${vector} waits`), ...served.map((vector) => `${vector} in service`)];
  return `class ${name}: ${held.join(", ")}${full ? ", full" : ""}`;
}

function row(scene, cell, fields, known) {
  const name = known ? make("abbr", { title: `${known.title}, offset ${known.offset}h, MSR ${known.msr}h` }, cell.name) : cell.name;
  return make("tr", { className: hasChanged(scene, cell.number) ? "changed" : "" },
    make("th", { scope: "row" }, name),
    make("td", {}, askable(scene, cell.number, valueText(scene, cell), `${cell.name} of CPU${cell.cpu}`),
      fields.length ? make("span", { className: "fields" }, ...fields) : null));
}

/** IRR, ISR and TMR as bits: a row a priority class, the highest first. */
function bitGrids(scene, cpu) {
  const grids = BIT_BLOCKS.map((block) => {
    const set = new Set(vectorsIn(scene.run, scene.values, cpu, block));
    const grid = make("div", { className: "bits", role: "group", "aria-label": `${block} of CPU${cpu}, ${set.size} set` });
    for (let place = 0; place < 256; place += 1) {
      const vector = (15 - (place >> 4)) * 16 + (place & 15);
      const cell = scene.run.cell(cpu, `${block}${vector >> 5}`);
      if (set.has(vector)) {
        grid.append(askable(scene, cell, hex(vector, 2), `${block} bit ${hex(vector, 2)}`, { bit: String(vector % 32) }));
      } else {
        grid.append(make("i", { title: `${block} ${hex(vector, 2)}: 0`, dataset: { cell: String(cell), bit: String(vector % 32) } }));
      }
    }
    return make("figure", {}, make("figcaption", {}, `${block}${set.size ? ": " + [...set].map((one) => hex(one, 2)).join(" ") : ""}`), grid);
  });
  return make("div", { className: "grids" }, ...grids);
}

/** A slot that is held: it asks about the bit that holds it. */
function slotOf(scene, cpu, block, vector, does) {
  const number = parseInt(vector, 16);
  return askable(scene, scene.run.cell(cpu, `${block}${number >> 5}`), `${vector} ${does}`, `${block} bit ${vector} of CPU${cpu}`, { bit: String(number % 32) });
}

/** The slots of the classes that hold something, as boxes. */
function slotBoxes(scene, cpu) {
  const cell = scene.run.cell(cpu, "slots");
  const classes = scene.run.text(scene.values[cell]);
  if (!classes) return null;
  const boxes = classes.map((one) => {
    const held = [...one.requested.map((vector) => ["IRR", vector, "waits"]), ...one.in_service.map((vector) => ["ISR", vector, "in service"])];
    const empty = Array.from({ length: Math.max(0, one.slots - held.length) }, () => make("span", { className: "slot empty" }, "free"));
    return make("span", { className: `slots${one.full ? " is-full" : ""}` }, `class ${one.class} `,
      ...held.map(([block, vector, does]) => slotOf(scene, cpu, block, vector, does)), ...empty,
      one.full ? make("strong", {}, " full: the next one is refused") : null);
  });
  return make("p", { className: "slot-row" }, ...(boxes.length ? boxes : [make("span", { className: "faint" }, "both slots of every class are free")]));
}
