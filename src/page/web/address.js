// The address: it holds the cursor and what is asked about, so that a link to the file is a link to a moment.

/** The moment that the address names. */
function readAddress(text) {
  const found = new URLSearchParams(text.replace(/^#/, ""));
  const number = (name) => (found.has(name) && /^\d+$/.test(found.get(name)) ? Number(found.get(name)) : null);
  const asked = number("cell") !== null ? { cell: number("cell"), bit: number("bit") === null ? -1 : number("bit") }
    : number("event") !== null ? { event: number("event") } : null;
  return { taken: number("taken"), time: number("ps"), cpu: number("cpu"), shown: number("run"), lesson: number("lesson"), asked };
}

/** The address of a moment. */
function writeAddress({ place, cpu, shown, asked, lesson }) {
  const found = new URLSearchParams({ taken: place.taken, ps: place.time, cpu });
  if (shown) found.set("run", shown);
  if (lesson !== undefined && lesson !== null) found.set("lesson", lesson);
  if (asked && asked.event !== undefined) found.set("event", asked.event);
  else if (asked) {
    found.set("cell", asked.cell);
    if (asked.bit >= 0) found.set("bit", asked.bit);
  }
  return `#${found}`;
}
