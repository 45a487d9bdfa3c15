// Dialogs: while one is open, keys and clicks are its own.

/** The dialog that is open, if one is. */
function openDialog() {
  return document.querySelector("dialog[open]");
}

/** Keys while a dialog is open: some close it, and all others are the browser's. */
function keyInDialog(event) {
  if (event.key !== "Escape" && event.key !== "?") return;
  event.preventDefault();
  openDialog().close();
}

/** A click beside a dialog closes it. */
function clickedBeside({ target, clientX: x, clientY: y }) {
  if (target.tagName !== "DIALOG") return;
  const { left, right, top, bottom } = target.getBoundingClientRect();
  if (x < left || x > right || y < top || y > bottom) target.close();
}
