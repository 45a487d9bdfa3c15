// Why: from a cell, a bit or an event back to the root, along the causes that the program has written. Pure.

/** No chain is longer: a cycle would be a fault of the document. */
const LONGEST = 200;

/** The links of software that goes on, and the sort of events that are waits: a wait ends with what its CPU did last. */
const GOES_ON = 1;
const WAIT = 3;

/** The events from one back to its root, each with how it follows from the next; software's own deeds end it. */
function causesOf(run, event) {
  const links = [];
  for (let at = event; at >= 0 && links.length < LONGEST;) {
    const { link, sort, cause } = run.event(at);
    const deed = link === GOES_ON && sort !== WAIT;
    links.push({ event: at, how: run.header.links[link], root: link === 0 || deed });
    if (deed || cause >= at) break;
    at = cause;
  }
  return links;
}

/** Can that be asked about? A bit is one of the blocks of registers. */
function isThere(run, { event, cell, bit }) {
  if (event !== undefined) return event < run.n;
  return cell < run.cells.length && (bit < 0 || (bit < 32 && /^(IRR|ISR|TMR)[0-7]$/.test(run.cells[cell].name)));
}

/** What to say of a cell: when it got its value, and the chain behind that. Null: it has had it from the beginning. */
function whyCell(run, taken, cell, bit = -1) {
  const change = lastChange(run, taken, cell, bit);
  return change && { ...change, links: causesOf(run, change.event) };
}

/** The chain of causes that the program tells of a CPU that waits: sentences, with the event of each. */
function whyWaits(run, values, cpu) {
  const cell = run.cell(cpu, "why");
  return cell < 0 ? null : run.text(values[cell]);
}

/** An event in words. */
function sayEvent(run, event) {
  const { source, count, last, open, text } = run.event(event);
  const who = source >= 0 ? `CPU${source}` : source === -1 ? "bus" : "verdict";
  const times = count > 1 ? `, ${count} times until ${microseconds(last)}` : "";
  const on = open ? ", again and again, for ever or to the end of the run" : "";
  return { who, what: withMicro(run.text(text)) + times + on };
}

/** `function (file:line)` of an event, if software did it. */
function placeInSource(run, event) {
  const { site } = run.event(event);
  return site < 0 ? null : run.sites[site];
}

/** A fate as it is known at an instant: what has been delivered and not taken is pending, and of the rest nothing is known. */
function fateAt(run, fate, time) {
  const arrived = fate.delivered >= 0 ? run.time[fate.delivered] : Infinity;
  if (fate.at_ps !== null && fate.at_ps <= time) return fate;
  return arrived <= time ? { ...fate, fate: "pending", at_ps: arrived, because: "" } : null;
}

/** Cycles of a message after what becomes of it is known, at most. */
const LONGEST_REST = 20;

/** What is on a serial bus at an instant: what it is, its cycles, and which of them, from 1 on; null if there is nothing. */
function cycleAt(run, time) {
  const period = run.header.bus_period_ps;
  let found = null;
  eachMessage(run, [time - LONGEST_REST * period, time], { message(message) {
    if (found || message.sent_ps > time) return;
    for (const { event, decided, wire } of message.attempts) {
      const cycle = wire ? cycleOf(run, event, time, period, decided) : 0;
      if (wire && cycle >= 1 && cycle <= wire.length) found = found || { message, event, wire, cycle };
    }
  } });
  return found || endAt(run, time, period);
}

/** The EOI message at an instant: its event is told when it is decided. */
function endAt(run, time, period) {
  const ends = run.source.chunk("ends", 0);
  const decided = run.header.end_decided_in_cycle;
  const first = above(run.time, time - 2 * period); // it ends a cycle after that
  for (let at = above(ends.event, first - 1); at < ends.event.length; at += 1) {
    const event = ends.event[at];
    if (run.time[event] > time + decided * period) return null;
    const wire = run.text(ends.wire[at]);
    const cycle = cycleOf(run, event, time, period, decided);
    if (cycle >= 1 && cycle <= wire.length) return { message: null, vector: ends.vector[at], event, wire, cycle };
  }
  return null;
}

/** The cycle in which an attempt, or one of a run of them, is at an instant; what becomes of it is told at the end of cycle `decided`. */
function cycleOf(run, event, time, period, decided) {
  const { time: first, count, last } = run.event(event);
  const each = count > 1 ? (last - first) / (count - 1) : 0;
  const begins = first - decided * period;
  const number = each > 0 ? Math.max(0, Math.min(count - 1, Math.floor((time - begins) / each))) : 0;
  return Math.floor((time - begins - number * each) / period) + 1;
}
