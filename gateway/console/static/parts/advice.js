// How the parts of the gateway are, in plain words, with what to do.

import { now, state } from "../live.js";
import { h } from "../view.js";
import { known, span, t } from "../words.js";
import { chip } from "./bits.js";

const TONE = { ok: "good", starting: "taken", retrying: "warn", failed: "loud", stopped: "over" };

/** Parts that are not well, the worst first. */
export function unwell() {
  const order = { failed: 0, retrying: 1, stopped: 2, starting: 3 };
  return [...state.parts.values()].filter((part) => part.state !== "ok").sort((a, b) => order[a.state] - order[b.state]);
}

export function partRow(part) {
  return h("li", { key: part.id, class: "part" },
    h("div", { class: "part-head" },
      h("strong", null, nameOf(part)), chip(TONE[part.state] ?? "over", t(`state.${part.state}`)),
      h("span", { class: "muted" }, t("time.since", { span: span(now() - part.since) }))),
    part.detail && h("p", { class: "detail" }, part.detail),
    part.state !== "ok" && h("p", { class: "advice" }, adviceFor(part)));
}

export function nameOf(part) {
  if (part.kind === "camera") return state.cameras.get(part.of)?.name ?? part.of;
  return known(`part.${part.id}`, part.id);
}

function adviceFor(part) {
  return known(`advice.${part.kind}.${part.state}`, known(`advice.part.${part.state}`, ""));
}
