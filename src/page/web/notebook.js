// The notebook: moments, each with a note. They are kept in the address and nowhere else, so that a link to the page is a link
// to its notebook, from a file as well; and they can be taken away as Markdown. Pure but for the drawing at the end.

/** Notes, and letters of one. */
const NOTES = 50;
const NOTE_LETTERS = 2000;

/** A note as it stands in the address: place, instant, CPU, run, text. */
function writeNote({ taken, time, cpu, shown, text }) {
  return `${taken}.${time}.${cpu}.${shown}.${text}`;
}

/** A note from the address; null if it is none. */
function readNote(written) {
  const found = /^(\d{1,15})\.(\d{1,16})\.(\d{1,5})\.([01])\.([^]*)$/.exec(written);
  if (!found || !found[5].trim()) return null;
  const [taken, time, cpu, shown] = found.slice(1, 5).map(Number);
  return { taken, time, cpu, shown, text: found[5].slice(0, NOTE_LETTERS) };
}

/** Text that means nothing else in Markdown. */
function plainMarkdown(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/[\\`*_{}[\]#|~!]/g, "\\$&").replace(/\s+/g, " ");
}

/** Code in Markdown: with more backticks around it than are in it. */
function codeMarkdown(text) {
  const longest = Math.max(0, ...(text.match(/`+/g) || []).map((ticks) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks} ${text.replace(/\s+/g, " ")} ${ticks}`;
}

/** The notebook as Markdown. What is from the run is text; a note may have Markdown of its own, but no elements. */
function toMarkdown(runs, notes) {
  const of = ({ header }) => `${header.scenario}: ${header.arch}, ${header.variant}, ${header.bus}, ${header.cpus} CPUs, seed ${header.seed}`;
  const lines = ["# Notebook", ""];
  runs.forEach((run, number) => {
    const letter = runs.length > 1 ? `${"AB"[number]}: ` : "";
    lines.push(`${letter}${plainMarkdown(of(run))}. ${plainMarkdown(run.header.says)}`, "", codeMarkdown(run.header.command), "");
  });
  for (const note of notes) {
    const run = runs[note.shown] || runs[0];
    const event = Math.min(note.taken, run.n) - 1;
    const { who, what } = event >= 0 ? sayEvent(run, event) : { who: "", what: "before the first event" };
    const at = event >= 0 ? placeInSource(run, event) : null;
    lines.push(`## ${microseconds(note.time)}${runs.length > 1 ? `, ${"AB"[note.shown]}` : ""}, CPU${note.cpu}`, "");
    lines.push(note.text.trim().replace(/</g, "&lt;"), "");
    lines.push(`> ${plainMarkdown(`${who} ${what}`.trim())}${at ? `, ${codeMarkdown(at.at)}` : ""} (event ${event + 1} of ${run.n})`, "");
  }
  return lines.join("\n");
}

/** The list of notes. */
function drawNotebook(runs, notes) {
  const items = notes.map((note, number) => make("li", {},
    make("button", { type: "button", className: "jump", dataset: { note: String(number) }, "aria-label": `go to note ${number + 1}, ${microseconds(note.time)}` }, microseconds(note.time)),
    ` ${runs.length > 1 ? `${"AB"[note.shown]}, ` : ""}CPU${note.cpu}: ${note.text} `,
    make("button", { type: "button", className: "jump", dataset: { forgetNote: String(number) }, "aria-label": `remove note ${number + 1}` }, "remove")));
  part("notes").replaceChildren(...items);
  part("notebook-more").hidden = notes.length === 0;
  const text = toMarkdown(runs, notes);
  part("markdown").value = text;
  part("save-notes").href = `data:text/markdown;charset=utf-8,${encodeURIComponent(text)}`;
}
