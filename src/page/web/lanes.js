// The picture of the lanes on a canvas: spans, arrows, the axis and the cursor. It draws what layout.js has worked out, and
// says which lane and instant a pointer is at.

/** How the fate of a message looks: a colour, a pattern, and a mark at its end, so that no colour is needed to tell them. */
const FATES = {
  "taken": { colour: "#009e73", dash: [], mark: "arrow" },
  "pending": { colour: "#e69f00", dash: [], mark: "ring" },
  "merged": { colour: "#cc79a7", dash: [6, 3], mark: "diamond" },
  "retried": { colour: "#d55e00", dash: [2, 3], mark: "cross" },
  "accept-error": { colour: "#d55e00", dash: [8, 3, 2, 3], mark: "cross" },
  "replaced": { colour: "#56b4e9", dash: [6, 3], mark: "bar" },
  "dropped": { colour: "#56b4e9", dash: [2, 3], mark: "bar" },
  "cleared": { colour: "#0072b2", dash: [6, 3], mark: "bar" },
  "ignored": { colour: "#0072b2", dash: [2, 3], mark: "cross" },
  "lost": { colour: "#d55e00", dash: [10, 4], mark: "cross" },
  "under-way": { colour: "#999999", dash: [4, 4], mark: "ring" },
};

/** The same marks where there is text. */
const SIGNS = { arrow: "▶", ring: "○", diamond: "◇", cross: "×", bar: "‖" };

/** The name of a fate with its colour and mark. */
function fateMark(fate) {
  const look = FATES[fate] || FATES["under-way"];
  const sign = make("span", { "aria-hidden": "true", style: `color: ${look.colour}` }, `${SIGNS[look.mark]} `);
  return make("span", { className: `fate${look.dash.length ? " dashed" : ""}`, style: `border-color: ${look.colour}` }, sign, fate);
}

const COLOURS = ["text", "faint", "line", "paper", "cursor", "code", "interrupt", "nmi", "smm", "shutdown", "waits", "halted",
  "not-started", "ended", "interrupts-off", "message", "ink"];

/** A pen for a canvas of that size; a canvas can be as high as the window, and no higher. */
function penOf(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  return pen;
}

/** Draws the part of the picture that is scrolled to. `scene`: runs, lists of their spans, lanes, scale, view, cursor, CPU. */
function drawLanes(canvas, scene) {
  const width = canvas.clientWidth;
  const height = scene.height;
  const pen = penOf(canvas, width, height);
  scene.times = [timeOf(scene.scale, scene.view.from), timeOf(scene.scale, scene.view.to)];
  const colours = Object.fromEntries(COLOURS.map((name) => [name, themeColour(name)]));
  const visible = (lane) => lane.top + lane.height >= scene.scroll && lane.top <= scene.scroll + height;
  pen.save();
  pen.translate(0, -scene.scroll);
  drawGrid(pen, scene, colours, width);
  scene.lanes.boxes.filter(visible).forEach((lane) => drawLabel(pen, scene, lane, colours, width));
  scene.lanes.titles.forEach(({ run, top }) => drawTitle(pen, scene.runs[run].header, "AB"[run], top, colours, scene.cover !== null));
  scene.runs.forEach((run, number) => {
    const lanes = scene.lanes.boxes.filter((lane) => lane.run === number);
    const lists = scene.lists[number].filter((list) => visible(lanes[list.lane]));
    for (const box of spanBoxes(run, lists, scene.scale, scene.view, width)) drawSpan(pen, run, lanes[box.lane], box, colours);
    for (const message of run.messages) drawAttempts(pen, run, lanes, message, scene, colours, width);
    pen.save();
    pen.beginPath();
    pen.rect(LABELS, 0, width, scene.lanes.height);
    pen.clip();
    const cover = scene.cover ? scene.cover[number] : Infinity;
    const seen = arrows(run, scene.scale, scene.view, width);
    const found = cover === Infinity ? seen : seen.filter((arrow) => arrow.sent <= cover).map((arrow) => uncovered(scene, run, arrow, cover, width));
    pen.globalAlpha = Math.max(0.12, Math.min(1, 200 / found.length)); // many would hide all that is below them
    for (const arrow of found) drawArrow(pen, lanes, arrow);
    pen.restore();
    if (cover < Infinity) drawCover(pen, scene, lanes, cover, colours, width);
  });
  pen.restore();
  drawAxis(pen, scene, colours, width);
  drawCursor(pen, scene, colours, width, height);
}

/** An arrow as it is known at an instant: of one that has not arrived nobody knows what will become of it. */
function uncovered(scene, run, arrow, cover, width) {
  if (arrow.until <= cover) return arrow;
  const own = run.messages[arrow.message].fates.find((fate) => fate.cpu === arrow.to);
  const known = own ? fateAt(run, own, cover) : null;
  if (known) return { ...arrow, fate: known.fate, right: xOf(scene, known.at_ps, width) };
  const bus = run.header.cpus + run.messages[arrow.message].bus;
  return { ...arrow, fate: "under-way", to: bus, right: Math.max(arrow.left, xOf(scene, cover, width)) };
}

