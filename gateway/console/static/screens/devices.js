// All devices: search, and who is silent.

import { ask } from "../api.js";
import { empty, run } from "../parts/bits.js";
import { counts, deviceRow, silentFirst } from "../parts/device_row.js";
import { strangers } from "../parts/strangers.js";
import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";

const STEP = 100;
const MOST_LABELS = 500; // an address has its length

export const title = () => t("nav.devices");

export function enter() {
  Object.assign(state.page, { search: "", only: "all", shown: STEP, strangers: [], chosen: new Set(), wishes: {} });
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
    page.only === "strangers" ? strangers(page, load)
      : found.length ? h("ul", { class: "devices wide" }, shown.map(deviceRow)) : empty(t("word.nothing_found")),
    page.only !== "strangers" && found.length > 0 && h("p", { key: "labels", class: "label-link" },
      h("a", { href: `/api/v1/labels.pdf${found.length < state.devices.size ? `?ids=${found.slice(0, MOST_LABELS).map((d) => encodeURIComponent(d.id)).join(",")}` : ""}`, target: "_blank", rel: "noopener" },
        t("devices.labels", { n: Math.min(found.length, MOST_LABELS) }))),
    found.length > shown.length && page.only !== "strangers" && h("button", { type: "button", class: "button",
      onclick: () => { page.shown += STEP; redraw(); } }, t("word.more"))];
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
