// Checks of the page's scripts on the document of a run: it is given as a file, and the scripts stand before this one.

const assert = require("node:assert");
const run = decodeRun(JSON.parse(require("node:fs").readFileSync(process.argv[2], "utf8")));
const { n, events, header } = run;
assert.ok(n > 10);

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
for (const frame of run.keyframes) assert.deepEqual(frame.values, states[frame.taken], `keyframe ${frame.taken}`);
let random = 1;
for (let round = 0; round < 400; round += 1) {
  random = (random * 48271) % 2147483647;
  seek(run, cells, random % (n + 1));
  assert.equal(cells.taken, random % (n + 1));
  assert.deepEqual(Array.from(cells.values), states[cells.taken], `seek to ${cells.taken}`);
}

// The last change of each cell, by looking at all states.
for (let cell = 0; cell < run.cells.length; cell += 7) {
  for (let taken = 0; taken <= n; taken += 13) {
    let expected = -1;
    for (let event = 0; event < taken; event += 1) if (states[event + 1][cell] !== states[event][cell]) expected = event;
    const change = lastChange(run, taken, cell);
    assert.equal(change < 0 ? -1 : run.changes.event[change], expected, `cell ${cell} after ${taken}`);
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
    assert.ok(next.taken === 0 || events.time[next.taken - 1] <= next.time);
    assert.ok(next.taken === n || events.time[next.taken] >= next.time);
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
      const [first, last, count] = [events.time[event], events.last[event], events.count[event]];
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
  assert.equal(place.time, Math.min(cycle * header.bus_period_ps, events.time[n - 1]));
  assert.equal(place.taken, Array.from(events.time).filter((time) => time <= place.time).length);
}
for (let cpu = 0; cpu < header.cpus; cpu += 1) {
  const lines = walk("line", cpu);
  const back = [lines[lines.length - 1]];
  while (back[back.length - 1].taken > 0) back.push(step(run, back[back.length - 1], "line", cpu, false));
  assert.deepEqual(back.reverse(), lines, `lines of CPU${cpu}`);
}

// The axis: there and back.
for (const shortened of [true, false]) {
  const scale = makeScale([events.time], shortened);
  let before = -1;
  for (const time of events.time) {
    const place = placeOf(scale, time);
    assert.ok(place >= before);
    before = place;
    assert.ok(Math.abs(timeOf(scale, place) - time) <= 1 + time * 1e-9, `${time}`);
  }
  const view = wholeView(scale);
  const near = zoomed(view, 0.5, placeOf(scale, events.time[n >> 1]));
  assert.ok(Math.abs((near.to - near.from) * 2 - (view.to - view.from)) < 1e-6 * (view.to - view.from));
  const width = 900;
  const lanes = laneBoxes([run]);
  lanes.boxes.reduce((above, box) => { assert.ok(box.top >= above); return box.top + box.height; }, 0);
  assert.equal(lanes.boxes.length, header.lanes.length);
  // Every span that is wide enough to see has a box.
  const seen = new Set(spanBoxes(run, spanLists(run), scale, view, width).map((box) => box.span));
  run.spans.from.forEach((from, span) => {
    const wide = (placeOf(scale, run.spans.until[span]) - placeOf(scale, from)) * ((width - LABELS) / (view.to - view.from));
    assert.ok(wide < NARROW || seen.has(span), `span ${span}`);
  });
  for (const box of spanBoxes(run, spanLists(run), scale, view, width)) {
    assert.ok(box.left >= LABELS && box.right <= width + 1 && box.left < box.right, JSON.stringify(box));
  }
  for (const arrow of arrows(run, scale, view, width)) {
    assert.ok(arrow.left >= LABELS && arrow.right <= width && arrow.left <= arrow.right + 1e-6, JSON.stringify(arrow));
  }
  for (const time of ticks(scale, view, 8)) assert.ok(time >= 0 && placeOf(scale, time) <= view.to);
}

// Causes: every chain comes to a root, and each link lies before the one that follows from it.
for (let event = 0; event < n; event += 1) {
  const chain = causesOf(run, event);
  assert.ok(chain.length > 0 && chain.length < LONGEST, `the chain of ${event}`);
  assert.ok(chain[chain.length - 1].root);
  const deliveries = chain.map((link) => run.text(events.text[link.event]).includes(" delivered to "));
  assert.ok(!deliveries.some((is, place) => is && deliveries[place + 1]), `one delivery follows from another at ${event}`);
  chain.reduce((later, link) => { assert.ok(link.event < later); return link.event; }, n);
}

// The cycles of a message on a serial bus: just before its attempt is told it is in the first status cycle.
for (const message of run.messages) {
  if (message.wire < 0 || !/^(FIXED|NMI|INIT|START)/.test(message.what)) continue;
  assert.equal(run.text(message.wire).length, 21, message.what);
  for (const { event } of message.attempts) {
    if (events.count[event] > 1 && events.last[event] === events.time[event]) continue;
    const found = cycleAt(run, events.time[event] - 1);
    assert.ok(found, `${message.what} at ${events.time[event]}`);
    if (found.message === message) assert.equal(found.cycle, header.decided_in_cycle, `${message.what} at ${events.time[event]}`);
  }
}

// Numbers and the address.
assert.equal(microseconds(36070000), "36.07 µs");
assert.equal(microseconds(1), "0.000001 µs");
assert.equal(microseconds(5e12), "5000000 µs");
assert.equal(span(1260000), "1.26 µs");
assert.equal(withMicro("since 40.21 us: 3 users"), "since 40.21 µs: 3 users");
assert.equal(fieldText(0x18fc, { high: 10, low: 8, values: ["fixed"] }), "fixed");
const moment = { place: { taken: 7, time: 123 }, cpu: 1, shown: 1, lesson: 2, asked: { cell: 3, bit: 5 } };
assert.deepEqual(readAddress(writeAddress(moment)), { taken: 7, time: 123, cpu: 1, shown: 1, lesson: 2, asked: { cell: 3, bit: 5 } });
assert.deepEqual(readAddress("#cell=x&taken=-1"), { taken: null, time: null, cpu: null, shown: null, lesson: null, asked: null });
assert.deepEqual(actionOf({ key: "ArrowLeft", shiftKey: true }), ["step", -10]);
assert.equal(actionOf({ key: "q" }), null);

// A fate before it is known, and on the way to it.
for (const message of run.messages) {
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

console.log(`checked ${n} events, ${run.changes.cell.length} changes`);
