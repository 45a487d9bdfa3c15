// Small helpers for elements: made with text only, so that no name in a run can become markup.

/** An element with properties, attributes where they have a dash, and children: elements or texts. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The element of the page with that name. */
function part(id) {
  return document.getElementById(id);
}

/** A button that goes to the place after an event. */
function jump(run, event, text) {
  const label = text || microseconds(run.time[event]);
  return make("button", { className: "jump", type: "button", dataset: { jump: String(event) }, "aria-label": `go to ${label}` }, label);
}

/** Colours of the theme that is in force, for the canvas. */
function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
