// Where everything lies in the picture of the lanes: boxes for what CPUs run and buses carry, arrows for messages. Pure: it
// gives numbers, and somebody else draws them.

const LABELS = 76;
const AXIS = 22;
const ROW = 15;
const LANE_GAP = 9;
/** What is narrower than this is not drawn one by one. */
const NARROW = 1.2;
/** What stands for some spans and is no wider than this is not looked into. */
const COARSE = 3;

/** The lanes of some runs from top to bottom: of each where it is, and how many rows it has; of two runs
 * each has a title. */
function laneBoxes(runs) {
  const boxes = [];
  const titles = [];
  let top = AXIS;
  runs.forEach((run, number) => {
    if (runs.length > 1) {
      titles.push({ run: number, top: top + 4 });
      top += 18;
    }
    run.header.lanes.forEach((lane, place) => {
      const rows = run.rows.reduce((most, row) => (row.lane === place ? Math.max(most, row.nesting + 1) : most), 1);
      boxes.push({ run: number, lane: place, name: lane.name, cpu: lane.cpu, top, rows, height: rows * ROW + 5 });
      top += rows * ROW + 5 + LANE_GAP;
    });
  });
  return { boxes, titles, height: top + 4 };
}

/** The columns of a row of spans on a level above the spans themselves. */
function columnsOfRow(run, row, level) {
  const own = row.levels[level];
  if (own.columns) return own.columns;
  const { block } = run.source.level(`spans.${level}`);
  const columns = { from: new Float64Array(own.count), lasts: new Float64Array(own.count), look: new Float64Array(own.count) };
  for (let at = 0; at < own.count; at += block) {
    const chunk = run.source.chunk(`spans.${level}`, own.first + at / block);
    for (const [name, column] of Object.entries(columns)) column.set(chunk[name], at);
  }
  own.columns = columns;
  return columns;
}

/** Where span number `at` of a row stands: its chunk, and its place in it. */
function spanAt(run, row, at) {
  const { block } = run.source.level("spans.0");
  return { chunk: run.source.chunk("spans.0", row.levels[0].first + Math.floor(at / block)), place: at % block };
}

/** A span of a row: what it shows. */
function spanOf(run, row, at) {
  const { chunk, place } = spanAt(run, row, at);
  return {
    from: chunk.from[place], until: chunk.from[place] + chunk.lasts[place], look: run.text(chunk.look[place]),
    text: run.text(chunk.text[place]), event: chunk.event[place],
  };
}

/**
 * Boxes of the spans of some rows that lie in the view. It goes from the coarsest level down to where what one stands for is
 * too narrow to be told apart, so that the work is that of the pixels and not of the spans: on one row no two boxes overlap.
 */
function spanBoxes(run, rows, scale, view, width) {
  const unit = (width - LABELS) / (view.to - view.from);
  const x = (time) => LABELS + (placeOf(scale, time) - view.from) * unit;
  const [first, last] = [timeOf(scale, view.from), timeOf(scale, view.to)];
  const boxes = [];
  for (const row of rows) {
    let drawn = -Infinity;
    const into = (level, begin, end) => {
      const flat = level > 0 ? columnsOfRow(run, row, level) : null;
      for (let at = begin; at < end;) {
        const { chunk, place } = flat ? { chunk: flat, place: at } : spanAt(run, row, at);
        const from = chunk.from[place];
        const until = from + chunk.lasts[place];
        if (from > last) return;
        at += 1;
        if (until <= first) continue;
        const [left, right] = [x(from), x(until)];
        if (right < LABELS || right <= drawn || left > width) continue;
        if (right - left >= COARSE && level > 0) {
          into(level - 1, (at - 1) * SPAN_FAN, Math.min(at * SPAN_FAN, row.levels[level - 1].count));
          continue;
        }
        const box = { row, span: level > 0 ? -1 : at - 1, look: chunk.look[place], left: Math.max(left, LABELS, drawn), right: Math.min(Math.max(right, LABELS, left + 0.8), width + 1) };
        boxes.push(box);
        if (right - left >= NARROW) continue;
        drawn = Math.max(LABELS, left) + NARROW; // all that begins within its width is not told apart
        const next = timeOf(scale, view.from + (drawn - LABELS) / unit);
        if (flat) at = Math.max(at, above(flat.from, next, at, end) - 1);
        else while (at < end - 1 && at % SPAN_FAN && spanFrom(run, row, at + 1) <= next) at += 1;
      }
    };
    const top = row.levels.length - 1;
    into(top, 0, row.levels[top].count);
  }
  return boxes;
}

/** When span number `at` of a row begins. */
function spanFrom(run, row, at) {
  const { chunk, place } = spanAt(run, row, at);
  return chunk.from[place];
}

/** The span of a row at an instant: its number, or -1. */
function spanUnder(run, row, time) {
  let [low, high] = [0, row.levels[0].count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spanFrom(run, row, middle) <= time) low = middle + 1;
    else high = middle;
  }
  // On a bus several wait at once: one that began earlier may go on.
  for (let at = low - 1; at >= 0 && at > low - SPAN_FAN; at -= 1) if (spanOf(run, row, at).until > time) return at;
  return -1;
}

/** Arrows of messages that are nearer to each other than this are drawn as one of each way. */
const NEAR = 3;

/** How far a point is from a line between two others. */
function fromLine(x, y, start, end) {
  const [right, below] = [end.x - start.x, end.y - start.y];
  const share = ((x - start.x) * right + (y - start.y) * below) / (right * right + below * below || 1);
  const at = Math.max(0, Math.min(1, share));
  return Math.hypot(x - start.x - at * right, y - start.y - at * below);
}

/**
 * The arrows that can be seen, from where messages were sent to where they have come to, one of those that look the same; and
 * the attempts of messages: each message that is told apart, and where they are too near to each other that there were some.
 */
function arrows(run, scale, view, width) {
  const unit = (width - LABELS) / (view.to - view.from);
  const x = (time) => LABELS + (placeOf(scale, time) - view.from) * unit;
  const times = [timeOf(scale, view.from), timeOf(scale, view.to)];
  const seen = new Set();
  const found = { arrows: [], messages: [], attempts: [] };
  const add = (arrow) => {
    const [left, right] = [x(arrow.sent), x(arrow.until)];
    const pixel = (place) => Math.max(0, Math.min(16383, Math.round(place)));
    const fate = run.header.fates.findIndex(([name]) => name === arrow.fate);
    const key = ((pixel(left) * 16384 + pixel(right)) * 1048576 + arrow.from * 1024 + arrow.to) * 16 + fate; // 52 bits
    if (seen.has(key)) return;
    seen.add(key);
    found.arrows.push({ ...arrow, left, right });
  };
  eachMessage(run, times, {
    enough: (summary) => x(summary.ends) - x(summary.first) < NEAR,
    summary(summary) {
      for (const { from, to, fate, until } of summary.ways) add({ message: -1, fate, sent: summary.first, until, from, to });
      for (const { bus, accepted } of summary.attempts) found.attempts.push({ bus, accepted, left: x(summary.first), right: x(summary.ends) });
    },
    message(message, number) {
      for (const { cpu, fate, from_lane: from, to_lane: to, until } of message.fates) {
        if (until >= times[0]) add({ message: number, cpu, fate, sent: message.sent_ps, until, from, to });
      }
      found.messages.push(message);
    },
  });
  return found;
}
