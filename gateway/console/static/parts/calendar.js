// A month of days, with what holds on each. A span is chosen by dragging over days, or with keys.

import { redraw } from "../live.js";
import { h } from "../view.js";
import { moment, t } from "../words.js";

const DAY = 86400000;

/** The days of the month's view, whole weeks from Monday on: `{at, end, other}`; local midnights
 * at the place, whose clock may differ from the reader's. */
export function days(year, month, midnight) {
  const first = new Date(Date.UTC(year, month, 1)), lead = (first.getUTCDay() + 6) % 7;
  const count = Math.ceil((lead + new Date(Date.UTC(year, month + 1, 0)).getUTCDate()) / 7) * 7;
  return Array.from({ length: count }, (_, n) => {
    const day = new Date(Date.UTC(year, month, 1 - lead + n));
    const next = new Date(day.getTime() + DAY);
    return { at: midnight(day), end: midnight(next), day, other: day.getUTCMonth() !== month };
  });
}

/** `entries` as the API gives them; `pick(first, last)` when days were chosen, null for who only looks. */
export function calendar(shown, entries, today, picked, pick, open) {
  const names = shown.slice(0, 7).map(({ day }) => h("span", { key: day.getUTCDay(), class: "weekday", "aria-hidden": "true" }, new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", timeZone: "UTC" }).format(day)));
  return h("div", { class: "calendar" }, names, shown.map((day, n) => cell(day, n, shown, entries, today, picked, pick, open)));
}

function cell(day, n, shown, entries, today, picked, pick, open) {
  const here = entries.filter((e) => e.spans.some(([a, b]) => a < day.end && b > day.at));
  const chosen = picked && n >= Math.min(...picked) && n <= Math.max(...picked);
  const name = moment(day.at, { dateStyle: "full" });
  return h("div", { key: n, class: `day${day.other ? " other" : ""}${day.at <= today && today < day.end ? " today" : ""}${chosen ? " chosen" : ""}`,
    onpointerenter: (e) => { if (pick && picked && e.buttons) { picked[1] = n; redraw(); } } },
    h("button", { type: "button", class: "day-number", disabled: !pick, "aria-label": here.length ? t("silence.day", { day: name, n: here.length }) : name,
      onpointerdown: () => pick.begin(n),
      onclick: (e) => { if (e.detail === 0) pick(day, day); } }, day.day.getUTCDate()),
    pick && h("span", { class: "day-room", onpointerdown: () => pick.begin(n) }),
    here.map((e) => h("button", { key: e.id, type: "button", class: `entry${e.recurring ? " recurring" : ""}`, title: `${e.reason} · ${e.owner}`, onclick: () => open(e.id) }, e.reason)));
}
