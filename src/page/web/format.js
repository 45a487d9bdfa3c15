// Numbers and instants as people read them. Pure: it knows no document.

/** An instant in whole picoseconds, as exact microseconds without trailing zeros: "36.07 µs". */
function microseconds(ps) {
  const all = Math.round(ps);
  const whole = Math.floor(all / 1e6);
  const part = String(all - whole * 1e6).padStart(6, "0").replace(/0+$/, "");
  return `${whole}${part ? "." + part : ""} µs`;
}

/** A span in the unit in which it is short. */
function span(ps) {
  const units = [[1e12, "s"], [1e9, "ms"], [1e6, "µs"], [1e3, "ns"], [1, "ps"]];
  const [size, unit] = units.find(([size]) => Math.abs(ps) >= size) || [1, "ps"];
  return `${Number((ps / size).toPrecision(4))} ${unit}`;
}

/** A number in hex, with at least so many digits. */
function hex(number, digits) {
  return number.toString(16).toUpperCase().padStart(digits, "0");
}

/** What a sentence of the program says of microseconds, with their sign. */
function withMicro(sentence) {
  return sentence.replace(/(\d) us\b/g, "$1 µs");
}

/** The bits of a field; what cannot be read has none. */
function bitsOf(value, { low, high }) {
  return Math.floor(Math.max(value, 0) / 2 ** low) % 2 ** (high - low + 1);
}

/** A field of a register in words. */
function fieldText(value, field) {
  const bits = bitsOf(value, field);
  const width = field.high - field.low + 1;
  return field.values[bits] || hex(bits, Math.ceil(width / 4));
}

/** The first place in a growing column whose number is above `number`. */
function above(column, number, from = 0, to = column.length) {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle] <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
