// The picture of the lanes on a canvas: spans, arrows, the axis and the cursor. It draws what layout.js has worked out.

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

/** What the picture shows that was drawn last: a step changes the cursor alone, which has a canvas of its own. */
let drawn = "";

/** The arrows of single messages that it shows, with their ends: they can be clicked. */
let clickable = [];

/** Draws the part of the picture that is scrolled to. `scene`: runs, lanes, scale, view, cursor, CPU. */
function drawLanes(canvas, cursor, scene) {
  const width = canvas.clientWidth;
  const { height } = scene;
  const colours = Object.fromEntries(COLOURS.map((name) => [name, themeColour(name)]));
  const key = JSON.stringify([width, height, window.devicePixelRatio, scene.scroll, scene.view, scene.scale.shortened, scene.shown, scene.cpu, scene.cover, colours]);
  if (key !== drawn) drawPicture(penOf(canvas, width, height), scene, colours, width);
  drawn = key;
  drawCursor(penOf(cursor, width, height), scene, colours, width, height);
}

/** Draws all but the cursor. */
function drawPicture(pen, scene, colours, width) {
  const { height } = scene;
  scene.times = [timeOf(scene.scale, scene.view.from), timeOf(scene.scale, scene.view.to)];
  const visible = (lane) => lane.top + lane.height >= scene.scroll && lane.top <= scene.scroll + height;
  clickable = [];
  pen.save();
  pen.translate(0, -scene.scroll);
  drawGrid(pen, scene, colours, width);
  scene.lanes.boxes.filter(visible).forEach((lane) => drawLabel(pen, scene, lane, colours, width));
  scene.lanes.titles.forEach(({ run, top }) => drawTitle(pen, scene.runs[run].header, "AB"[run], top, colours, scene.cover !== null));
  scene.runs.forEach((run, number) => {
    const lanes = scene.lanes.boxes.filter((lane) => lane.run === number);
    drawRun(pen, scene, run, lanes, { cover: scene.cover ? scene.cover[number] : Infinity, colours, width, visible });
  });
  pen.restore();
  drawAxis(pen, scene, colours, width);
}

/** Draws the lanes of one run. */
function drawRun(pen, scene, run, lanes, { cover, colours, width, visible }) {
  const rows = run.rows.filter((row) => visible(lanes[row.lane]));
  const ends = new Map(); // of each row where its last box ends
  for (const box of spanBoxes(run, rows, scene.scale, scene.view, width)) {
    drawSpan(pen, run, lanes[box.row.lane], box, colours);
    drawLabelBefore(pen, run, lanes[box.row.lane], box, ends.get(box.row) || LABELS, colours);
    ends.set(box.row, box.right);
  }
  const seen = arrows(run, scene.scale, scene.view, width);
  for (const message of seen.messages) drawAttempts(pen, run, lanes, message, scene, width);
  for (const attempt of seen.attempts) drawManyAttempts(pen, lanes[run.header.cpus + attempt.bus], attempt);
  pen.save();
  pen.beginPath();
  pen.rect(LABELS, 0, width, scene.lanes.height);
  pen.clip();
  const known = seen.arrows.filter((arrow) => arrow.sent <= cover);
  const found = cover === Infinity ? known : known.map((arrow) => uncovered(scene, run, arrow, cover, width));
  if (found.length <= MANY) for (const arrow of found) drawArrow(pen, lanes, arrow);
  else drawManyArrows(pen, lanes, found);
  for (const arrow of found) {
    const ends = arrow.message < 0 ? null : endsOf(lanes, arrow);
    if (ends) clickable.push({ run: lanes[0].run, message: arrow.message, cpu: arrow.cpu, from: arrow.sent, until: arrow.until, ...ends });
  }
  pen.restore();
  if (cover === Infinity && isForEver(run)) drawForEver(pen, scene, run, lanes, colours, width);
  if (cover < Infinity) drawCover(pen, scene, lanes, cover, colours, width);
}

/** What goes on for ever goes on behind the end of the picture, too. */
function drawForEver(pen, scene, run, lanes, colours, width) {
  const x = xOf(scene, run.time[run.n - 1], width);
  if (x < LABELS || x > width) return;
  const font = pen.font;
  pen.font = "bold 16px system-ui, sans-serif";
  pen.textAlign = "left";
  pen.fillStyle = colours.text;
  for (const lane of lanes) pen.fillText("∞", Math.min(x + 3, width - 15), lane.top + ROW / 2);
  pen.font = font;
}

