// Checks of the page's scripts on the document of a run: it is given as a file, and the scripts stand before this one.

const assert = require("node:assert");
const zlib = require("node:zlib");
const [head, data] = require("node:fs").readFileSync(process.argv[2], "utf8").split("\n");
const run = decodeRun(JSON.parse(head), data);
const { n, header, time } = run;
const all = Array.from({ length: n }, (_, event) => run.event(event));
const changes = Array.from({ length: n }, (_, event) => changesWith(run, event));
assert.ok(n > 10);

// The inflater does what that of node does, and says what it cannot inflate.
const plain = Buffer.from(JSON.stringify(all).repeat(3));
for (const options of [{ level: 0 }, { level: 1 }, { level: 9 }, { strategy: zlib.constants.Z_FIXED }, { strategy: zlib.constants.Z_HUFFMAN_ONLY }]) {
  for (const bytes of [plain, Buffer.alloc(0), Buffer.from("a"), Buffer.alloc(70000, 7)]) {
    const deflated = zlib.deflateRawSync(bytes, options);
    assert.ok(bytes.equals(Buffer.from(inflate(new Uint8Array(deflated)))), `${bytes.length} bytes by ${JSON.stringify(options)}`);
  }
}
const deflated = zlib.deflateRawSync(plain);
for (const [broken, says] of [[deflated.subarray(0, deflated.length >> 1), /early/], [Buffer.from([7]), /no such part/], [Buffer.from([3, 2]), /early|before|no such/]]) {
  assert.throws(() => inflate(new Uint8Array(broken)), says);
}
assert.throws(() => decodeRun(JSON.parse(head), data.slice(4)), /damaged/);
assert.throws(() => decodeRun({ ...JSON.parse(head), schema: { name: "apicsim.page", version: "1.0" } }, data), /reads apicsim.page 2/);

// Every state forward, and every state back.
const cells = cellsAtStart(run);
const states = [Array.from(cells.values)];
while (cells.taken < n) {
  forward(run, cells);
  states.push(Array.from(cells.values));
}
while (cells.taken > 0) {
  back(run, cells);
  assert.deepEqual(Array.from(cells.values), states[cells.taken], `back at ${cells.taken}`);
}
for (let block = 0; block * run.block < n; block += 1) {
  assert.deepEqual(Array.from(keyframe(run, block)), states[block * run.block], `keyframe ${block}`);
}
let random = 1;
for (let round = 0; round < 400; round += 1) {
  random = (random * 48271) % 2147483647;
  seek(run, cells, random % (n + 1));
  assert.equal(cells.taken, random % (n + 1));
  assert.deepEqual(Array.from(cells.values), states[cells.taken], `seek to ${cells.taken}`);
}

// The last change of each cell, by looking at all states.
for (let cell = 0; cell < run.cells.length; cell += 7) {
  for (const bit of run.cells[cell].kind === "hex" ? [-1, 0, 13, 31] : [-1]) {
    const value = (state) => (bit < 0 ? state[cell] : Math.floor(Math.max(state[cell], 0) / 2 ** bit) % 2);
    for (let taken = 0, expected = -1; taken <= n; taken += 1) {
      if (taken > 0 && value(states[taken]) !== value(states[taken - 1])) expected = taken - 1;
      if (taken % 13) continue;
      const change = lastChange(run, taken, cell, bit);
      assert.equal(change ? change.event : -1, expected, `cell ${cell}, bit ${bit} after ${taken}`);
      if (change) assert.deepEqual([change.was, change.value], [states[expected][cell], states[expected + 1][cell]]);
    }
  }
}

// The last change of the bits of a field.
for (const [name, low, high] of [["ICR", 12, 12], ["ICR", 0, 7], ["SVR", 8, 9]]) {
  const cell = run.cell(0, name);
  const value = (state) => bitsOf(state[cell], { low, high });
  for (let taken = 0, expected = -1; taken <= n; taken += 1) {
    if (taken > 0 && value(states[taken]) !== value(states[taken - 1])) expected = taken - 1;
    const change = lastChange(run, taken, cell, low, high);
    assert.equal(change ? change.event : -1, expected, `${name} ${high}:${low} after ${taken}`);
  }
}

