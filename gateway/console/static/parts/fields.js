// Fields of forms, each with its label.

import { h } from "../view.js";

/** A choice; `options` are `[value, text]`. */
export function choice(id, label, value, options, chosen) {
  return h("div", { key: id, class: "field" }, h("label", { for: id }, label),
    h("select", { id, onchange: (e) => chosen(e.target.value) },
      options.map(([name, text]) => h("option", { key: name, value: name, selected: name === value }, text))));
}

/** A line of text; `more` are further properties of the input. */
export function line(id, label, value, typed, more = {}) {
  return h("div", { key: id, class: "field" }, h("label", { for: id }, label),
    h("input", { id, type: "text", value, oninput: (e) => typed(e.target.value), ...more }));
}

/** Yes or no. */
export function tick(id, label, value, turned) {
  return h("label", { key: id, class: "tick", for: id },
    h("input", { id, type: "checkbox", checked: value, onchange: (e) => turned(e.target.checked) }), h("span", null, label));
}

/** One of a few, always in sight; `options` are `[value, text]`. */
export function tabs(label, value, options, chosen) {
  return h("div", { key: label, class: "tabs", role: "group", "aria-label": label }, options.map(([name, text]) =>
    h("button", { key: name, type: "button", "aria-pressed": name === value ? "true" : "false", onclick: () => chosen(name) }, text)));
}
