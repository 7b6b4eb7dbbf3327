// One incident: what is seen, why it was reported, what became of it, and what to do.

import { ask } from "../api.js";
import { onChange, now, redraw, state } from "../live.js";
import { action, empty, link, may, placeOf, run, section, severity, statusChip, trouble } from "../parts/bits.js";
import { icon } from "../parts/icons.js";
import { photoButton } from "../parts/photo.js";
import { proof } from "../parts/proof.js";
import { figures, sentence } from "../parts/reason.js";
import { timeline } from "../parts/timeline.js";
import { h } from "../view.js";
import { ago, known, moment, number, t } from "../words.js";

const DEEDS = {
  open: ["acknowledge", "in_progress", "resolve", "void"],
  reopened: ["acknowledge", "in_progress", "resolve", "void"],
  acknowledged: ["in_progress", "resolve", "void"],
  in_progress: ["resolve", "in_progress", "void"],
  resolved: ["reopen"],
  void: ["reopen"],
};
const SYMBOL = { acknowledge: "check", in_progress: "take", resolve: "done", void: "void", reopen: "reopen" };

const WHY = ["shadow", "person", "works", "test"]; // why it was no incident, to be touched rather than typed

export const title = () => state.page.history?.incident.title ?? t("nav.incidents");

export function enter(id) {
  Object.assign(state.page, { id, note: "", asking: "" });
  run("load", load);
  return onChange((topic, ids) => ((topic === "incidents" && ids.has(id)) || topic === "sinks") && load().then(redraw, () => null));
}

async function load() {
  const { page } = state;
  page.history = await ask("GET", `/api/v1/incidents/${encodeURIComponent(page.id)}`);
}

export function view() {
  const history = state.page.history;
  const back = link("/incidents", { class: "back" }, icon("back"), t("nav.incidents"));
  if (!history) return [back, trouble() ?? empty(t("word.loading"))];
  const { incident } = history;
  return [back,
    h("div", { class: `headline incident-head ${incident.severity}` },
      h("div", { class: "incident-line" }, severity(incident), statusChip(incident),
        incident.handled_by && h("span", { class: "muted" }, t("incident.with", { who: incident.handled_by }))),
      h("h1", null, incident.title),
      h("p", { class: "meta" }, h("span", null, icon("place"), placeOf(incident)),
        h("span", null, icon("clock"), `${moment(incident.opened_at)} · ${ago(incident.opened_at, now())}`))),
    trouble(), deeds(incident),
    h("div", { class: "columns" },
      h("div", { class: "main-column" }, section(t("incident.evidence"), null, proof(incident)), why(incident)),
      h("div", { class: "side-column" }, where(incident), section(t("incident.timeline"), null, timeline(history, load)), keep(incident)))];
}

function deeds(incident) {
  if (!may("operator")) return null;
  if (state.page.asking) return noteForm(incident);
  const choices = DEEDS[incident.status].filter((deed) => deed !== "in_progress" || incident.status !== "in_progress" || incident.handled_by !== state.about.user);
  return h("div", { class: "deeds main-deeds" }, choices.map((deed, n) =>
    deed === "void"
      ? h("button", { key: deed, type: "button", class: "button", onclick: () => askNote(deed) }, icon("void"), t("deed.void"))
      : action(deed, t(deed === "in_progress" && incident.handled_by && incident.handled_by !== state.about.user ? "deed.take_over" : `deed.${deed}`),
        SYMBOL[deed], () => decide(incident, deed, ""), n === 0 ? "primary" : "")),
    h("button", { key: "note", type: "button", class: "button", onclick: () => askNote("note") }, icon("note"), t("deed.note")),
    photoButton(incident, (history) => { state.page.history = history; }));
}

function askNote(deed) {
  Object.assign(state.page, { asking: deed, note: "" });
  redraw();
}

/** A note, alone or with what is decided: a false alarm has to have a reason. */
function noteForm(incident) {
  const { page } = state;
  const why = page.asking === "void";
  return h("form", { class: "note-form", onsubmit: (e) => { e.preventDefault(); run("note", () => decide(incident, page.asking, page.note)); } },
    h("label", { for: "deed" }, t("incident.what")),
    h("select", { id: "deed", value: page.asking, onchange: (e) => { page.asking = e.target.value; redraw(); } },
      ["note", ...DEEDS[incident.status]].map((deed) => h("option", { key: deed, value: deed, selected: deed === page.asking }, t(`deed.${deed}`)))),
    h("label", { for: "note" }, t(why ? "incident.why_void" : "incident.note")),
    why && h("div", { class: "quick" }, WHY.map((name) => h("button", { key: name, type: "button", class: "button quiet",
      onclick: () => { page.note = t(`why.${name}`); redraw(); } }, t(`why.${name}`)))),
    h("textarea", { id: "note", rows: 3, maxlength: 2000, required: why || page.asking === "note", value: page.note,
      made: (node) => node.focus(), oninput: (e) => { page.note = e.target.value; } }),
    h("div", { class: "deeds" },
      h("button", { type: "submit", class: "button primary", disabled: !!page.busy }, t("word.save")),
      h("button", { type: "button", class: "button quiet", onclick: () => askNote("") }, t("word.cancel"))));
}

async function decide(incident, deed, note) {
  state.page.history = await ask("POST", `/api/v1/incidents/${encodeURIComponent(incident.id)}/${deed}`, { note });
  state.page.asking = "";
}

function why(incident) {
  return section(t("incident.why"), null,
    h("ul", { class: "reasons" }, incident.reasons.map((r, n) =>
      h("li", { key: n }, h("p", null, sentence(r)), figures(r)))),
    h("p", { class: "muted small" }, t("incident.rule", { rule: incident.rule }),
      incident.confidence < 1 && ` · ${t("incident.confidence", { n: number(incident.confidence * 100, 0) })}`));
}

function where(incident) {
  const { place } = incident;
  const rows = [[t("place.address"), place.address], ...(place.codes ?? []).map((c) => [known(`grid.${c.scheme}`, c.scheme), c.value]),
    [t("place.position"), place.lat === null || place.lat === undefined ? "" : `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`]];
  return section(t("incident.where"), null,
    h("dl", { class: "facts" }, rows.filter(([, value]) => value).map(([name, value]) => [h("dt", null, name), h("dd", null, value)]),
      h("dt", null, t("nav.devices")), h("dd", null, incident.devices.map(deviceLink))));
}

function deviceLink(id) {
  if (state.devices.has(id)) return link(`/devices/${encodeURIComponent(id)}`, { key: id }, state.devices.get(id).name);
  return link("/cameras", { key: id }, state.cameras.get(id)?.name ?? id);
}

/** Everything that is known of it, in one file. */
function keep(incident) {
  return may("operator") && section(t("incident.keep"), null,
    h("p", { class: "muted small" }, t("incident.bundle_about")),
    h("a", { class: "button", href: `/api/v1/incidents/${encodeURIComponent(incident.id)}/bundle.zip`, download: "" }, icon("save"), t("incident.bundle")));
}
