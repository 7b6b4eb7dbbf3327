// The box itself: how it is, where reports go, who may come in, what was changed, what it says.

import { redraw, state } from "../live.js";
import { may, trouble } from "../parts/bits.js";
import { tabs } from "../parts/fields.js";
import * as box from "../parts/system_box.js";
import * as changes from "../parts/system_changes.js";
import * as log from "../parts/system_log.js";
import * as sinks from "../parts/system_sinks.js";
import * as users from "../parts/system_users.js";
import { h } from "../view.js";
import { t } from "../words.js";

const PARTS = { box: [box, "viewer"], sinks: [sinks, "viewer"], users: [users, "viewer"], changes: [changes, "admin"], log: [log, "admin"] };

export const title = () => t("nav.system");

export function enter() {
  const wanted = new URLSearchParams(location.search).get("part") ?? "box";
  open(PARTS[wanted] && may(PARTS[wanted][1]) ? wanted : "box");
}

function open(name) {
  state.page.part = name;
  state.page.trouble = "";
  history.replaceState(null, "", name === "box" ? location.pathname : `?part=${name}`);
  PARTS[name][0].enter();
  redraw();
}

export function view() {
  const { part } = state.page;
  const mine = Object.entries(PARTS).filter(([, [, role]]) => may(role)).map(([name]) => [name, t(`system.${name}`)]);
  return [h("div", { class: "headline" }, h("h1", null, t("nav.system"))),
    h("div", { class: "tools" }, tabs(t("system.parts"), part, mine, open)), trouble(), PARTS[part][0].view()];
}
