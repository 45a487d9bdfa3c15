// Raw DEFLATE (RFC 1951) back into bytes. The page does it by itself and at once, so that nothing has to wait for a promise
// between a key and its picture. Pure.

/** Bits that a code's table is asked with at once; longer codes go on bit by bit. */
const FAST = 9;

/** What decodes the codes of these lengths: a table of the short ones, and counts and symbols for the others. */
function codesOf(lengths) {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] += 1;
  counts[0] = 0;
  const firsts = new Uint16Array(17);
  const places = new Uint16Array(17);
  for (let length = 1; length < 16; length += 1) {
    firsts[length + 1] = (firsts[length] + counts[length]) << 1;
    places[length + 1] = places[length] + counts[length];
  }
  const [next, codes] = [places.slice(), firsts.slice()];
  const symbols = new Uint16Array(lengths.length);
  const table = new Uint16Array(1 << FAST); // 0: a longer code; else symbol * 16 + its length
  lengths.forEach((length, symbol) => {
    if (!length) return;
    symbols[next[length]++] = symbol;
    let code = codes[length]++;
    if (length > FAST) return;
    let turned = 0;
    for (let bit = 0; bit < length; bit += 1, code >>= 1) turned = (turned << 1) | (code & 1);
    for (let entry = turned; entry < table.length; entry += 1 << length) table[entry] = (symbol << 4) | length;
  });
  return { counts, firsts, places, symbols, table };
}

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const FIXED = [
  codesOf(Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8))),
  codesOf(new Array(30).fill(5)),
];

/** Inflates. Throws where the bytes are no such stream. */
function inflate(bytes) {
  let out = new Uint8Array(Math.max(1024, bytes.length * 6));
  let [length, at, held, count] = [0, 0, 0, 0];
  const fail = (what) => { throw new Error(`the data of this page are damaged: ${what}`); };
  const bits = (wanted) => {
    while (count < wanted) {
      if (at >= bytes.length) fail("a chunk ends early");
      held |= bytes[at++] << count;
      count += 8;
    }
    const value = held & ((1 << wanted) - 1);
    held >>>= wanted;
    count -= wanted;
    return value;
  };
  const symbolOf = (codes) => {
    while (count < 15 && at < bytes.length) {
      held |= bytes[at++] << count;
      count += 8;
    }
    const entry = codes.table[held & ((1 << FAST) - 1)];
    const short = entry & 15;
    if (entry && short <= count) {
      held >>>= short;
      count -= short;
      return entry >> 4;
    }
    for (let code = 0, size = 1; size < 16; size += 1) {
      if (size > count) fail("a code ends early");
      code = (code << 1) | ((held >>> (size - 1)) & 1);
      const place = code - codes.firsts[size];
      if (place >= 0 && place < codes.counts[size]) {
        held >>>= size;
        count -= size;
        return codes.symbols[codes.places[size] + place];
      }
    }
    return fail("there is no such code");
  };
  const room = (more) => {
    if (length + more <= out.length) return;
    const grown = new Uint8Array(Math.max(out.length * 2, length + more));
    grown.set(out.subarray(0, length));
    out = grown;
  };
  const stored = () => {
    at -= count >> 3;
    [held, count] = [0, 0];
    const size = bytes[at] | (bytes[at + 1] << 8);
    at += 4;
    if (!(at + size <= bytes.length)) fail("a stored part ends early");
    room(size);
    out.set(bytes.subarray(at, at + size), length);
    length += size;
    at += size;
  };
  const dynamic = () => {
    const [literals, distances, own] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
    const ownLengths = new Uint8Array(19);
    for (let place = 0; place < own; place += 1) ownLengths[LENGTH_ORDER[place]] = bits(3);
    const codes = codesOf(ownLengths);
    const lengths = new Uint8Array(literals + distances);
    for (let place = 0; place < lengths.length;) {
      const symbol = symbolOf(codes);
      if (symbol < 16) {
        lengths[place++] = symbol;
        continue;
      }
      if (symbol === 16 && place === 0) fail("a length repeats nothing");
      const value = symbol === 16 ? lengths[place - 1] : 0;
      const times = symbol === 16 ? 3 + bits(2) : symbol === 17 ? 3 + bits(3) : 11 + bits(7);
      if (place + times > lengths.length) fail("too many lengths");
      lengths.fill(value, place, place + times);
      place += times;
    }
    return [codesOf(lengths.subarray(0, literals)), codesOf(lengths.subarray(literals))];
  };
  const coded = ([literals, distances]) => {
    for (;;) {
      const symbol = symbolOf(literals);
      if (symbol < 256) {
        if (length === out.length) room(1);
        out[length++] = symbol;
        continue;
      }
      if (symbol === 256) return;
      if (symbol > 285) fail("there is no such length");
      const size = LENGTH_BASE[symbol - 257] + bits(LENGTH_EXTRA[symbol - 257]);
      const far = symbolOf(distances);
      if (far > 29) fail("there is no such distance");
      const distance = DISTANCE_BASE[far] + bits(far < 2 ? 0 : (far >> 1) - 1);
      if (distance > length) fail("a distance leads before the beginning");
      room(size);
      for (let left = size; left > 0; left -= 1, length += 1) out[length] = out[length - distance];
    }
  };
  for (let last = false; !last;) {
    last = bits(1) === 1;
    const kind = bits(2);
    if (kind === 0) stored();
    else if (kind === 1) coded(FIXED);
    else if (kind === 2) coded(dynamic());
    else fail("there is no such part");
  }
  return out.subarray(0, length);
}
