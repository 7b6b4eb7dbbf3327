// An address that the console does not have.

import { link } from "../parts/bits.js";
import { icon } from "../parts/icons.js";
import { h } from "../view.js";
import { t } from "../words.js";

export const title = () => t("lost.title");

export function view() {
  return h("div", { class: "headline lost-page" }, h("h1", null, t("lost.title")), h("p", { class: "empty" }, t("lost.about", { path: location.pathname })),
    link("/", { class: "button" }, icon("back"), t("lost.back")));
}
