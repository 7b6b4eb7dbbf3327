// Which incidents are shown. It stands in the address, so that the way back and a bookmark lead to
// the same list.

import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";
import { isOpen } from "./bits.js";
import { choice } from "./fields.js";
import { icon } from "./icons.js";

const SPANS = { "1d": 86400000, "7d": 604800000, "30d": 2592000000, "365d": 31536000000 };
const SEVERITIES = ["critical", "major", "minor", "info"];
const MORE = ["severity", "grid", "rule", "device", "span"]; // besides which and search

export function read() {
  const asked = new URLSearchParams(location.search);
  const found = { which: asked.get("which") ?? "open", search: asked.get("search") ?? "" };
  for (const name of MORE) found[name] = asked.get(name) ?? "";
  return found;
}

/** Change some of it; the address says so without a new step in the history. */
export function change(filter, values) {
  Object.assign(filter, values);
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value && !(name === "which" && value === "open")) asked.set(name, value);
  history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
  redraw();
}

/** As the API is asked for it. */
export function query(filter, now) {
  const asked = new URLSearchParams();
  if (filter.which === "all") asked.set("all", "true");
  if (filter.which === "past") for (const status of ["resolved", "void"]) asked.append("status", status);
  if (filter.search.trim()) asked.set("text", filter.search.trim());
  for (const name of ["severity", "grid", "rule", "device"]) if (filter[name]) asked.set(name, filter[name]);
  if (filter.span) asked.set("from", Math.round(now - SPANS[filter.span]));
  return asked;
}

/** The same for what is in memory: the open ones. */
export function fits(filter, now, say) {
  const wanted = filter.search.trim().toLowerCase();
  return (i) => isOpen(i)
    && (!filter.severity || i.severity === filter.severity)
    && (!filter.rule || i.rule === filter.rule)
    && (!filter.device || i.key === filter.device || i.devices.includes(filter.device))
    && (!filter.grid || (i.place.codes?.length ? i.place.codes.map((c) => c.value) : [i.place.site]).some((c) => c.startsWith(filter.grid)))
    && (!filter.span || i.opened_at >= now - SPANS[filter.span])
    && (!wanted || [i.title, i.rule, i.key, i.id, i.place.address, i.handled_by, i.note, ...i.reasons.flatMap((r) => [say(r), r.text])]
      .some((text) => text.toLowerCase().includes(wanted)));
}

/** The fields; folded on a phone, where what is chosen is counted. */
export function fields(filter, chosen) {
  const n = MORE.filter((name) => filter[name]).length;
  const any = [["", t("filter.any")]];
  const field = (name, options) => choice(`filter-${name}`, t(`filter.${name}`), filter[name], [...any, ...options], (value) => chosen({ [name]: value }));
  return h("details", { key: "filters", class: "filters", open: state.page.unfolded, ontoggle: (e) => { state.page.unfolded = e.target.open; } },
    h("summary", { class: "button" }, icon("filter"), n ? t("filter.some", { n }) : t("filter.filter")),
    h("div", { class: "fields" },
      field("severity", SEVERITIES.map((s) => [s, t(`severity.${s}`)])),
      field("grid", kept(filter.grid, grids())),
      field("rule", kept(filter.rule, [...new Set([...state.incidents.values()].map((i) => i.rule).concat(state.page.rules ?? []))].sort().map((r) => [r, r]))),
      field("device", kept(filter.device, [...state.devices.values(), ...state.cameras.values()].map((d) => [d.id, d.name]))),
      field("span", Object.keys(SPANS).map((s) => [s, t(`last.${s}`)]))),
    n > 0 && h("button", { type: "button", class: "button quiet", onclick: () => chosen(Object.fromEntries(MORE.map((name) => [name, ""]))) }, t("filter.clear")));
}

/** What is asked for stays to be chosen, also when nothing has it any more. */
const kept = (value, options) => (value && !options.some(([name]) => name === value) ? [[value, value], ...options] : options);

/** Grids that have a name, or where something stands: `[id, name]`. */
export function grids() {
  const found = new Map((state.grids?.features ?? []).map((f) => [f.properties.id, f.properties.name || f.properties.id]));
  for (const thing of [...state.devices.values(), ...state.cameras.values()]) {
    const code = thing.place.codes?.[0]?.value;
    if (code && !found.has(code)) found.set(code, code);
  }
  return [...found].sort(([a], [b]) => a.localeCompare(b));
}

export const gridName = (id) => (state.grids?.features ?? []).find((f) => f.properties.id === id)?.properties.name || id;
