// The levels of a run: tables whose rows stand in chunks, which are read when something of them is shown, and of which the
// last ones that were are kept. Pure.

/** Rows of which the chunks are kept, of each level. */
const KEPT = 1 << 17;

/** The bytes of a chunk from its text. */
function bytesOf(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place += 1) bytes[place] = letters.charCodeAt(place);
  return bytes;
}

/** The columns of an inflated chunk by their names; `+`: the differences of one that grows. */
function columnsOf(names, bytes) {
  let at = 0;
  const number = () => {
    let byte = bytes[at++];
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let weight = 128; byte >= 128; weight *= 128) {
      if (at >= bytes.length) throw new Error("the data of this page are damaged: a number ends early");
      byte = bytes[at++];
      value += (byte & 127) * weight;
    }
    return value;
  };
  const columns = {};
  for (const name of names) {
    const length = number();
    if (!(length <= bytes.length - at)) throw new Error("the data of this page are damaged: a column ends early");
    const column = new Float64Array(length);
    const grows = name.startsWith("+");
    for (let place = 0, sum = 0; place < length; place += 1) {
      const coded = number();
      const value = coded % 2 ? -(coded + 1) / 2 : coded / 2;
      sum = grows ? sum + value : value;
      column[place] = sum;
    }
    columns[grows ? name.slice(1) : name] = column;
  }
  return columns;
}

/** The levels of a document: `chunk(level, i)` gives columns, or a list where the rows are texts. */
function chunksOf(levels, data) {
  const byName = new Map();
  let from = 0;
  for (const level of levels) {
    const places = level.bytes.map((bytes) => {
      const place = [from, from + Math.ceil(bytes / 3) * 4];
      from = place[1];
      return place;
    });
    byName.set(level.name, { ...level, places, kept: new Map() });
  }
  if (from !== data.length) throw new Error("the data of this page are damaged: they are not as long as they should be");
  const source = {
    /** How many chunks were read. */
    reads: 0,
    level: (name) => byName.get(name),
    chunk(name, number) {
      const level = byName.get(name);
      const found = level.kept.get(number);
      if (found) return found;
      source.reads += 1;
      const bytes = inflate(bytesOf(data.slice(...level.places[number])));
      const chunk = level.columns.length ? columnsOf(level.columns, bytes) : JSON.parse(new TextDecoder().decode(bytes));
      if ((level.kept.size + 1) * level.block > KEPT && level.kept.size > 1) level.kept.delete(level.kept.keys().next().value);
      level.kept.set(number, chunk);
      return chunk;
    },
  };
  return source;
}
