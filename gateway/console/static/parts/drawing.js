// Areas drawn over a picture, with mouse, finger or keys. Corners are fractions of the picture.
//
// An area is `{kind: "zone" | "mask" | "privacy", area: [[x, y], …], id?, name?}`.

import { redraw } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";

const STEP = 0.01, FINE = 0.002; // of the picture, by an arrow key; with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FEWEST = 3;
const DRAGGED = 0.03; // so far is a rectangle, less is a corner

const within = (n) => Math.round(Math.min(1, Math.max(0, n)) * 1000) / 1000;
const points = (area) => area.map(([x, y]) => `${x * 100},${y * 100}`).join(" ");

/** What is drawn over the picture. `pen`: `{areas, chosen, draft, choose(n), change()}`; without
 * `change` it is only to be looked at. */
export function drawing(pen) {
  const { areas, chosen, draft } = pen;
  const edit = pen.change && areas[chosen];
  return [
    h("svg", { key: "areas", class: draft ? "areas drawing" : "areas", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true",
      onpointerdown: draft ? (e) => press(e, pen) : null, onpointermove: draft ? (e) => pull(e, pen) : null, onpointerup: draft ? (e) => lift(e, pen) : null },
      areas.map((one, n) => h("polygon", { key: `a${n}`, class: `area ${one.kind}${n === chosen ? " chosen" : ""}`, points: points(one.area),
        onpointerdown: pen.change && !draft ? (e) => (n === chosen ? carry(e, one, null, pen) : pen.choose(n)) : null })),
      draft && draft.area.length > 0 && h("polyline", { key: "draft", class: `area ${draft.kind} chosen`, points: points(draft.area) })),
    !draft && areas.map((one, n) => one.kind === "zone" && h("span", { key: `n${n}`, class: "area-name", style: spot(foot(one.area)) }, one.name || one.id)),
    draft && draft.area.map((corner, n) => h("span", { key: `d${n}`, class: "corner dot-only", style: spot(corner) })),
    edit && !draft && edit.area.map((corner, n) => [handle(pen, edit, corner, n), between(pen, edit, n)]),
  ];
}

const spot = ([x, y]) => ({ left: `${x * 100}%`, top: `${y * 100}%` });
/** The middle of the lower edge of the box around an area: labels of what is found are above. */
const foot = (area) => [(Math.min(...area.map((c) => c[0])) + Math.max(...area.map((c) => c[0]))) / 2, Math.max(...area.map((c) => c[1]))];

/** A corner: to be dragged, moved with the arrow keys, removed with Delete. */
function handle(pen, one, corner, n) {
  return h("button", { key: `c${n}`, type: "button", class: "corner", style: spot(corner), "aria-label": t("draw.corner", { n: n + 1, x: Math.round(corner[0] * 100), y: Math.round(corner[1] * 100) }),
    onpointerdown: (e) => carry(e, one, n, pen),
    ondblclick: () => removeCorner(pen, one, n),
    onkeydown: (e) => {
      if (e.key in ARROWS) {
        e.preventDefault();
        const size = e.shiftKey ? FINE : STEP;
        one.area[n] = [within(corner[0] + ARROWS[e.key][0] * size), within(corner[1] + ARROWS[e.key][1] * size)];
        pen.change();
      } else if (e.key === "Delete" || e.key === "Backspace") {
        e.preventDefault();
        removeCorner(pen, one, n);
      }
    } });
}

function removeCorner(pen, one, n) {
  if (one.area.length <= FEWEST) return;
  one.area.splice(n, 1);
  pen.change();
}

/** The middle of an edge: there a corner can be added. */
function between(pen, one, n) {
  const [a, b] = [one.area[n], one.area[(n + 1) % one.area.length]];
  const middle = [within((a[0] + b[0]) / 2), within((a[1] + b[1]) / 2)];
  const add = () => { one.area.splice(n + 1, 0, middle); pen.change(); };
  return h("button", { key: `m${n}`, type: "button", class: "corner middle", style: spot(middle), "aria-label": t("draw.add_corner", { n: n + 1 }),
    onpointerdown: (e) => { add(); carry(e, one, n + 1, pen); }, onclick: (e) => { if (e.detail === 0) add(); } });
}

/** Where on the picture a pointer is, as fractions. */
function place(event, box) {
  return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
}

/** Follow the pointer with a corner, or, where `n` is null, with the whole area. */
function carry(event, one, n, pen) {
  event.preventDefault();
  const box = event.currentTarget.closest(".canvas").getBoundingClientRect();
  const from = place(event, box), was = one.area.map((corner) => [...corner]);
  event.currentTarget.focus?.();
  const move = (e) => {
    const [x, y] = place(e, box);
    if (n === null) one.area = shifted(was, x - from[0], y - from[1]);
    else one.area[n] = [x, y];
    redraw();
  };
  const end = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
    pen.change();
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
}

/** The whole area moved, and kept within the picture. */
export function shifted(area, dx, dy) {
  const room = (axis, by) => Math.min(1 - Math.max(...area.map((c) => c[axis])), Math.max(-Math.min(...area.map((c) => c[axis])), by));
  const [x, y] = [room(0, dx), room(1, dy)];
  return area.map((corner) => [within(corner[0] + x), within(corner[1] + y)]);
}

const boxOf = (event) => event.currentTarget.getBoundingClientRect();
const rectangle = ([x1, y1], [x2, y2]) => [[x1, y1], [x2, y1], [x2, y2], [x1, y2]];
const far = (a, b) => Math.abs(a[0] - b[0]) > DRAGGED && Math.abs(a[1] - b[1]) > DRAGGED;

function press(event, { draft }) {
  event.preventDefault();
  event.currentTarget.setPointerCapture(event.pointerId);
  draft.from = place(event, boxOf(event));
  draft.held = [...draft.area];
}

function pull(event, { draft }) {
  if (!draft.from) return;
  const here = place(event, boxOf(event));
  draft.area = draft.held.length === 0 && far(draft.from, here) ? rectangle(draft.from, here) : [...draft.held, here];
  redraw();
}

/** A short press sets a corner; pulled from corner to corner, it is a rectangle at once. */
function lift(event, pen) {
  const { draft } = pen;
  if (!draft.from) return;
  const here = place(event, boxOf(event));
  const pulled = draft.held.length === 0 && far(draft.from, here);
  draft.area = pulled ? rectangle(draft.from, here) : [...draft.held, here];
  draft.from = undefined;
  if (pulled) pen.finish();
  redraw();
}

/** A rectangle in the middle, for who draws with keys. */
export const MIDDLE = () => rectangle([0.35, 0.35], [0.65, 0.65]);
