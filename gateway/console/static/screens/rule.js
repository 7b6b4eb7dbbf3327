// One rule: what it waits for, and what other values would have told of the stored past.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { chip, empty, link, may, run, section, severity, trouble } from "../parts/bits.js";
import { icon } from "../parts/icons.js";
import { tabs } from "../parts/fields.js";
import { inFile, parameter } from "../parts/parameter.js";
import * as keep from "../parts/rule_keep.js";
import { ruleTests } from "../parts/rule_tests.js";
import { sweep } from "../parts/sweep.js";
import { trial } from "../parts/trial.js";
import { h } from "../view.js";
import { t, words } from "../words.js";

const SPANS = { "1h": 3600000, "1d": 86400000, "7d": 604800000, "30d": 2592000000 };
const ORDER = [["clear_below", "above"], ["below", "clear_above"], ["min", "max"]]; // the first never above the second
const TABS = ["try", "sweep", "form", "yaml", "tests", "shadow", "versions"];
const AGAIN = 1000; // after so long a refused trial is asked for once more, ms

export const title = () => state.page.id ?? t("nav.rules");

export function enter(id) {
  const page = state.page;
  Object.assign(page, { id, tab: "try", span: "1d", device: undefined, values: {}, about: undefined });
  page.use = (name, value) => { page.tab = "try"; move(page, name, value); attempt(page); redraw(); };
  load();
  if (may("operator")) keep.enter(page, path(page));
}

function load() {
  const { page } = state;
  page.language = words.language;
  run("load", async () => {
    page.about = await ask("GET", `${path(page)}?language=${words.language}`);
    page.device ??= page.about.devices[0] ?? "";
  });
}

const path = (page) => `/api/v1/rules/${encodeURIComponent(page.id)}`;
const unitOf = ({ quantities, units }) => units[quantities[0]] ?? "";

/** Another span or device: the readings of that, and a trial. */
function look(page) {
  page.series = undefined;
  page.end = Math.round(now());
  attempt(page);
  fetchSeries(page);
}

async function fetchSeries(page) {
  const quantity = page.about.quantities[0] ?? state.devices.get(page.device)?.values.find((v) => typeof v.value === "number")?.quantity;
  if (!page.device || !quantity) return;
  const query = new URLSearchParams({ quantity, start: page.end - SPANS[page.span], end: page.end, points: 480 });
  const found = await ask("GET", `/api/v1/devices/${encodeURIComponent(page.device)}/series?${query}`).catch(() => undefined);
  if (found?.start === page.end - SPANS[page.span] && found.device === page.device) page.series = found;
  redraw();
}

/** One trial after the other; while one runs, only the last wish is remembered. */
async function attempt(page) {
  page.wanted = true;
  if (page.trying) return;
  page.trying = true;
  while (page.wanted && state.page === page) {
    page.wanted = false;
    redraw();
    try {
      const body = { set: settings(page), from: page.end - SPANS[page.span], to: page.end, device: page.device };
      page.outcome = await ask("POST", `${path(page)}/try`, body);
      page.trouble = "";
    } catch (error) {
      page.trouble = error.message;
      if (error.status === 429) {
        await new Promise((done) => setTimeout(done, AGAIN));
        page.wanted = true;
      }
    }
  }
  page.trying = false;
  redraw();
}

/** After something was kept: the rule as it is now. */
async function again() {
  const { page } = state;
  page.about = await ask("GET", `${path(page)}?language=${words.language}`);
  page.form = await ask("GET", `/api/v1/rule-forms/${encodeURIComponent(page.id)}`);
  attempt(page);
}

const moved = (page) => page.about.parameters.filter((p) => page.values[p.name] !== undefined && page.values[p.name] !== p.value);
const written = (p, value) => (p.kind === "duration" ? `${value}ms` : value);

/** One other value, with the limits that it takes along. */
function withLimits(page, name, value) {
  const alone = { about: page.about, values: {} };
  move(alone, name, value);
  return settings(alone);
}

const settings = (page) => Object.fromEntries(moved(page).map((p) => [p.name, written(p, page.values[p.name])]));

