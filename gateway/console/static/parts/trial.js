// What a rule would have told, old values against new: over the readings, as spans, and counted.

import { across, axis, chart, WIDTH } from "./chart.js";
import { h } from "../view.js";
import { measured, moment, number, t } from "../words.js";

const ROW = 24, GAP = 6, AXIS = 26, LEAST = 2; // of a lane, in units of the drawing
const DAY = 86400000;
const LIMITS = { threshold: ["above", "below", "clear_below", "clear_above"], range: ["min", "max"] };

export function trial(page, unit) {
  const { outcome, series } = page;
  return [series && chart(series, (value) => measured(series.quantity, value, unit), limits(page)),
    lanes(outcome, !series?.at.length), counts(outcome),
    outcome.readings > 0 && h("p", { key: "read", class: "muted small" }, t("rule.read", { n: outcome.readings }))];
}

/** The limits in force, and, where they were moved, the new ones. */
function limits({ about, values }) {
  const drawn = about.parameters.filter((p) => LIMITS[about.rule.kind]?.includes(p.name));
  return drawn.flatMap((p) => [{ value: p.value, tone: "old" }, { value: values[p.name] ?? p.value, tone: "new" }]);
}

function lanes(outcome, alone) {
  const x = across(outcome.start, outcome.end);
  const height = 2 * ROW + GAP + (alone ? AXIS : 0);
  const lane = (name, n) => {
    const y = n * (ROW + GAP);
    return [h("text", { key: `t${name}`, x: x(outcome.start) - 8, y: y + ROW - 7, "text-anchor": "end" }, t(n ? "rule.new" : "rule.old")),
      h("rect", { key: `l${name}`, class: "lane", x: x(outcome.start), y, width: x(outcome.end) - x(outcome.start), height: ROW, rx: 3 }),
      outcome[name].spans.map((s, i) => h("rect", { key: `${name}${i}`, class: `span-${name}`, x: x(s.opened), y,
        width: Math.max(LEAST, x(s.closed ?? outcome.end) - x(s.opened)), height: ROW }, h("title", null, `${s.key} · ${s.why}`)))];
  };
  return h("figure", { key: "lanes", class: "chart lanes" },
    h("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", preserveAspectRatio: "none",
      "aria-label": t("rule.lanes", { old: outcome.old.incidents, new: outcome.new.incidents }) },
      lane("old", 0), lane("new", 1), alone && axis(outcome, height - 6)));
}

function counts({ start, end, days, old, new: fresh, of_confirmed: confirmed, of_false_alarms: wrong }) {
  const length = Math.max(1, (end - start) / DAY);
  const row = (key, name, a, b, digits = 0) => h("tr", { key }, h("th", { scope: "row" }, name), h("td", null, number(a, digits)),
    h("td", { class: b < a ? "less" : b > a ? "more-of" : null }, number(b, digits)));
  return h("table", { key: "counts", class: "counts" }, h("caption", null, t("rule.per_day")),
    h("thead", null, h("tr", null, h("th", { scope: "col" }, t("rule.day")), h("th", { scope: "col" }, t("rule.old")), h("th", { scope: "col" }, t("rule.new")))),
    h("tbody", null, days.map((day, n) => row(day, moment(day, { month: "short", day: "numeric", weekday: "short" }), old.per_day[n], fresh.per_day[n]))),
    h("tfoot", null, row("sum", t("rule.sum"), old.incidents, fresh.incidents),
      row("each", t("rule.sum_each"), old.incidents / length, fresh.incidents / length, 1),
      confirmed > 0 && row("confirmed", t("rule.confirmed", { n: confirmed }), old.confirmed, fresh.confirmed),
      wrong > 0 && row("void", t("rule.void", { n: wrong }), old.false_alarms, fresh.false_alarms)));
}
