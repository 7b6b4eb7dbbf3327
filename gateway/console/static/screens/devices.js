// All devices: search, and who is silent.

import { ask } from "../api.js";
import { empty, run, trouble } from "../parts/bits.js";
import { counts, deviceRow, silentFirst } from "../parts/device_row.js";
import { strangerRow } from "../parts/stranger_row.js";
import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";

const STEP = 100;

export const title = () => t("nav.devices");

export function enter() {
  Object.assign(state.page, { search: "", only: "all", shown: STEP, strangers: [] });
  run("strangers", load);
}

async function load() {
  state.page.strangers = await ask("GET", "/api/v1/discovered");
}

export function view() {
  const { page } = state;
  const n = { ...counts(), strangers: page.strangers.length };
  const found = silentFirst().filter((d) => (page.only === "all" || d.state === page.only) && matches(d, page.search));
  const shown = found.slice(0, page.shown);
  return [h("div", { class: "headline" }, h("h1", null, t("nav.devices")), h("p", { class: "muted" }, t("now.shares", n))),
    h("div", { class: "tools" },
      h("div", { class: "tabs", role: "group", "aria-label": t("devices.which") },
        ["all", "ok", "silent", "never", "strangers"].map((name) => tab(name, n[name]))),
      h("input", { type: "search", class: "search", placeholder: t("word.search"), "aria-label": t("word.search"), value: page.search,
        oninput: (e) => { Object.assign(page, { search: e.target.value, shown: STEP }); redraw(); } })),
    page.only === "strangers" ? strangers(page)
      : found.length ? h("ul", { class: "devices wide" }, shown.map(deviceRow)) : empty(t("word.nothing_found")),
    found.length > shown.length && h("button", { type: "button", class: "button",
      onclick: () => { page.shown += STEP; redraw(); } }, t("word.more"))];
}

/** Who speaks and is not registered. */
function strangers(page) {
  const found = page.strangers.filter((s) => `${s.address} ${s.dialect} ${s.topic}`.toLowerCase().includes(page.search.trim().toLowerCase()));
  return [trouble(), h("p", { class: "muted small" }, t("stranger.about")),
    found.length ? h("ul", { class: "parts" }, found.map(strangerRow)) : empty(t("stranger.none"))];
}

function tab(name, n) {
  return h("button", { key: name, type: "button", "aria-pressed": state.page.only === name ? "true" : "false",
    onclick: () => { Object.assign(state.page, { only: name, shown: STEP }); redraw(); } }, t(`devices.${name}`), ` ${n}`);
}

function matches(device, search) {
  const wanted = search.trim().toLowerCase();
  return !wanted || [device.id, device.name, device.place.address, ...device.tags, ...(device.place.codes ?? []).map((c) => c.value)]
    .some((text) => text.toLowerCase().includes(wanted));
}