/** An arrow as it is known at an instant: of one that has not arrived nobody knows what will become of it. */
function uncovered(scene, run, arrow, cover, width) {
  if (arrow.until <= cover) return arrow;
  const message = arrow.message < 0 ? { fates: [], bus: 0 } : run.messages.at(arrow.message);
  const own = message.fates.find((fate) => fate.cpu === arrow.to);
  const known = own ? fateAt(run, own, cover) : null;
  if (known) return { ...arrow, fate: known.fate, right: xOf(scene, known.at_ps, width) };
  const bus = run.header.cpus + message.bus;
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

/** A box that is wider than this has its text in it. */
const ROOM = 34;

/** What a CPU waits for, before a box that has no room for it, where its row has. `free`: from where on. */
function drawLabelBefore(pen, run, lane, box, free, colours) {
  if (box.right - box.left > ROOM || box.span < 0 || box.row.nesting < 0 || run.text(box.look) !== "waits") return;
  const { text } = spanOf(run, box.row, box.span);
  if (box.left - pen.measureText(text).width - 8 < free) return;
  pen.fillStyle = colours.text;
  pen.textAlign = "right";
  pen.fillText(text, box.left - 4, lane.top + box.row.nesting * ROW + ROW / 2);
}

function drawSpan(pen, run, lane, box, colours) {
  const look = run.text(box.look);
  if (look === "interrupts-off") {
    pen.fillStyle = colours["interrupts-off"];
    pen.fillRect(box.left, lane.top + lane.height - 4, box.right - box.left, 3);
    return;
  }
  const top = lane.top + box.row.nesting * ROW;
  pen.fillStyle = colours[look] || colours.code;
  pen.fillRect(box.left, top, box.right - box.left, ROW - 1);
  if (look === "waits" || look === "message") hatch(pen, box, top, colours, look === "waits" ? 7 : 0);
  if (box.right - box.left > ROOM && box.span >= 0) {
    pen.save();
    pen.beginPath();
    pen.rect(box.left, top, box.right - box.left, ROW);
    pen.clip();
    pen.fillStyle = colours.ink;
    pen.textAlign = "left";
    pen.fillText(spanOf(run, box.row, box.span).text, box.left + 4, top + ROW / 2);
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
function drawAttempts(pen, run, lanes, message, scene, width) {
  const lane = lanes[run.header.cpus + message.bus];
  if (!lane) return;
  for (const { event, outcome } of message.attempts) {
    const begins = xOf(scene, run.time[event], width);
    if (xOf(scene, message.ends, width) - begins < NEAR) { // nothing of it is told apart: its events need not be read
      pen.fillStyle = outcome === "Accepted" ? FATES.taken.colour : FATES.retried.colour;
      if (begins >= LABELS && begins <= width) pen.fillRect(begins - 0.75, lane.top + ROW - 5, 1.5, 9);
      continue;
    }
    const { time: first, count, last: known } = run.event(event);
    const last = Math.max(first, known);
    if (last < scene.times[0] || first > scene.times[1]) continue;
    const [left, right] = [xOf(scene, first, width), xOf(scene, last, width)];
    if (right < LABELS || left > width) continue;
    pen.fillStyle = outcome === "Accepted" ? FATES.taken.colour : FATES.retried.colour;
    const each = (right - left) / Math.max(1, count - 1);
    if (count > 1 && each < 3) {
      pen.fillRect(Math.max(left, LABELS), lane.top + ROW - 3, right - Math.max(left, LABELS) + 1, 6);
    } else {
      const begin = each > 0 ? Math.max(0, Math.ceil((LABELS - left) / each)) : 0;
      for (let attempt = begin; attempt < count && left + attempt * each <= width; attempt += 1) {
        pen.fillRect(left + attempt * each - 0.75, lane.top + ROW - 5, 1.5, 9);
      }
    }
  }
}

/** That there were attempts: messages that are too near to each other to be told apart. */
function drawManyAttempts(pen, lane, { accepted, left, right }) {
  if (!lane || right < LABELS) return;
  pen.fillStyle = accepted ? FATES.taken.colour : FATES.retried.colour;
  const from = Math.max(left, LABELS);
  pen.fillRect(from, lane.top + ROW - (accepted ? 0 : 5), Math.max(0.75, right - from), 4);
}

/** More arrows than these would hide all that is below them: they are thin, and have no marks. */
const MANY = 400;

/** Where an arrow begins and ends. */
function endsOf(lanes, arrow) {
  const [from, to] = [lanes[arrow.from] || lanes[lanes.length - 1], lanes[arrow.to]];
  if (!from || !to) return null;
  const down = to.top >= from.top;
  return {
    start: { x: arrow.left, y: down ? from.top + ROW - 2 : from.top + 2 },
    end: { x: arrow.right, y: from === to ? to.top + ROW + 4 : down ? to.top : to.top + ROW },
  };
}

function drawArrow(pen, lanes, arrow) {
  const ends = endsOf(lanes, arrow);
  if (!ends) return;
  const { start, end } = ends;
  const look = FATES[arrow.fate] || FATES["under-way"];
  pen.strokeStyle = pen.fillStyle = look.colour;
  pen.lineWidth = 1.5;
  pen.setLineDash(look.dash);
  line(pen, start.x, start.y, end.x, end.y);
  pen.setLineDash([]);
  drawMark(pen, look.mark, start, end);
}

/** Arrows of one fate are one path, the fainter the more there are; those that were taken are the usual ones, and come first. */
function drawManyArrows(pen, lanes, found) {
  pen.lineWidth = 1;
  pen.globalAlpha = Math.max(0.15, Math.min(0.6, (0.6 * MANY) / found.length));
  for (const [fate, look] of Object.entries(FATES)) {
    pen.strokeStyle = look.colour;
    pen.beginPath();
    for (const arrow of found) {
      const ends = arrow.fate === fate && endsOf(lanes, arrow);
      if (!ends) continue;
      pen.moveTo(ends.start.x, ends.start.y);
      pen.lineTo(ends.end.x, ends.end.y);
    }
    pen.stroke();
  }
  pen.globalAlpha = 1;
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
