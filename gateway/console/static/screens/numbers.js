// Days and weeks in numbers, to be read, printed and sent on.

import { ask } from "../api.js";
import { now, state } from "../live.js";
import { bars, dayOf } from "../parts/bars.js";
import { empty, link, run, section, trouble } from "../parts/bits.js";
import { choice, tabs } from "../parts/fields.js";
import { gridName, grids } from "../parts/filters.js";
import { icon } from "../parts/icons.js";
import { h } from "../view.js";
import { moment, number, span, t } from "../words.js";

const DAY = 86400000;
const SPANS = { day: [7, 14, 30], week: [56, 182, 364] }; // days

export const title = () => t("nav.numbers");

export function enter() {
  Object.assign(state.page, { by: "day", days: 7, grid: "" });
  load();
}

function asked() {
  const { by, days, grid } = state.page;
  const end = Math.round(now());
  const query = new URLSearchParams({ by, from: end - (days - 1) * DAY, to: end });
  if (grid) query.set("grid", grid);
  return query;
}

const load = () => run("digest", async () => { state.page.digest = await ask("GET", `/api/v1/digest?${asked()}`); });

function chosen(values) {
  const { page } = state;
  Object.assign(page, values);
  if (values.by) page.days = SPANS[values.by][0];
  load();
}

export function view() {
  const { page } = state;
  const { digest } = page;
  return [h("div", { class: "headline with-tools" },
    h("div", null, h("h1", null, t("nav.numbers")), digest && h("p", { class: "muted" }, period(digest))), tools()),
    trouble(),
    h("div", { class: "tools" },
      tabs(t("numbers.by"), page.by, ["day", "week"].map((by) => [by, t(`numbers.${by}`)]), (by) => chosen({ by })),
      tabs(t("numbers.span"), page.days, SPANS[page.by].map((n) => [n, t(page.by === "day" ? "time.days" : "numbers.weeks", { n: page.by === "day" ? n : n / 7 })]), (days) => chosen({ days })),
      choice("numbers-grid", t("filter.grid"), page.grid, [["", t("numbers.all_grids")], ...grids()], (grid) => chosen({ grid }))),
    digest ? report(digest) : empty(t("word.loading"))];
}

const period = ({ start, end }) => `${moment(start, { dateStyle: "medium" })} – ${moment(end - 1, { dateStyle: "medium" })}`;

function tools() {
  return h("div", { class: "head-tools" },
    h("button", { type: "button", class: "button", onclick: () => print() }, icon("print"), t("numbers.print")),
    h("a", { class: "button", href: `/api/v1/digest.csv?${asked()}`, download: "digest.csv" }, icon("save"), t("word.csv")),
    h("a", { class: "button", href: `/api/v1/digest.csv?${asked()}&rules=true`, download: "rules.csv" }, icon("save"), t("numbers.rules_csv")));
}

function report(digest) {
  return [figures(digest.total),
    section(t("numbers.over_time"), null, bars(digest.spans, digest.by)),
    section(t("numbers.by_grid"), null, gridTable(digest)),
    section(t("numbers.by_rule"), null, h("p", { class: "muted small" }, t("numbers.share_about")), ruleTable(digest.rules)),
    section(t("numbers.each"), null, spanTable(digest)),
    digest.silent.length > 0 && section(t("numbers.silent"), null, h("p", { class: "names" }, digest.silent.map((id) =>
      link(`/devices/${encodeURIComponent(id)}`, { key: id }, state.devices.get(id)?.name ?? id))))];
}

const lasted = (length) => (length === null ? "–" : span(length));

function figures(total) {
  const closed = total.resolved + total.void;
  const shown = [["opened", number(total.opened)], ["resolved", number(total.resolved)], ["open", number(total.open)],
    ["acknowledge", lasted(total.acknowledge)], ["resolve", lasted(total.resolve)],
    ["void_share", closed ? `${number((100 * total.void) / closed, 0)}%` : "–"], ["silent_devices", number(total.silent)]];
  return h("dl", { key: "figures", class: "figures" }, shown.map(([name, value]) =>
    h("div", { key: name }, h("dt", null, t(`numbers.${name}`)), h("dd", null, value))));
}

const HEAD = ["opened", "resolved", "void", "open", "acknowledge", "resolve", "silent_devices"];
const cells = (c) => [number(c.opened), number(c.resolved), number(c.void), number(c.open), lasted(c.acknowledge), lasted(c.resolve), number(c.silent)];

function table(caption, first, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, h("table", { class: "counts" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, first), HEAD.map((name) => h("th", { key: name, scope: "col" }, t(`numbers.${name}`))))),
    h("tbody", null, rows.map(([key, name, counts]) => h("tr", { key }, h("th", { scope: "row" }, name), cells(counts).map((cell, n) => h("td", { key: HEAD[n] }, cell)))))));
}

function gridTable({ grids: found }) {
  const rows = Object.entries(found).sort(([, a], [, b]) => b.opened - a.opened).map(([id, counts]) => [id, gridName(id), counts]);
  return rows.length ? table(t("numbers.by_grid"), t("filter.grid"), rows) : empty(t("numbers.none"));
}

const spanTable = ({ spans, by }) => table(t("numbers.each"), t(`numbers.${by}`), spans.toReversed().map((s) => [s.start, dayOf(s.start, by), s.total]));

/** The rules with the greatest share of false alarms first: the ones to be tuned. */
function ruleTable(rules) {
  if (!rules.length) return empty(t("numbers.none"));
  return h("ul", { class: "rule-shares" }, rules.map((r) => h("li", { key: r.rule },
    link(`/rules/${encodeURIComponent(r.rule)}`, {}, r.rule),
    h("span", { class: "share-bar", role: "img", "aria-label": t("numbers.share", { void: r.void, closed: r.closed }) },
      r.share > 0 && h("span", { style: { width: `${r.share * 100}%` } })),
    h("strong", null, r.share === null ? "–" : `${number(r.share * 100, 0)}%`),
    h("span", { class: "muted small" }, t("numbers.share", { void: r.void, closed: r.closed })))));
}