// The events of each source, by looking at all of them.
for (let source = -2; source < header.cpus; source += 1) {
  for (let event = 0; event <= n; event += 11) {
    const before = all.findLastIndex((one, place) => one.source === source && place <= event);
    const from = all.findIndex((one, place) => one.source === source && place >= event);
    assert.equal(eventBefore(run, source, event), before, `the event of ${source} before ${event}`);
    assert.equal(eventFrom(run, source, event), from < 0 ? n : from, `the event of ${source} from ${event}`);
  }
}

// Steps: every place is one, a step back undoes a step forward, and every poll is passed.
function walk(kind, cpu) {
  const places = [placeAt(run, 0)];
  for (;;) {
    const here = places[places.length - 1];
    const next = step(run, here, kind, cpu, true);
    if (next.taken === here.taken && next.time === here.time) return places;
    assert.ok(next.taken >= here.taken && next.time >= here.time, `${kind} goes back at ${JSON.stringify(here)}`);
    assert.ok(next.taken === 0 || time[next.taken - 1] <= next.time);
    assert.ok(next.taken === n || time[next.taken] >= next.time);
    places.push(next);
    if (places.length > 20000) return places;
  }
}
for (const kind of ["event", "access"]) {
  const places = walk(kind, 0);
  for (let at = places.length - 1; at > 0; at -= 1) {
    assert.deepEqual(step(run, places[at], kind, 0, false), places[at - 1], `${kind} back from ${JSON.stringify(places[at])}`);
  }
  if (kind === "event") assert.equal(places.length, n + 1);
  if (kind === "access" && places.length < 20000) {
    const times = new Set(places.map((place) => place.time));
    for (let event = 0; event < n; event += 1) {
      const { time: first, last, count } = all[event];
      for (let poll = 1; count > 1 && poll < count; poll += 1) {
        const at = Math.round(first + poll * ((last - first) / (count - 1)));
        assert.ok(times.has(at), `poll ${poll} of event ${event}`);
      }
    }
  }
}
let place = placeAt(run, 0);
for (let cycle = 1; cycle < 500 && header.bus_period_ps; cycle += 1) {
  place = step(run, place, "cycle", 0, true);
  assert.equal(place.time, Math.min(cycle * header.bus_period_ps, time[n - 1]));
  assert.equal(place.taken, time.filter((one) => one <= place.time).length);
}
for (let cpu = 0; cpu < header.cpus; cpu += 1) {
  const lines = walk("line", cpu);
  let line = -1;
  const expected = all.map((event, place) => [event, place]).filter(([event]) => {
    const is = event.source === cpu && event.site >= 0 && event.site !== line;
    if (is) line = event.site;
    return is;
  });
  assert.deepEqual(lines.slice(1).map((place) => place.taken), [...expected.map(([, place]) => place + 1), n].filter((one, place, list) => one !== list[place - 1]), `lines of CPU${cpu}`);
  const back = [lines[lines.length - 1]];
  while (back[back.length - 1].taken > 0) back.push(step(run, back[back.length - 1], "line", cpu, false));
  assert.deepEqual(back.reverse(), lines, `lines of CPU${cpu}`);
}

// From message to message: each place is one where a message was sent, delivered or refused, in words.
{
  const says = (event) => run.text(all[event].text);
  const places = walk("message", 0);
  const passed = places.slice(1).map((place) => place.taken - 1).filter((event) => event < n - 1);
  for (const event of passed) assert.equal(header.sorts[all[event].sort], "message", says(event));
  const sent = all.map((_, event) => event).filter((event) => says(event).startsWith("asks the bus to send "));
  for (const event of sent) assert.ok(passed.includes(event), `${says(event)} is passed over`);
  for (const event of passed.filter((one) => / dispatched$/.test(says(one)))) assert.fail(says(event));
  const back = [places[places.length - 1]];
  while (back[back.length - 1].taken > 0) back.push(step(run, back[back.length - 1], "message", 0, false));
  assert.deepEqual(back.reverse(), places);
}

// An instant is a whole picosecond, wherever a pointer was.
for (const at of [0.25, time[n - 1] * 0.37519, time[1] + 0.7772576]) {
  const { time: whole } = placeAtTime(run, at);
  assert.ok(Number.isInteger(whole));
  assert.match(microseconds(whole), /^\d+(\.\d{1,6})? µs$/);
}
assert.equal(microseconds(45359888.7772576), "45.359889 µs");

