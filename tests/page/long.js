// Checks of the page's scripts on a long run: what of it they read. It is given as a file, and the scripts stand before this one.

const assert = require("node:assert");
const [head, data] = require("node:fs").readFileSync(process.argv[2], "utf8").split("\n");
const run = decodeRun(JSON.parse(head), data);
const { source, time, n } = run;
const every = JSON.parse(head).levels.reduce((sum, level) => sum + level.bytes.length, 0);
assert.ok(n > 100000 && every > 500, `${n} events, ${every} chunks`);

/** What is read by something: the names of the levels, each as often as one of its chunks is. */
function readBy(something) {
  const read = [];
  const { chunk } = source;
  source.chunk = (name, number) => {
    if (!source.level(name).kept.has(number)) read.push(name);
    return chunk(name, number);
  };
  something();
  source.chunk = chunk;
  return read;
}

const scale = makeScale([time], true);
const whole = wholeView(scale);
const draw = (view) => () => {
  const boxes = spanBoxes(run, run.rows, scale, view, 1300);
  const found = arrows(run, scale, view, 1300);
  assert.ok(boxes.length > 0 && boxes.length < 13 * 1300, `${boxes.length} boxes`);
  assert.ok(found.arrows.length < 9000, `${found.arrows.length} arrows`);
};

// All of the run at once: no event is looked at, of spans those that are as long as the run, and of messages those that stand
// apart; else what stands for many of them.
const first = readBy(draw(whole));
assert.ok(first.filter((name) => name === "spans.0").length <= run.rows.length, `${first}`);
assert.ok(first.filter((name) => name === "messages").length <= 4, `${first}`);
for (const fine of ["events", "changes", "keyframes"]) assert.ok(!first.includes(fine), `${fine} is read for the whole run`);
assert.ok(first.length > 0 && first.length < every / 4, `${first.length} of ${every} chunks`);
assert.deepEqual(readBy(draw(whole)), [], "what was read is kept");

// A small part of it: what is there, and little else.
const near = readBy(draw(zoomed(whole, 1 / 500, (whole.from + whole.to) / 2)));
assert.ok(near.includes("spans.0") && near.length < 60, `${near}`);

// A place far away, and a step from there: a block of events with its changes and keyframe.
const cells = cellsAtStart(run);
const far = readBy(() => seek(run, cells, Math.floor(n / 2)));
assert.ok(far.length <= 3, `${far}`);
const next = readBy(() => {
  for (const kind of ["event", "access", "cycle", "line"]) step(run, placeAt(run, cells.taken), kind, 0, true);
  run.cells.forEach((cell, number) => lastChange(run, cells.taken, number));
});
assert.ok(next.length <= 12, `${next}`);

// On every level each stands for what is below it.
for (const row of run.rows) {
  for (let level = 1; level < row.levels.length; level += 1) {
    const { from, lasts } = columnsOfRow(run, row, level);
    for (let at = 0; at < from.length; at += 1) {
      const below = Array.from({ length: SPAN_FAN }, (_, place) => at * SPAN_FAN + place).filter((place) => place < row.levels[level - 1].count);
      const spans = below.map((place) => {
        if (level === 1) return spanOf(run, row, place);
        const fine = columnsOfRow(run, row, level - 1);
        return { from: fine.from[place], until: fine.from[place] + fine.lasts[place] };
      });
      assert.equal(from[at], spans[0].from);
      assert.equal(from[at] + lasts[at], Math.max(...spans.map((span) => span.until)));
    }
  }
}
for (let level = 1; level <= run.messages.levels; level += 1) {
  run.messages.summaries(level).forEach((summary, at) => {
    const below = level === 1 ? null : run.messages.summaries(level - 1).slice(at * ARROW_FAN, (at + 1) * ARROW_FAN);
    const own = below || Array.from({ length: ARROW_FAN }, (_, place) => at * ARROW_FAN + place).filter((one) => one < run.messages.length).map((one) => run.messages.at(one));
    const ways = new Set(own.flatMap((one) => (below ? one.ways : one.fates.map((fate) => ({ from: fate.from_lane, to: fate.to_lane, fate: fate.fate })))).map((way) => `${way.from} ${way.to} ${way.fate}`));
    assert.deepEqual(new Set(summary.ways.map((way) => `${way.from} ${way.to} ${way.fate}`)), ways);
    assert.equal(summary.ends, Math.max(...own.map((one) => one.ends)));
  });
}
console.log(`checked ${every} chunks: ${first.length} for all of it, ${near.length} for a part, ${far.length} for a place`);
