// The inbox: what is open, as it comes, and what was.

import { ask } from "../api.js";
import { now, onChange, redraw, state } from "../live.js";
import { askToTell, telling } from "../parts/arrivals.js";
import { byUrgency, empty, run, trouble } from "../parts/bits.js";
import { tabs } from "../parts/fields.js";
import { change, fields, fits, query, read } from "../parts/filters.js";
import { icon } from "../parts/icons.js";
import { incidentCard } from "../parts/incident_card.js";
import { sentence } from "../parts/reason.js";
import { h } from "../view.js";
import { t } from "../words.js";

const PAGE = 50;
const PATIENCE = 300; // ms after the last key before the gateway is asked

export const title = () => t("nav.incidents");

export function enter() {
  const { page } = state;
  Object.assign(page, { filter: read(), past: [], end: false, unfolded: false });
  if (page.filter.which !== "open") load();
  ask("GET", "/api/v1/rules").then((rules) => { page.rules = rules.map((r) => r.id); redraw(); }, () => null);
  return onChange((topic) => topic === "incidents" && page.filter.which !== "open" && soon());
}

export function view() {
  const { filter, past, end, busy } = state.page;
  const open = filter.which === "open";
  const found = open ? [...state.incidents.values()].filter(fits(filter, now(), sentence)).sort(byUrgency) : past;
  const none = filtered(filter) ? "word.nothing_found" : `incidents.none_${filter.which}`;
  return [h("div", { class: "headline with-tools" }, h("h1", null, t("nav.incidents")), deeds(filter)), trouble(),
    h("div", { class: "tools" },
      tabs(t("incidents.which"), filter.which, ["open", "past", "all"].map((name) => [name, t(`incidents.${name}`)]), (which) => chosen({ which })),
      fields(filter, chosen),
      h("input", { type: "search", class: "search", placeholder: t("word.search"), "aria-label": t("word.search"), value: filter.search,
        oninput: (e) => { change(filter, { search: e.target.value }); if (!open) soon(); } })),
    found.length ? h("div", { class: "incidents wide" }, found.map((i) => incidentCard(i, "h2")))
      : busy === undefined && empty(t(none)),
    !open && !end && found.length > 0 && h("button", { type: "button", class: "button", disabled: busy !== undefined, onclick: () => run("more", more) }, t("word.more"))];
}

const filtered = (filter) => Object.entries(filter).some(([name, value]) => name !== "which" && value);

function deeds(filter) {
  return h("div", { class: "head-tools" },
    telling() === "default" && h("button", { type: "button", class: "button", onclick: askToTell }, icon("bell"), t("incidents.tell")),
    h("a", { class: "button", href: `/api/v1/incidents.csv?${query(filter, now())}`, download: "incidents.csv" }, icon("save"), t("word.csv")));
}

function chosen(values) {
  const { page } = state;
  change(page.filter, values);
  page.past = [];
  if (page.filter.which !== "open") load();
}

let waiting;
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(load, PATIENCE);
}

/** The first page anew; as many as are shown already. */
function load() {
  const { page } = state;
  if (!page.filter || page.filter.which === "open") return;
  run("more", async () => {
    const limit = Math.max(PAGE, page.past.length);
    const found = await ask("GET", `/api/v1/incidents?${query(page.filter, now())}&limit=${limit}`);
    Object.assign(page, { past: found, end: found.length < limit });
  });
}

async function more() {
  const { page } = state;
  const before = page.past.at(-1).opened_at;
  const found = await ask("GET", `/api/v1/incidents?${query(page.filter, now())}&limit=${PAGE}&before=${before}`);
  page.past = [...page.past, ...found];
  page.end = found.length < PAGE;
}
