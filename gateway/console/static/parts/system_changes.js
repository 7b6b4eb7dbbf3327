// Who changed what: the versions of the configuration with their differences, and the audit log.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { h } from "../view.js";
import { clock, known, t } from "../words.js";
import { action, chip, empty, run, section } from "./bits.js";
import { because, difference } from "./difference.js";
import { line } from "./fields.js";

const PAGE = 50;

export function enter() {
  Object.assign(state.page, { revisions: undefined, audit: undefined, opened: {}, backing: undefined, who: "", what: "" });
  load();
}

function load() {
  run("changes", async () => {
    const { page } = state;
    [page.revisions, page.audit] = await Promise.all([ask("GET", "/api/v1/revisions").catch(absent), entries()]);
  });
}

/** A site that is not changed from here has no versions: then the section is left out. */
function absent(error) {
  if (![404, 409].includes(error.status)) throw error;
  return null;
}

function entries(before) {
  const { who, what } = state.page;
  const query = new URLSearchParams({ limit: PAGE });
  for (const [name, value] of Object.entries({ who: who.trim(), what: what.trim(), before })) if (value) query.set(name, value);
  return ask("GET", `/api/v1/audit?${query}`);
}

export function view() {
  if (state.page.revisions === null) return audit();
  return h("div", { key: "changes", class: "columns even" },
    h("div", { class: "main-column" }, revisions()), h("div", { class: "side-column" }, audit()));
}

function revisions() {
  const { revisions: found } = state.page;
  return section(t("changes.revisions"), null, h("p", { class: "muted small" }, t("changes.about")),
    found === undefined ? state.page.busy && empty(t("word.loading")) : !found.length ? empty(t("changes.none"))
      : h("ol", { class: "parts" }, found.map((r, n) => revision(r, n === 0))));
}

function revision(r, newest) {
  const { page } = state;
  const shown = page.opened[r.id];
  const look = async () => { page.opened[r.id] = shown ? undefined : await ask("GET", `/api/v1/revisions/${r.id}`); };
  return h("li", { key: r.id, class: "part" },
    h("div", { class: "part-head" }, h("strong", null, because(r.why)), newest && chip("good", t("changes.newest"))),
    h("p", { class: "muted small" }, `${r.id} · ${known(`who.${r.who}`, r.who)} · ${clock(r.at, now())} · ${(r.files ?? []).join(", ")}`),
    h("div", { class: "deeds" }, action(`look-${r.id}`, t(shown ? "changes.hide" : "changes.show"), null, look),
      page.backing !== r.id && h("button", { type: "button", class: "button quiet", onclick: () => { Object.assign(page, { backing: r.id, why: "" }); redraw(); } }, t("changes.roll_back"))),
    page.backing === r.id && rollBack(r),
    shown && differences(shown));
}

/** The files as they were before and after; however the API puts them. */
function differences({ before, after }) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].sort();
  return names.map((name) => h("div", { key: name, class: "difference" }, h("h3", null, name), difference(before?.[name] ?? "", after?.[name] ?? "")));
}

function rollBack(r) {
  const { page } = state;
  const go = async () => {
    await ask("POST", `/api/v1/revisions/${r.id}/rollback`, { why: page.why });
    page.backing = undefined;
    load();
  };
  return h("form", { class: "note-form", onsubmit: (e) => { e.preventDefault(); run(`back-${r.id}`, go); } },
    line(`why-${r.id}`, t("changes.why"), page.why, (why) => { page.why = why; }, { required: true, maxlength: 500, made: (node) => node.focus() }),
    h("p", { class: "muted small" }, t("changes.back_about")),
    h("div", { class: "deeds" }, h("button", { type: "submit", class: "button primary" }, t("changes.roll_back")),
      h("button", { type: "button", class: "button quiet", onclick: () => { page.backing = undefined; redraw(); } }, t("word.cancel"))));
}

let waiting;
function audit() {
  const { page } = state;
  const asked = (name) => (value) => {
    page[name] = value;
    clearTimeout(waiting);
    waiting = setTimeout(() => run("audit", async () => { page.audit = await entries(); }), 300);
  };
  const more = async () => { page.audit = [...page.audit, ...await entries(page.audit.at(-1).id ?? page.audit.at(-1).at)]; };
  return section(t("changes.audit"), null,
    h("div", { class: "form two" }, line("audit-who", t("changes.who"), page.who, asked("who")), line("audit-what", t("changes.what"), page.what, asked("what"))),
    page.audit === undefined ? null : !page.audit.length ? empty(t("word.nothing_found"))
      : h("ol", { class: "parts audit" }, page.audit.map((e, n) => h("li", { key: e.id ?? n, class: "part" },
        h("div", { class: "part-head" }, h("strong", null, e.who), h("span", null, known(`deed_done.${e.what}`, e.what)), h("span", { class: "muted" }, e.target)),
        deed(e)))),
    page.audit?.length >= PAGE && action("audit-more", t("word.more"), null, more));
}

/** Texts of many lines are shown by what differs. */
function deed(e) {
  const when = clock(e.at, now());
  if (!`${e.before}${e.after}`.includes("\n")) return h("p", { class: "muted small" }, when, e.before && ` · ${e.before} →`, e.after && ` ${e.after}`);
  return [h("p", { key: "when", class: "muted small" }, when), h("div", { key: "what", class: "difference" }, difference(e.before, e.after))];
}
