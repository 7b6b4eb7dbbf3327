// One device: what it says now, and what it said over time.

import { ask } from "../api.js";
import { onChange, now, redraw, state } from "../live.js";
import { chip, empty, link, placeOf, run, section, trouble } from "../parts/bits.js";
import { chart } from "../parts/chart.js";
import { icon } from "../parts/icons.js";
import { h } from "../view.js";
import { ago, clock, known, measured, moment, quantityName, span, t } from "../words.js";

const SPANS = { "1h": 3600000, "6h": 21600000, "1d": 86400000, "7d": 604800000, "30d": 2592000000, "365d": 31536000000 };
const RETAINED = 1;
const BUSY = 300000; // who reports so often has a chart of the last hour at first, ms
const SHORTEST = 60000; // of a chart, ms
const FRESH = 15000; // a live chart is fetched anew at most so often, ms

export const title = () => state.devices.get(state.page.id)?.name ?? t("nav.devices");

export function enter(id) {
  Object.assign(state.page, { id, span: undefined, quantity: undefined, series: undefined, fetched: 0, window: null, told: [] });
  choose();
  return onChange((topic, ids) => topic === "devices" && ids.has(id) && choose());
}

/** Take a fitting span and the first numeric quantity until another one is chosen, and fetch what is not fresh. */
function choose() {
  const { page } = state;
  const device = state.devices.get(page.id);
  page.quantity ??= device?.values.find((v) => typeof v.value === "number")?.quantity;
  page.span ??= device && (device.period && device.period <= BUSY ? "1h" : "1d");
  if (page.quantity && !page.window && Date.now() - page.fetched > FRESH) fetchSeries();
}

/** What the chart shows: the span that ends now, or the window that was zoomed to. */
function shown(page) {
  if (page.window) return page.window;
  const end = Math.round(now());
  return { start: end - SPANS[page.span], end };
}

async function fetchSeries() {
  const { page } = state;
  page.fetched = Date.now();
  const { start, end } = shown(page), id = encodeURIComponent(page.id);
  const query = new URLSearchParams({ quantity: page.quantity, start, end, points: 480 });
  const asked = page.asked = `${query}`;
  try {
    const [series, told] = await Promise.all([ask("GET", `/api/v1/devices/${id}/series?${query}`),
      ask("GET", `/api/v1/incidents?${new URLSearchParams({ device: page.id, all: true, to: end, limit: 200 })}`)]);
    if (asked !== page.asked) return; // another span is wanted by now
    Object.assign(page, { series, told: told.filter((i) => (i.closed_at ?? end) > start), trouble: "" });
  } catch (error) {
    page.trouble = error.message;
  }
  redraw();
}

/** Another window: moved by a share of it, or made longer or shorter around its middle. */
function move(by, times = 1) {
  const { start, end } = shown(state.page), length = Math.max(SHORTEST, (end - start) * times);
  const middle = (start + end) / 2 + by * (end - start);
  zoom(middle - length / 2, middle + length / 2);
}

function zoom(start, end) {
  const latest = Math.round(now());
  const late = Math.max(0, Math.round(end) - latest);
  const from = Math.max(0, Math.round(start) - late);
  show({ window: { start: from, end: Math.max(from + SHORTEST, Math.round(end) - late) } });
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

/** The chart before stays until the new one is here, unless it is of another quantity. */
function show(change) {
  if (change.quantity) state.page.series = undefined;
  Object.assign(state.page, change);
  fetchSeries();
  redraw();
}

function history(device) {
  const { page } = state;
  const spans = h("div", { class: "tabs", role: "group", "aria-label": t("device.span") }, Object.keys(SPANS).map((name) =>
    h("button", { key: name, type: "button", "aria-pressed": page.span === name && !page.window ? "true" : "false", onclick: () => show({ span: name, window: null }) }, t(`span.${name}`))));
  const unit = device.values.find((v) => v.quantity === page.quantity)?.unit ?? "";
  const say = (value) => measured(page.quantity, value, unit);
  const marks = page.told.map((i) => ({ id: i.id, at: i.opened_at, end: i.closed_at ?? now(), severity: i.severity, title: i.title }));
  return page.quantity && section(quantityName(page.quantity), spans,
    page.series ? chart(page.series, say, [], marks, zoom) : empty(t("word.loading")),
    page.series && tools(page), page.told.length > 0 && told(page));
}

function tools(page) {
  const tool = (name, sign, work) => h("button", { key: name, type: "button", class: "icon-button", "aria-label": t(`chart.${name}`), title: t(`chart.${name}`), onclick: work }, sign);
  const style = { dateStyle: "medium", timeStyle: "short" };
  return h("div", { key: "tools", class: "chart-tools" },
    tool("earlier", "‹", () => move(-0.5)), tool("later", "›", () => move(0.5)), tool("closer", "+", () => move(0, 0.5)), tool("farther", "−", () => move(0, 2)),
    h("span", { class: "muted small" }, `${moment(page.series.start, style)} – ${moment(page.series.end, style)}`));
}

/** The incidents that the chart has marked. */
function told(page) {
  return h("ul", { key: "told", class: "parts", "aria-label": t("device.incidents") }, page.told.slice(0, 20).map((i) => h("li", { key: i.id, class: "part" },
    link(`/incidents/${encodeURIComponent(i.id)}`, { class: "part-head" }, h("span", { class: `severity ${i.severity}` }, i.title), h("span", { class: "muted" }, clock(i.opened_at, now()))))));
}

function about(device) {
  const { place } = device;
  const rows = [["device.id", device.id], ["device.period", device.period && span(device.period)],
    ["place.address", place.address], ["device.tags", device.tags.join(", ")]];
  return section(t("device.about"), null, h("dl", { class: "facts" },
    rows.filter(([, value]) => value).map(([name, value]) => [h("dt", null, t(name)), h("dd", null, value)]),
    (place.codes ?? []).map((c) => [h("dt", null, known(`grid.${c.scheme}`, c.scheme)), h("dd", null, c.value)])),
  h("p", { class: "label-link" }, h("a", { href: `/api/v1/devices/${encodeURIComponent(device.id)}/label.svg`, target: "_blank", rel: "noopener" }, t("device.label"))));
}
