// A document `apicsim.page/2` as something that can be asked: of its instants all are there, and of the rest what is asked
// for is read. Pure.

/** The instants of all events. */
function timesOf(source) {
  const { rows, block, places } = source.level("time");
  const time = new Float64Array(rows);
  places.forEach((_, number) => time.set(source.chunk("time", number).time, number * block));
  source.level("time").kept.clear(); // they stand in one column now
  return time;
}

/** For each key of a sorted column where its rows begin and end. */
function rangesOf(keys) {
  const ranges = new Map();
  keys.forEach((key, row) => {
    if (ranges.has(key)) ranges.get(key)[1] = row + 1;
    else ranges.set(key, [row, row + 1]);
  });
  return ranges;
}

/** A run, from its document and the text of its chunks. */
function decodeRun(document, data) {
  if (document.schema.name !== "apicsim.page" || !document.schema.version.startsWith("2.")) {
    throw new Error(`this page reads apicsim.page 2, and was given ${document.schema.name} ${document.schema.version}`);
  }
  const { header, sites, registers } = document;
  const source = chunksOf(document.levels, data);
  const time = timesOf(source);
  const cells = document.cells.map(([cpu, group, name, kind]) => ({ cpu, group, name, kind }));
  const cellNumber = new Map(cells.map((cell, number) => [`${cell.cpu}/${cell.name}`, number]));
  const block = source.level("events").block;
  const texts = source.level("texts");
  const run = {
    header, sites, registers, cells, source, time, n: time.length, block,
    rows: rowsOf(document.rows, source),
    messages: messagesOf(source, header),
    cell: (cpu, name) => (cellNumber.has(`${cpu}/${name}`) ? cellNumber.get(`${cpu}/${name}`) : -1),
    text: (place) => (place < 0 ? null : source.chunk("texts", Math.floor(place / texts.block))[place % texts.block]),
    /** An event: what its columns hold; `left`: when a read-modify-write left whose answer it is, or -1. */
    event(number) {
      const columns = source.chunk("events", Math.floor(number / block));
      const row = number % block;
      const lasts = columns.lasts[row];
      return {
        time: time[number], source: columns.source[row], sort: columns.sort[row], site: columns.site[row], text: columns.text[row],
        last: lasts < 0 ? -1 : time[number] + lasts, count: columns.count[row], open: columns.open[row] === 1,
        left: columns.back && columns.back[row] > 0 ? time[number] - columns.back[row] : -1,
        cause: columns.cause[row] > 0 ? number - columns.cause[row] : -1, link: columns.link[row],
      };
    },
    /** The last instant of a run of polls; of another event its own. */
    lastOf: (number) => Math.max(run.event(number).last, time[number]),
    changes: (number) => changesOf(run, number),
    touched: null,
    sources: null,
  };
  return run;
}

/** The spans of each lane and nesting: of each level where its chunks begin. */
function rowsOf(list, source) {
  const levels = [];
  for (let level = 0; source.level(`spans.${level}`); level += 1) levels.push(source.level(`spans.${level}`));
  const firsts = levels.map(() => 0);
  return list.map(([lane, nesting, count]) => {
    const row = { lane, nesting, levels: [] };
    levels.forEach((of, level) => {
      const own = Math.ceil(count / SPAN_FAN ** level);
      row.levels.push({ count: own, first: firsts[level], columns: null });
      firsts[level] += Math.ceil(own / of.block);
    });
    return row;
  });
}

/** The changes of a block of events, with what each took the place of, and where those of each event begin. */
function changesOf(run, number) {
  const chunk = run.source.chunk("changes", number);
  if (chunk.was) return chunk;
  const now = keyframe(run, number);
  chunk.was = new Float64Array(chunk.cell.length);
  chunk.value = new Float64Array(chunk.cell.length);
  chunk.first = new Uint32Array(run.block + 1);
  for (const event of chunk.event) chunk.first[event + 1] += 1;
  for (let event = 0; event < run.block; event += 1) chunk.first[event + 1] += chunk.first[event];
  chunk.cell.forEach((cell, change) => {
    chunk.was[change] = now[cell];
    now[cell] += chunk.by[change];
    chunk.value[change] = now[cell];
  });
  return chunk;
}

/** All cells before a block of events. */
function keyframe(run, number) {
  const values = Float64Array.from(run.source.chunk("keyframes", 0).by);
  if (number > 0) run.source.chunk("keyframes", number).by.forEach((by, cell) => { values[cell] += by; });
  return values;
}

/** The changes of an event, each with its cell, what it was, and what it is then. */
function changesWith(run, event) {
  const { first, cell, was, value } = run.changes(Math.floor(event / run.block));
  const at = event % run.block;
  return Array.from({ length: first[at + 1] - first[at] }, (_, place) => {
    const change = first[at] + place;
    return { cell: cell[change], was: was[change], value: value[change] };
  });
}

/** The blocks in which a source has events, and how often it comes to another line in each. */
function blocksOfSource(run, of) {
  if (!run.sources) {
    const columns = run.source.chunk("sources", 0);
    run.sources = { ...columns, ranges: rangesOf(columns.source) };
  }
  const [from, until] = run.sources.ranges.get(of) || [0, 0];
  return { blocks: run.sources.block.subarray(from, until), lines: run.sources.lines.subarray(from, until) };
}

/** The events of a source in a block, in their order. */
function eventsIn(run, of, number) {
  const chunk = run.source.chunk("events", number);
  if (!chunk.bySource) {
    chunk.bySource = new Map();
    chunk.source.forEach((source, row) => {
      if (!chunk.bySource.has(source)) chunk.bySource.set(source, []);
      chunk.bySource.get(source).push(number * run.block + row);
    });
  }
  return chunk.bySource.get(of) || [];
}

/** The last event of a source that is no later than `event`, or -1. */
function eventBefore(run, of, event) {
  const { blocks } = blocksOfSource(run, of);
  for (let at = above(blocks, Math.floor(event / run.block)) - 1; at >= 0; at -= 1) {
    const list = eventsIn(run, of, blocks[at]);
    const place = above(list, event) - 1;
    if (place >= 0) return list[place];
  }
  return -1;
}

/** The first event of a source that is no earlier than `event`, or the number of all events. */
function eventFrom(run, of, event) {
  const { blocks } = blocksOfSource(run, of);
  for (let at = above(blocks, Math.floor(event / run.block) - 1); at < blocks.length; at += 1) {
    const list = eventsIn(run, of, blocks[at]);
    const place = above(list, event - 1);
    if (place < list.length) return list[place];
  }
  return run.n;
}
