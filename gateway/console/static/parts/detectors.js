// What a camera looks for: each detector with its zones and its sliders.

import { redraw } from "../live.js";
import { h } from "../view.js";
import { known, number, t } from "../words.js";
import { section } from "./bits.js";
import { parameter } from "./parameter.js";

const SIZES = ["smallest", "largest"];

/** As it stands in cameras.yaml: durations as text, only what is not the default. */
export function fileForm(detector, turned) {
  const durations = new Set((turned ?? []).filter((p) => p.kind === "duration").map((p) => p.name));
  return Object.fromEntries(Object.entries(detector).filter(([, v]) => v !== null).map(([name, value]) => [name, durations.has(name) ? `${value}ms` : value]));
}

export function detectors(page, editor, changed) {
  const { kinds } = page.about;
  const add = (kind) => { page.detectors.push({ kind, zones: [], ...Object.fromEntries(kinds[kind].map((p) => [p.name, p.default])) }); changed(); };
  return section(t("detect.title"), null,
    page.detectors.map((d, n) => one(page, d, n, editor, changed)),
    editor && h("div", { key: "add", class: "deeds" }, ["left_object", "removed_object", "blocked"].filter((kind) => !page.detectors.some((d) => d.kind === kind)).map((kind) =>
      h("button", { key: kind, type: "button", class: "button", onclick: () => add(kind) }, t(`detect.add.${kind}`)))));
}

function one(page, d, n, editor, changed) {
  const zones = page.areas.filter((a) => a.kind === "zone");
  return h("div", { key: `d${n}${d.kind}`, class: "parameters" },
    h("div", { class: "tile-head" }, h("h3", null, known(`detect.${d.kind}`, d.kind)),
      editor && h("button", { type: "button", class: "button quiet", onclick: () => { page.detectors.splice(n, 1); changed(); } }, t("draw.remove"))),
    h("p", { class: "muted small" }, known(`detect.${d.kind}.about`, d.model ?? "")),
    zones.length > 0 && h("fieldset", { class: "checks", disabled: !editor }, h("legend", null, t("detect.zones")), zones.map((z) =>
      h("label", { key: z.id }, h("input", { type: "checkbox", checked: (d.zones ?? []).includes(z.id), onchange: (e) => {
        d.zones = e.target.checked ? [...(d.zones ?? []), z.id] : d.zones.filter((id) => id !== z.id); changed(); } }), z.name || z.id)),
      d.kind !== "blocked" && !(d.zones ?? []).length && h("span", { class: "muted small" }, t("detect.everywhere"))),
    d.kind === "blocked" && !(d.zones ?? []).length && h("p", { class: "dead" }, t("detect.needs_zone")),
    (page.about.kinds[d.kind] ?? []).map((p) => turn(page, d, n, p, editor, changed)));
}

function turn(page, d, n, p, editor, changed) {
  const saved = page.about.settings.detectors[n];
  const was = saved?.kind === d.kind ? saved[p.name] ?? p.default : p.default;
  const id = `${n}-${p.name}`;
  if (!editor) return h("p", { key: p.name, class: "small" }, `${known(`parameter.${p.name}`, p.name)}: ${p.kind === "duration" ? number(d[p.name] / 1000) + t("unit.s") : number(d[p.name], 3)}`);
  if (SIZES.includes(p.name)) return size(page, d, n, p, was, changed);
  return parameter({ ...p, value: was }, d[p.name] ?? p.default, "", (value) => { d[p.name] = value; changed(); }, id);
}

/** A share of the picture, turned as the side of a box that is drawn on the picture meanwhile. */
function size(page, d, n, p, was, changed) {
  const side = (share) => Math.round(Math.sqrt(share) * 1000) / 10;
  const watch = (node) => { // an element has no onfocusin of its own
    node.addEventListener("focusin", () => { page.sized = { n }; redraw(); });
    node.addEventListener("focusout", () => { page.sized = undefined; redraw(); });
  };
  return h("div", { key: p.name, made: watch },
    parameter({ ...p, least: 0, most: 100, value: side(was), top: p.name === "smallest" ? 25 : 100 }, side(d[p.name] ?? p.default), "%",
      (value) => { d[p.name] = Math.min(1, Math.round((value / 100) ** 2 * 1e6) / 1e6); page.sized = { n }; changed(); }, `${n}-${p.name}`));
}
