// The box itself: its parts, its destinations, what it could not read, who is logged in.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { partRow } from "../parts/advice.js";
import { action, chip, empty, may, section, trouble } from "../parts/bits.js";
import { sinkRow } from "../parts/sink_row.js";
import { h } from "../view.js";
import { ago, moment, t } from "../words.js";

export const title = () => t("nav.system");

export function enter() {
  Object.assign(state.page, { dead: {}, quarantine: undefined, sessions: undefined });
  load();
}

async function load() {
  const { page } = state;
  try {
    if (may("operator")) page.quarantine = await ask("GET", "/api/v1/quarantine?limit=50");
    if (may("admin")) page.sessions = await ask("GET", "/api/v1/sessions");
  } catch (error) {
    page.trouble = error.message;
  }
  redraw();
}

export function view() {
  return [h("div", { class: "headline" }, h("h1", null, t("nav.system"))), trouble(),
    h("div", { class: "columns" },
      h("div", { class: "main-column" }, parts(), sinks(), quarantine()),
      h("div", { class: "side-column" }, sessions(), about()))];
}

function parts() {
  const all = [...state.parts.values()];
  return section(t("now.health"), null, h("ul", { class: "parts" }, all.map(partRow)));
}

function sinks() {
  const all = [...state.sinks.values()];
  return section(t("now.sinks"), null,
    all.length ? h("ul", { class: "sinks" }, all.map((sink) => [sinkRow(sink), sink.dead > 0 && may("operator") && letters(sink)]))
      : empty(t("sink.none")));
}

/** What a destination refused for good: to be sent again, or given up. */
function letters(sink) {
  const found = state.page.dead[sink.id];
  const path = `/api/v1/sinks/${encodeURIComponent(sink.id)}/dead`;
  const look = async () => { state.page.dead[sink.id] = await ask("GET", path); };
  const deed = (letter, name) => async () => {
    await ask("POST", `${path}/${encodeURIComponent(letter.id)}/${name}`, {});
    await look();
  };
  return h("li", { key: `${sink.id}-dead`, class: "letters" },
    found === undefined ? action(`look-${sink.id}`, t("sink.look"), null, look)
      : h("ul", null, found.map((letter) => h("li", { key: letter.id },
        h("strong", null, letter.title), h("p", { class: "detail" }, letter.reason),
        h("div", { class: "deeds" }, action(`retry-${letter.id}`, t("sink.retry"), "send", deed(letter, "retry")),
          action(`discard-${letter.id}`, t("sink.discard"), "void", deed(letter, "discard"), "quiet"))))));
}

function quarantine() {
  const found = state.page.quarantine;
  if (!may("operator")) return null;
  return section(t("system.quarantine"), null, h("p", { class: "muted small" }, t("system.quarantine_about")),
    found === undefined ? empty(t("word.loading")) : found.length === 0 ? empty(t("system.quarantine_none"))
      : h("ul", { class: "quarantine" }, found.map((q, n) => h("li", { key: `${q.at}-${n}` },
        h("div", { class: "part-head" }, h("strong", null, q.topic), h("span", { class: "muted" }, ago(q.at, now()))),
        h("p", { class: "detail" }, q.reason), h("code", null, glimpse(q.payload))))));
}

/** The first bytes, as text where they are. */
function glimpse(base64) {
  return [...atob(base64).slice(0, 120)].map((c) => (c >= " " && c <= "~" ? c : "·")).join("");
}

function sessions() {
  const found = state.page.sessions;
  if (!may("admin") || !found) return null;
  return section(t("system.sessions"), null, h("ul", { class: "parts" }, found.map((s) => h("li", { key: s.id, class: "part" },
    h("div", { class: "part-head" }, h("strong", null, s.name), chip("over", t(`role.${s.role}`))),
    h("p", { class: "muted small" }, `${s.address} · ${ago(s.seen, now())}`),
    action(`end-${s.id}`, t("system.end_session"), "out", async () => { await ask("DELETE", `/api/v1/sessions/${s.id}`); await load(); }, "quiet")))));
}

function about() {
  return section(t("system.about"), null, h("dl", { class: "facts" },
    h("dt", null, t("system.site")), h("dd", null, state.about.site),
    h("dt", null, t("system.time")), h("dd", null, moment(now())),
    h("dt", null, t("system.zone")), h("dd", null, state.about.zone),
    h("dt", null, t("system.api")), h("dd", null, h("a", { href: "/api/docs" }, "/api/docs"))));
}
