// One camera: what it sees and how well, what is drawn on its picture, and what other settings
// would find, shown before they are saved.

import { ask } from "../api.js";
import { onChange, redraw, state } from "../live.js";
import { action, chip, empty, link, may, run, section, trouble } from "../parts/bits.js";
import { detectors, fileForm } from "../parts/detectors.js";
import { drawing, MIDDLE } from "../parts/drawing.js";
import { eyesight } from "../parts/eyesight.js";
import { icon } from "../parts/icons.js";
import { overlays, TONE } from "../parts/picture.js";
import { frames, momentAt, reports, strip, summary } from "../parts/rehearsed.js";
import { h } from "../view.js";
import { known, t } from "../words.js";

const KINDS = ["zone", "mask", "privacy"];
const AGAIN = 3000; // a live picture is judged again so often, ms
const BUSY = 700; // after so long a refused trial is asked for once more, ms

export const title = () => state.cameras.get(state.page.id)?.name ?? t("nav.cameras");

export function enter(id) {
  const page = state.page;
  Object.assign(page, { id, source: "live", chosen: -1, why: "" });
  run("load", async () => take(page, await ask("GET", path(page))));
  const off = onChange((topic, ids) => topic === "cameras" && ids.has(id) && follow(page));
  return off;
}

const path = (page) => `/api/v1/cameras/${encodeURIComponent(page.id)}`;

/** What the gateway has is what is shown; nothing is changed yet. */
function take(page, about) {
  const s = about.settings;
  page.about = about;
  page.areas = [...s.zones.map((z) => ({ ...z, kind: "zone" })), ...s.masks.map((area) => ({ kind: "mask", area })), ...s.privacy.map((area) => ({ kind: "privacy", area }))];
  page.detectors = structuredClone(s.detectors);
  page.saved = JSON.stringify(settings(page));
  page.chosen = -1;
  page.draft = undefined;
  if (may("operator")) attempt(page, true);
}

/** As `POST /try` and `PUT` take them. */
function settings(page) {
  const zone = ({ id, name, area, dwell }) => ({ id, name: name ?? "", area, ...(dwell === null || dwell === undefined ? {} : { dwell: `${dwell}ms` }) });
  const of = (kind) => page.areas.filter((a) => a.kind === kind);
  return { zones: of("zone").map(zone), masks: of("mask").map((a) => a.area), privacy: of("privacy").map((a) => a.area),
    detectors: page.detectors.map((d) => fileForm(d, page.about.kinds[d.kind])) };
}

const dirty = (page) => JSON.stringify(settings(page)) !== page.saved;

/** While the live picture is looked at, it is judged again now and then. */
function follow(page) {
  if (page === state.page && may("operator") && page.about && page.source === "live" && Date.now() - (page.tried ?? 0) > AGAIN) attempt(page);
}

/** One trial after the other; while one runs, only the last wish is remembered. */
async function attempt(page, pictures = false) {
  page.wanted = true;
  page.fetch ||= pictures;
  if (page.trying) return;
  page.trying = true;
  while (page.wanted && state.page === page) {
    page.wanted = false;
    const source = page.source, fetched = page.fetch;
    try {
      const body = { settings: settings(page), clip: ["live", "past"].includes(source) ? "" : source, pictures: page.fetch, seconds: source === "live" ? enough(page) : 0 };
      page.fetch = false;
      const told = await ask("POST", `${path(page)}/try`, body);
      if (source === page.source) show(page, told, fetched);
      page.refusal = "";
    } catch (error) {
      page.refusal = error.message;
      if (error.status === 429) {
        await new Promise((done) => setTimeout(done, BUSY));
        page.wanted = true;
        page.fetch = fetched;
      }
    }
    page.tried = Date.now();
    redraw();
  }
  page.trying = false;
  redraw();
}

/** For the live picture only as much of the past as the longest dwell needs: that is quicker. */
function enough(page) {
  const dwells = [...page.detectors, ...page.about.settings.detectors, ...page.areas].map((d) => d.dwell ?? 0);
  return Math.min(3600, (2.2 * Math.max(0, ...dwells)) / 1000 + 20);
}

function show(page, told, fetched) {
  page.told = told;
  if (fetched) page.pictures = told.pictures;
  if (!dirty(page)) page.before = told.reports.length;
  if (page.at === undefined || page.at < told.start || page.at > told.end) page.at = told.reports[0]?.at ?? told.end;
}

function choose(page, source) {
  Object.assign(page, { source, told: undefined, at: undefined, before: undefined, pictures: [] });
  attempt(page, true);
  redraw();
}

