// A camera in a grid: its picture, what it sees, and how well.

import { now } from "../live.js";
import { h } from "../view.js";
import { ago, known, number, t } from "../words.js";
import { chip, placeOf } from "./bits.js";
import { preview } from "./picture.js";

const SEEN = ["ok", "dark", "overexposed", "defocused", "moved"]; // what is drawn is of this moment
const TONE = { ok: "good", late: "warn", none: "over" };

/** `heading`: the level that fits where it stands. */
export function cameraTile(camera, heading = "h3") {
  return h("article", { key: camera.id, class: `tile${SEEN.includes(camera.state) ? "" : " stale"}` },
    preview(camera),
    h("div", { class: "tile-text" },
      h("div", { class: "tile-head" }, h(heading, null, camera.name),
        chip(TONE[camera.state] ?? "loud", known(`camera.state.${camera.state}`, camera.state))),
      h("p", { class: "meta" }, h("span", null, placeOf(camera)),
        camera.at !== null && h("span", null, ago(camera.at, now())),
        camera.fps > 0 && h("span", null, t("camera.fps", { fps: number(camera.fps) }))),
      camera.state !== "ok" && h("p", { class: "advice" }, known(`camera.advice.${camera.state}`, ""))));
}
