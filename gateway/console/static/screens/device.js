// One device: what it says now, and what it said over time.

import { ask } from "../api.js";
import { onChange, now, redraw, state } from "../live.js";
import { chip, empty, link, placeOf, run, section, trouble } from "../parts/bits.js";
import { chart } from "../parts/chart.js";
import { icon } from "../parts/icons.js";
import { h } from "../view.js";
import { ago, known, measured, quantityName, span, t } from "../words.js";

const SPANS = { "1h": 3600000, "6h": 21600000, "1d": 86400000, "7d": 604800000, "30d": 2592000000, "365d": 31536000000 };
const RETAINED = 1;
const BUSY = 300000; // who reports so often has a chart of the last hour at first, ms
const FRESH = 15000; // a live chart is fetched anew at most so often, ms

export const title = () => state.devices.get(state.page.id)?.name ?? t("nav.devices");

export function enter(id) {
  Object.assign(state.page, { id, span: undefined, quantity: undefined, series: undefined, fetched: 0 });
  choose();
  return onChange((topic, ids) => topic === "devices" && ids.has(id) && choose());
}

/** Take a fitting span and the first numeric quantity until another one is chosen, and fetch what is not fresh. */
function choose() {
  const { page } = state;
  const device = state.devices.get(page.id);
  page.quantity ??= device?.values.find((v) => typeof v.value === "number")?.quantity;
  page.span ??= device && (device.period && device.period <= BUSY ? "1h" : "1d");
  if (page.quantity && Date.now() - page.fetched > FRESH) fetchSeries();
}

async function fetchSeries() {
  const { page } = state;
  page.fetched = Date.now();
  const end = Math.round(now());
  const query = new URLSearchParams({ quantity: page.quantity, start: end - SPANS[page.span], end, points: 480 });
  try {
    page.series = await ask("GET", `/api/v1/devices/${encodeURIComponent(page.id)}/series?${query}`);
    page.trouble = "";
  } catch (error) {
    page.trouble = error.message;
  }
  redraw();
}

export function view() {
  const device = state.devices.get(state.page.id);
  const back = link("/devices", { class: "back" }, icon("back"), t("nav.devices"));
  if (!device) return [back, empty(state.loaded ? t("device.unknown") : t("word.loading"))];
  const tone = { ok: "good", silent: "warn", never: "over" }[device.state];
  return [back,
    h("div", { class: "headline" },
      h("div", { class: "incident-line" }, chip(tone, t(`devices.${device.state}`)),
        h("span", { class: "muted" }, device.seen === null ? t("device.never") : t("device.seen", { ago: ago(device.seen, now()) }))),
      h("h1", null, device.name), h("p", { class: "meta" }, h("span", null, icon("place"), placeOf(device)))),
    trouble(),
    h("div", { class: "columns" },
      h("div", { class: "main-column" }, values(device), history(device)),
      h("div", { class: "side-column" }, about(device)))];
}

function values(device) {
  if (!device.values.length) return empty(t("device.no_values"));
  return h("div", { class: "values", role: "group", "aria-label": t("device.values") }, device.values.map((v) =>
    h("button", { key: v.quantity, type: "button", class: "value", "aria-pressed": state.page.quantity === v.quantity ? "true" : "false",
      disabled: typeof v.value !== "number", onclick: () => { show({ quantity: v.quantity }); } },
      h("span", { class: "muted" }, quantityName(v.quantity)),
      h("strong", null, measured(v.quantity, v.value, v.unit)),
      h("small", { class: "muted" }, v.quality & RETAINED ? t("device.retained") : ago(v.at, now())))));
}

function show(change) {
  Object.assign(state.page, change, { series: undefined });
  fetchSeries();
  redraw();
}

function history(device) {
  const { page } = state;
  const spans = h("div", { class: "tabs", role: "group", "aria-label": t("device.span") }, Object.keys(SPANS).map((name) =>
    h("button", { key: name, type: "button", "aria-pressed": page.span === name ? "true" : "false", onclick: () => show({ span: name }) }, t(`span.${name}`))));
  const unit = device.values.find((v) => v.quantity === page.quantity)?.unit ?? "";
  return page.quantity && section(quantityName(page.quantity), spans,
    page.series ? chart(page.series, (value) => measured(page.quantity, value, unit)) : empty(t("word.loading")));
}

function about(device) {
  const { place } = device;
  const rows = [["device.id", device.id], ["device.period", device.period && span(device.period)],
    ["place.address", place.address], ["device.tags", device.tags.join(", ")]];
  return section(t("device.about"), null, h("dl", { class: "facts" },
    rows.filter(([, value]) => value).map(([name, value]) => [h("dt", null, t(name)), h("dd", null, value)]),
    (place.codes ?? []).map((c) => [h("dt", null, known(`grid.${c.scheme}`, c.scheme)), h("dd", null, c.value)])));
}
