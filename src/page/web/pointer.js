// What lies under a point of the lanes: an arrow, a lane, an instant, a span.

/** The arrow that is nearest to a point of the canvas, if one is near: its line, or the mark at its end. */
function arrowUnder(scene, x, y) {
  if (y < AXIS - 3) return null;
  const inPicture = y + scene.scroll;
  let [nearest, least] = [null, 5];
  for (const arrow of clickable) {
    const far = Math.min(fromLine(x, inPicture, arrow.start, arrow.end), Math.hypot(x - arrow.end.x, inPicture - arrow.end.y) - 4);
    const atEnd = Math.hypot(x - arrow.end.x, inPicture - arrow.end.y) < 12;
    if (far < least) [nearest, least] = [{ ...arrow, atEnd }, far];
  }
  return nearest;
}

/** The instant that a click on an arrow means: that of its mark, if it was at that one. */
function onArrow({ from, until, atEnd }, time) {
  return atEnd ? until : Math.max(from, Math.min(time, until));
}

/** What lies under a point of the canvas: the lane, the instant, and the span if there is one. */
function underPointer(scene, x, y, width) {
  const place = scene.view.from + ((x - LABELS) / (width - LABELS)) * (scene.view.to - scene.view.from);
  const time = Math.round(timeOf(scene.scale, place));
  const inPicture = y + scene.scroll;
  const lane = y < AXIS - 3 ? undefined : scene.lanes.boxes.find((box) => inPicture >= box.top - LANE_GAP / 2 && inPicture < box.top + box.height + LANE_GAP / 2);
  if (!lane) return { time, lane: null, span: null };
  const run = scene.runs[lane.run];
  const level = inPicture >= lane.top + lane.height - 5 ? -1 : Math.floor((inPicture - lane.top) / ROW);
  const row = run.rows.find((one) => one.lane === lane.lane && one.nesting === level);
  const span = row ? spanUnder(run, row, time) : -1;
  return { time, lane, span: span < 0 ? null : spanOf(run, row, span) };
}
