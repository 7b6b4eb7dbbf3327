// The last lines of the log.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { h } from "../view.js";
import { clock, t } from "../words.js";
import { action, chip, empty, run, section } from "./bits.js";
import { tabs } from "./fields.js";

const LEVELS = ["INFO", "WARNING", "ERROR"];
const TONE = { WARNING: "warn", ERROR: "loud", CRITICAL: "loud" };

export function enter() {
  Object.assign(state.page, { level: "INFO", lines: undefined, find: "" });
  run("log", load);
}

async function load() {
  state.page.lines = await ask("GET", `/api/v1/log?level=${state.page.level}&limit=500`);
}

export function view() {
  const { page } = state;
  const wanted = page.find.trim().toLowerCase();
  const found = (page.lines ?? []).filter((l) => !wanted || `${l.part} ${l.text}`.toLowerCase().includes(wanted));
  return section(t("log.log"), action("log", t("log.again"), "reopen", load, "quiet"),
    h("div", { class: "tools" }, tabs(t("log.level"), page.level, LEVELS.map((l) => [l, t(`level.${l}`)]), (level) => { page.level = level; run("log", load); }),
      h("input", { type: "search", class: "search", placeholder: t("word.search"), "aria-label": t("word.search"), value: page.find, oninput: (e) => { page.find = e.target.value; redraw(); } })),
    page.lines === undefined ? empty(t("word.loading")) : !found.length ? empty(t("word.nothing_found"))
      : h("ol", { class: "log" }, found.map((l, n) => h("li", { key: `${l.at}-${n}` },
        h("time", { class: "muted" }, clock(l.at, now())), TONE[l.level] ? chip(TONE[l.level], t(`level.${l.level}`)) : null, h("span", null, l.text)))),
    h("p", { class: "muted small" }, t("log.about")));
}
