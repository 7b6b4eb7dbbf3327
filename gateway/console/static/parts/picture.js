// A camera's picture with what was found drawn over it.

import { h } from "../view.js";
import { known, number, t } from "../words.js";

const WIDE = 30, HIGH = 11; // what a label takes, percent of the picture

/** `url` of the JPEG, `boxes` as detections, `alt` for who cannot see it. */
export function picture(url, boxes, alt) {
  return h("div", { class: "picture" },
    h("img", { src: url, alt, decoding: "async", width: 640, height: 360 }),
    overlays(boxes));
}

/** What was found, over a picture. */
export const overlays = (boxes) => apart(boxes).map(overlay);

/** The tone of a camera's state. */
export const TONE = { ok: "good", late: "warn", none: "over" };

/** Boxes as percent of the picture, each label above or, where it would cover another, below. */
function apart(boxes) {
  const taken = [];
  return boxes.map((found) => {
    const [x1, y1, x2, y2] = found.box.map((part) => Math.min(1, Math.max(0, part)) * 100);
    const hit = (y) => taken.some((l) => Math.abs(l.x - x1) < WIDE && Math.abs(l.y - y) < HIGH);
    const below = y1 < HIGH || (hit(y1) && !hit(y2 + HIGH));
    taken.push({ x: x1, y: below ? y2 + HIGH : y1 });
    return { found, x1, y1, x2, y2, below };
  });
}

/** One detection: a frame in percent of the picture, and a label that stays inside it. */
function overlay({ found, x1, y1, x2, y2, below }, n) {
  const place = { left: `${x1}%`, top: `${y1}%`, width: `${x2 - x1}%`, height: `${y2 - y1}%` };
  const low = below ? " low" : "";
  const right = x1 > 55 ? " right" : "";
  return h("div", { key: found.track || `box${n}`, class: `box label-${tone(found.label)}${low}${right}`, style: place },
    h("span", { class: "tag" }, labelOf(found)));
}

const tone = (label) => (["left_object", "blocked", "removed_object"].includes(label) ? "alert" : "plain");

export function labelOf(found) {
  const name = known(`label.${found.label}`, found.label.replaceAll("_", " "));
  return `${name} ${number(found.score * 100, 0)}%`;
}

/** The newest preview of a camera. The time in the address makes the browser fetch a new one. */
export function preview(camera) {
  if (camera.at === null)
    return h("div", { class: "picture none" }, h("p", null, t("camera.none")));
  return picture(`/api/v1/cameras/${encodeURIComponent(camera.id)}/picture.jpg?at=${camera.at}`,
    camera.detections, t("camera.alt", { name: camera.name, n: camera.detections.length }));
}
