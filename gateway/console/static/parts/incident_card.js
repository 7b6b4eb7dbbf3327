// An incident as it stands in a list.

import { ask } from "../api.js";
import { now } from "../live.js";
import { h } from "../view.js";
import { ago, t } from "../words.js";
import { action, link, may, placeOf, severity, statusChip } from "./bits.js";
import { icon } from "./icons.js";
import { sentence } from "./reason.js";

export const evidenceUrl = (evidence) => `/evidence/${evidence.sha256}.jpg`;

/** The picture that says most: the last one. */
export const telling = (incident) => incident.evidence.at(-1);

/** `heading`: the level that fits where it stands. */
export function incidentCard(incident, heading = "h3") {
  const proof = telling(incident);
  const fresh = incident.status === "open" || incident.status === "reopened";
  return link(`/incidents/${incident.id}`, { key: incident.id, class: `incident ${incident.severity}`, "data-incident": incident.id },
    proof && h("img", { class: "thumb", src: evidenceUrl(proof), alt: "", loading: "lazy", width: 160, height: 90 }),
    h("div", { class: "incident-text" },
      h("div", { class: "incident-line" }, severity(incident), statusChip(incident),
        incident.handled_by && h("span", { class: "muted" }, incident.handled_by)),
      h(heading, null, incident.title),
      h("p", { class: "reason" }, incident.reasons.map(sentence).join(" · ")),
      h("p", { class: "meta" },
        h("span", null, icon("place"), placeOf(incident)),
        h("span", null, icon("clock"), ago(incident.opened_at, now())))),
    fresh && may("operator") && h("div", { class: "incident-deed" },
      action(`ack-${incident.id}`, t("deed.acknowledge"), "check",
        () => ask("POST", `/api/v1/incidents/${encodeURIComponent(incident.id)}/acknowledge`, {}))));
}
