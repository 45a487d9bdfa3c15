// Steps: from one place of a run to the next or the one before. A place is how many events are taken, and the instant, which
// may lie after the last of them: between two events there are cycles of the bus, and polls. Pure.

const STEPS = [
  ["event", "an event"],
  ["access", "an access: polls one by one"],
  ["cycle", "a bus cycle"],
  ["line", "a kernel line of the CPU"],
  ["message", "a message"],
];

/** The place after so many events. */
function placeAt(run, taken) {
  const place = Math.max(0, Math.min(run.n, taken));
  return { taken: place, time: place > 0 ? run.time[place - 1] : 0 };
}

/** The place at an instant, which is a whole picosecond: all events up to it are taken. */
function placeAtTime(run, time) {
  const end = run.time[run.n - 1];
  const at = Math.round(Math.max(0, Math.min(end, time)));
  return { taken: above(run.time, at), time: at };
}

/** The runs of polls that had begun at a place: those after the last deed of each source. */
function runsUnderWay(run, place) {
  const found = [];
  for (let source = -1; source < run.header.cpus; source += 1) {
    let at = eventBefore(run, source, place.taken - 1);
    for (; at >= 0 && run.event(at).last >= 0; at = eventBefore(run, source, at - 1)) found.push(at);
  }
  return found;
}

/** The poll of a run that comes next after an instant, or was the last before it: evenly between its first and its last. */
function pollNear(run, event, time, onwards) {
  const { time: first, count, last } = run.event(event);
  const period = (last - first) / (count - 1);
  if (count < 2 || !(period > 0)) return onwards ? Infinity : -Infinity;
  const poll = (number) => Math.round(first + number * period);
  if (onwards) {
    let number = Math.max(1, Math.floor((time - first) / period));
    while (number < count && poll(number) <= time) number += 1;
    return number < count ? poll(number) : Infinity;
  }
  let number = Math.min(count - 1, Math.ceil((time - first) / period));
  while (number > 0 && poll(number) >= time) number -= 1;
  return number > 0 ? poll(number) : -Infinity;
}

function nextAccess(run, place) {
  const polls = runsUnderWay(run, place).map((event) => pollNear(run, event, place.time, true));
  const poll = Math.min(Infinity, ...polls);
  const event = place.taken < run.n ? run.time[place.taken] : Infinity;
  return poll < event ? { taken: place.taken, time: poll } : placeAt(run, place.taken + 1);
}

function accessBefore(run, place) {
  const before = place.taken > 0 && place.time === run.time[place.taken - 1] ? place.taken - 1 : place.taken;
  const polls = runsUnderWay(run, { ...place, taken: before }).map((event) => pollNear(run, event, place.time, false));
  const poll = Math.max(-Infinity, ...polls);
  const event = before > 0 ? run.time[before - 1] : -Infinity;
  return poll > event ? { taken: before, time: poll } : placeAt(run, before);
}

function cycleFrom(run, place, onwards) {
  const period = run.header.bus_period_ps;
  if (!period) {
    if (onwards) return placeAt(run, Math.min(run.n, eventFrom(run, -1, place.taken) + 1));
    return placeAt(run, eventBefore(run, -1, eventBefore(run, -1, place.taken - 1) - 1) + 1);
  }
  const cycle = onwards ? Math.floor(place.time / period) + 1 : Math.ceil(place.time / period) - 1;
  return placeAtTime(run, cycle * period);
}

/** The line at which a CPU acted last before an event, or -1. */
function lineBefore(run, cpu, event) {
  for (let at = eventBefore(run, cpu, event - 1); at >= 0; at = eventBefore(run, cpu, at - 1)) {
    const { site } = run.event(at);
    if (site >= 0) return site;
  }
  return -1;
}

/** The events of a block at which a CPU comes to another line. */
function newLines(run, cpu, number) {
  const events = eventsIn(run, cpu, number);
  let before = events.length ? lineBefore(run, cpu, events[0]) : -1;
  return events.filter((event) => {
    const { site } = run.event(event);
    const is = site >= 0 && site !== before;
    if (is) before = site;
    return is;
  });
}

/** The event at which a CPU comes to another line: the first from `event` on, or the last before it; none: -1. */
function lineNear(run, cpu, event, onwards) {
  const { blocks, lines } = blocksOfSource(run, cpu);
  const here = Math.floor(event / run.block);
  for (let at = onwards ? above(blocks, here - 1) : above(blocks, here) - 1; at >= 0 && at < blocks.length; at += onwards ? 1 : -1) {
    if (!lines[at]) continue;
    const list = newLines(run, cpu, blocks[at]);
    const place = above(list, event - 1);
    const found = onwards ? list[place] : list[place - 1];
    if (found !== undefined) return found;
  }
  return -1;
}

function lineFrom(run, place, cpu, onwards) {
  const last = run.time[place.taken - 1];
  if (onwards) {
    const next = lineNear(run, cpu, place.taken, true);
    return placeAt(run, next < 0 ? run.n : next + 1);
  }
  const taken = place.time > last ? place.taken + 1 : place.taken;
  return placeAt(run, lineNear(run, cpu, taken - 1, false) + 1);
}

/** Is it a turn in a message's way: sent, delivered, or refused? Of a device's, which no write sends, that the bus carries it. */
function isTurn(run, event) {
  const { sort, time } = run.event(event);
  if (run.header.sorts[sort] !== "message") return false;
  let found = false;
  eachMessage(run, [time, time], { message({ sent, attempts, fates }) {
    found = found || sent === event || fates.some(({ delivered }) => delivered === event) ||
      attempts.some((attempt) => attempt.event === event && (sent < 0 || attempt.outcome !== "Accepted"));
  } });
  return found;
}

/** The place after the next turn of a message, or the one before; at an end of the run where there is none. */
function messageFrom(run, place, onwards) {
  if (onwards) {
    for (let event = place.taken; event < run.n; event += 1) if (isTurn(run, event)) return placeAt(run, event + 1);
    return placeAt(run, run.n);
  }
  const last = place.time > placeAt(run, place.taken).time ? place.taken : place.taken - 1;
  for (let event = last - 1; event >= 0; event -= 1) if (isTurn(run, event)) return placeAt(run, event + 1);
  return placeAt(run, 0);
}

/** One step of a kind, onwards or back; `cpu`: whose lines count. */
function step(run, place, kind, cpu, onwards) {
  switch (kind) {
    case "access": return onwards ? nextAccess(run, place) : accessBefore(run, place);
    case "cycle": return cycleFrom(run, place, onwards);
    case "line": return lineFrom(run, place, cpu, onwards);
    case "message": return messageFrom(run, place, onwards);
    default: {
      const between = place.taken > 0 && place.time > run.time[place.taken - 1];
      return placeAt(run, onwards ? place.taken + 1 : place.taken - (between ? 0 : 1));
    }
  }
}
