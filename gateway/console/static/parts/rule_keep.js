// Keeping a change of a rule: at once, or in shadow first; its versions, and the way back.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { h } from "../view.js";
import { clock, known, t } from "../words.js";
import { action, chip, empty, section } from "./bits.js";
import { because, difference } from "./difference.js";
import { editor, wordsOf } from "./editor.js";
import { line } from "./fields.js";
import { ruleForm } from "./rule_form.js";

const REST = 400; // after so long without a key the text is checked, ms

/** What there is to change, whether it can be saved here, and then what was saved before. */
export async function enter(page, path) {
  page.form = await ask("GET", `/api/v1/rule-forms/${encodeURIComponent(page.id)}`).catch(() => undefined);
  page.saves = page.form?.saves ?? false;
  if (page.saves) await fetchKept(page, path);
  redraw();
}

async function fetchKept(page, path) {
  const none = () => undefined;
  [page.versions, page.shadow, page.yaml] = await Promise.all([ask("GET", `${path}/versions`).catch(none), ask("GET", `${path}/shadow`).catch(none), ask("GET", `${path}/yaml`).catch(none)]);
  page.text = page.yaml?.yaml;
  page.problems = [];
}

/** The buttons that keep `body` (`{set}` or `{yaml}`). */
export function keeping(page, path, body, again) {
  const keep = async (shadow) => {
    await ask("PUT", path, { ...body, why: page.why ?? "", shadow });
    Object.assign(page, { why: "", wanted_fields: {}, values: {}, kept: shadow ? "shadow" : "live" });
    await fetchKept(page, path);
    await again();
  };
  return h("div", { key: "keeping", class: "note-form" },
    line("why", t("keep.why"), page.why ?? "", (why) => { page.why = why; }, { maxlength: 500 }),
    h("p", { class: "muted small" }, t("keep.about")),
    h("div", { class: "deeds" }, action("shadow", t("keep.shadow"), null, () => keep(true)), action("live", t("keep.live"), "check", () => keep(false), "primary")));
}

export function settings(page, path, unit, again) {
  if (!page.form) return empty(t("word.loading"));
  const wanted = page.wanted_fields ??= {};
  const set = (name, value) => { wanted[name] = value; redraw(); };
  return section(t("keep.form"), null, ruleForm(page.form, wanted, unit, set),
    Object.keys(wanted).length > 0 && (page.saves ? keeping(page, path, { set: wanted }, again) : h("p", { class: "muted small" }, t("keep.cannot"))));
}

let waiting;
export function text(page, path, again) {
  if (page.text === undefined) return empty(t(page.saves === false ? "keep.cannot" : "word.loading"));
  const more = { quantity: [...new Set([...state.devices.values()].flatMap((d) => d.values.map((v) => v.quantity)))].sort(), devices: [...state.devices.keys()], cameras: [...state.cameras.keys()], kind: [page.form?.kind ?? ""] };
  const typed = (value) => {
    page.text = value;
    clearTimeout(waiting);
    waiting = setTimeout(() => check(page), REST);
    redraw();
  };
  return section(t("keep.yaml"), null, h("p", { class: "muted small" }, t("editor.about")),
    editor(t("keep.yaml"), page.text, page.problems ?? [], wordsOf(page.form ?? { fields: [] }, more), typed),
    page.text !== page.yaml?.yaml && !page.problems?.length && keeping(page, path, { yaml: page.text }, again));
}

async function check(page) {
  const asked = page.text;
  const answer = await ask("POST", "/api/v1/rules/check", { yaml: asked }).catch((error) => ({ problems: [{ line: 1, text: error.message }] }));
  if (page.text === asked) page.problems = answer.problems ?? [];
  redraw();
}

/** What runs in shadow, beside what is live. */
export function shadow(page, path, again) {
  const { shadow: s } = page;
  if (!s?.since) return empty(t(page.saves === false ? "keep.cannot" : "shadow.none"));
  const decide = (name) => async () => {
    await ask("POST", `${path}/${name}`, { why: page.why ?? "" });
    Object.assign(page, { why: "", kept: name });
    await fetchKept(page, path);
    await again();
  };
  const column = (name) => h("div", { key: name }, h("h3", null, t(`shadow.${name}`, { n: s[name].length })),
    s[name].length ? h("ol", { class: "parts" }, s[name].map((one, n) => h("li", { key: n, class: "part" },
      h("div", { class: "part-head" }, h("strong", null, state.devices.get(one.key)?.name ?? one.key), h("span", { class: "muted" }, clock(one.opened, now()))),
      one.why && h("p", { class: "detail" }, one.why)))) : empty(t("shadow.silent")));
  return section(t("shadow.title"), null, h("p", { class: "muted" }, t("shadow.since", { when: clock(s.since, now()) })),
    h("div", { class: "columns even" }, column("live"), column("shadow")),
    h("div", { class: "note-form" }, line("why", t("keep.why"), page.why ?? "", (why) => { page.why = why; }, { maxlength: 500 }),
      h("div", { class: "deeds" }, action("promote", t("shadow.promote"), "check", decide("promote"), "primary"), action("discard", t("shadow.discard"), "void", decide("discard")))));
}

export function versions(page, path, again) {
  const found = page.versions;
  if (found === undefined) return empty(t(page.saves === false ? "keep.cannot" : "word.loading"));
  const back = async () => {
    await ask("POST", `${path}/rollback`, { why: page.why ?? "" });
    Object.assign(page, { why: "", kept: "rollback" });
    await fetchKept(page, path);
    await again();
  };
  return section(t("versions.title"), null, found.length > 1 && h("div", { class: "note-form" },
    line("why", t("keep.why"), page.why ?? "", (why) => { page.why = why; }, { maxlength: 500 }), h("div", { class: "deeds" }, action("rollback", t("versions.back"), "reopen", back))),
  !found.length ? empty(t("versions.none")) : h("ol", { class: "parts" }, found.map((v, n) => h("li", { key: v.id ?? n, class: "part" },
    h("div", { class: "part-head" }, h("strong", null, because(v.why)), n === 0 && chip("good", t("changes.newest")),
      h("span", { class: "muted" }, [known(`who.${v.who}`, v.who), v.at !== null && clock(v.at, now())].filter(Boolean).join(" · "))),
    v.yaml !== undefined && difference(found[n + 1]?.yaml ?? "", v.yaml)))));
}
