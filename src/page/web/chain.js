// Why: from a cell, a bit or an event back to the root, along the causes that the program has written. Pure.

/** No chain is longer: a cycle would be a fault of the document. */
const LONGEST = 200;

/** The links of software that goes on, and the sort of events that are waits: a wait ends with what its CPU did last. */
const GOES_ON = 1;
const WAIT = 3;

/** The events from one back to its root, each with how it follows from the next; software's own deeds end it. */
function causesOf(run, event) {
  const links = [];
  for (let at = event; at >= 0 && links.length < LONGEST; at = run.events.cause[at]) {
    const how = run.events.link[at];
    links.push({ event: at, how: run.header.links[how], root: how === 0 });
    const deed = how === GOES_ON && run.events.sort[at] !== WAIT;
    if (deed) links[links.length - 1].root = true;
    if (deed || run.events.cause[at] >= at) break;
  }
  return links;
}

/** What to say of a cell: when it got its value, and the chain behind that. Null: it has had it from the beginning. */
function whyCell(run, taken, cell, bit = -1) {
  const change = lastChange(run, taken, cell, bit);
  if (change < 0) return null;
  const event = run.changes.event[change];
  return { event, was: run.changes.was[change], value: run.changes.value[change], links: causesOf(run, event) };
}

/** The chain of causes that the program tells of a CPU that waits: sentences, with the event of each. */
function whyWaits(run, values, cpu) {
  const cell = run.cell(cpu, "why");
  return cell < 0 ? null : run.text(values[cell]);
}

/** An event in words. */
function sayEvent(run, event) {
  const source = run.events.source[event];
  const who = source >= 0 ? `CPU${source}` : source === -1 ? "bus" : "verdict";
  const count = run.events.count[event];
  const times = count > 1 ? `, ${count} times until ${microseconds(run.events.last[event])}` : "";
  const open = run.events.open[event] ? ", again and again, for ever or to the end of the run" : "";
  return { who, what: withMicro(run.text(run.events.text[event])) + times + open };
}

/** `function (file:line)` of an event, if software did it. */
function placeInSource(run, event) {
  const site = run.events.site[event];
  return site < 0 ? null : run.sites[site];
}

/** A fate as it is known at an instant: what has been delivered and not taken is pending, and of the rest nothing is known. */
function fateAt(run, fate, time) {
  const arrived = fate.delivered >= 0 ? run.events.time[fate.delivered] : Infinity;
  if (fate.at_ps !== null && fate.at_ps <= time) return fate;
  return arrived <= time ? { ...fate, fate: "pending", at_ps: arrived, because: "" } : null;
}

/** The message whose attempt is on a serial bus at an instant, and its cycle, from 1 on; null if there is none. */
function cycleAt(run, time) {
  const period = run.header.bus_period_ps;
  for (const message of run.messages) {
    const wire = run.text(message.wire);
    if (!wire || message.sent_ps > time) continue;
    for (const { event } of message.attempts) {
      const first = run.events.time[event];
      const count = run.events.count[event];
      const each = count > 1 ? (run.events.last[event] - first) / (count - 1) : 0;
      const begins = first - run.header.decided_in_cycle * period;
      const number = each > 0 ? Math.max(0, Math.min(count - 1, Math.floor((time - begins) / each))) : 0;
      const cycle = Math.floor((time - begins - number * each) / period) + 1;
      if (cycle >= 1 && cycle <= wire.length) return { message, cycle, wire };
    }
  }
  return null;
}