// The axis: there and back.
for (const shortened of [true, false]) {
  const scale = makeScale([time], shortened);
  let before = -1;
  for (const one of time) {
    const place = placeOf(scale, one);
    assert.ok(place >= before);
    before = place;
    assert.ok(Math.abs(timeOf(scale, place) - one) <= 1 + one * 1e-9, `${one}`);
  }
  const view = wholeView(scale);
  const near = zoomed(view, 0.5, placeOf(scale, time[n >> 1]));
  assert.ok(Math.abs((near.to - near.from) * 2 - (view.to - view.from)) < 1e-6 * (view.to - view.from));
  const width = 900;
  const lanes = laneBoxes([run]);
  lanes.boxes.reduce((above, box) => { assert.ok(box.top >= above); return box.top + box.height; }, 0);
  assert.equal(lanes.boxes.length, header.lanes.length);
  // Every span that is wide enough to see has a box, and boxes of a row lie beside each other.
  const boxes = spanBoxes(run, run.rows, scale, view, width);
  const seen = new Set(boxes.map((box) => `${run.rows.indexOf(box.row)}/${box.span}`));
  run.rows.forEach((row, number) => {
    for (let span = 0; span < row.levels[0].count; span += 1) {
      const { from, until } = spanOf(run, row, span);
      const wide = (placeOf(scale, until) - placeOf(scale, from)) * ((width - LABELS) / (view.to - view.from));
      assert.ok(wide < COARSE || seen.has(`${number}/${span}`), `span ${span} of row ${number}`);
      const under = spanUnder(run, row, from);
      assert.ok(under >= 0 && spanOf(run, row, under).until > from, `under ${span} of row ${number}`);
    }
  });
  for (const box of boxes) assert.ok(box.left >= LABELS && box.right <= width + 1 && box.left < box.right, JSON.stringify(box));
  const picture = arrows(run, scale, view, width);
  for (const arrow of picture.arrows) {
    assert.ok(arrow.left >= LABELS && arrow.right <= width && arrow.left <= arrow.right + 1e-6, JSON.stringify(arrow));
  }
  // Every arrow has one of its kind that begins and ends where it does, but for what is too near to be told apart.
  const x = (at) => LABELS + (placeOf(scale, at) - view.from) * ((width - LABELS) / (view.to - view.from));
  for (let number = 0; number < run.messages.length; number += 1) {
    const message = run.messages.at(number);
    for (const { fate, from_lane: from, to_lane: to, until } of message.fates) {
      const like = (one) => one.fate === fate && one.from === from && one.to === to && Math.abs(one.left - x(message.sent_ps)) <= NEAR + 1 && Math.abs(one.right - x(until)) <= NEAR + 1;
      assert.ok(picture.arrows.some(like), `an arrow of message ${number}`);
    }
  }
  for (const time of ticks(scale, view, 8)) assert.ok(time >= 0 && placeOf(scale, time) <= view.to);
}

// Causes: every chain comes to a root, and each link lies before the one that follows from it.
for (let event = 0; event < n; event += 1) {
  const chain = causesOf(run, event);
  assert.ok(chain.length > 0 && chain.length < LONGEST, `the chain of ${event}`);
  assert.ok(chain[chain.length - 1].root);
  const deliveries = chain.map((link) => run.text(all[link.event].text).includes(" delivered to "));
  assert.ok(!deliveries.some((is, place) => is && deliveries[place + 1]), `one delivery follows from another at ${event}`);
  chain.reduce((later, link) => { assert.ok(link.event < later); return link.event; }, n);
}

// The cycles of a message on a serial bus, as the manual's tables have them: how many, and in which what becomes of it is known.
const messages = Array.from({ length: run.messages.length }, (_, number) => run.messages.at(number));
const LENGTHS = { short: [21, 19], arbitrated: [34, 33], refused: [34, 20] };
const wires = { short: 0, arbitrated: 0, refused: 0, end: 0 };
for (const message of messages) {
  for (const { event, decided, wire, outcome } of message.attempts) {
    if (!wire || message.what.startsWith("remote read")) continue;
    const kind = !message.what.startsWith("LOWEST") || wire.length === 21 ? "short" : outcome === "Accepted" ? "arbitrated" : "refused";
    assert.deepEqual([wire.length, decided], LENGTHS[kind], message.what);
    wires[kind] += 1;
    if (all[event].count > 1 && all[event].last === time[event]) continue;
    const found = cycleAt(run, time[event] - 1);
    assert.ok(found, `${message.what} at ${time[event]}`);
    if (found.event === event) assert.equal(found.cycle, decided, `${message.what} at ${time[event]}`);
  }
}
const ends = run.source.chunk("ends", 0);
ends.event.forEach((event, place) => {
  const found = cycleAt(run, time[event] - 1);
  assert.deepEqual([found.message, found.event, found.vector, found.cycle, found.wire.length], [null, event, ends.vector[place], 13, 14]);
  assert.equal(cycleAt(run, time[event] - 12.5 * header.bus_period_ps).cycle, 1);
  wires.end += 1;
});

