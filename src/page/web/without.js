// What if it had not happened: of each event and fault of the scenario the run without it, beside the one with it. A page that
// `apicsim serve` has sent asks for it; a file says what makes it.

/** What makes the page of a run with and without one thing: a command, in which a shell looks into nothing. */
function commandWithout(header, without) {
  return `${header.command} --html both.html --compare '${without.replace(/'/g, "")}'`;
}

/** What of the first run the second one does not have, by paths; nothing where there is one run. */
function leftOut(runs) {
  if (runs.length < 2) return new Set();
  const paths = (run) => run.header.happenings.map(({ path }) => path);
  const there = new Set(paths(runs[1]));
  return new Set(paths(runs[0]).filter((path) => !there.has(path)));
}

/** The list of what happens in the scenario. `chosen`: of which the command is shown. */
function drawWithout(runs, shown, chosen) {
  const { header } = runs[shown];
  const gone = leftOut(runs);
  const all = runs[0].header.happenings;
  const items = all.map(({ path, says, without }) => make("li", {},
    `${withMicro(says)} `,
    gone.has(path) ? make("strong", {}, "(not in B) ") : null,
    make("button", { type: "button", className: "jump", dataset: { without: path }, "aria-label": `without it? ${withMicro(says)}` }, "without it?"),
    chosen === path ? make("p", { className: "faint", role: "status" }, "This makes a page of both: ", make("code", {}, commandWithout(runs[0].header, without))) : null));
  part("without-part").hidden = all.length === 0;
  part("without").replaceChildren(make("ul", {}, ...items),
    gone.size ? make("p", { className: "faint" }, `B is the run without it. ${header.scenario}: press f for the first difference.`) : "");
}

/** Asks for the run without it: true if there is somebody to ask. */
function askWithout(path) {
  const form = document.querySelector(".run-form form");
  if (!form) return false;
  form.elements.without.value = path;
  form.requestSubmit();
  return true;
}
