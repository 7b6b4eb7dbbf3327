// Where reports go: what waits, what was refused, and what is to become of it.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { h } from "../view.js";
import { ago, t } from "../words.js";
import { action, empty, link, may, run, section } from "./bits.js";
import { sinkRow } from "./sink_row.js";

export function enter() {
  Object.assign(state.page, { dead: {}, giving: undefined });
}

export function view() {
  const all = [...state.sinks.values()];
  return section(t("now.sinks"), null, h("p", { class: "muted small" }, t("sink.about")),
    all.length ? h("ul", { class: "sinks" }, all.map((sink) => [sinkRow(sink),
      sink.detail && sink.state !== "ok" && h("li", { key: `${sink.id}-detail`, class: "letters detail" }, sink.detail),
      sink.dead > 0 && may("operator") && letters(sink)]))
      : empty(t("sink.none")));
}

const pathOf = (sink) => `/api/v1/sinks/${encodeURIComponent(sink.id)}/dead`;
const look = async (sink) => { state.page.dead[sink.id] = await ask("GET", pathOf(sink)); };

/** What a destination refused for good: to be sent again, or given up with a reason. */
function letters(sink) {
  const found = state.page.dead[sink.id];
  return h("li", { key: `${sink.id}-dead`, class: "letters" },
    found === undefined ? action(`look-${sink.id}`, t("sink.look"), null, () => look(sink))
      : h("ul", null, found.map((letter) => one(sink, letter))));
}

function one(sink, letter) {
  const { page } = state;
  const retry = async () => { await ask("POST", `${pathOf(sink)}/${encodeURIComponent(letter.id)}/retry`, {}); await look(sink); };
  return h("li", { key: letter.id },
    h("div", { class: "part-head" },
      letter.incident ? link(`/incidents/${encodeURIComponent(letter.incident)}`, {}, h("strong", null, letter.title)) : h("strong", null, letter.title),
      h("span", { class: "muted" }, ago(letter.at, now()))),
    h("p", { class: "detail" }, letter.reason),
    page.giving === letter.id ? giveUp(sink, letter)
      : h("div", { class: "deeds" }, action(`retry-${letter.id}`, t("sink.retry"), "send", retry),
        h("button", { type: "button", class: "button quiet", onclick: () => { Object.assign(page, { giving: letter.id, reason: "" }); redraw(); } }, t("sink.discard"))));
}

function giveUp(sink, letter) {
  const { page } = state;
  const give = async () => {
    await ask("POST", `${pathOf(sink)}/${encodeURIComponent(letter.id)}/discard`, { reason: page.reason });
    page.giving = undefined;
    await look(sink);
  };
  return h("form", { class: "note-form", onsubmit: (e) => { e.preventDefault(); run(`discard-${letter.id}`, give); } },
    h("label", { for: "reason" }, t("sink.why")),
    h("input", { id: "reason", type: "text", required: true, maxlength: 2000, value: page.reason, made: (node) => node.focus(), oninput: (e) => { page.reason = e.target.value; } }),
    h("div", { class: "deeds" }, h("button", { type: "submit", class: "button primary" }, t("sink.discard")),
      h("button", { type: "button", class: "button quiet", onclick: () => { page.giving = undefined; redraw(); } }, t("word.cancel"))));
}
