// Where everything lies in the picture of the lanes: boxes for what CPUs run and buses carry, arrows for messages. Pure: it
// gives numbers, and somebody else draws them.

const LABELS = 76;
const AXIS = 22;
const ROW = 15;
const LANE_GAP = 9;
/** What is narrower than this is not drawn one by one. */
const NARROW = 1.2;

/** The spans of a run by lane and level, each in the order of time. */
function spanLists(run) {
  const lists = new Map();
  run.spans.lane.forEach((lane, span) => {
    const key = `${lane}/${run.spans.level[span]}`;
    if (!lists.has(key)) lists.set(key, { lane, level: run.spans.level[span], spans: [] });
    lists.get(key).spans.push(span);
  });
  for (const list of lists.values()) {
    list.spans.sort((one, other) => run.spans.from[one] - run.spans.from[other]);
    list.from = Float64Array.from(list.spans, (span) => run.spans.from[span]);
    list.until = Float64Array.from(list.spans, (span) => run.spans.until[span]);
  }
  return [...lists.values()];
}

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
      let rows = 1;
      run.spans.lane.forEach((of, span) => { if (of === place) rows = Math.max(rows, run.spans.level[span] + 1); });
      boxes.push({ run: number, lane: place, name: lane.name, cpu: lane.cpu, top, rows, height: rows * ROW + 5 });
      top += rows * ROW + 5 + LANE_GAP;
    });
  });
  return { boxes, titles, height: top + 4 };
}

/**
 * Boxes of the spans of one run that lie in the view. What is too narrow stands for all that begins within its width, so the
 * work is that of the pixels and not of the spans: on one level no two of them overlap.
 */
function spanBoxes(run, lists, scale, view, width) {
  const unit = (width - LABELS) / (view.to - view.from);
  const x = (time) => LABELS + (placeOf(scale, time) - view.from) * unit;
  const boxes = [];
  for (const { lane, level, spans, from, until } of lists) {
    let at = above(until, timeOf(scale, view.from));
    while (at < spans.length) {
      const left = x(from[at]);
      if (left > width) break;
      const right = x(until[at]);
      if (right >= LABELS) {
        boxes.push({ lane, level, span: spans[at], left: Math.max(left, LABELS), right: Math.max(right, LABELS, left + 0.8) });
      }
      const next = right - left < NARROW ? above(from, timeOf(scale, view.from + (left + NARROW - LABELS) / unit)) - 1 : at + 1;
      at = Math.max(at + 1, next);
    }
  }
  return boxes;
}

/** All arrows of a run, by their instants: from the write to where the message has come to, one for each CPU. */
function allArrows(run) {
  return run.messages.flatMap((message, number) => message.fates.map((fate) => {
    const bus = run.header.cpus + message.bus;
    const end = fate.taken >= 0 ? fate.taken : fate.delivered;
    const last = message.attempts.length ? run.lastOf(message.attempts[message.attempts.length - 1].event) : message.sent_ps;
    return {
      message: number, fate: fate.fate, arrives: end >= 0, sent: message.sent_ps, until: end >= 0 ? run.events.time[end] : last,
      from: message.from === null ? bus : message.from, to: end >= 0 && fate.cpu !== null ? fate.cpu : bus,
    };
  }));
}

/** Those of them that can be seen, with where they are; of some that look the same, one. */
function arrows(run, scale, view, width) {
  run.arrows = run.arrows || allArrows(run);
  const unit = (width - LABELS) / (view.to - view.from);
  const x = (time) => LABELS + (placeOf(scale, time) - view.from) * unit;
  const [first, last] = [timeOf(scale, view.from), timeOf(scale, view.to)];
  const fates = [...new Set(run.arrows.map((arrow) => arrow.fate))];
  const seen = new Set();
  const found = [];
  for (const arrow of run.arrows) {
    if (arrow.until < first || arrow.sent > last) continue;
    const [left, right] = [x(arrow.sent), x(arrow.until)];
    const pixel = (place) => Math.max(0, Math.min(16383, Math.round(place)));
    const lanes = arrow.from * 1024 + arrow.to;
    const key = ((pixel(left) * 16384 + pixel(right)) * 1048576 + lanes) * 16 + fates.indexOf(arrow.fate); // 52 bits
    if (seen.has(key)) continue;
    seen.add(key);
    found.push({ ...arrow, left, right });
  }
  return found;
}
