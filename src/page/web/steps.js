// Steps: from one place of a run to the next or the one before. A place is how many events are taken, and the instant, which
// may lie after the last of them: between two events there are cycles of the bus, and polls. Pure.

const STEPS = [
  ["event", "an event"],
  ["access", "an access: polls one by one"],
  ["cycle", "a bus cycle"],
  ["line", "a kernel line of the CPU"],
];

/** The place after so many events. */
function placeAt(run, taken) {
  const place = Math.max(0, Math.min(run.n, taken));
  return { taken: place, time: place > 0 ? run.events.time[place - 1] : 0 };
}

/** The place at an instant: all events up to it are taken. */
function placeAtTime(run, time) {
  const end = run.events.time[run.n - 1];
  const at = Math.max(0, Math.min(end, time));
  return { taken: above(run.events.time, at), time: at };
}

/** The runs of polls that had begun at a place: those after the last deed of each source. */
function runsUnderWay(run, place) {
  const found = [];
  for (let source = -1; source < run.header.cpus; source += 1) {
    const list = run.eventsOf(source);
    for (let at = above(list, place.taken - 1) - 1; at >= 0 && run.events.last[list[at]] >= 0; at -= 1) found.push(list[at]);
  }
  return found;
}

/** The poll of a run that comes next after an instant, or was the last before it: evenly between its first and its last. */
function pollNear(run, event, time, onwards) {
  const first = run.events.time[event];
  const count = run.events.count[event];
  const period = (run.events.last[event] - first) / (count - 1);
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
  const event = place.taken < run.n ? run.events.time[place.taken] : Infinity;
  return poll < event ? { taken: place.taken, time: poll } : placeAt(run, place.taken + 1);
}

function accessBefore(run, place) {
  const before = place.taken > 0 && place.time === run.events.time[place.taken - 1] ? place.taken - 1 : place.taken;
  const polls = runsUnderWay(run, { ...place, taken: before }).map((event) => pollNear(run, event, place.time, false));
  const poll = Math.max(-Infinity, ...polls);
  const event = before > 0 ? run.events.time[before - 1] : -Infinity;
  return poll > event ? { taken: before, time: poll } : placeAt(run, before);
}

function cycleFrom(run, place, onwards) {
  const period = run.header.bus_period_ps;
  if (!period) {
    const list = run.eventsOf(-1);
    const at = above(list, place.taken - 1);
    const event = onwards ? list[at] : list[at - 2];
    return placeAt(run, event === undefined ? (onwards ? run.n : 0) : event + 1);
  }
  const cycle = onwards ? Math.floor(place.time / period) + 1 : Math.ceil(place.time / period) - 1;
  return placeAtTime(run, cycle * period);
}

/** The events at which a CPU comes to another line. */
function newLines(run, cpu) {
  let before = -1;
  return run.eventsOf(cpu).filter((event) => {
    const site = run.events.site[event];
    const is = site >= 0 && site !== before;
    if (is) before = site;
    return is;
  });
}

function lineFrom(run, place, cpu, onwards) {
  const list = newLines(run, cpu);
  const last = run.events.time[place.taken - 1];
  const taken = !onwards && place.time > last ? place.taken + 1 : place.taken;
  const at = above(list, onwards ? place.taken - 1 : taken - 2);
  if (onwards) return placeAt(run, at < list.length ? list[at] + 1 : run.n);
  return placeAt(run, at > 0 ? list[at - 1] + 1 : 0);
}

/** One step of a kind, onwards or back; `cpu`: whose lines count. */
function step(run, place, kind, cpu, onwards) {
  switch (kind) {
    case "access": return onwards ? nextAccess(run, place) : accessBefore(run, place);
    case "cycle": return cycleFrom(run, place, onwards);
    case "line": return lineFrom(run, place, cpu, onwards);
    default: {
      const between = place.taken > 0 && place.time > run.events.time[place.taken - 1];
      return placeAt(run, onwards ? place.taken + 1 : place.taken - (between ? 0 : 1));
    }
  }
}