/** A cover over what comes after an instant. */
function drawCover(pen, scene, lanes, cover, colours, width) {
  const left = Math.max(LABELS, xOf(scene, cover, width) + 1);
  const top = lanes[0].top - 3;
  const last = lanes[lanes.length - 1];
  pen.fillStyle = colours.paper;
  pen.fillRect(left, top, width - left, last.top + last.height + LANE_GAP - top);
  if (width - left < 170) return;
  pen.fillStyle = colours.faint;
  pen.textAlign = "left";
  pen.fillText(cover < 0 ? "this run comes later" : "what comes is covered", left + 12, top + 12);
}

function xOf(scene, time, width) {
  return LABELS + ((placeOf(scene.scale, time) - scene.view.from) / (scene.view.to - scene.view.from)) * (width - LABELS);
}

/** Labels of the axis that fit beside each other, with where they are. */
function labels(pen, scene, width) {
  const found = [];
  let free = LABELS;
  for (const time of ticks(scene.scale, scene.view, Math.max(2, Math.floor((width - LABELS) / 90)))) {
    const [x, text] = [xOf(scene, time, width), microseconds(time)];
    const half = pen.measureText(text).width / 2;
    if (x - half < free || x + half > width) continue;
    free = x + half + 8;
    found.push({ x, text });
  }
  return found;
}

function drawGrid(pen, scene, colours, width) {
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  for (const { x } of labels(pen, scene, width)) line(pen, x, AXIS - 4, x, scene.lanes.height);
}

/** The axis stays at the top, whatever is scrolled to. */
function drawAxis(pen, scene, colours, width) {
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, width, AXIS - 3);
  pen.fillStyle = colours.faint;
  pen.textAlign = "center";
  for (const { x, text } of labels(pen, scene, width)) pen.fillText(text, x, 9);
}

function line(pen, fromX, fromY, toX, toY) {
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.lineTo(toX, toY);
  pen.stroke();
}

function drawLabel(pen, scene, lane, colours, width) {
  pen.textAlign = "left";
  const chosen = lane.run === scene.shown && lane.cpu === scene.cpu;
  pen.fillStyle = chosen ? colours.cursor : colours.text;
  const font = pen.font;
  if (chosen) pen.font = `bold ${font}`;
  const name = scene.runs.length > 1 ? `${"AB"[lane.run]} ${lane.name}` : lane.name;
  pen.fillText(name, 4, lane.top + lane.height / 2, LABELS - 8);
  pen.font = font;
  pen.strokeStyle = colours.line;
  pen.lineWidth = 1;
  line(pen, LABELS, lane.top + lane.height + 0.5, width, lane.top + lane.height + 0.5);
}

function drawTitle(pen, header, letter, top, colours, covered) {
  const font = pen.font;
  pen.font = `bold ${font}`;
  pen.textAlign = "left";
  pen.fillStyle = colours.text;
  pen.fillText(`${letter}: ${header.arch}, ${header.variant}${covered ? "" : `: ${header.verdict || "no verdict"}`}`, 4, top + 6);
  pen.font = font;
}

function drawSpan(pen, run, lane, box, colours) {
  const look = run.texts[run.spans.look[box.span]];
  if (look === "interrupts-off") {
    pen.fillStyle = colours["interrupts-off"];
    pen.fillRect(box.left, lane.top + lane.height - 4, box.right - box.left, 3);
    return;
  }
  const top = lane.top + box.level * ROW;
  pen.fillStyle = colours[look] || colours.code;
  pen.fillRect(box.left, top, box.right - box.left, ROW - 1);
  if (look === "waits" || look === "message") hatch(pen, box, top, colours, look === "waits" ? 7 : 0);
  if (box.right - box.left > 34) {
    pen.save();
    pen.beginPath();
    pen.rect(box.left, top, box.right - box.left, ROW);
    pen.clip();
    pen.fillStyle = colours.ink;
    pen.textAlign = "left";
    pen.fillText(run.texts[run.spans.text[box.span]], box.left + 4, top + ROW / 2);
    pen.restore();
  }
}

/** Slanted lines, so that waiting is told apart without a colour. */
function hatch(pen, box, top, colours, gap) {
  if (!gap || box.right - box.left < 4) return;
  pen.save();
  pen.beginPath();
  pen.rect(box.left, top, box.right - box.left, ROW - 1);
  pen.clip();
  pen.strokeStyle = colours.paper;
  pen.globalAlpha = 0.35;
  pen.lineWidth = 1;
  for (let x = Math.floor((box.left - ROW) / gap) * gap; x < box.right; x += gap) line(pen, x, top + ROW, x + ROW, top);
  pen.restore();
}

