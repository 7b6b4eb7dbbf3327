// The neighbourhood at a glance: what needs a person first.

import { byUrgency, empty, isOpen, link, section, shares, trouble } from "../parts/bits.js";
import { deviceRow, counts, silentFirst } from "../parts/device_row.js";
import { incidentCard } from "../parts/incident_card.js";
import { partRow, unwell } from "../parts/advice.js";
import { cameraTile } from "../parts/camera_tile.js";
import { sinkRow } from "../parts/sink_row.js";
import { state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";

const DEVICES = 8; // rows before "all devices"
const INCIDENTS = 6;

export const title = () => t("nav.now");

export function view() {
  const open = [...state.incidents.values()].filter(isOpen).sort(byUrgency);
  return [headline(open), trouble(),
    h("div", { class: "columns" },
      h("div", { class: "main-column" }, needsPerson(open), cameras()),
      h("div", { class: "side-column" }, health(), sinks(), devices()))];
}

function headline(open) {
  const untouched = open.filter((i) => i.status === "open" || i.status === "reopened").length;
  const { ok, all } = counts();
  const seeing = [...state.cameras.values()].filter((c) => c.state === "ok").length;
  const words = untouched ? t("now.needs", { n: untouched }) : open.length ? t("now.in_hand", { n: open.length }) : t("now.quiet");
  return h("div", { class: `headline ${untouched ? "loud" : "good"}` },
    h("h1", null, words),
    h("p", { class: "muted" }, t("now.summary", { ok, all, seeing, cameras: state.cameras.size })));
}

function needsPerson(open) {
  const rest = open.length - INCIDENTS;
  return section(t("now.incidents"), link("/incidents", { class: "more" }, t("now.all_incidents")),
    open.length ? h("div", { class: "incidents" }, open.slice(0, INCIDENTS).map((i) => incidentCard(i))) : empty(t("now.no_incidents")),
    rest > 0 && link("/incidents", { class: "more" }, t("now.more", { n: rest })));
}

function cameras() {
  const all = [...state.cameras.values()];
  return section(t("nav.cameras"), link("/cameras", { class: "more" }, t("now.all_cameras")),
    all.length ? h("div", { class: "tiles" }, all.slice(0, 6).map((c) => cameraTile(c))) : empty(t("now.no_cameras")));
}

function health() {
  const ill = unwell();
  return section(t("now.health"), null,
    ill.length ? h("ul", { class: "parts" }, ill.map(partRow)) : h("p", { class: "all-good" }, t("now.all_well")));
}

function sinks() {
  const all = [...state.sinks.values()];
  return all.length > 0 && section(t("now.sinks"), null, h("ul", { class: "sinks" }, all.map(sinkRow)));
}

function devices() {
  const { ok, silent, never } = counts();
  const label = t("now.shares", { ok, silent, never });
  return section(t("nav.devices"), link("/devices", { class: "more" }, t("now.all_devices")),
    shares([["good", ok], ["warn", silent], ["over", never]], label),
    h("p", { class: "muted small" }, label),
    h("ul", { class: "devices" }, silentFirst().slice(0, DEVICES).map(deviceRow)));
}
