// Says that something new was reported: on the page for everybody, and, where the reader wished
// it, by the browser when the page is not in sight.

import { onChange, redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";
import { link, placeOf } from "./bits.js";
import { icon } from "./icons.js";

const STAYS = 8000; // ms that a message stands on the page
const fresh = (incident) => incident.status === "open" || incident.status === "reopened";

let known; // ids of the incidents that have been said, once the first ones are here
let news = []; // those to say now

/** Whether the browser may tell; undefined where it cannot. */
export const telling = () => (globalThis.Notification && isSecureContext ? Notification.permission : undefined);

export async function askToTell() {
  await Notification.requestPermission();
  redraw();
}

export function watchArrivals() {
  onChange((topic) => {
    if (topic !== "incidents") return;
    const open = [...state.incidents.values()].filter(fresh);
    const arrived = known && state.loaded ? open.filter((i) => !known.has(i.id)) : [];
    known = new Set(open.map((i) => i.id));
    if (arrived.length) say(arrived);
  });
}

function say(arrived) {
  news = [...arrived, ...news].slice(0, 2);
  if (document.hidden && telling() === "granted") arrived.forEach(tell);
  setTimeout(() => dismiss(arrived), STAYS);
  redraw();
}

function tell(incident) {
  try {
    const note = new Notification(incident.title, { body: placeOf(incident), tag: incident.id, icon: `${state.about.base}/mark.svg` });
    note.onclick = () => { focus(); location.assign(`/incidents/${encodeURIComponent(incident.id)}`); };
  } catch {
    // A telephone's browser tells only through a service worker; the page itself still says it.
  }
}

function dismiss(gone) {
  news = news.filter((i) => !gone.includes(i));
  redraw();
}

/** The messages, in a region that is read out to who listens. */
export function arrivals() {
  return h("div", { key: "arrivals", class: "arrivals", role: "status" }, news.map((incident) =>
    h("p", { key: incident.id, class: `arrival ${incident.severity}` },
      link(`/incidents/${encodeURIComponent(incident.id)}`, { onclick: () => dismiss([incident]) },
        h("strong", null, incident.title), h("span", { class: "muted" }, placeOf(incident))),
      h("button", { type: "button", class: "icon-button", "aria-label": t("word.close"), onclick: () => dismiss([incident]) }, icon("close")))));
}
