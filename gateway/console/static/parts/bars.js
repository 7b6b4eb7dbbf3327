// Columns over days or weeks: what was opened, and of it what was resolved or a false alarm.

import { h } from "../view.js";
import { moment, number, t } from "../words.js";

const H = 220, LEFT = 34, TOP = 12, BOTTOM = 26, GAP = 0.28;
const NARROW = 760; // pixels: a phone

/** `spans` as the digest gives them. */
export function bars(spans, by) {
  const most = Math.max(4, ...spans.map((s) => Math.max(s.total.opened, s.total.resolved + s.total.void)));
  const step = nice(most / 4);
  const high = Math.ceil(most / step) * step;
  const y = (n) => TOP + (1 - n / high) * (H - TOP - BOTTOM);
  const small = innerWidth < NARROW;
  const W = small ? 360 : 960;
  const wide = (W - LEFT) / spans.length;
  const every = Math.ceil(spans.length / (small ? 4 : 8));
  const said = spans.map((s) => `${dayOf(s.start, by)}: ${t("numbers.bar", counts(s))}`).join("; ");
  return h("figure", { class: "chart bars" },
    h("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": said },
      Array.from({ length: high / step + 1 }, (_, n) => n * step).map((n) => [
        h("line", { key: `r${n}`, class: "rule", x1: LEFT, x2: W, y1: y(n), y2: y(n) }),
        h("text", { key: `t${n}`, x: LEFT - 6, y: y(n) + 4, "text-anchor": "end" }, number(n))]),
      spans.map((s, n) => column(s, LEFT + n * wide, wide, y, by, n % every === 0))),
    h("figcaption", { class: "legend muted small" }, ["opened", "resolved", "void"].map((name) =>
      h("span", { key: name }, h("span", { class: `swatch ${name}`, "aria-hidden": "true" }), t(`numbers.${name}`)))));
}

const counts = ({ total }) => ({ opened: total.opened, resolved: total.resolved, void: total.void });

function column(span, x, wide, y, by, named) {
  const { opened, resolved, void: wrong } = span.total;
  const half = (wide * (1 - GAP)) / 2, left = x + (wide * GAP) / 2;
  const part = (name, at, from, to) => to > from && h("rect", { key: name, class: name, x: at, width: half - 1, y: y(to), height: y(from) - y(to), rx: 2 });
  return h("g", { key: span.start }, h("title", null, `${dayOf(span.start, by)}: ${t("numbers.bar", counts(span))}`),
    h("rect", { class: "hit", x, y: TOP, width: wide, height: H - TOP - BOTTOM }),
    part("opened", left, 0, opened), part("resolved", left + half, 0, resolved), part("void", left + half, resolved, resolved + wrong),
    named && h("text", { x: x + wide / 2, y: H - 8, "text-anchor": "middle" }, dayOf(span.start, by)));
}

export const dayOf = (at) => moment(at, { month: "short", day: "numeric" });

function nice(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return Math.max(1, [1, 2, 5, 10].map((m) => m * power).find((m) => m >= step));
}
