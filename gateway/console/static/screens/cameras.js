// All cameras, each with its last picture.

import { cameraTile } from "../parts/camera_tile.js";
import { empty } from "../parts/bits.js";
import { state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";

export const title = () => t("nav.cameras");

export function view() {
  const all = [...state.cameras.values()];
  return [h("div", { class: "headline" }, h("h1", null, t("nav.cameras")), h("p", { class: "muted" }, t("cameras.masked"))),
    all.length ? h("div", { class: "tiles wide" }, all.map((c) => cameraTile(c, "h2"))) : empty(t("now.no_cameras"))];
}
