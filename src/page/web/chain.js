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
function isThere(run, { event, cell, bit, field, message, to }) {
  if (event !== undefined) return event < run.n;
  if (message !== undefined) return message < run.messages.length && to < run.header.cpus;
  if (!(cell < run.cells.length)) return false;
  if (field !== undefined) return field < fieldsOf(run, cell).length;
  return bit < 0 || (bit < 32 && /^(IRR|ISR|TMR)[0-7]$/.test(run.cells[cell].name));
}

/** The fields of the register that a cell holds; none of other cells. */
function fieldsOf(run, cell) {
  const { group, name } = run.cells[cell];
  const register = group === "apic" && run.registers.find((one) => one.name === name);
  return register ? register.fields : [];
}

/** Of the fields of a register that are not zero and of which the program tells why: which, and the sentences. */
function whyFields(run, values, cell) {
  const told = fieldsOf(run, cell).map((field, number) => {
    const own = field.why && bitsOf(values[cell], field) ? run.cell(run.cells[cell].cpu, field.why) : -1;
    return { field, number, chain: own < 0 ? null : run.text(values[own]) };
  });
  return told.filter(({ chain }) => chain && chain.length);
}

/** What to say of a cell, or of the bits of it from `bit` to `high`: when it got its value, and the chain behind that. Null:
 * it has had it from the beginning. */
function whyCell(run, taken, cell, bit = -1, high = bit) {
  const change = lastChange(run, taken, cell, bit, high);
  return change && { ...change, links: causesOf(run, change.event) };
}

/** The chain of what keeps a message from being dispatched, as its sender's ICR tells it at a place; null where nothing does. */
function whyMessage(run, values, { taken, time }, message) {
  const { from, sent, dispatched, fates } = message;
  const isOver = dispatched >= 0 && dispatched < taken || fates.some(({ fate, at_ps }) => ["replaced", "dropped"].includes(fate) && at_ps <= time);
  const own = from === null || sent < 0 || sent >= taken || isOver ? -1 : run.cell(from, "why busy");
  return own < 0 ? null : run.text(values[own]);
}

/** The last event that is known of a message at a CPU. */
function lastOfMessage({ sent, attempts }, fate) {
  if (fate && fate.taken >= 0) return fate.taken;
  if (fate && fate.delivered >= 0) return fate.delivered;
  return attempts.length ? attempts[attempts.length - 1].event : sent;
}

/** The chain of causes that the program tells of a CPU that waits: sentences, with the event of each. */
function whyWaits(run, values, cpu) {
  const cell = run.cell(cpu, "why");
  return cell < 0 ? null : run.text(values[cell]);
}

/** An event in words. */
function sayEvent(run, event) {
  const { source, count, last, open, text, left } = run.event(event);
  const who = source >= 0 ? `CPU${source}` : source === -1 ? "bus" : "verdict";
  const times = count > 1 ? `, ${count} times until ${microseconds(last)}` : "";
  const on = open ? ", again and again, for ever or to the end of the run" : "";
  const since = left >= 0 ? ` (it counts from ${microseconds(left)}, when it left; this is its answer)` : "";
  return { who, what: withMicro(run.text(text)) + times + on + since };
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
