// Small pieces that every screen uses.

import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";
import { icon } from "./icons.js";

const RANK = { critical: 0, major: 1, minor: 2, info: 3 };
const WAITS = { open: 0, reopened: 0, acknowledged: 1, in_progress: 2 };

/** What needs a person first: untouched before taken, grave before slight, new before old. */
export function byUrgency(a, b) {
  return WAITS[a.status] - WAITS[b.status] || RANK[a.severity] - RANK[b.severity] || b.opened_at - a.opened_at;
}

export const isOpen = (incident) => incident.status in WAITS;
export const may = (role) => ({ viewer: 1, operator: 2, admin: 3 })[state.about.role] >= ({ viewer: 1, operator: 2, admin: 3 })[role];

export function chip(tone, text) {
  return h("span", { class: `chip ${tone}` }, text);
}

export function statusChip(incident) {
  const tone = { open: "loud", reopened: "loud", acknowledged: "taken", in_progress: "taken" }[incident.status] ?? "over";
  return chip(tone, t(`status.${incident.status}`));
}

export function severity(incident) {
  return h("span", { class: `severity ${incident.severity}` }, t(`severity.${incident.severity}`));
}

/** A titled part of a page. */
export function section(title, extra, ...children) {
  return h("section", { key: title, class: "section" },
    h("header", { class: "section-head" }, h("h2", null, title), extra), children);
}

export function empty(text) {
  return h("p", { class: "empty" }, text);
}

/** A link that the router follows without loading the page anew. */
export function link(path, props, ...children) {
  return h("a", { href: path, ...props }, children);
}

/** A button that works on something: it is off while that lasts, and what fails is said in
 * `state.page.trouble`. */
export function action(name, text, symbol, work, tone = "") {
  const busy = state.page.busy === name;
  return h("button", {
    type: "button", class: `button ${tone}`, disabled: state.page.busy !== undefined, "aria-busy": busy ? "true" : null,
    onclick: (event) => { event.preventDefault(); event.stopPropagation(); run(name, work); },
  }, symbol && icon(symbol), text);
}

/** Do `work`, with the page saying so, and what went wrong. */
export async function run(name, work) {
  const page = state.page;
  Object.assign(page, { busy: name, trouble: "" });
  redraw();
  try {
    await work();
  } catch (error) {
    page.trouble = error.message;
  }
  delete page.busy;
  redraw();
}

export function trouble() {
  return state.page.trouble ? h("p", { key: "trouble", class: "trouble", role: "alert" }, state.page.trouble) : null;
}

export function placeOf(thing) {
  const place = thing.place ?? {};
  return place.address || place.codes?.[0]?.value || place.site || "";
}

/** A bar of shares, for who looks and, as its label, for who listens. */
export function shares(parts, label) {
  const all = parts.reduce((sum, [, n]) => sum + n, 0) || 1;
  return h("div", { class: "shares", role: "img", "aria-label": label },
    parts.map(([tone, n]) => n > 0 && h("span", { key: tone, class: tone, style: { "flex-grow": `${n / all}` } })));
}
