// A number or a duration of a rule, as a slider with a field for the exact value.

import { h } from "../view.js";
import { known, number, t, unitSign } from "../words.js";

const CLOCK = { s: 1000, min: 60000, h: 3600000 };
const FILE = [["d", 86400000], ["h", 3600000], ["m", 60000], ["s", 1000], ["ms", 1]];
const MEASURED = new Set(["above", "below", "clear_below", "clear_above", "min", "max", "margin", "rise", "fall", "tolerance", "least"]);

/** `turn(value)` is called while it is moved; durations in milliseconds. `id` where a page has
 * several of one name. */
export function parameter(p, value, unit, turn, id = p.name) {
  const scale = p.kind === "duration" ? clockOf(p) : { size: 1, sign: MEASURED.has(p.name) ? unitSign(unit) : p.top ? "%" : "", ...bounds(p, unit) };
  const { size, sign } = scale;
  const take = (event) => {
    const typed = event.target.valueAsNumber;
    if (Number.isFinite(typed)) turn(p.kind === "number" ? typed : Math.round(typed * size));
  };
  const shown = Number((value / size).toPrecision(10));
  const name = known(`parameter.${p.name}`, p.name);
  return h("div", { key: p.name, class: value === p.value ? "parameter" : "parameter moved" },
    h("label", { for: `p-${id}` }, name, value !== p.value && h("span", { class: "muted was" }, ` · ${t("rule.old")} ${number(p.value / size, 3)}`)),
    h("input", { type: "range", "aria-label": name, min: Math.min(scale.low, shown), max: Math.max(scale.high, shown), step: scale.step, value: shown, oninput: take }),
    h("input", { type: "number", id: `p-${id}`, step: "any", value: shown, oninput: take }),
    h("span", { class: "muted small" }, sign));
}

function clockOf(p) {
  const high = Math.max(2 * p.value, 1800000);
  const name = high <= 300000 || p.value % 60000 ? "s" : high <= 18000000 ? "min" : "h";
  const top = high / CLOCK[name];
  return { size: CLOCK[name], sign: t(`unit.${name}`), low: 0, high: top, step: top > 50 || name === "s" ? 1 : 0.5 };
}

/** A slider from nothing to twice the value, or over all that can be. */
function bounds(p, unit) {
  let [low, high] = p.value < 0 ? [2 * p.value, 0] : [0, unit === "%" ? 100 : 2 * p.value || 10];
  low = Math.max(low, p.least ?? low);
  high = Math.min(p.top ?? high, p.most ?? high);
  return { low, high, step: p.kind === "integer" ? 1 : 10 ** Math.floor(Math.log10((high - low) / 50)) };
}

/** As it is written in a rule's file: `80`, `1h30m`. */
export function inFile(p, value) {
  if (p.kind !== "duration") return String(value);
  let left = value;
  return FILE.map(([sign, size]) => {
    const n = Math.floor(left / size);
    left -= n * size;
    return n ? `${n}${sign}` : "";
  }).join("") || "0s";
}
