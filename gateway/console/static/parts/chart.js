// A series over time: a line for the mean, a band from the least to the greatest value, so that
// thinning hides no peak. Gaps in the data are gaps in the line.

import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { moment, t } from "../words.js";

const W = 720, H = 260, LEFT = 56, RIGHT = 12, TOP = 12, BOTTOM = 28;
const TICKS = 4;
const LEAST_PULL = 0.02; // of the chart's width
const GAP = 6; // so many times the usual distance without a point is a gap

export const WIDTH = W;

/** `series` as the API gives it; `say` writes a value with its unit; `limits` are lines across it,
 * `{value, tone}`; `marks` are spans of incidents, `{id, at, end, severity, title}`; `zoom(start,
 * end)` is called with the span that was pulled over the chart. */
export function chart(series, say, limits = [], marks = [], zoom = null) {
  const seen = series.mean.map((m, n) => ({ at: series.at[n], mean: m, min: series.min[n], max: series.max[n] })).filter((p) => p.mean !== null);
  if (!seen.length) return h("p", { key: "chart", class: "empty" }, t("chart.nothing"));
  const scale = scales(series, seen, limits);
  const last = seen.at(-1);
  const summary = t("chart.summary", { min: say(Math.min(...seen.map((p) => p.min))), max: say(Math.max(...seen.map((p) => p.max))), last: say(last.mean) });
  const at = state.page.pointed;
  const point = at === undefined ? undefined : nearest(seen, at);
  return h("figure", { key: "chart", class: zoom ? "chart zooms" : "chart" },
    h("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": summary, preserveAspectRatio: "none",
      onpointerdown: zoom ? (e) => { state.page.pulled = instant(e, scale); } : null, onpointerup: zoom ? (e) => pulled(e, scale, zoom) : null,
      onpointermove: (e) => aim(e, scale), onpointerleave: () => { Object.assign(state.page, { pointed: undefined, pulled: undefined }); redraw(); } },
      grid(scale, say), marks.map((mark) => markOf(mark, scale)), pull(scale),
      limits.map(({ value, tone }, n) => h("line", { key: `limit${n}`, class: `limit ${tone}`, x1: LEFT, x2: W - RIGHT, y1: scale.y(value), y2: scale.y(value) })),
      runs(seen).map((run, n) => [
        h("path", { key: `band${n}`, class: "band", d: band(run, scale) }),
        h("path", { key: `line${n}`, class: "line", d: line(run, scale) })]),
      point && h("line", { key: "pointer", class: "pointer", x1: scale.x(point.at), x2: scale.x(point.at), y1: TOP, y2: H - BOTTOM }),
      point && h("circle", { key: "dot", class: "pointed", cx: scale.x(point.at), cy: scale.y(point.mean), r: 4 })),
    h("figcaption", { class: "muted", "aria-live": "off" },
      point ? `${moment(point.at, { dateStyle: "short", timeStyle: "short" })} · ${told(point, say)}` : summary));
}

const told = (p, say) => (p.min === p.max ? say(p.mean) : t("chart.point", { mean: say(p.mean), min: say(p.min), max: say(p.max) }));

/** Where an instant between two others stands across a drawing. */
export const across = (start, end) => (at) => LEFT + ((at - start) / (end - start)) * (W - LEFT - RIGHT);

function scales(series, seen, limits) {
  const also = limits.map((l) => l.value);
  let low = Math.min(...seen.map((p) => p.min), ...also), high = Math.max(...seen.map((p) => p.max), ...also);
  const flag = seen.every((p) => [0, 1].includes(p.min) && [0, 1].includes(p.max));
  if (flag) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 1, high + 1];
  const step = flag ? 1 : nice((high - low) / TICKS);
  low = Math.floor(low / step) * step;
  high = Math.ceil(high / step) * step;
  return { low, high, step, start: series.start, end: series.end,
    x: across(series.start, series.end),
    y: (value) => TOP + ((high - value) / (high - low)) * (H - TOP - BOTTOM) };
}

