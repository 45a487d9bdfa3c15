// The keyboard: everything that a pointer can do with the run. Keys do nothing where text is typed or a list is open.

const KEYS = [
  ["→ or n", "step forward"], ["← or p", "step back"], ["Shift and →, ←", "ten steps"], ["Home, End", "beginning, end"],
  ["Space", "play, stop"], ["1 to 5", "step size: event, access, bus cycle, kernel line, message"],
  [". and ,", "the next message, the one before: sent, delivered or refused"], ["[ and ]", "the CPU before, the next one"],
  ["+ and −", "zoom in, out"], ["0", "the whole run"], ["a and d", "move the view"], ["g", "axis: gaps shortened, true to time"],
  ["w", "why did the event at the cursor happen"], ["f", "first difference of two runs"], ["r", "the other run"],
  ["j and k", "of a lesson: the next step, the one before"], ["m", "a note of this moment"], ["Esc", "clear the question, close this"], ["?", "these keys"],
];

/** What a key asks for, as the name of an action and its argument; null for other keys. */
function actionOf({ key, shiftKey }) {
  switch (key) {
    case "ArrowRight": case "n": return ["step", shiftKey ? 10 : 1];
    case "ArrowLeft": case "p": return ["step", shiftKey ? -10 : -1];
    case "Home": return ["goTo", 0];
    case "End": return ["goTo", Infinity];
    case " ": return ["play"];
    case ".": return ["message", 1];
    case ",": return ["message", -1];
    case "1": case "2": case "3": case "4": case "5": return ["kind", STEPS[Number(key) - 1][0]];
    case "[": return ["cpu", -1];
    case "]": return ["cpu", 1];
    case "+": case "=": return ["zoom", 0.6];
    case "-": case "−": return ["zoom", 1 / 0.6];
    case "0": return ["whole"];
    case "a": return ["move", -0.2];
    case "d": return ["move", 0.2];
    case "g": return ["axis"];
    case "w": return ["why"];
    case "f": return ["difference"];
    case "r": return ["other"];
    case "m": return ["note"];
    case "j": return ["lesson", 1];
    case "k": return ["lesson", -1];
    case "?": return ["help"];
    case "Escape": return ["forget"];
    default: return null;
  }
}

/** Is the key meant for what has the focus? */
function isTyped(event) {
  const tag = event.target.tagName;
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  if (tag === "SELECT" || tag === "INPUT" || tag === "TEXTAREA") return true;
  return (tag === "BUTTON" || tag === "SUMMARY") && (event.key === " " || event.key === "Enter");
}
