// Silences and maintenance: a month at a glance, and a form for a new one.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { action, chip, empty, link, may, run, section, trouble } from "../parts/bits.js";
import { calendar, days } from "../parts/calendar.js";
import { icon } from "../parts/icons.js";
import { h } from "../view.js";
import { moment, t, words } from "../words.js";

const FREE = { rules: "", devices: "", place: "", owner: "", reason: "", every: "" };
const HOUR = 3600000;

export const title = () => t("silence.title");

export function enter() {
  Object.assign(state.page, { form: null, picked: null });
}

/** The instant of midnight of a calendar day at the place. */
function midnight(day) {
  const guess = day.getTime();
  return guess - offset(guess - offset(guess));
}

/** How far the place's clock is ahead of UTC at an instant, ms. */
function offset(at) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-GB", { timeZone: words.zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" })
    .formatToParts(at).map((p) => [p.type, Number(p.value)]));
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - Math.floor(at / 1000) * 1000;
}

/** `2026-05-01T22:00`, as the place's clock says it. */
const local = (at) => new Date(at + offset(at)).toISOString().slice(0, 16);

function load(page) {
  run("load", async () => {
    const query = new URLSearchParams({ from: page.days[0].at, to: page.days.at(-1).end });
    page.entries = await ask("GET", `/api/v1/calendar?${query}`);
    page.rules ??= await ask("GET", `/api/v1/rules?language=${words.language}`);
  });
}

function turn(page, by) {
  const at = new Date(Date.UTC(page.year, page.month + by, 1));
  Object.assign(page, { year: at.getUTCFullYear(), month: at.getUTCMonth() });
  page.days = days(page.year, page.month, midnight);
  load(page);
}

export function view() {
  const { page } = state;
  if (page.days === undefined) {
    const today = new Date(now() + offset(now()));
    Object.assign(page, { year: today.getUTCFullYear(), month: today.getUTCMonth() });
    turn(page, 0);
  }
  const entries = page.entries ?? [];
  const pick = may("operator") ? picker(page) : null;
  return [link("/rules", { class: "back" }, icon("back"), t("nav.rules")),
    h("div", { class: "headline" }, h("h1", null, t("silence.title")), h("p", { class: "muted" }, t("silence.about"))),
    trouble(),
    h("div", { class: "columns" },
      h("div", { class: "main-column" },
        h("div", { class: "section-head" },
          h("h2", { "aria-live": "polite" }, new Intl.DateTimeFormat(document.documentElement.lang, { month: "long", year: "numeric", timeZone: "UTC" }).format(Date.UTC(page.year, page.month, 1))),
          h("div", { class: "month-turn" },
            h("button", { type: "button", class: "icon-button", "aria-label": t("silence.before"), onclick: () => turn(page, -1) }, "‹"),
            h("button", { type: "button", class: "icon-button", "aria-label": t("silence.after"), onclick: () => turn(page, 1) }, "›"))),
        calendar(page.days, entries, now(), page.picked, pick, (id) => { page.open = id; redraw(); }),
        pick && h("p", { class: "muted small" }, t("silence.drag"))),
      h("div", { class: "side-column" }, page.form ? form(page) : pick && h("div", { class: "deeds" },
        h("button", { type: "button", class: "button primary", onclick: () => begin(page, now(), now() + 2 * HOUR) }, t("silence.new"))),
      section(t("silence.list"), null, entries.length ? h("ul", { class: "parts" }, entries.map((e) => entry(page, e))) : empty(t("silence.none")))))];
}

function picker(page) {
  const pick = (first, last) => { page.picked = null; begin(page, first.at, last.end); };
  pick.begin = (n) => {
    page.picked = [n, n];
    const end = (e) => {
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end); // a finger that scrolls
      const [a, b] = [...page.picked].sort((x, y) => x - y);
      page.picked = null;
      if (e.type === "pointerup") pick(page.days[a], page.days[b]);
      else redraw();
    };
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
    redraw();
  };
  return pick;
}

function begin(page, from, until) {
  page.form = { ...FREE, owner: state.about.user ?? "", from: local(from), until: local(until) };
  redraw();
  requestAnimationFrame(() => document.getElementById("s-reason")?.focus());
}

function form(page) {
  const { form: f } = page;
  const set = (name) => (e) => { f[name] = e.target.value; };
  const field = (name, type = "text", more = {}) => [h("label", { key: `l${name}`, for: `s-${name}` }, t(`silence.${name}`)),
    h("input", { key: name, id: `s-${name}`, type, value: f[name], oninput: set(name), maxlength: "400", ...more })];
  return section(t("silence.new"), null, h("form", { class: "note-form", onsubmit: (e) => e.preventDefault() },
    field("reason", "text", { required: true }), field("owner", "text", { required: true }),
    field("from", "datetime-local", { required: true }), field("until", "datetime-local"),
    h("label", { key: "lr", for: "s-rules" }, t("silence.rules")),
    h("select", { key: "rules", id: "s-rules", onchange: set("rules") },
      h("option", { value: "", selected: !f.rules }, t("silence.all_rules")), (page.rules ?? []).map((r) => h("option", { key: r.id, value: r.id, selected: f.rules === r.id }, r.id))),
    field("devices", "text", { list: "known-devices" }),
    h("datalist", { key: "known", id: "known-devices" }, [...state.devices.values(), ...state.cameras.values()].map((d) => h("option", { key: d.id, value: d.id }, d.name))),
    field("place"), field("every", "text", { placeholder: "sun 02:00-04:00" }),
    h("p", { key: "every-about", class: "muted small" }, t("silence.every_about")),
    h("div", { key: "deeds", class: "deeds" }, action("save", t("word.save"), "check", () => save(page), "primary"),
      h("button", { type: "button", class: "button quiet", onclick: () => { page.form = null; redraw(); } }, t("word.cancel")))));
}

async function save(page) {
  const { form: f } = page;
  const list = (text) => text.split(/[,，\s]+/).filter(Boolean);
  const id = `silence-${f.from.replaceAll(/\D/g, "")}-${Math.random().toString(36).slice(2, 6)}`;
  const body = { id, rules: list(f.rules), devices: list(f.devices), place: f.place ? [f.place] : [], from: f.from || undefined, until: f.until || undefined,
    every: f.every || undefined, owner: f.owner, reason: f.reason };
  await ask("POST", "/api/v1/silences", Object.fromEntries(Object.entries(body).filter(([, v]) => v !== undefined && v.length > 0)));
  page.form = null;
  load(page);
}

function entry(page, e) {
  const about = [...e.rules, ...e.devices, ...e.place, ...e.grid].join(", ") || t("silence.everything");
  const [first] = e.spans.filter(([, end]) => end > now());
  return h("li", { key: e.id, class: page.open === e.id ? "part chosen" : "part" },
    h("div", { class: "part-head" }, h("strong", null, e.reason), first && first[0] <= now() && chip("taken", t("silence.holds")), e.recurring && chip("over", t("silence.again"))),
    h("p", { class: "detail" }, `${about} · ${t("silence.by", { who: e.owner })}`),
    first && h("p", { class: "detail" }, `${when(first[0])} – ${when(first[1])}`),
    may("operator") && h("div", { class: "deeds" }, action(`end-${e.id}`, t("silence.end"), "void", async () => {
      await ask("DELETE", `/api/v1/silences/${encodeURIComponent(e.id)}`);
      load(page);
    })));
}

const when = (at) => moment(at, { dateStyle: "medium", timeStyle: "short" });