// Numbers and the address.
assert.equal(microseconds(36070000), "36.07 µs");
assert.equal(microseconds(1), "0.000001 µs");
assert.equal(microseconds(5e12), "5000000 µs");
assert.equal(span(1260000), "1.26 µs");
assert.equal(withMicro("since 40.21 us: 3 users"), "since 40.21 µs: 3 users");
assert.equal(fieldText(0x18fc, { high: 10, low: 8, values: ["fixed"] }), "fixed");
const notes = [
  { taken: 7, time: 123, cpu: 1, shown: 0, text: "why? see &note=1.2.3.0.x#y = 100% \u00b5s" },
  { taken: 0, time: 0, cpu: 0, shown: 1, text: "<script>alert(1)</script>\n# two\nlines.1.2" },
];
const moment = { place: { taken: 7, time: 123 }, cpu: 1, shown: 1, lesson: 2, asked: { cell: 3, bit: 5 }, notes };
assert.deepEqual(readAddress(writeAddress(moment)), { taken: 7, time: 123, cpu: 1, shown: 1, lesson: 2, asked: { cell: 3, bit: 5 }, notes });
for (const asked of [{ cell: 3, bit: -1, field: 2 }, { message: 4, to: 2 }, { message: 4, to: -1 }, { event: 9 }]) {
  assert.deepEqual(readAddress(writeAddress({ ...moment, asked })).asked, asked);
}
assert.ok(isThere(run, { message: 0, to: 0 }) === run.messages.length > 0 && !isThere(run, { message: run.messages.length, to: 0 }) && !isThere(run, { message: 0, to: header.cpus }));
assert.ok(isThere(run, { cell: run.cell(0, "ICR"), bit: -1, field: 0 }) && !isThere(run, { cell: run.cell(0, "ICR"), bit: -1, field: 99 }) && !isThere(run, { cell: run.cell(0, "does"), bit: -1, field: 0 }));
assert.deepEqual([fromLine(0, 5, { x: 0, y: 0 }, { x: 10, y: 0 }), fromLine(13, 4, { x: 0, y: 0 }, { x: 10, y: 0 }), fromLine(3, 4, { x: 0, y: 0 }, { x: 0, y: 0 })], [5, 5, 5]);
assert.deepEqual(readAddress("#cell=x&taken=-1"), { taken: null, time: null, cpu: null, shown: null, lesson: null, asked: null, notes: [] });
for (const broken of ["", "1.2.3.0.", "1.2.3.0.  ", "1.2.3.2.x", "-1.2.3.0.x", "1.2.3.x", "x", `${"9".repeat(16)}.0.0.0.x`]) assert.equal(readNote(broken), null, broken);
assert.equal(readNote(`1.2.3.0.${"x".repeat(5000)}`).text.length, 2000);
assert.equal(readAddress(`#${"note=1.2.3.0.x&".repeat(500)}`).notes.length, 50);

// The notebook as Markdown: each note with its event; what is from the run is text, and nothing is an element.
const markdown = toMarkdown([run, run], notes);
assert.ok(markdown.startsWith("# Notebook\n") && !markdown.includes("<"), markdown);
assert.ok(markdown.includes("## 0.000123 \u00b5s, A, CPU1\n\nwhy? see &note") && markdown.includes("&lt;script>"), markdown);
assert.ok(markdown.includes(`(event 7 of ${n})`) && markdown.includes("before the first event"), markdown);
assert.equal(plainMarkdown("a*b_c`<i>&[x](y)\n# z"), "a\\*b\\_c\\`&lt;i>&amp;\\[x\\](y) \\# z");
assert.equal(codeMarkdown("a``b"), "``` a``b ```");
assert.doesNotThrow(() => toMarkdown([run], [{ taken: 1e9, time: 1e15, cpu: 9999, shown: 1, text: "x" }]));

