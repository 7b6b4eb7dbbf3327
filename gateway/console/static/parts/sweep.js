// One parameter over a range: what each value would have told of the stored past, as a picture.

import { ask } from "../api.js";
import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { known, number, t, unitSign } from "../words.js";
import { section } from "./bits.js";
import { choice } from "./fields.js";

const STEPS = 9;
const AGAIN = 1000; // after so long a refused trial is asked for once more, ms
const W = 720, H = 240, LEFT = 44, RIGHT = 12, TOP = 14, BOTTOM = 44;

/** `body(name, value)` is what is asked of a trial: the value, and the limits that it takes along. */
export function sweep(page, path, unit, body) {
  const { sweep: s } = page;
  const names = page.about.parameters;
  if (!names.length) return null;
  const chosen = s?.name ?? names[0].name;
  return section(t("sweep.title"), s?.running && h("button", { type: "button", class: "button quiet", onclick: () => { s.running = false; redraw(); } }, t("sweep.stop")),
    h("p", { class: "muted small" }, t("sweep.about")),
    h("div", { class: "form two" }, choice("sweep-name", t("sweep.parameter"), chosen, names.map((p) => [p.name, known(`parameter.${p.name}`, p.name)]), (name) => { page.sweep = { name, rows: [] }; redraw(); })),
    h("div", { class: "deeds" }, h("button", { type: "button", class: "button primary", disabled: s?.running, onclick: () => start(page, path, chosen, unit, body) }, t("sweep.start"))),
    s?.running && h("progress", { "aria-label": t("sweep.title"), max: s.values.length, value: s.rows.length }),
    s?.trouble && h("p", { class: "trouble", role: "alert" }, s.trouble),
    s?.rows.length > 0 && picture(s, page, unit));
}

/** From half the value to one and a half times it, within what may be. */
function valuesOf(p, unit) {
  const low = Math.max(p.least ?? -Infinity, p.value ? Math.min(p.value * 0.5, p.value * 1.5) : 0);
  const high = Math.min(p.most ?? Infinity, unit === "%" && p.kind === "number" ? 100 : Infinity, p.value ? Math.max(p.value * 0.5, p.value * 1.5) : p.kind === "duration" ? 3600000 : 10);
  const round = (v) => (p.kind === "integer" ? Math.round(v) : p.kind === "duration" ? Math.round(v / 1000) * 1000 : Number(v.toPrecision(3)));
  const all = Array.from({ length: STEPS }, (_, n) => round(low + ((high - low) * n) / (STEPS - 1)));
  return [...new Set([...all, p.value])].sort((a, b) => a - b);
}

async function start(page, path, name, unit, body) {
  const p = page.about.parameters.find((one) => one.name === name);
  const s = page.sweep = { name, values: valuesOf(p, unit), rows: [], running: true, trouble: "" };
  while (page.trying) await new Promise((done) => setTimeout(done, AGAIN / 10)); // one trial at a time
  for (const value of s.values) {
    while (s.running && state.page === page) {
      try {
        const told = await ask("POST", `${path}/try`, body(name, value));
        s.rows.push({ value, told: told.new, of: told });
        break;
      } catch (error) {
        if (error.status !== 429) { s.running = false; s.trouble = error.message; break; }
        await new Promise((done) => setTimeout(done, AGAIN));
      }
    }
    if (!s.running || state.page !== page) break;
    redraw();
  }
  s.running = false;
  redraw();
}

function picture(s, page, unit) {
  const p = page.about.parameters.find((one) => one.name === s.name);
  const most = Math.max(1, ...s.rows.map((r) => r.told.incidents));
  const wide = (W - LEFT - RIGHT) / s.values.length;
  const y = (n) => TOP + (1 - n / most) * (H - TOP - BOTTOM);
  const say = (v) => (p.kind === "duration" ? duration(v) : `${number(v, 3)}${unit && p.kind === "number" ? ` ${unitSign(unit)}` : ""}`);
  const bar = (r, n) => {
    const x = LEFT + s.values.indexOf(r.value) * wide, here = r.value === p.value;
    return h("g", { key: n }, h("title", null, `${say(r.value)}: ${t("sweep.told", { n: r.told.incidents })}`),
      h("rect", { class: here ? "span-old" : "span-new", x: x + wide * 0.14, y: y(r.told.incidents), width: wide * 0.72, height: H - BOTTOM - y(r.told.incidents), rx: 2 }),
      h("text", { x: x + wide / 2, y: y(r.told.incidents) - 3, "text-anchor": "middle" }, number(r.told.incidents, 0)),
      h("text", { x: x + wide / 2, y: H - BOTTOM + 16, "text-anchor": "middle" }, say(r.value)),
      here && h("text", { x: x + wide / 2, y: H - BOTTOM + 32, "text-anchor": "middle" }, t("rule.old")));
  };
  const labelled = s.rows.some((r) => r.of.of_confirmed || r.of.of_false_alarms);
  return [h("figure", { key: "sweep", class: "chart" }, h("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": t("sweep.label", { name: known(`parameter.${s.name}`, s.name) }) },
    h("line", { class: "rule", x1: LEFT, x2: W - RIGHT, y1: H - BOTTOM, y2: H - BOTTOM }), s.rows.map(bar))),
  h("div", { key: "table", class: "scroll" }, h("table", { class: "counts" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, known(`parameter.${s.name}`, s.name)), h("th", { scope: "col" }, t("sweep.incidents")),
      labelled && [h("th", { key: "c", scope: "col" }, t("sweep.caught")), h("th", { key: "f", scope: "col" }, t("sweep.false"))], h("th", { scope: "col" }, ""))),
    h("tbody", null, s.rows.map((r) => h("tr", { key: r.value }, h("th", { scope: "row" }, say(r.value)), h("td", null, number(r.told.incidents, 0)),
      labelled && [h("td", { key: "c" }, `${r.told.confirmed} / ${r.of.of_confirmed}`), h("td", { key: "f" }, `${r.told.false_alarms} / ${r.of.of_false_alarms}`)],
      h("td", null, r.value !== p.value && h("button", { type: "button", class: "button quiet", onclick: () => page.use(s.name, r.value) }, t("sweep.use"))))))))];
}

function duration(ms) {
  const [size, name] = ms < 120000 ? [1000, "s"] : ms < 7200000 ? [60000, "min"] : [3600000, "h"];
  return `${number(ms / size, 1)} ${t(`unit.${name}`)}`;
}
