// The address: it holds the cursor, what is asked about, and the notebook, so that a link to the file is a link to a moment.

/** The moment that the address names. */
function readAddress(text) {
  const found = new URLSearchParams(text.replace(/^#/, ""));
  const number = (name) => (found.has(name) && /^\d+$/.test(found.get(name)) ? Number(found.get(name)) : null);
  const field = number("field") === null ? {} : { field: number("field") };
  const asked = number("cell") !== null ? { cell: number("cell"), bit: number("bit") === null ? -1 : number("bit"), ...field }
    : number("message") !== null ? { message: number("message"), to: number("to") === null ? -1 : number("to") }
      : number("event") !== null ? { event: number("event") } : null;
  return { taken: number("taken"), time: number("ps"), cpu: number("cpu"), shown: number("run"), lesson: number("lesson"), asked, notes: found.getAll("note").slice(0, NOTES).map(readNote).filter(Boolean) };
}

/** The address of a moment. */
function writeAddress({ place, cpu, shown, asked, lesson, notes = [] }) {
  const found = new URLSearchParams({ taken: place.taken, ps: place.time, cpu });
  if (shown) found.set("run", shown);
  if (lesson !== undefined && lesson !== null) found.set("lesson", lesson);
  if (asked && asked.event !== undefined) found.set("event", asked.event);
  else if (asked && asked.message !== undefined) {
    found.set("message", asked.message);
    if (asked.to >= 0) found.set("to", asked.to);
  } else if (asked) {
    found.set("cell", asked.cell);
    if (asked.bit >= 0) found.set("bit", asked.bit);
    if (asked.field !== undefined) found.set("field", asked.field);
  }
  for (const note of notes) found.append("note", writeNote(note));
  return `#${found}`;
}
