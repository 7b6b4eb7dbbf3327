// The tests that stand beside a rule, run from its page.

import { ask } from "../api.js";
import { h } from "../view.js";
import { t } from "../words.js";
import { action, chip, empty, section } from "./bits.js";

export function ruleTests(page, path) {
  const { tests } = page;
  return section(t("tests.title"), action("tests", t("tests.run"), "check", async () => { page.tests = (await ask("POST", `${path}/test`)).tests; }),
    tests === undefined ? h("p", { class: "muted small" }, t("tests.about")) : !tests.length ? empty(t("tests.none"))
      : h("ul", { class: "parts" }, tests.map((one) => h("li", { key: one.name, class: "part" },
        h("div", { class: "part-head" }, chip(one.differences.length ? "loud" : "good", t(one.differences.length ? "tests.failed" : "tests.passed")), h("strong", null, one.name),
          h("span", { class: "muted" }, `${one.file}:${one.line}`)),
        one.differences.length > 0 && h("pre", { class: "lines", tabindex: "0" }, one.differences.join("\n"))))));
}
