// The messages of a run, and the levels above them on which one stands for many. Pure.

/** One stands for so many of the level below it. */
const SPAN_FAN = 8;
const ARROW_FAN = 16;

/** The messages: how many, each of them, and summaries. */
function messagesOf(source, header) {
  const { rows, block } = source.level("messages");
  const names = header.fates.map(([name]) => name);
  const levels = [];
  for (let level = 1; source.level(`arrows.${level}`); level += 1) levels.push(null);
  const messages = {
    length: rows,
    /** A message by its number in the run. */
    at(number) {
      const chunk = source.chunk("messages", Math.floor(number / block));
      if (!chunk.made) chunk.made = madeOf(chunk, source, names);
      return chunk.made[number % block];
    },
    /** When a message was sent. */
    sent: (number) => source.chunk("messages", Math.floor(number / block)).sent_ps[number % block],
    levels: levels.length,
    /** All summaries of a level. */
    summaries(level) {
      levels[level - 1] = levels[level - 1] || summariesOf(source, level, names);
      return levels[level - 1];
    },
  };
  return messages;
}

/** The messages of a chunk as they are asked for. */
function madeOf(chunk, source, names) {
  const textBlock = source.level("texts").block;
  const text = (place) => source.chunk("texts", Math.floor(place / textBlock))[place % textBlock];
  let [attempt, fate] = [0, 0];
  return Array.from(chunk.sent_ps, (sent, row) => {
    const message = {
      number: chunk.number[row], from: chunk.from[row] < 0 ? null : chunk.from[row], bus: chunk.bus[row],
      what: text(chunk.what[row]), to: text(chunk.to[row]), sent_ps: sent, sent: chunk.sent[row], dispatched: chunk.dispatched[row],
      ends: sent + chunk.lasts[row], attempts: [], fates: [],
    };
    for (let left = chunk.attempts[row]; left > 0; left -= 1, attempt += 1) {
      message.attempts.push({
        event: chunk.event[attempt], outcome: text(chunk.outcome[attempt]), decided: chunk.decided[attempt],
        wire: chunk.wire[attempt] < 0 ? null : text(chunk.wire[attempt]),
      });
    }
    for (let left = chunk.fates[row]; left > 0; left -= 1, fate += 1) {
      message.fates.push({
        cpu: chunk.cpu[fate] < 0 ? null : chunk.cpu[fate], fate: names[chunk.fate[fate]], because: text(chunk.because[fate]),
        at_ps: chunk.at_ps[fate] < 0 ? null : chunk.at_ps[fate], delivered: chunk.delivered[fate], taken: chunk.taken[fate],
        from_lane: chunk.from_lane[fate], to_lane: chunk.to_lane[fate], until: sent + chunk.until[fate],
      });
    }
    return message;
  });
}

/** All summaries of a level: when the first and the last of their messages were sent, and the ways that they went. */
function summariesOf(source, level, names) {
  const summaries = [];
  source.level(`arrows.${level}`).places.forEach((_, number) => {
    const chunk = source.chunk(`arrows.${level}`, number);
    let [way, attempt] = [0, 0];
    chunk.first.forEach((first, row) => {
      const summary = { first, last: first + chunk.last[row], ends: first + chunk.ends[row], ways: [], attempts: [] };
      for (let left = chunk.ways[row]; left > 0; left -= 1, way += 1) {
        summary.ways.push({ from: chunk.from[way], to: chunk.to[way], fate: names[chunk.fate[way]], until: first + chunk.until[way] });
      }
      for (let left = chunk.attempts[row]; left > 0; left -= 1, attempt += 1) {
        summary.attempts.push({ bus: chunk.bus[attempt], accepted: chunk.accepted[attempt] === 1 });
      }
      summaries.push(summary);
    });
  });
  return summaries;
}

/**
 * Goes through the messages that are known of between two instants, from summaries to messages: `enough` says of a summary
 * whether it is looked into no further, and `summary` or `message` gets it.
 */
function eachMessage(run, [from, until], { enough = () => false, summary = () => {}, message }) {
  const { messages } = run;
  const into = (level, first, last) => {
    for (let at = first; at < last; at += 1) {
      if (level === 0) {
        if (messages.sent(at) > until) return;
        const one = messages.at(at);
        if (one.ends >= from) message(one, at);
        continue;
      }
      const one = messages.summaries(level)[at];
      if (one.first > until) return;
      if (one.ends < from) continue;
      if (enough(one)) summary(one);
      else into(level - 1, at * ARROW_FAN, Math.min((at + 1) * ARROW_FAN, level === 1 ? messages.length : messages.summaries(level - 1).length));
    }
  };
  const top = messages.levels;
  into(top, 0, top === 0 ? messages.length : messages.summaries(top).length);
}

/** How many messages were sent up to an instant. */
function sentUntil(run, time) {
  let [low, high] = [0, run.messages.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (run.messages.sent(middle) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
