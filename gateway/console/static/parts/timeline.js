// What became of an incident, and every message about it to each platform and back, newest first.

import { ask } from "../api.js";
import { now, state } from "../live.js";
import { h } from "../view.js";
import { clock, known, t } from "../words.js";
import { action, may } from "./bits.js";

const REFUSED = ["rejected", "failed"];
const TONE = { done: "good", waiting: "taken", dead: "loud", accepted: "good", assigned: "good", closed: "good", rejected: "loud", failed: "loud", resent: "taken" };

/** `history` as the API gives it; `again` fetches it anew. */
export function timeline(history, again) {
  const events = [...versions(history), ...deliveries(history), ...answers(history, again)].sort((a, b) => b.at - a.at || b.order - a.order);
  return h("ol", { class: "timeline" }, events.map((e) =>
    h("li", { key: e.key, class: e.tone ?? "" },
      h("p", null, h("strong", null, e.what), h("time", { class: "muted" }, ` ${clock(e.at, now())}`)),
      e.who && h("p", { class: "muted small" }, e.who),
      e.text && h("p", { class: "quote" }, e.text),
      e.deed)));
}

function versions({ versions }) {
  return versions.map((v, n) => ({ v, before: versions[n - 1] }))
    .filter(({ v, before }) => !before || (v.answers ?? []).length === (before.answers ?? []).length)
    .map(({ v, before }) => ({
      key: `v${v.seq}`, order: 0, at: v.updated_at, tone: "ours", what: happened(v, before),
      who: v.by || (before && v.status !== before.status && v.handled_by) || "",
      text: v.note && v.note !== before?.note ? v.note : "",
    }));
}

function happened(v, before) {
  if (!before) return t("phase.opened");
  if (v.status === "in_progress" && before.handled_by !== v.handled_by) return t("phase.taken", { who: v.handled_by });
  if (v.status !== before.status) return t(`status.${v.status}`);
  if (v.evidence.some((e) => e.role === "photo" && !before.evidence.some((b) => b.sha256 === e.sha256))) return t("phase.photo");
  if (v.note !== before.note) return t("phase.note");
  if (v.severity !== before.severity) return t("phase.severity", { severity: t(`severity.${v.severity}`) });
  return t("phase.updated");
}

/** One line for each version and platform. */
function deliveries({ deliveries }) {
  return (deliveries ?? []).map((d) => ({
    key: `d${d.sink}-${d.seq}`, order: 1, at: d.at, tone: `sent ${TONE[d.state]}`,
    what: t(`delivery.${d.state}`, { sink: known(`part.${d.sink}`, d.sink) }), text: d.reason,
  }));
}

function answers({ incident }, again) {
  const all = incident.answers ?? [];
  return all.map((a, n) => {
    const last = all.findLast((b) => b.sink === a.sink) === a;
    return {
      key: `a${n}-${a.at}`, order: 2, at: a.at, tone: `heard ${TONE[a.state]}`,
      what: t(`answer.${a.state}`, { sink: known(`part.${a.sink}`, a.sink) }),
      who: a.reference && t("answer.reference", { number: a.reference }), text: a.text,
      deed: last && REFUSED.includes(a.state) && may("operator")
        && action(`resend-${a.sink}`, t("answer.send_again"), "send", () => resend(incident, a.sink).then(again)),
    };
  });
}

const resend = (incident, sink) => ask("POST",
  `/api/v1/platforms/${encodeURIComponent(sink)}/incidents/${encodeURIComponent(incident.id)}/resend`, { note: state.page.note ?? "" });
