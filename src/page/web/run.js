// A document `apicsim.page/1` as columns that can be asked. Pure.

/** Differences back into numbers that grow. */
function grown(differences) {
  const column = new Float64Array(differences.length);
  let sum = 0;
  differences.forEach((difference, place) => { column[place] = sum += difference; });
  return column;
}

/** For each key from 0 to `keys` - 1 the places at which it stands in a column, in their order. */
function placesByKey(column, keys, last = column.length) {
  const first = new Uint32Array(keys + 1);
  for (let place = 0; place < last; place += 1) first[column[place] + 1] += 1;
  for (let key = 0; key < keys; key += 1) first[key + 1] += first[key];
  const next = first.slice();
  const places = new Uint32Array(last);
  for (let place = 0; place < last; place += 1) places[next[column[place]]++] = place;
  return { first, places, of: (key) => places.subarray(first[key], first[key + 1]) };
}

/** A run, from its document. */
function decodeRun(document) {
  if (document.schema.name !== "apicsim.page" || !document.schema.version.startsWith("1.")) {
    throw new Error(`this page reads apicsim.page 1, and was given ${document.schema.name} ${document.schema.version}`);
  }
  const { header, texts, sites, registers, messages, keyframes } = document;
  const events = { ...document.events, time: grown(document.events.time) };
  const n = events.time.length;
  const cells = document.cells.map(([cpu, group, name, kind]) => ({ cpu, group, name, kind }));
  const changes = { ...document.changes, event: grown(document.changes.event) };
  changes.was = before(changes, keyframes[0].values);
  // Sources begin at -2, the verdict; lists are by number.
  const bySource = placesByKey(Int32Array.from(events.source, (source) => source + 2), header.cpus + 2);
  const byCell = placesByKey(changes.cell, cells.length);
  const firstChange = new Uint32Array(n + 1);
  for (let event = 0, change = 0; event <= n; event += 1) {
    while (change < changes.event.length && changes.event[change] < event) change += 1;
    firstChange[event] = change;
  }
  const cellNumber = new Map(cells.map((cell, number) => [`${cell.cpu}/${cell.name}`, number]));
  const run = {
    header, texts, sites, registers, messages, keyframes, events, n, cells, changes, firstChange, cellNumber,
    spans: document.spans,
    /** The events of a source: a CPU's number, or -1 for the bus. */
    eventsOf: (source) => bySource.of(source + 2),
    changesOf: (cell) => byCell.of(cell),
    cell: (cpu, name) => (cellNumber.has(`${cpu}/${name}`) ? cellNumber.get(`${cpu}/${name}`) : -1),
    text: (place) => (place < 0 ? null : texts[place]),
    /** The last instant of a run of polls; of another event its own. */
    lastOf: (event) => Math.max(events.last[event], events.time[event]),
  };
  return run;
}

/** What each change took the place of. */
function before(changes, values) {
  const now = Float64Array.from(values);
  return Float64Array.from(changes.cell, (cell, change) => {
    const was = now[cell];
    now[cell] = changes.value[change];
    return was;
  });
}
