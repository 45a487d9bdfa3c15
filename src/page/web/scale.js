// The time axis: from instants to places on it, and back. Runs have gaps of very different lengths, so there are two axes:
// true to time, and with the gaps shortened (each as long as the logarithm of its length). Pure.

/** A gap of this length has the length of one unit: a cycle of PICCLK. */
const UNIT_PS = 60000;

/** The axis over some growing columns of instants. */
function makeScale(columns, shortened) {
  const knots = knotsOf(columns);
  const places = new Float64Array(knots.length);
  for (let knot = 1; knot < knots.length; knot += 1) {
    const gap = knots[knot] - knots[knot - 1];
    places[knot] = places[knot - 1] + (shortened ? Math.log2(1 + gap / UNIT_PS) : gap / UNIT_PS);
  }
  return { knots, places, shortened };
}

/** All instants of one or two growing columns, each once, from 0 on. */
function knotsOf(columns) {
  const knots = new Float64Array(1 + columns.reduce((sum, column) => sum + column.length, 0));
  let count = 1;
  const take = (time) => { if (time > knots[count - 1]) knots[count++] = time; };
  const [one, other = []] = columns;
  let at = 0;
  for (let place = 0; place < one.length; place += 1) {
    while (at < other.length && other[at] < one[place]) take(other[at++]);
    take(one[place]);
  }
  while (at < other.length) take(other[at++]);
  return knots.subarray(0, count);
}

function between(from, to, value) {
  const at = Math.max(1, Math.min(from.length - 1, above(from, value)));
  if (from.length < 2) return 0;
  const share = (value - from[at - 1]) / (from[at] - from[at - 1] || 1);
  return to[at - 1] + share * (to[at] - to[at - 1]);
}

/** The place of an instant on the axis. */
function placeOf(scale, time) {
  return between(scale.knots, scale.places, time);
}

/** The instant at a place. */
function timeOf(scale, place) {
  return between(scale.places, scale.knots, place);
}

/** The whole axis, with a little room at both ends. */
function wholeView(scale) {
  const end = scale.places[scale.places.length - 1] || 1;
  return { from: -end * 0.01, to: end * 1.02 };
}

/** A view made wider or narrower around a place that stays where it is; never narrower than picoseconds. */
function zoomed(view, factor, around) {
  const width = Math.max(1e-9, (view.to - view.from) * factor);
  const share = (around - view.from) / (view.to - view.from);
  return { from: around - share * width, to: around + (1 - share) * width };
}

/** A view that is moved by a share of its width. */
function moved(view, share) {
  const by = (view.to - view.from) * share;
  return { from: view.from + by, to: view.to + by };
}

/** Instants at which the axis is labelled: as many as fit, at round times where it is true to time. */
function ticks(scale, view, most) {
  const from = timeOf(scale, view.from);
  const to = timeOf(scale, view.to);
  if (!scale.shortened) {
    const rough = (to - from) / most;
    const size = 10 ** Math.ceil(Math.log10(Math.max(rough, 1)));
    const step = [size / 5, size / 2, size].find((one) => one >= rough) || size;
    const first = Math.ceil(Math.max(from, 0) / step);
    return Array.from({ length: most + 1 }, (_, place) => (first + place) * step).filter((time) => time <= to);
  }
  const places = Array.from({ length: most }, (_, place) => view.from + ((place + 0.5) / most) * (view.to - view.from));
  const nearest = places.map((place) => scale.knots[Math.max(0, above(scale.places, place) - 1)]);
  return [...new Set(nearest)].filter((time) => placeOf(scale, time) >= view.from);
}
