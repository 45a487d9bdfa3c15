// The cells of a run at one place: after so many events. Changes are applied to go forward and taken back to go back, and a
// keyframe, which each block of events has, is where a long way begins.

/** The cells before the first event. */
function cellsAtStart(run) {
  return { taken: 0, values: keyframe(run, 0) };
}

/** Takes the next event. */
function forward(run, cells) {
  for (const { cell, value } of changesWith(run, cells.taken)) cells.values[cell] = value;
  cells.taken += 1;
}

/** Takes the last event back. */
function back(run, cells) {
  cells.taken -= 1;
  for (const { cell, was } of changesWith(run, cells.taken)) cells.values[cell] = was;
}

/** Goes to the place after `taken` events: from where it is if that is near, or else from its block's keyframe. */
function seek(run, cells, taken) {
  const place = Math.max(0, Math.min(run.n, taken));
  const block = Math.floor(Math.max(0, place - 1) / run.block);
  if (Math.abs(place - cells.taken) > place - block * run.block) {
    cells.values.set(keyframe(run, block));
    cells.taken = block * run.block;
  }
  while (cells.taken < place) forward(run, cells);
  while (cells.taken > place) back(run, cells);
}

/**
 * The change of a cell that counts after `taken` events: its event, what it was, and what it became; null if there is none.
 * With `bit`, the change of that bit; with `high` too, of those from `bit` to `high`.
 */
function lastChange(run, taken, cell, bit = -1, high = bit) {
  if (!run.touched) {
    const columns = run.source.chunk("touched", 0);
    run.touched = { ...columns, ranges: rangesOf(columns.cell) };
  }
  const of = (value) => (bit < 0 ? value : bitsOf(value, { low: bit, high }));
  const [from, until] = run.touched.ranges.get(cell) || [0, 0];
  const blocks = run.touched.block.subarray(from, until);
  for (let at = above(blocks, Math.floor((taken - 1) / run.block)) - 1; at >= 0; at -= 1) {
    if (bit >= 0 && !of(run.touched.bits[from + at])) continue;
    const changes = run.changes(blocks[at]);
    const base = blocks[at] * run.block;
    for (let change = changes.cell.length - 1; change >= 0; change -= 1) {
      if (changes.cell[change] !== cell || base + changes.event[change] >= taken) continue;
      const [was, value] = [changes.was[change], changes.value[change]];
      if (of(was) !== of(value)) return { event: base + changes.event[change], was, value };
    }
  }
  return null;
}
