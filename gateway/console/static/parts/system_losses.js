// What was left out or lost on the way, and by whom.

import { ask } from "../api.js";
import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";
import { empty, may, section } from "./bits.js";

const MOST = 20; // who has more has one cause

export function enter() {
  state.page.losses = undefined;
  if (!may("operator")) return;
  ask("GET", "/api/v1/losses").then((losses) => { state.page.losses = losses; }, (error) => { state.page.trouble = error.message; }).then(redraw);
}

export function view() {
  const found = state.page.losses;
  if (!may("operator")) return null;
  return section(t("losses.title"), null, h("p", { class: "muted small" }, t("losses.about")),
    found === undefined ? empty(t("word.loading")) : found.length === 0 ? empty(t("losses.none"))
      : h("ul", { class: "quarantine" }, found.slice(0, MOST).map((loss) => h("li", { key: `${loss.kind}-${loss.part}-${loss.who}` },
        h("div", { class: "part-head" }, h("strong", null, loss.part)), h("p", { class: "detail" }, said(loss))))));
}

function said(loss) {
  return t(`losses.${loss.kind}`, { ...loss, n: loss.count });
}