function changed(page) {
  attempt(page);
  redraw();
}

export function view() {
  const { page } = state;
  const camera = state.cameras.get(page.id);
  const back = link("/cameras", { class: "back" }, icon("back"), t("nav.cameras"));
  if (!camera) return [back, h("div", { class: "headline" }, h("h1", null, page.id)), empty(t("camera.unknown"))];
  const head = h("div", { class: "headline" },
    h("div", { class: "incident-line" }, chip(TONE[camera.state] ?? "loud", known(`camera.state.${camera.state}`, camera.state)),
      camera.state !== "ok" && h("span", null, known(`camera.advice.${camera.state}`, ""))),
    h("h1", null, camera.name));
  if (!page.about) return [back, head, trouble() ?? empty(t("word.loading"))];
  const editor = may("operator");
  return [back, head, trouble(),
    h("div", { class: "columns" },
      h("div", { class: "main-column" }, editor && sources(page), canvas(page, camera, editor), editor ? tried(page) : h("p", { class: "muted small" }, t("tune.operators"))),
      h("div", { class: "side-column" }, areas(page, editor), detectors(page, editor, () => changed(page)), editor && saving(page), eyesight(camera.measures, page.about.limits)))];
}

function sources(page) {
  const tab = (name, text) => h("button", { key: name, type: "button", "aria-pressed": page.source === name ? "true" : "false", onclick: () => choose(page, name) }, text);
  const clip = !["live", "past"].includes(page.source);
  return h("div", { key: "sources", class: "tools" },
    h("div", { class: "tabs", role: "group", "aria-label": t("tune.sources") }, tab("live", t("tune.live")), tab("past", t("tune.past"))),
    page.about.clips.length > 0 && h("div", { class: "chosen" }, h("select", { "aria-label": t("tune.clip"), onchange: (e) => choose(page, e.target.value || "live") },
      h("option", { key: "", value: "", selected: !clip }, t("tune.clip")),
      page.about.clips.map((name) => h("option", { key: name, value: name, selected: name === page.source }, name)))));
}

function canvas(page, camera, editor) {
  const live = page.source === "live";
  const moment = page.told && (live ? page.told.moments.at(-1) : momentAt(page.told, page.at));
  const dwell = Math.max(0, ...page.detectors.map((d) => d.dwell ?? 0));
  const found = !editor || (live && !page.told) ? overlays(camera.detections) : frames(moment, dwell);
  const pen = { areas: page.areas, chosen: page.chosen, draft: page.draft, finish: () => finish(page),
    choose: (n) => { page.chosen = n; redraw(); }, change: editor ? () => changed(page) : null };
  return h("div", { key: "canvas", class: `picture canvas${page.draft ? " busy" : ""}` },
    source(page, camera, live), !page.draft && found, sizes(page), drawing(pen));
}

function source(page, camera, live) {
  const alt = t("camera.alt", { name: camera.name, n: camera.detections.length });
  if (live && camera.at === null) return h("p", { class: "none" }, t("camera.none"));
  const at = live ? null : [...(page.pictures ?? [])].reverse().find((p) => p <= page.at) ?? page.pictures?.[0];
  if (!live && at === undefined) return h("p", { class: "none" }, page.trying ? t("word.loading") : t("tune.no_pictures"));
  return h("img", { key: "img", alt, decoding: "async", width: 640, height: 360, draggable: "false",
    src: live ? `${path(page)}/picture.jpg?at=${camera.at}` : `${path(page)}/tried/${at}.jpg` });
}

/** Example boxes: as small, and as large, as what is just reported. */
function sizes(page) {
  if (!page.sized) return null;
  return ["smallest", "largest"].map((name) => {
    const side = Math.sqrt(page.detectors[page.sized.n]?.[name] ?? 0) * 100;
    return side > 0 && h("div", { key: name, class: `example ${name}`, style: { left: `${50 - side / 2}%`, top: `${50 - side / 2}%`, width: `${side}%`, height: `${side}%` } },
      h("span", { class: "tag" }, t(`tune.${name}`)));
  });
}

function tried(page) {
  const { told } = page;
  const film = !["live", "past"].includes(page.source);
  return section(t("tune.would"), page.trying && h("span", { class: "muted small" }, t("tune.trying")),
    page.refusal && h("p", { class: "trouble", role: "status" }, page.refusal),
    told && told.end === 0 && empty(t("tune.no_pictures")),
    told && told.end > 0 && [
      h("p", { key: "sum", role: "status" }, h("strong", null, summary(told)), page.before !== undefined && dirty(page) && ` ${t("tune.before", { n: page.before })}`),
      page.source !== "live" && strip(told, page.at, (at) => { page.at = at; }, film),
      told.reports.length > 0 && reports(told, page.areas.filter((a) => a.kind === "zone"), (at) => { page.at = at; if (page.source === "live") choose(page, "past"); }, film)]);
}

