// How well a camera sees, in words with the measured numbers.

import { h } from "../view.js";
import { number, span, t } from "../words.js";
import { section } from "./bits.js";

const share = (n) => `${number(n * 100, 0)}%`;

/** Each measure: its name, what it is, the limit, and whether it is past it. */
const ROWS = [
  ["still", (n) => span(n * 1000), (m, l) => m.still >= l.still],
  ["brightest", (n) => number(n, 0), (m, l) => m.brightest < l.brightest],
  ["darkest", (n) => number(n, 0), (m, l) => m.darkest > l.darkest],
  ["sharpness", share, (m, l) => m.sharpness < l.sharpness],
  ["kept", share, (m, l) => m.kept < l.kept && m.detail < l.detail],
  ["detail", share, (m, l) => m.kept < l.kept && m.detail < l.detail],
  ["votes", share, (m, l) => m.votes <= l.votes],
];

export function eyesight(measures, limits) {
  return section(t("sight.title"), null, !measures ? h("p", { class: "empty" }, t("sight.none"))
    : h("dl", { class: "facts sight" }, ROWS.filter(([name]) => measures[name] !== null).map(([name, say, past]) => [
      h("dt", { key: `t${name}` }, t(`sight.${name}`)),
      h("dd", { key: `d${name}`, class: past(measures, limits) ? "dead" : null }, h("strong", null, say(measures[name])), " ",
        h("span", { class: "muted" }, t(`sight.${name}.limit`, { limit: say(limits[name]) })))])),
  measures && measures.sharpness === null && h("p", { class: "muted small" }, t("sight.learning")));
}
