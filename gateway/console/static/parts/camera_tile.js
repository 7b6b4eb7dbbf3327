// A camera in a grid: its picture, what it sees, and how well.

import { now } from "../live.js";
import { h } from "../view.js";
import { ago, known, number, t } from "../words.js";
import { chip, link, placeOf } from "./bits.js";
import { preview, TONE } from "./picture.js";

const SEEN = ["ok", "dark", "overexposed", "defocused", "moved"]; // what is drawn is of this moment

/** `heading`: the level that fits where it stands. */
export function cameraTile(camera, heading = "h3") {
  return h("article", { key: camera.id, class: `tile${SEEN.includes(camera.state) ? "" : " stale"}` },
    link(`/cameras/${encodeURIComponent(camera.id)}`, { tabindex: "-1", "aria-hidden": "true" }, preview(camera)),
    h("div", { class: "tile-text" },
      h("div", { class: "tile-head" }, h(heading, null, link(`/cameras/${encodeURIComponent(camera.id)}`, null, camera.name)),
        chip(TONE[camera.state] ?? "loud", known(`camera.state.${camera.state}`, camera.state))),
      h("p", { class: "meta" }, h("span", null, placeOf(camera)),
        camera.at !== null && h("span", null, ago(camera.at, now())),
        camera.fps > 0 && h("span", null, t("camera.fps", { fps: number(camera.fps) }))),
      camera.state !== "ok" && h("p", { class: "advice" }, known(`camera.advice.${camera.state}`, ""))));
}