function areas(page, editor) {
  const add = (kind) => h("button", { key: kind, type: "button", class: "button", onclick: () => { Object.assign(page, { draft: { kind, area: [] }, chosen: -1 }); redraw(); } }, t(`draw.add.${kind}`));
  return section(t("draw.title"), null,
    page.draft ? drafting(page) : editor && h("div", { key: "add", class: "deeds" }, KINDS.map(add)),
    !page.areas.length && !page.draft && h("p", { class: "muted small" }, t("draw.none")),
    page.areas.length > 0 && h("ul", { class: "parts" }, page.areas.map((one, n) => row(page, one, n, editor))));
}

function drafting(page) {
  const cancel = () => { page.draft = undefined; redraw(); };
  return h("div", { key: "draft", class: "note-form" }, h("p", { role: "status" }, t(`draw.how.${page.draft.kind}`)),
    h("div", { class: "deeds" },
      h("button", { type: "button", class: "button primary", disabled: page.draft.area.length < 3, onclick: () => finish(page) }, t("draw.done")),
      page.draft.area.length === 0 && h("button", { type: "button", class: "button", onclick: () => { page.draft.area = MIDDLE(); finish(page); } }, t("draw.middle")),
      h("button", { type: "button", class: "button quiet", onclick: cancel }, t("word.cancel"))));
}

function finish(page) {
  const { kind, area } = page.draft;
  const taken = new Set(page.areas.map((a) => a.id));
  let n = 1;
  while (taken.has(`zone-${n}`)) n += 1;
  page.areas.push(kind === "zone" ? { kind, area, id: `zone-${n}`, name: "" } : { kind, area });
  Object.assign(page, { draft: undefined, chosen: page.areas.length - 1 });
  changed(page);
}

function row(page, one, n, editor) {
  const chosen = n === page.chosen;
  const name = one.kind === "zone" ? one.name || one.id : t(`draw.${one.kind}`);
  return h("li", { key: `${one.kind}${n}`, class: chosen ? "part chosen" : "part" },
    h("div", { class: "part-head" }, h("span", { class: `area-swatch ${one.kind}`, "aria-hidden": "true" }), h("strong", null, name), one.kind === "zone" && chip("over", t("draw.zone")),
      editor && h("button", { type: "button", class: "button quiet", "aria-pressed": chosen ? "true" : "false", onclick: () => { page.chosen = chosen ? -1 : n; redraw(); } }, t(chosen ? "draw.leave" : "draw.change"))),
    chosen && editor && h("div", { class: "area-form" },
      one.kind === "zone" && [
        h("label", { for: "area-name" }, t("draw.name")),
        h("input", { id: "area-name", type: "text", value: one.name ?? "", maxlength: "80", oninput: (e) => { one.name = e.target.value; redraw(); } })],
      h("p", { class: "muted small" }, t("draw.keys")),
      h("button", { type: "button", class: "button", onclick: () => drop(page, n) }, t("draw.remove"))));
}

/** Without an area, and without it in the detectors that looked there. */
function drop(page, n) {
  const [gone] = page.areas.splice(n, 1);
  for (const d of page.detectors) if (d.zones) d.zones = d.zones.filter((id) => id !== gone.id);
  page.chosen = -1;
  changed(page);
}

function saving(page) {
  if (!dirty(page)) return page.done && h("p", { key: "saved", class: "all-good", role: "status" }, icon("check"), t("tune.saved"));
  const save = async () => {
    await ask("PUT", path(page), { settings: settings(page), why: page.why });
    page.done = true;
    page.why = "";
    take(page, await ask("GET", path(page)));
  };
  if (!page.about.saves) return section(t("tune.save"), null, h("p", { class: "muted small" }, t("tune.cannot")), undo(page));
  return section(t("tune.save"), null, h("div", { class: "note-form" },
    h("label", { for: "why" }, t("tune.why")), h("input", { id: "why", type: "text", maxlength: "200", value: page.why, oninput: (e) => { page.why = e.target.value; } }),
    h("p", { class: "muted small" }, t("tune.save_about")),
    h("div", { class: "deeds" }, action("save", t("word.save"), "check", save, "primary"), undo(page))));
}

const undo = (page) => h("button", { key: "undo", type: "button", class: "button quiet", onclick: () => { take(page, page.about); redraw(); } }, t("tune.undo"));
