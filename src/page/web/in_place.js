// What was clicked stays where it was and is marked, and the answer is in view.

/** Marks all that shows what is asked about. */
function markAsked({ asked }) {
  if (!asked || asked.event !== undefined) return;
  const found = asked.message !== undefined
    ? document.querySelectorAll(`[data-ask-message="${asked.message}"][data-to="${asked.to}"]`)
    : document.querySelectorAll(`[data-cell="${asked.cell}"]${asked.bit >= 0 ? `[data-bit="${asked.bit}"]` : ":not([data-bit])"}${asked.field !== undefined ? `[data-field="${asked.field}"]` : ":not([data-field])"}`);
  for (const element of found) {
    element.classList.add("asked");
    element.setAttribute("aria-current", "true");
  }
}

/** What names an element that is drawn anew each time: its data, and which it is among those of its part that have the same. */
function placeOfElement(element) {
  const box = element.closest("section[id], section[aria-labelledby]");
  const data = [...element.attributes].filter(({ name }) => name.startsWith("data-"));
  if (!box || !data.length) return null;
  const selector = data.map(({ name, value }) => `[${name}="${CSS.escape(value)}"]`).join("");
  return { box, selector, number: [...box.querySelectorAll(selector)].indexOf(element), top: element.getBoundingClientRect().top, focused: element === document.activeElement };
}

/** Keeps what was clicked where it was, and focused, whatever was drawn anew above it. */
function keepInPlace() {
  if (!page.held) return;
  const { box, selector, number, top, focused } = page.held;
  page.held = null;
  const element = box.querySelectorAll(selector)[number];
  if (!element || !element.getClientRects().length) return;
  if (focused) element.focus({ preventScroll: true });
  if (box.id === "why-part") return; // it stays in view by itself, and scrolls by itself
  window.scrollBy(0, element.getBoundingClientRect().top - top);
  uncover(element.getBoundingClientRect());
}

/** Where the screen is narrow the answer stands over the page: what was clicked is moved out from under it. */
function uncover({ top, bottom, left, right }) {
  const over = part("why-part").getBoundingClientRect();
  if (!page.asked || bottom <= over.top || top >= over.bottom || right <= over.left || left >= over.right) return;
  window.scrollBy(0, over.top < 5 ? top - over.bottom - 8 : bottom - over.top + 8);
}

/** After a click into the lanes the answer is in view, as far as what was clicked stays there. `x`, `y`: in the picture. */
function showAnswer(x, y) {
  requestAnimationFrame(() => {
    const { left, top } = part("lanes").getBoundingClientRect();
    uncover({ left: left + x, right: left + x, top: top + y - 20, bottom: top + y + 20 });
    const missing = part("why-part").getBoundingClientRect().top + 180 - window.innerHeight;
    const room = top + y - part("bar").offsetHeight - 30;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (page.asked && missing > 0 && room > 0) window.scrollBy({ top: Math.min(missing, room), behavior: calm ? "auto" : "smooth" });
  });
}
