// The cells of a run at one place: after so many events. Changes are applied to go forward and taken back to go back, and a
// keyframe is where a long way begins.

/** The cells before the first event. */
function cellsAtStart(run) {
  return { taken: 0, values: Float64Array.from(run.keyframes[0].values) };
}

/** Takes the next event. */
function forward(run, cells) {
  const { changes, firstChange } = run;
  for (let change = firstChange[cells.taken]; change < firstChange[cells.taken + 1]; change += 1) {
    cells.values[changes.cell[change]] = changes.value[change];
  }
  cells.taken += 1;
}

/** Takes the last event back. */
function back(run, cells) {
  const { changes, firstChange } = run;
  cells.taken -= 1;
  for (let change = firstChange[cells.taken + 1] - 1; change >= firstChange[cells.taken]; change -= 1) {
    cells.values[changes.cell[change]] = changes.was[change];
  }
}

/** Goes to the place after `taken` events, by whichever way is shortest. */
function seek(run, cells, taken) {
  const place = Math.max(0, Math.min(run.n, taken));
  const near = run.keyframes.reduce((best, frame) =>
    (Math.abs(frame.taken - place) < Math.abs(best.taken - place) ? frame : best));
  if (Math.abs(near.taken - place) < Math.abs(cells.taken - place)) {
    cells.values.set(near.values);
    cells.taken = near.taken;
  }
  while (cells.taken < place) forward(run, cells);
  while (cells.taken > place) back(run, cells);
}

/** The change of a cell that counts after `taken` events: its number, or -1. With `bit`, the change of that bit. */
function lastChange(run, taken, cell, bit = -1) {
  const list = run.changesOf(cell);
  let place = above(list, run.firstChange[taken] - 1) - 1;
  const differs = (change) => {
    if (bit < 0) return true;
    const one = (value) => Math.floor(Math.max(value, 0) / 2 ** bit) % 2;
    return one(run.changes.value[change]) !== one(run.changes.was[change]);
  };
  while (place >= 0 && !differs(list[place])) place -= 1;
  return place < 0 ? -1 : list[place];
}
