// Two texts, line by line: what went, what came, and a little around it.

import { h } from "../view.js";
import { known, t } from "../words.js";

const AROUND = 3; // lines
const MOST = 3000; // lines: more are not compared, only counted

/** By the longest common subsequence, after equal beginnings and ends are put aside. */
export function changesOf(before, after) {
  const a = linesOf(before), b = linesOf(after);
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const same = (text) => ({ sign: " ", text });
  return [...a.slice(0, head).map(same), ...middle, ...a.slice(a.length - tail).map(same)];
}

/** Empty lines at the end say nothing. */
function linesOf(text) {
  const bare = text.trimEnd();
  return bare === "" ? [] : bare.split("\n");
}

function between(a, b) {
  if (a.length * b.length > MOST * MOST) return [...a.map((text) => ({ sign: "-", text })), ...b.map((text) => ({ sign: "+", text }))];
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1) length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  const found = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) { found.push({ sign: " ", text: a[i] }); i += 1; j += 1; }
    else if (j < b.length && (i === a.length || length[i][j + 1] > length[i + 1][j])) { found.push({ sign: "+", text: b[j] }); j += 1; }
    else { found.push({ sign: "-", text: a[i] }); i += 1; }
  }
  return found;
}

const OWN = /^(admitted|ignored|lifted the silence|silenced|back before) (.*)$/su;

/** Why something was changed: what a person wrote, or what the gateway says of its own accord. */
export function because(why) {
  if (!why) return t("changes.no_reason");
  const [, deed, what] = OWN.exec(why) ?? [];
  return deed ? t(`because.${deed.replaceAll(" ", "_")}`, { what }) : known(`because.${why.replaceAll(" ", "_")}`, why);
}

const NAMES = { "-": "went", "+": "came", " ": "stays" };

export function difference(before, after) {
  const lines = changesOf(before, after);
  const near = lines.map((_, n) => lines.slice(Math.max(0, n - AROUND), n + AROUND + 1).some((l) => l.sign !== " "));
  if (!near.some(Boolean)) return h("p", { class: "muted small" }, t("changes.same"));
  return h("pre", { class: "lines", tabindex: "0" }, lines.map((l, n) => near[n]
    ? h(l.sign === "-" ? "del" : l.sign === "+" ? "ins" : "span", { key: n, class: NAMES[l.sign] }, `${l.sign} ${l.text}\n`)
    : near[n - 1] && h("span", { key: n, class: "left-out" }, "⋯\n")));
}
