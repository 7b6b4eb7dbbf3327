// What a camera's settings would find: over the picture, along the time, and in words.

import { redraw } from "../live.js";
import { h } from "../view.js";
import { clock, known, number, span, t } from "../words.js";
import { now } from "../live.js";
import { labelOf } from "./picture.js";

const W = 720, ROW = 18;

/** The moment of a rehearsal that is nearest to `at`. */
export function momentAt(told, at) {
  return told.moments.reduce((best, m) => (best === undefined || Math.abs(m.at - at) < Math.abs(best.at - at) ? m : best), undefined);
}

/** Frames over the picture: what is found, and, dashed, what is not, and why. */
export function frames(moment, dwell) {
  if (!moment) return [];
  return [...moment.found.map((f, n) => frame(`f${n}`, f.box, "label-alert", labelOf(f))),
    ...moment.waiting.filter((w) => w.why !== "share" || w.share > 0.01).map((w, n) => frame(`w${n}`, w.box, `waits ${w.why}`, whyNot(w, dwell)))];
}

function frame(key, [x1, y1, x2, y2], tone, text) {
  const low = y1 < 0.11 ? " low" : "", right = x1 > 0.55 ? " right" : "";
  return h("div", { key, class: `box ${tone}${low}${right}`, style: { left: `${x1 * 100}%`, top: `${y1 * 100}%`, width: `${(x2 - x1) * 100}%`, height: `${(y2 - y1) * 100}%` } },
    h("span", { class: "tag" }, text));
}

function whyNot(w, dwell) {
  return t(`waiting.${w.why}`, { s: number(w.seconds, 0), of: number(dwell / 1000, 0), share: number(w.share * 100, w.share < 0.01 ? 2 : 0) });
}

/** The span that was judged, with what would have been reported; `look(at)` chooses a moment. */
export function strip(told, at, look, film) {
  const x = (when) => ((when - told.start) / Math.max(1, told.end - told.start)) * W;
  const height = ROW * Math.max(1, told.reports.length);
  const say = (when) => (film ? minutes(when - told.start) : clock(when, now()));
  return h("figure", { key: "strip", class: "chart strip" },
    h("svg", { viewBox: `0 0 ${W} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": summary(told) },
      h("rect", { class: "lane", x: 0, y: 0, width: W, height }),
      told.reports.map((r, n) => h("rect", { key: `${r.at}${n}`, class: "span-new", x: x(r.at), y: n * ROW + 3, width: Math.max(3, x(r.until) - x(r.at)), height: ROW - 6, rx: 3 })),
      h("line", { key: "here", class: "limit new", x1: x(at), x2: x(at), y1: 0, y2: height })),
    h("input", { type: "range", "aria-label": t("tune.moment"), "aria-valuetext": say(at), min: told.start, max: told.end, step: 1000, value: at,
      oninput: (e) => { look(e.target.valueAsNumber); redraw(); } }),
    h("figcaption", { class: "muted" }, `${say(at)} · ${t("tune.span", { span: span(told.end - told.start) })}`));
}

const minutes = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

export const summary = (told) => t("tune.found", { n: told.reports.length });

/** Each report in words. */
export function reports(told, zones, look, film) {
  const name = (id) => zones.find((z) => z.id === id)?.name || id;
  return h("ul", { key: "reports", class: "parts" }, told.reports.map((r, n) => h("li", { key: `${r.at}${n}`, class: "part" },
    h("div", { class: "part-head" }, h("strong", null, known(`label.${r.label}`, r.label.replaceAll("_", " "))), r.zone && h("span", null, name(r.zone)),
      h("button", { type: "button", class: "button quiet", onclick: () => { look(r.at); redraw(); } }, film ? minutes(r.at - told.start) : clock(r.at, now()))),
    h("p", { class: "detail" }, t("tune.stood", { span: span(r.at - r.since) })))));
}
