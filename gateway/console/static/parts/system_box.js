// How the box is: its parts, its disk, what it could not read, and a copy of everything.

import { ask, download } from "../api.js";
import { now, redraw, state } from "../live.js";
import { h } from "../view.js";
import { ago, bytes, moment, number, t } from "../words.js";
import { partRow } from "./advice.js";
import { action, empty, may, section, shares } from "./bits.js";
import { tick } from "./fields.js";
import * as losses from "./system_losses.js";

const LONG = 50; // years: more is not worth a figure

export function enter() {
  const { page } = state;
  Object.assign(page, { quarantine: undefined, storage: undefined, wish: { evidence: false, secrets: false } });
  losses.enter();
  if (!may("operator")) return;
  Promise.all([ask("GET", "/api/v1/quarantine?limit=50"), ask("GET", "/api/v1/storage")])
    .then(([quarantine, storage]) => Object.assign(page, { quarantine, storage }), (error) => { page.trouble = error.message; }).then(redraw);
}

export function view() {
  return h("div", { key: "box", class: "columns" },
    h("div", { class: "main-column" }, parts(), losses.view(), quarantine()),
    h("div", { class: "side-column" }, storage(), backup(), about()));
}

function parts() {
  return section(t("now.health"), null, h("ul", { class: "parts" }, [...state.parts.values()].map(partRow)));
}

function storage() {
  const found = state.page.storage;
  if (!may("operator") || !found) return null;
  const used = found.total - found.free;
  const label = t("storage.used", { used: bytes(used), total: bytes(found.total) });
  return section(t("storage.storage"), null,
    shares([[used / found.total > 0.9 ? "warn" : "good", used], ["over", found.free]], label), h("p", { class: "muted small" }, label),
    h("dl", { class: "facts" },
      found.folders.map((f) => [h("dt", { key: f.name }, t(`storage.${f.name}`)), h("dd", { key: `${f.name}-size` }, bytes(f.size))]),
      found.daily !== null && [h("dt", { key: "daily" }, t("storage.daily")), h("dd", { key: "daily-size" }, bytes(found.daily))],
      found.years !== null && [h("dt", { key: "life" }, t("storage.life")), h("dd", { key: "years" },
        found.years > LONG ? t("storage.long", { n: LONG }) : t("storage.years", { n: Number(found.years.toPrecision(2)) }))]),
    found.daily !== null && h("p", { class: "muted small" }, t("storage.about", { since: ago(found.since, now()), cycles: number(found.cycles), times: number(found.amplification) })));
}

function backup() {
  if (!may("admin")) return null;
  const { wish } = state.page;
  const turn = (name) => (value) => { wish[name] = value; redraw(); };
  return section(t("backup.backup"), null, h("div", { class: "card" },
    h("p", { class: "small" }, t("backup.about")),
    tick("backup-evidence", t("backup.evidence"), wish.evidence, turn("evidence")),
    tick("backup-secrets", t("backup.secrets"), wish.secrets, turn("secrets")),
    action("backup", t(state.page.busy === "backup" ? "backup.making" : "backup.make"), "save",
      () => download("POST", "/api/v1/backup", wish, `linli-${new Date(now()).toISOString().slice(0, 10)}.tar.gz`), "primary"),
    h("p", { class: "muted small" }, t("backup.restore")), h("code", { class: "command" }, "linli restore FILE --site DIR")));
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

function about() {
  return section(t("system.about"), null, h("dl", { class: "facts" },
    h("dt", null, t("system.site")), h("dd", null, state.about.site),
    h("dt", null, t("system.time")), h("dd", null, moment(now())),
    h("dt", null, t("system.zone")), h("dd", null, state.about.zone),
    h("dt", null, t("system.api")), h("dd", null, h("a", { href: "/api/docs" }, "/api/docs"))));
}
