// A lesson: its steps, questions to predict what comes next, and what was right. The program has decided which answers are
// right; the page compares. Pure but for the drawing at the end.

/** All that can be walked through: steps of runs, and experiments after them, which stand at the end. */
function lessonSteps(lesson) {
  const experiments = lesson.experiments.map(({ command, question }) => ({ command, question, says: "", intro: "", run: null, taken: null }));
  return [...lesson.steps, ...experiments];
}

/** What is said to who has chosen an answer. */
function graded(question, chosen) {
  const right = question.answers[question.right];
  if (chosen === question.right) return { right: true, lines: [`Right. ${right.because}`] };
  const own = question.answers[chosen];
  return { right: false, lines: [`Not so. ${own.because}`, `It is: ${right.text} ${right.because}`] };
}

/** How it stands: questions answered, and answered rightly. */
function score(steps, given) {
  const answered = steps.filter((step, place) => step.question && given.has(place));
  const right = steps.filter((step, place) => step.question && given.get(place) === step.question.right);
  return { answered: answered.length, right: right.length, all: steps.filter((step) => step.question).length };
}

/** The panel of the step that one is at. `teach`: the steps, the place, and the answers that were given. */
function drawLesson(teach) {
  const { lesson, steps, at, given } = teach;
  const step = steps[at];
  const { answered, right, all } = score(steps, given);
  part("h-lesson").textContent = lesson.title;
  part("lesson-place").textContent = `step ${at + 1} of ${steps.length}` + (all ? `; ${right} of ${answered} right, ${all} questions` : "");
  const story = at === 0 ? lesson.story.split("\n\n").map((text) => make("p", { className: "faint" }, text)) : [];
  const intro = step.intro ? [make("p", {}, step.intro)] : [];
  const command = step.command ? [make("p", {}, "Experiment: ", make("code", {}, step.command))] : [];
  const says = step.says ? [make("p", { className: "what" }, step.says.charAt(0).toUpperCase() + step.says.slice(1))] : [];
  part("lesson-text").replaceChildren(...story, ...intro, ...says, ...command);
  part("lesson-question").replaceChildren(...(step.question ? questionOf(step.question, at, given) : []));
  part("lesson-back").disabled = at === 0;
  part("lesson-next").disabled = at === steps.length - 1;
  const next = at === steps.length - 1 && lesson.next;
  part("lesson-more").replaceChildren(...(next ? [make("a", { href: lesson.next.file }, `The next lesson: ${lesson.next.title}`)] : []));
}

/** The question with its answers, and after one was chosen what is right. */
function questionOf(question, at, given) {
  const chosen = given.has(at) ? given.get(at) : -1;
  const answers = question.answers.map(({ text }, number) => make("label", { className: chosen >= 0 && number === question.right ? "right" : "" },
    make("input", { type: "radio", name: "answer", value: String(number), checked: number === chosen, disabled: chosen >= 0 }), ` ${text}`));
  const said = chosen < 0 ? [] : graded(question, chosen).lines.map((line) => make("p", {}, line));
  return [
    make("fieldset", {}, make("legend", {}, question.asks), ...answers),
    chosen < 0 ? make("button", { type: "button", dataset: { action: "answer" } }, "That is my prediction") : null,
    make("div", { className: chosen === question.right ? "verdict completed" : "verdict hung", role: "status" }, ...said),
  ].filter(Boolean);
}
