// A rule as a form: every field of its kind, checked as it is typed.

import { h } from "../view.js";
import { known, t } from "../words.js";
import { choice, line, tick } from "./fields.js";

const DURATION = "\\s*([0-9]+(\\.[0-9]+)?(ms|s|m|h|d)\\s*)+";
const HOURS = "[a-z,\\-]* ?([0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2})?";
const SENSORS = ["quantity", "devices", "tags", "grid"];
const CAMERAS = ["label", "zone", "cameras", "tags", "grid"];
const SEEING = ["object", "camera"]; // kinds that judge what cameras see

const name = (field) => known(`field.${field.name}`, known(`parameter.${field.name}`, field.name));
const list = (text) => text.split(/[,，\n]/).map((x) => x.trim()).filter(Boolean);
const join = (values) => (values ?? []).join(", ");

/** `set(name, value)` is called for each change; undefined takes a field back to its default. */
export function ruleForm(form, wanted, unit, set) {
  const group = (own) => form.fields.filter((f) => f.own === own && f.sort !== "yaml").map((f) => one(f, f.name in wanted ? wanted[f.name] : f.value, unit, (v) => set(f.name, v), SEEING.includes(form.kind)));
  const rest = form.fields.filter((f) => f.sort === "yaml").map(name).join(", ");
  return [h("div", { key: "own", class: "form" }, group(true)), h("div", { key: "rest", class: "form" }, group(false)),
    rest && h("p", { key: "yaml", class: "muted small" }, t("rule.form_rest", { fields: rest }))];
}

function one(f, value, unit, set, sees) {
  const id = `field-${f.name}`, label = name(f) + (unit && ["above", "below", "clear_below", "clear_above", "min", "max", "rise", "fall"].includes(f.name) ? ` (${unit})` : "");
  const help = known(`field.${f.name}.help`, "");
  return h("div", { key: f.name, class: `form-line ${f.sort}` }, input(f, id, label, value, set, sees), help && h("p", { class: "muted small" }, help));
}

function input(f, id, label, value, set, sees) {
  switch (f.sort) {
    case "flag": return tick(id, label, value, set);
    case "choice": return choice(id, label, value, f.choices.map((c) => [c, known(`choice.${c}`, known(`severity.${c}`, c))]), set);
    case "number": case "integer":
      return line(id, label, value ?? "", (text) => set(text === "" ? null : Number(text)), { type: "number", step: f.sort === "integer" ? 1 : "any", min: f.least, max: f.most, required: f.required });
    case "duration": return line(id, label, value ?? "", (text) => set(text.trim() || null), { pattern: DURATION, placeholder: "10m", required: f.required });
    case "hours": return line(id, label, join(value), (text) => set(text.trim() ? list(text) : null), { placeholder: "mon-fri 08:00-18:00", "data-hours": HOURS });
    case "list": return line(id, label, join(value), (text) => set(list(text)));
    case "select": return selector(id, label, value, set, sees);
    default: return line(id, label, value ?? "", set, { required: f.required });
  }
}

/** Which devices: by quantity, id, tag, grid; for cameras by what they see. */
function selector(id, label, value, set, sees) {
  const parts = sees ? CAMERAS : SENSORS;
  const others = Object.keys(value ?? {}).filter((part) => value[part].length && !parts.includes(part));
  return h("fieldset", { key: id, class: "selector" }, h("legend", null, label), [...parts, ...others].map((part) =>
    line(`${id}-${part}`, t(`select.${part}`), join(value?.[part]), (text) => set({ ...value, [part]: list(text) }))));
}
