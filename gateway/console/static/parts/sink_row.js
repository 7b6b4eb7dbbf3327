// A destination: whether it takes what we send, and how much waits.

import { now } from "../live.js";
import { h } from "../view.js";
import { known, span, t } from "../words.js";
import { chip } from "./bits.js";

const TONE = { ok: "good", starting: "taken", retrying: "warn", failed: "loud" };

export function sinkRow(sink) {
  return h("li", { key: sink.id, class: "sink" },
    h("strong", null, known(`part.${sink.id}`, sink.id)),
    chip(TONE[sink.state] ?? "over", known(`state.${sink.state}`, t("state.unknown"))),
    h("span", { class: "muted" }, backlog(sink)),
    sink.dead > 0 && h("span", { class: "dead" }, t("sink.dead", { n: sink.dead })));
}

export function backlog(sink) {
  if (sink.waiting === null) return t("sink.series");
  if (!sink.waiting) return t("sink.empty");
  const waits = t("sink.waiting", { n: sink.waiting });
  return sink.oldest === null ? waits : `${waits} · ${t("sink.oldest", { span: span(now() - sink.oldest) })}`;
}