/** The attempts of a message: a tick each, and a block where they are too near to each other. */
function drawAttempts(pen, run, lanes, message, scene, colours, width) {
  const lane = lanes[run.header.cpus + message.bus];
  if (!lane) return;
  for (const { event, outcome } of message.attempts) {
    const first = run.events.time[event];
    const last = run.lastOf(event);
    if (last < scene.times[0] || first > scene.times[1]) continue;
    const [left, right] = [xOf(scene, first, width), xOf(scene, last, width)];
    if (right < LABELS || left > width) continue;
    const count = run.events.count[event];
    pen.fillStyle = outcome === "Accepted" ? FATES.taken.colour : FATES.retried.colour;
    const each = (right - left) / Math.max(1, count - 1);
    if (count > 1 && each < 3) {
      pen.fillRect(Math.max(left, LABELS), lane.top + ROW - 3, right - Math.max(left, LABELS) + 1, 6);
    } else {
      for (let attempt = 0; attempt < count; attempt += 1) {
        const x = left + attempt * each;
        if (x >= LABELS && x <= width) pen.fillRect(x - 0.75, lane.top + ROW - 5, 1.5, 9);
      }
    }
  }
}

function drawArrow(pen, lanes, arrow) {
  const [from, to] = [lanes[arrow.from] || lanes[lanes.length - 1], lanes[arrow.to]];
  if (!from || !to) return;
  const look = FATES[arrow.fate] || FATES["under-way"];
  const down = to.top >= from.top;
  const start = { x: arrow.left, y: down ? from.top + ROW - 2 : from.top + 2 };
  const end = { x: arrow.right, y: from === to ? to.top + ROW + 4 : down ? to.top : to.top + ROW };
  pen.strokeStyle = pen.fillStyle = look.colour;
  pen.lineWidth = 1.5;
  pen.setLineDash(look.dash);
  line(pen, start.x, start.y, end.x, end.y);
  pen.setLineDash([]);
  drawMark(pen, look.mark, start, end);
}

/** The mark at the end of an arrow. */
function drawMark(pen, mark, start, { x, y }) {
  const path = (...points) => points.forEach(([right, below], place) => pen[place ? "lineTo" : "moveTo"](x + right, y + below));
  pen.beginPath();
  switch (mark) {
    case "arrow": {
      const angle = Math.atan2(y - start.y, x - start.x);
      const at = (turn) => [-9 * Math.cos(angle + turn), -9 * Math.sin(angle + turn)];
      path([0, 0], at(0.45), at(-0.45));
      pen.fill();
      break;
    }
    case "ring": pen.arc(x, y, 3.5, 0, 7); pen.stroke(); break;
    case "diamond": path([0, -4], [4, 0], [0, 4], [-4, 0], [0, -4]); pen.stroke(); break;
    case "bar": path([-4, -4], [-4, 4]); path([-1, -4], [-1, 4]); pen.stroke(); break;
    default: path([-4, -4], [4, 4]); path([-4, 4], [4, -4]); pen.stroke();
  }
}

function drawCursor(pen, scene, colours, width, height) {
  const mark = (time, colour, dash, label) => {
    const x = xOf(scene, time, width);
    if (x < LABELS - 1 || x > width) return;
    pen.save();
    pen.strokeStyle = pen.fillStyle = colour;
    pen.setLineDash(dash);
    pen.lineWidth = 1.5;
    line(pen, x, AXIS - 6, x, height);
    pen.textAlign = x > width - 120 ? "right" : "left";
    if (label) pen.fillText(label, x + (x > width - 120 ? -4 : 4), AXIS + 1);
    pen.restore();
  };
  if (scene.difference !== null) mark(scene.difference, FATES.lost.colour, [5, 4], "first difference");
  mark(scene.time, colours.cursor, [], "");
}

/** What lies under a point of the canvas: the lane, the instant, and the span if there is one. */
function underPointer(scene, x, y, width) {
  const place = scene.view.from + ((x - LABELS) / (width - LABELS)) * (scene.view.to - scene.view.from);
  const time = timeOf(scene.scale, place);
  const inPicture = y + scene.scroll;
  const lane = y < AXIS - 3 ? undefined : scene.lanes.boxes.find((box) => inPicture >= box.top - LANE_GAP / 2 && inPicture < box.top + box.height + LANE_GAP / 2);
  if (!lane) return { time, lane: null, span: -1 };
  const run = scene.runs[lane.run];
  const level = inPicture >= lane.top + lane.height - 5 ? -1 : Math.floor((inPicture - lane.top) / ROW);
  const list = scene.lists[lane.run].find((one) => one.lane === lane.lane && one.level === level);
  const span = list ? list.spans.find((one) => run.spans.from[one] <= time && time < run.spans.until[one]) : undefined;
  return { time, lane, span: span === undefined ? -1 : span };
}
