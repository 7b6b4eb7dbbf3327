// The facts of this moment, kept up by one stream of events, and the one place that redraws.

import { toLogin } from "./api.js";

export const state = {
  about: {}, // site, user, language: what the page was served with
  incidents: new Map(), cameras: new Map(), devices: new Map(), sinks: new Map(), parts: new Map(),
  loaded: false, // the first facts have come
  online: true,
  skew: 0, // the gateway's clock minus ours, ms
  page: {}, // what the open page keeps: forms, histories, charts
};

let paint = () => {};
let asked = false;

/** Draw again, once, before the browser's next frame. */
export function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    paint();
  });
}

/** Start to listen; `painter` draws the page, at least once a second while connected. */
export function begin(painter) {
  paint = painter;
  listen();
}

const listeners = new Set();

/** Call `listener(topic, ids)` for what changes. Returns what ends it. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function listen() {
  const stream = new EventSource("/api/v1/changes");
  for (const topic of ["incidents", "cameras", "devices", "sinks", "parts"])
    stream.addEventListener(topic, (event) => take(topic, JSON.parse(event.data)));
  stream.addEventListener("now", (event) => {
    state.skew = JSON.parse(event.data).now - Date.now();
    state.loaded = true; // the end of a round
    redraw();
  });
  stream.onopen = () => say(true);
  stream.onerror = () => {
    say(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(again, 3000);
  };
}

/** The stream was refused: either the login has ended, or the gateway starts again. */
async function again() {
  const answer = await fetch("/api/v1/me").catch(() => null);
  if (answer?.status === 401) toLogin();
  else listen();
}

function say(online) {
  state.online = online;
  redraw();
}

function take(topic, news) {
  const things = state[topic];
  if (news.all) things.clear();
  for (const thing of news.set) things.set(thing.id, thing);
  for (const id of news.gone) things.delete(id);
  for (const listener of listeners) listener(topic, new Set([...news.set.map((x) => x.id), ...news.gone]));
}

/** What time it is on the gateway. */
export const now = () => Date.now() + state.skew;