export function view() {
  const { page } = state;
  const back = link("/rules", { class: "back" }, icon("back"), t("nav.rules"));
  if (page.id && page.language !== words.language) load();
  const { about } = page;
  if (!about) return [back, h("div", { class: "headline" }, h("h1", null, page.id)), page.trouble ? empty(t("rule.unknown")) : empty(t("word.loading"))];
  if (may("operator") && page.end === undefined) look(page); // not before the gateway's time is known
  return [back,
    h("div", { class: "headline" },
      h("div", { class: "incident-line" }, severity(about.rule), h("span", { class: "muted" }, t("rules.week", { n: about.rule.week.incidents })),
        about.rule.week.false_alarms > 0 && chip("warn", t("rules.false", { n: about.rule.week.false_alarms })),
        !about.rule.enabled && chip("over", t("rules.off"))),
      h("h1", null, page.id), h("p", null, about.rule.sentence)),
    trouble(),
    may("operator") && h("div", { key: "views", class: "views" }, tabs(t("rule.views"), page.tab, TABS.map((name) => [name, t(`rule.view.${name}`)]), (name) => { page.tab = name; redraw(); })),
    page.kept && h("p", { key: "kept", class: "all-good", role: "status" }, icon("check"), t(`keep.done.${page.kept}`)),
    h("div", { key: page.tab, class: "columns" },
      h("div", { class: "main-column" }, may("operator") ? panel(page) : empty(t("rule.operators"))),
      h("div", { class: "side-column" }, page.tab === "try" && may("operator") && [form(page), moved(page).length > 0 && (page.saves ? keep.keeping(page, path(page), { set: settings(page) }, again) : lines(page))], facts(about)))];
}

/** What stands in the wide column. */
function panel(page) {
  switch (page.tab) {
    case "sweep": return sweep(page, path(page), unitOf(page.about), (name, value) => ({ set: withLimits(page, name, value), from: page.end - SPANS[page.span], to: page.end, device: page.device }));
    case "form": return keep.settings(page, path(page), unitOf(page.about), again);
    case "yaml": return keep.text(page, path(page), again);
    case "tests": return ruleTests(page, path(page));
    case "shadow": return keep.shadow(page, path(page), again);
    case "versions": return keep.versions(page, path(page), again);
    default: return past(page);
  }
}

function past(page) {
  const { about } = page;
  const spans = h("div", { class: "tabs", role: "group", "aria-label": t("device.span") }, Object.keys(SPANS).map((name) =>
    h("button", { key: name, type: "button", "aria-pressed": page.span === name ? "true" : "false",
      onclick: () => { page.span = name; look(page); } }, t(`span.${name}`))));
  return section(t("rule.past"), spans,
    about.devices.length > 0 && h("div", { class: "chosen" },
      h("select", { "aria-label": t("rule.of"), onchange: (e) => { page.device = e.target.value; look(page); } },
        [...about.devices, ""].map((id) => h("option", { key: id, value: id, selected: id === page.device },
          id ? state.devices.get(id)?.name ?? id : t("rule.all"))))),
    page.outcome ? h("div", { class: "trial", "aria-busy": page.trying ? "true" : null }, trial(page, unitOf(about))) : !page.trouble && empty(t("word.loading")));
}

function form(page) {
  const turn = (name) => (value) => { move(page, name, value); attempt(page); redraw(); };
  return section(t("rule.try"), null, h("p", { class: "muted small" }, t("rule.try_about")),
    h("div", { class: "parameters" },
      page.about.parameters.map((p) => parameter(p, page.values[p.name] ?? p.value, unitOf(page.about), turn(p.name))),
      moved(page).length > 0 && h("button", { type: "button", class: "button", onclick: () => { page.values = {}; attempt(page); redraw(); } }, t("rule.reset"))));
}

/** A limit takes the one along that belongs to it, where they would pass each other. */
function move(page, name, value) {
  page.values[name] = value;
  for (const [low, high] of ORDER) {
    const [other, push] = name === high ? [low, Math.min] : name === low ? [high, Math.max] : [];
    const there = page.about.parameters.find((p) => p.name === other);
    if (there) page.values[other] = push(page.values[other] ?? there.value, value);
  }
}

/** What is to be written into the rule's file. */
function lines(page) {
  const changed = moved(page).map((p) => `  ${p.name}: ${inFile(p, page.values[p.name])}  # ${inFile(p, p.value)}`);
  return section(t("rule.keep"), null, h("p", { class: "muted small" }, t("rule.keep_about")),
    h("pre", { tabindex: "0", role: "group", "aria-label": t("rule.lines") }, [`- id: ${page.id}`, ...changed].join("\n")));
}

function facts({ rule, note }) {
  const rows = [["rule.id", rule.id], ["rule.incident", rule.incident], ["rule.severity", t(`severity.${rule.severity}`)], ["rule.note", note]];
  return section(t("rule.about"), null, h("dl", { class: "facts" },
    rows.filter(([, value]) => value).map(([name, value]) => [h("dt", null, t(name)), h("dd", null, value)])));
}
