// All incidents: those that are open, and those that were.

import { ask } from "../api.js";
import { byUrgency, empty, isOpen, run, trouble } from "../parts/bits.js";
import { incidentCard } from "../parts/incident_card.js";
import { sentence } from "../parts/reason.js";
import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";

const PAGE = 50;

export const title = () => t("nav.incidents");

export function enter() {
  Object.assign(state.page, { tab: "open", search: "", past: [], end: false });
}

export function view() {
  const { page } = state;
  const shown = page.tab === "open" ? [...state.incidents.values()].filter(isOpen).sort(byUrgency) : page.past;
  const found = shown.filter(matches(page.search));
  return [h("div", { class: "headline" }, h("h1", null, t("nav.incidents"))), trouble(),
    h("div", { class: "tools" },
      h("div", { class: "tabs", role: "group", "aria-label": t("incidents.which") }, tab("open"), tab("past")),
      h("input", { type: "search", class: "search", placeholder: t("word.search"), "aria-label": t("word.search"),
        value: page.search, oninput: (e) => { page.search = e.target.value; redraw(); } })),
    found.length ? h("div", { class: "incidents wide" }, found.map((i) => incidentCard(i, "h2")))
      : !page.busy && empty(page.search ? t("word.nothing_found") : t(`incidents.none_${page.tab}`)),
    page.tab === "past" && !page.end && h("button", { type: "button", class: "button", disabled: !!page.busy,
      onclick: () => run("more", more) }, t("word.more"))];
}

function tab(name) {
  const here = state.page.tab === name;
  return h("button", { type: "button", "aria-pressed": here ? "true" : "false", onclick: () => open(name) }, t(`incidents.${name}`));
}

function open(name) {
  Object.assign(state.page, { tab: name, past: [], end: false });
  if (name === "past") run("more", more);
  redraw();
}

async function more() {
  const { page } = state;
  const before = page.past.length ? `&before=${page.past.at(-1).opened_at}` : "";
  const found = await ask("GET", `/api/v1/incidents?status=resolved&status=void&limit=${PAGE}${before}`);
  page.past = [...page.past, ...found];
  page.end = found.length < PAGE;
}

function matches(search) {
  const wanted = search.trim().toLowerCase();
  return (i) => !wanted || [i.title, i.rule, i.key, i.place.address, i.handled_by, ...i.reasons.flatMap((r) => [sentence(r), r.text])]
    .some((text) => text.toLowerCase().includes(wanted));
}
