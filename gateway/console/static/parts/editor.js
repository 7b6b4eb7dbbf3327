// A small editor for YAML: colours behind a text field, completion, and errors at their lines.

import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";

const PIECES = /(#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|^(\s*(?:- )?)([\w-]+)(?=:)|(\b\d+(?:\.\d+)?(?:ms|s|m|h|d)?\b|\btrue\b|\bfalse\b)/gm;
const KINDS = ["comment", "string", null, "name", "value"];
const MOST = 8; // proposals

/** `words(before)` gives `{start, options}` for what stands before the caret; `problems` are
 * `{line, text}`; `typed(text)` is called for each change. */
export function editor(label, text, problems, words, typed) {
  const wrong = new Map(problems.map((p) => [p.line, p.text]));
  const lines = text.split("\n");
  return h("div", { key: "editor", class: "editor" },
    h("div", { class: "gutter", "aria-hidden": "true" }, lines.map((_, n) => h("span", { key: n, class: wrong.has(n + 1) ? "wrong" : null }, n + 1))),
    h("div", { class: "sheet" },
      h("pre", { class: "colours", "aria-hidden": "true" }, lines.map((line, n) => h("span", { key: n, class: wrong.has(n + 1) ? "line wrong" : "line" }, coloured(line), "\n"))),
      h("textarea", { "aria-label": label, spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off", value: text, rows: Math.max(8, lines.length),
        "aria-describedby": problems.length ? "editor-problems" : null, "aria-invalid": problems.length ? "true" : null,
        oninput: (e) => { typed(e.target.value); propose(e.target, words); }, onkeydown: (e) => keys(e, typed), onblur: () => { state.page.proposals = null; redraw(); } }),
      proposals(typed)),
    problems.length > 0 && h("ul", { id: "editor-problems", class: "problems", role: "status" }, problems.map((p, n) => h("li", { key: n }, h("strong", null, t("editor.line", { n: p.line })), " ", p.text))));
}

function coloured(line) {
  const found = [];
  let at = 0;
  for (const match of line.matchAll(PIECES)) {
    const kind = match.slice(1).findIndex((part, n) => part !== undefined && KINDS[n]);
    const piece = match[kind + 1], start = match.index + match[0].indexOf(piece);
    if (start > at) found.push(line.slice(at, start));
    found.push(h("span", { key: start, class: `y-${KINDS[kind]}` }, piece));
    at = start + piece.length;
  }
  return [...found, line.slice(at)];
}

function propose(field, words) {
  const before = field.value.slice(0, field.selectionStart);
  const { start, options } = words(before);
  const begun = before.slice(start).toLowerCase();
  const fits = options.filter((o) => o.toLowerCase().startsWith(begun) && o.toLowerCase() !== begun).slice(0, MOST);
  const line = before.split("\n").length;
  state.page.proposals = fits.length && begun ? { field, start, fits, at: 0, line } : null;
  redraw();
}

function keys(event, typed) {
  const p = state.page.proposals;
  if (p && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    p.at = (p.at + (event.key === "ArrowDown" ? 1 : p.fits.length - 1)) % p.fits.length;
    event.preventDefault();
    redraw();
  } else if (p && ["Enter", "Tab"].includes(event.key)) {
    event.preventDefault();
    accept(p.fits[p.at], typed);
  } else if (event.key === "Escape" && p) {
    event.preventDefault();
    state.page.proposals = null;
    redraw();
  }
}

function accept(word, typed) {
  const { field, start } = state.page.proposals;
  const end = field.selectionStart;
  const text = field.value.slice(0, start) + word + field.value.slice(end);
  state.page.proposals = null;
  field.value = text;
  field.setSelectionRange(start + word.length, start + word.length);
  typed(text);
}

function proposals(typed) {
  const p = state.page.proposals;
  return p && h("ul", { key: "proposals", class: "proposals", role: "listbox", "aria-label": t("editor.proposals"), style: { top: `${p.line * 1.45 + 0.6}em` } },
    p.fits.map((word, n) => h("li", { key: word, role: "option", "aria-selected": n === p.at ? "true" : "false", onpointerdown: (e) => { e.preventDefault(); accept(word, typed); } }, word)));
}

/** Completion from a rule's form: names of fields at the start of a line, choices after them. */
export function wordsOf(form, more) {
  return (before) => {
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const value = /^\s*(?:- )?([\w-]+):\s+(\S*)$/.exec(line);
    if (value) {
      const field = form.fields.find((f) => f.name === value[1]);
      return { start: before.length - value[2].length, options: field?.choices.length ? field.choices : more[value[1]] ?? [] };
    }
    const word = /[\w-]*$/.exec(line)[0];
    return { start: before.length - word.length, options: form.fields.map((f) => `${f.name}: `).concat(Object.keys(more).map((name) => `${name}: `)) };
  };
}
