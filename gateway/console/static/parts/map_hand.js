// Moves a map with mouse, wheel, fingers and keys.

import { moved, zoomed } from "./map_view.js";

const STEP = 60; // pixels of an arrow key
const CLOSER = 1.35; // of a key or a button
const SLACK = 5; // pixels that a click may shake

/** Properties of the drawing. `map` has `view` and `size`; `change(view)` sets another one,
 * undefined shows everything. */
export function hands(map, change) {
  const fingers = map.fingers ??= new Map();
  const spot = (e) => {
    const box = e.currentTarget.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };
  const lift = (e) => { fingers.delete(e.pointerId); };
  return {
    onwheel: (e) => { e.preventDefault(); change(zoomed(map.view, map.size, 2 ** (-e.deltaY / (e.deltaMode ? 12 : 300)), spot(e))); },
    onpointerdown: (e) => {
      if (fingers.size === 0) map.dragged = 0;
      fingers.set(e.pointerId, spot(e));
    },
    onpointermove: (e) => {
      const before = fingers.get(e.pointerId);
      if (!before) return;
      const at = spot(e), other = [...fingers].find(([id]) => id !== e.pointerId)?.[1];
      fingers.set(e.pointerId, at);
      map.dragged += Math.abs(at.x - before.x) + Math.abs(at.y - before.y);
      if (map.dragged > SLACK) e.currentTarget.setPointerCapture(e.pointerId);
      if (other) change(pinched(map, before, at, other));
      else change(moved(map.view, at.x - before.x, at.y - before.y));
    },
    onpointerup: lift, onpointercancel: lift, onpointerleave: lift,
    onclick: (e) => { if (map.dragged > SLACK) e.preventDefault(); map.dragged = 0; },
    onkeydown: (e) => key(e, map, change),
  };
}

function pinched(map, before, at, other) {
  const far = (a) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
  const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
  const held = moved(map.view, (at.x - before.x) / 2, (at.y - before.y) / 2);
  return zoomed(held, map.size, far(at) / far(before), middle);
}

function key(e, map, change) {
  const way = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[e.key];
  if (way) change(moved(map.view, ...way));
  else if (e.key === "+" || e.key === "=") change(zoomed(map.view, map.size, CLOSER));
  else if (e.key === "-") change(zoomed(map.view, map.size, 1 / CLOSER));
  else if (e.key === "0") change(undefined);
  else return;
  e.preventDefault();
}

export const closer = (map) => zoomed(map.view, map.size, CLOSER);
export const farther = (map) => zoomed(map.view, map.size, 1 / CLOSER);
