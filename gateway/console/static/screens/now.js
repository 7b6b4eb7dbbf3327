// The neighbourhood at a glance: what needs a person first.

import { byUrgency, empty, isOpen, link, section, shares, trouble } from "../parts/bits.js";
import { deviceRow, counts, silentFirst } from "../parts/device_row.js";
import { gridName } from "../parts/filters.js";
import { incidentCard } from "../parts/incident_card.js";
import { partRow, unwell } from "../parts/advice.js";
import { cameraTile } from "../parts/camera_tile.js";
import { neighbourhood } from "../parts/map.js";
import { sinkRow } from "../parts/sink_row.js";
import { state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";

const DEVICES = 5; // rows before "all devices"
const INCIDENTS = 6;
const GRIDS = 8;

export const title = () => t("nav.now");

export function view() {
  const open = [...state.incidents.values()].filter(isOpen).sort(byUrgency);
  const map = neighbourhood();
  return [headline(open), trouble(),
    h("div", { class: "columns even now" },
      h("div", { class: "main-column" }, needsPerson(open), h("div", { class: "last" }, cameras())),
      h("div", { class: "side-column" }, map && section(t("map.map"), null, map), byGrid(open), health(), sinks(), h("div", { class: "last" }, devices())))];
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

/** Each grid: what is open there, and who is silent. */
function byGrid(open) {
  const rows = new Map();
  const row = (place) => {
    const id = place.codes?.[0]?.value;
    if (!id) return {};
    if (!rows.has(id)) rows.set(id, { open: 0, silent: 0, all: 0 });
    return rows.get(id);
  };
  for (const incident of open) row(incident.place).open += 1;
  for (const device of state.devices.values()) {
    const found = row(device.place);
    found.all += 1;
    if (device.state === "silent") found.silent += 1;
  }
  if (rows.size < 2) return null;
  const sorted = [...rows].sort(([a, x], [b, y]) => y.open - x.open || y.silent - x.silent || a.localeCompare(b)).slice(0, GRIDS);
  return section(t("now.grids"), null, h("ul", { class: "grids" }, sorted.map(([id, n]) =>
    h("li", { key: id }, link(`/incidents?grid=${encodeURIComponent(id)}`, { class: n.open ? "grid-row busy" : "grid-row" },
      h("strong", null, gridName(id)), h("span", { class: n.open ? "chip loud" : "chip good" }, n.open ? t("now.grid_open", { n: n.open }) : t("now.grid_quiet")),
      h("span", { class: "muted small" }, n.silent ? t("now.grid_silent", { n: n.silent, all: n.all }) : t("now.grid_devices", { n: n.all })))))));
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
