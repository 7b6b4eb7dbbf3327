// A device in a list: whether it speaks, and what it said last.

import { now, state } from "../live.js";
import { h } from "../view.js";
import { ago, measured, number, quantityName, t } from "../words.js";
import { link, placeOf } from "./bits.js";

const ORDER = { silent: 0, never: 1, ok: 2 };

/** Silent ones first, those longest silent before the others; then by name. */
export function silentFirst() {
  return [...state.devices.values()].sort((a, b) => ORDER[a.state] - ORDER[b.state]
    || (a.state === "silent" ? a.seen - b.seen : 0) || a.name.localeCompare(b.name, undefined, { numeric: true }));
}

export function counts() {
  const n = { ok: 0, silent: 0, never: 0, all: state.devices.size };
  for (const device of state.devices.values()) n[device.state] += 1;
  return n;
}

export function deviceRow(device) {
  return h("li", { key: device.id },
    link(`/devices/${encodeURIComponent(device.id)}`, { class: `device ${device.state}` },
      h("span", { class: "dot", "aria-hidden": "true" }),
      h("span", { class: "device-name" }, h("strong", null, device.name, weak(device)), h("small", null, placeOf(device))),
      h("span", { class: "device-values" }, values(device)),
      h("span", { class: "device-seen" }, device.seen === null ? t("device.never") : ago(device.seen, now()))));
}

const LOW = 20; // percent: a battery to be changed soon

function weak(device) {
  const battery = device.values.find((v) => v.quantity === "battery" && v.unit === "%");
  return battery && battery.value < LOW && h("span", { class: "chip warn" }, t("device.battery", { share: number(battery.value, 0) }));
}

// About the device rather than the place: shown where nothing else is said.
const SECONDARY = /^(battery|supply|link|rssi|snr|wifi|uptime|device_|voltage|current|frequency|availability|energy_|tamper)/;

/** The two values that say most. */
function values(device) {
  const first = device.values.filter((v) => !SECONDARY.test(v.quantity));
  return (first.length ? first : device.values).slice(0, 2).map((v) =>
    h("span", { key: v.quantity, title: quantityName(v.quantity) }, measured(v.quantity, v.value, v.unit)));
}
