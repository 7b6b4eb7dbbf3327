// The pictures of an incident: what was there before and what is there now, one laid over the
// other with a slider, and all of them to be opened.

import { now, redraw, state } from "../live.js";
import { h } from "../view.js";
import { clock, moment, t } from "../words.js";
import { empty } from "./bits.js";
import { evidenceUrl } from "./incident_card.js";

export function proof(incident) {
  const { evidence } = incident;
  if (!evidence.length) return empty(t("incident.no_evidence"));
  const before = evidence.find((e) => e.role === "before");
  const after = evidence.findLast((e) => e.role === "now");
  const pair = before && after;
  const rest = pair ? evidence.filter((e) => e !== before && e !== after) : evidence;
  return [pair && compared(before, after),
    rest.length > 0 && h("div", { key: "rest", class: pair ? "evidence few" : "evidence" }, rest.map(figure))];
}

function figure(e) {
  return h("figure", { key: e.sha256 },
    h("a", { href: evidenceUrl(e), target: "_blank", rel: "noopener" }, picture(e)),
    h("figcaption", null, h("strong", null, t(`role.${e.role}`)), ` ${clock(e.taken_at, now())}`));
}

const picture = (e, more = {}) => h("img", { src: evidenceUrl(e), alt: t("incident.picture", { role: t(`role.${e.role}`), at: moment(e.taken_at) }),
  loading: "lazy", width: 640, height: 360, ...more });

/** Two pictures of the same place; the slider says how much of the later one is seen. */
function compared(before, after) {
  const cut = state.page.cut ?? 30;
  const turn = (e) => { state.page.cut = e.target.valueAsNumber; redraw(); };
  return h("figure", { key: "compared", class: "compared", style: { "--cut": `${cut}%` } },
    h("div", { class: "layers" }, picture(before, { class: "layer" }), picture(after, { class: "layer over" }),
      h("span", { class: "seam", "aria-hidden": "true" }),
      h("span", { class: "layer-name left", "aria-hidden": "true" }, `${t("role.before")} ${clock(before.taken_at, now())}`),
      h("span", { class: "layer-name right", "aria-hidden": "true" }, `${t("role.now")} ${clock(after.taken_at, now())}`),
      h("input", { type: "range", min: 0, max: 100, step: 1, value: cut, "aria-label": t("incident.compare"), oninput: turn })),
    h("figcaption", null,
      h("a", { href: evidenceUrl(before), target: "_blank", rel: "noopener" }, t("role.before")),
      h("a", { href: evidenceUrl(after), target: "_blank", rel: "noopener" }, t("role.now")),
      h("span", { class: "muted" }, t("incident.slide"))));
}