// Messages of a page around this one: what is none of them is nothing, what is wrong is said, and nothing else comes through.
const two = [run, run];
for (const none of [null, undefined, 1, "x", [], {}, { apicsim: 2, ask: "state" }, { apicsim: "1", ask: "state" }, [{ apicsim: 1 }]]) assert.equal(readAsk(none, two, 0), null);
assert.deepEqual(readAsk({ apicsim: 1, id: "a", ask: "state" }, two, 1), { id: "a", ask: "state", run: 1 });
assert.deepEqual(readAsk({ apicsim: 1, id: {}, ask: "go", taken: n, run: 1, other: "<b>" }, two, 0), { id: null, ask: "go", run: 1, taken: n });
assert.deepEqual(readAsk({ apicsim: 1, ask: "go", ps: 5.5 }, two, 0), { id: null, ask: "go", run: 0, ps: 5 });
assert.deepEqual(readAsk({ apicsim: 1, id: 7, ask: "select", cpu: 0, event: 2 }, two, 0), { id: 7, ask: "select", run: 0, cpu: 0, asked: { event: 2 } });
assert.deepEqual(readAsk({ apicsim: 1, ask: "select", cell: run.cell(0, "IRR3"), bit: 31 }, two, 0).asked, { cell: run.cell(0, "IRR3"), bit: 31 });
assert.deepEqual(readAsk({ apicsim: 1, ask: "step", count: -3, by: "line" }, two, 0), { id: null, ask: "step", run: 0, by: "line", count: -3 });
for (const wrong of [
  { ask: "eval" }, { ask: "__proto__" }, { ask: ["go"] }, { ask: "state", run: 2 }, { ask: "state", run: "0" }, { ask: "go" }, { ask: "go", taken: -1 },
  { ask: "go", taken: n + 1 }, { ask: "go", taken: 1.5 }, { ask: "go", taken: "1" }, { ask: "go", ps: NaN }, { ask: "go", ps: -1 }, { ask: "go", ps: Infinity },
  { ask: "select", cpu: header.cpus }, { ask: "select", cpu: "0" }, { ask: "select", cell: run.cells.length }, { ask: "select", event: n },
  { ask: "select", bit: 1 }, { ask: "select", cell: run.cell(0, "does"), bit: 1 }, { ask: "select", cell: run.cell(0, "ICR"), bit: 1 },
  { ask: "step" }, { ask: "step", count: 1e9 }, { ask: "step", count: 1, by: "constructor" },
]) {
  const said = readAsk({ apicsim: 1, id: 1, ...wrong }, two, 0);
  assert.ok(said && said.id === 1 && typeof said.error === "string" && said.ask === undefined, JSON.stringify(wrong));
}

// What may be left out.
assert.ok(header.happenings.every(({ path, without }) => /^(event|fault)\.\d+$/.test(path) && without === `${path}.only=[]`));
assert.deepEqual([...leftOut([run, { header: { ...header, happenings: header.happenings.slice(1) } }])], header.happenings.slice(0, 1).map(({ path }) => path));
assert.ok(!commandWithout(header, "x'; rm -rf /; '").includes("x';"));
assert.deepEqual(actionOf({ key: "ArrowLeft", shiftKey: true }), ["step", -10]);
assert.equal(actionOf({ key: "q" }), null);

// A fate before it is known, and on the way to it.
for (const message of messages) {
  for (const fate of message.fates) {
    if (fate.at_ps === null) continue;
    assert.equal(fateAt(run, fate, fate.at_ps).fate, fate.fate);
    const before = fateAt(run, fate, fate.at_ps - 1);
    assert.ok(before === null || before.fate === "pending", before && before.fate);
    assert.equal(fateAt(run, fate, message.sent_ps - 1), null);
  }
}

// A lesson: what is said of an answer, and how it stands.
const question = { asks: "?", right: 1, answers: [{ text: "A.", because: "no." }, { text: "B.", because: "yes." }] };
const steps = lessonSteps({ steps: [{ says: "x", run: 0, taken: 3 }, { says: "y", run: 0, taken: 4, question }], experiments: [{ command: "c", question }] });
assert.deepEqual([steps.length, steps[2].run], [3, null]);
assert.deepEqual(graded(question, 1), { right: true, lines: ["Right. yes."] });
assert.deepEqual(graded(question, 0), { right: false, lines: ["Not so. no.", "It is: B. yes."] });
assert.deepEqual(score(steps, new Map([[1, 1], [2, 0]])), { answered: 2, right: 1, all: 2 });

console.log(`checked ${n} events, ${changes.flat().length} changes, wires ${JSON.stringify(wires)}`);
