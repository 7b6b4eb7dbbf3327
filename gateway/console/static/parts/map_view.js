// Where things lie on the map: metres around its middle, and what part of them is in sight.

const METRES = 111320; // of one degree of latitude
const NEAREST = 20, FARTHEST = 0.002; // pixels per metre
const MARGIN = 28; // pixels around everything when all of it is shown

/** Flat metres around `middle`: true enough for a city. */
export function plane(middle) {
  const wide = Math.cos((middle.lat * Math.PI) / 180);
  return ({ lat, lon }) => ({ x: (lon - middle.lon) * METRES * wide, y: (middle.lat - lat) * METRES });
}

export function boundsOf(points) {
  const xs = points.map((p) => p.x), ys = points.map((p) => p.y);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/** Everything in sight. `view` = {x, y (metres in the middle), scale (pixels per metre)}. */
export function whole(bounds, size) {
  const wide = Math.max(20, bounds.right - bounds.left), high = Math.max(20, bounds.bottom - bounds.top);
  return { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2,
    scale: clamp(Math.min((size.width - 2 * MARGIN) / wide, (size.height - 2 * MARGIN) / high)) };
}

const clamp = (scale) => Math.min(NEAREST, Math.max(FARTHEST, scale));

export const onScreen = (view, size) => (p) =>
  ({ x: (p.x - view.x) * view.scale + size.width / 2, y: (p.y - view.y) * view.scale + size.height / 2 });

/** Nearer or farther, with what lies at `at` (pixels) staying there. */
export function zoomed(view, size, factor, at = { x: size.width / 2, y: size.height / 2 }) {
  const scale = clamp(view.scale * factor);
  const dx = at.x - size.width / 2, dy = at.y - size.height / 2;
  return { scale, x: view.x + dx / view.scale - dx / scale, y: view.y + dy / view.scale - dy / scale };
}

export const moved = (view, dx, dy) => ({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });

/** Things that would cover each other, as one: `{x, y, of: [...]}`, in pixels. */
export function gathered(things, reach) {
  const cells = new Map();
  for (const thing of things) {
    const key = `${Math.floor(thing.x / reach)} ${Math.floor(thing.y / reach)}`;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(thing);
  }
  return [...cells.values()].map((of) => ({ of, x: mean(of.map((t) => t.x)), y: mean(of.map((t) => t.y)) }));
}

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** A round length that is between a sixth and a third of the width: for the scale bar. */
export function rulerOf(view, size) {
  const most = size.width / 3 / view.scale;
  const power = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].map((n) => n * power).find((n) => n <= most);
  return { length, pixels: length * view.scale };
}
