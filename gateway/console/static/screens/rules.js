// All rules, each in a sentence, with what they told lately.

import { ask } from "../api.js";
import { chip, empty, link, run, severity, trouble } from "../parts/bits.js";
import { state } from "../live.js";
import { h } from "../view.js";
import { t, words } from "../words.js";

export const title = () => t("nav.rules");

export function enter() {
  load();
}

/** The gateway writes the sentences, so another language is asked for again. */
function load() {
  state.page.language = words.language;
  run("load", async () => {
    const { page } = state;
    page.rules = await ask("GET", `/api/v1/rules?language=${words.language}`);
  });
}

export function view() {
  const { page } = state;
  if (page.language !== words.language) load();
  return [h("div", { class: "headline" }, h("h1", null, t("nav.rules")), h("p", { class: "muted" }, t("rules.about")), link("/silences", { class: "more" }, t("silence.title"))),
    trouble(),
    page.rules === undefined ? !page.trouble && empty(t("word.loading")) : !page.rules.length ? empty(t("rules.none"))
      : h("div", { class: "rules" }, page.rules.map(card))];
}

function card(rule) {
  const { incidents, false_alarms: wrong } = rule.week;
  return link(`/rules/${encodeURIComponent(rule.id)}`, { key: rule.id, class: "rule-card" },
    h("div", null,
      h("div", { class: "incident-line" }, severity(rule), h("strong", null, rule.id), !rule.enabled && chip("over", t("rules.off"))),
      h("p", null, rule.sentence)),
    h("div", { class: "rule-week" }, h("strong", null, t("rules.week", { n: incidents })),
      wrong > 0 && h("span", { class: "dead" }, t("rules.false", { n: wrong }))));
}