/** The nearest of 1, 2, 5 times a power of ten. */
function nice(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((m) => m * power).find((m) => m >= step);
}

function grid(scale, say) {
  const rows = [];
  for (let v = scale.low; v <= scale.high + scale.step / 2; v += scale.step) {
    const value = Number(v.toPrecision(12));
    rows.push(h("line", { key: `r${value}`, class: "rule", x1: LEFT, x2: W - RIGHT, y1: scale.y(value), y2: scale.y(value) }),
      h("text", { key: `t${value}`, x: LEFT - 8, y: scale.y(value) + 4, "text-anchor": "end" }, say(value)));
  }
  return [rows, axis(scale, H - 8)];
}

/** The times along the lower edge, at the height `y`. */
export function axis({ start, end }, y) {
  const long = end - start > 2 * 86400000, x = across(start, end);
  return Array.from({ length: TICKS + 1 }, (_, n) => {
    const at = start + ((end - start) * n) / TICKS;
    return h("text", { key: `c${n}`, x: x(at), y, "text-anchor": n === 0 ? "start" : n === TICKS ? "end" : "middle" },
      moment(at, long ? { month: "short", day: "numeric" } : { timeStyle: "short" }));
  });
}

/** Stretches without a gap. */
function runs(seen) {
  const steps = seen.slice(1).map((p, n) => p.at - seen[n].at).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? Infinity;
  const found = [[seen[0]]];
  for (const p of seen.slice(1)) {
    if (p.at - found.at(-1).at(-1).at > GAP * usual) found.push([]);
    found.at(-1).push(p);
  }
  return found;
}

const xy = (scale, at, value) => `${scale.x(at).toFixed(1)} ${scale.y(value).toFixed(1)}`;
const line = (run, scale) => `M${run.map((p) => xy(scale, p.at, p.mean)).join("L")}${run.length === 1 ? "h.1" : ""}`;
const band = (run, scale) =>
  `M${run.map((p) => xy(scale, p.at, p.max)).join("L")}L${run.toReversed().map((p) => xy(scale, p.at, p.min)).join("L")}Z`;

/** The instant under a pointer. */
function instant(event, scale) {
  const box = event.currentTarget.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * W;
  const at = scale.start + ((x - LEFT) / (W - LEFT - RIGHT)) * (scale.end - scale.start);
  return Math.min(scale.end, Math.max(scale.start, at));
}

function aim(event, scale) {
  state.page.pointed = instant(event, scale);
  redraw();
}

/** A long pull zooms in; a short one was only a press. */
function pulled(event, scale, zoom) {
  const { pulled: from } = state.page, to = instant(event, scale);
  state.page.pulled = undefined;
  if (from !== undefined && Math.abs(to - from) > (scale.end - scale.start) * LEAST_PULL) zoom(Math.min(from, to), Math.max(from, to));
  else redraw();
}

function pull(scale) {
  const { pulled: from, pointed: to } = state.page;
  if (from === undefined || to === undefined) return null;
  const [a, b] = [Math.min(from, to), Math.max(from, to)];
  return h("rect", { key: "pull", class: "pull", x: scale.x(a), y: TOP, width: scale.x(b) - scale.x(a), height: H - TOP - BOTTOM });
}

/** An incident: a band over its time, with a foot that can be seen however short it was. */
function markOf({ id, at, end, severity, title }, scale) {
  const x = scale.x(Math.max(at, scale.start)), width = Math.max(1.5, scale.x(Math.min(end, scale.end)) - x);
  return h("g", { key: `mark-${id}`, class: `mark-of-incident ${severity}` }, h("title", null, title),
    h("rect", { class: "mark-band", x, y: TOP, width, height: H - TOP - BOTTOM }), h("rect", { class: "mark-foot", x, y: H - BOTTOM - 5, width: Math.max(4, width), height: 5 }));
}

function nearest(seen, at) {
  return seen.reduce((best, p) => (Math.abs(p.at - at) < Math.abs(best.at - at) ? p : best));
}
