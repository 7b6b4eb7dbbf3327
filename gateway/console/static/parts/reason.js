// Why something was reported, as a sentence in the reader's language.

import { h } from "../view.js";
import { known, measured, moment, quantityName, span, t, words } from "../words.js";

const LASTING = new Set(["removed_object", "blocked"]);
const BARE = new Set(["above", "below", "is", "said", "sees"]);
/** Codes whose value is an instant; their limit, where it is a number, is a span in seconds. */
const TIMED = new Set([
  "is_open", "outside_hours", "cooldown", "silenced_until", "last_heard", "opens_at", "closes_at", "stands_still",
]);

/** `PM2.5 190 µg/m³, above 150 µg/m³`; the rule's own words where it gave no more than those. */
export function sentence(reason) {
  const form = formOf(reason);
  return form ? t(`reason.${form}`, holes(reason)) : named(reason) ?? reason.text;
}

/** The rule's own words with all its figures, for whoever wants them. */
export function figures(reason) {
  const form = formOf(reason);
  const shown = BARE.has(form) || sentence(reason) === reason.text;
  return !shown && h("details", null, h("summary", null, t("reason.details")), h("p", { class: "muted", lang: "en" }, reason.text));
}

function formOf({ code, quantity, value, limit }) {
  if (code === "object" && LASTING.has(value)) return "lasting";
  if (code) return known(`reason.${code}`) && code;
  if (!quantity || value === null || value === undefined) return "";
  if (words.flags[quantity.split("#")[0]]) return "is";
  if (typeof value !== "number" || typeof limit !== "number" || value === limit) return "is";
  return value > limit ? "above" : "below";
}

function holes(reason) {
  const { quantity, value, limit, unit, lasted, code, device } = reason;
  const when = TIMED.has(code) && typeof value === "number";
  const what = quantity ? quantityName(quantity) : named(reason) ?? String(value ?? "");
  const shown = (x) => (x === null || x === undefined ? "" : measured(quantity, x, unit));
  return {
    what, device,
    value: shown(value),
    limit: shown(limit),
    span: span((lasted ?? 0) * 1000),
    wanted: typeof limit === "number" ? span(limit * 1000) : "",
    time: when ? moment(value) : "",
  };
}

/** What a camera's rule names: labels, or how the camera is. */
function named({ quantity, value }) {
  if (quantity || typeof value !== "string") return undefined;
  const shown = value.split(", ").map((one) => known(`label.${one}`) ?? known(`camera.state.${one}`));
  return shown.every(Boolean) ? shown.join(", ") : undefined;
}
