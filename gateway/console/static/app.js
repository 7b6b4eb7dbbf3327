// Starts the console: texts, live facts, the frame of every page, and the way from page to page.

import { ask } from "./api.js";
import { begin, redraw, state } from "./live.js";
import { arrivals, watchArrivals } from "./parts/arrivals.js";
import { link } from "./parts/bits.js";
import { icon } from "./parts/icons.js";
import { draw, h } from "./view.js";
import { speak, t, words } from "./words.js";
const NAV = { now: "/", incidents: "/incidents", devices: "/devices", cameras: "/cameras", rules: "/rules", numbers: "/numbers", system: "/system" };
const REST = ["rules", "numbers", "system"]; // behind "more" on a phone
const ROUTES = [ // what an address looks like, the screen, and its entry in NAV
  [/^\/$/, "now", "now"],
  [/^\/incidents$/, "incidents", "incidents"], [/^\/incidents\/([^/]+)$/, "incident", "incidents"],
  [/^\/devices$/, "devices", "devices"], [/^\/devices\/([^/]+)$/, "device", "devices"],
  [/^\/cameras$/, "cameras", "cameras"], [/^\/cameras\/([^/]+)$/, "camera", "cameras"],
  [/^\/rules$/, "rules", "rules"], [/^\/rules\/([^/]+)$/, "rule", "rules"], [/^\/silences$/, "silences", "rules"],
  [/^\/numbers$/, "numbers", "numbers"],
  [/^\/system$/, "system", "system"],
];
const LOST = [/^/, "lost", ""];
const LANGUAGES = { zh: "中文", en: "English" };

const screens = new Map(); // by name, once loaded
let here = null; // the screen that is shown, and its section
let leave = () => {};
let turn = 0;

/** Show what the address says. The page before stays until the new one's code is here. */
async function route() {
  const mine = ++turn;
  const [pattern, name, section] = ROUTES.find(([p]) => p.test(location.pathname)) ?? LOST;
  if (!screens.has(name)) await load(name);
  if (mine !== turn) return;
  leave?.();
  state.page = {};
  state.menu = false;
  here = { screen: screens.get(name), section };
  leave = here.screen.enter?.(...(pattern.exec(location.pathname)?.slice(1) ?? []).map(decodeURIComponent));
  redraw();
}

/** The code of one screen. A gateway that was renewed has it at another address: begin anew, once. */
async function load(name) {
  try {
    screens.set(name, await import(`./screens/${name}.js`));
  } catch (error) {
    if (!state.online || sessionStorage.renewed === state.about.base) throw error;
    sessionStorage.renewed = state.about.base;
    location.reload();
    await new Promise(() => {}); // until the page is gone
  }
}

/** Fetch the other screens while nothing else is to be done. */
async function fetchRest() {
  for (const [, name] of ROUTES) {
    const screen = await import(`./screens/${name}.js`).catch(() => null); // asked for again when it is wanted
    if (screen) screens.set(name, screen);
  }
}

function follow(event) {
  const anchor = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!anchor || !plain || anchor.hasAttribute("target") || anchor.hasAttribute("download") || event.defaultPrevented) return;
  const to = new URL(anchor.getAttribute("href"), location); // a link in a drawing has no pathname of its own
  if (to.origin !== location.origin || !ROUTES.some(([pattern]) => pattern.test(to.pathname))) return;
  event.preventDefault();
  if (to.href !== location.href) history.pushState(null, "", to.pathname + to.search);
  go();
}

async function go() {
  await route();
  scrollTo(0, 0);
  document.querySelector("main")?.focus();
}

function page() {
  if (!here) return h("p", { class: "empty" }, t("word.loading"));
  const { screen, section } = here;
  const waits = untouched();
  document.title = `${waits ? `(${waits}) ` : ""}${screen.title()} · ${state.about.site}`;
  return [
    h("a", { key: "skip", class: "skip", href: "#main" }, t("frame.skip")),
    h("header", { key: "top", class: "top" }, brand(), nav(section, waits), tools()),
    !state.online && h("p", { key: "lost", class: "lost", role: "alert" }, t("frame.lost")),
    state.about.open && h("p", { key: "plain", class: "plain" }, t("frame.plain")),
    h("main", { key: `main-${section}`, id: "main", tabindex: "-1" },
      state.loaded ? screen.view() : h("p", { class: "empty" }, t("word.loading"))),
    arrivals(),
  ];
}

const untouched = () => [...state.incidents.values()].filter((i) => i.status === "open" || i.status === "reopened").length;

function brand() {
  return link("/", { class: "brand" }, h("span", { class: "mark", "aria-hidden": "true" }, "邻"),
    h("span", { class: "site" }, state.about.site));
}

function nav(section, waits) {
  const entry = ([name, path]) => link(path, { key: name, class: REST.includes(name) ? "rest" : null, "aria-current": name === section ? "page" : null },
    icon(name), h("span", null, t(`nav.${name}`)),
    name === "incidents" && waits > 0 && h("span", { class: "badge", "aria-label": t("now.needs", { n: waits }) }, waits));
  return h("nav", { class: state.menu ? "nav open" : "nav", "aria-label": t("frame.nav") }, Object.entries(NAV).map(entry),
    h("button", { key: "more", type: "button", class: REST.includes(section) ? "more-nav here" : "more-nav", "aria-expanded": state.menu ? "true" : "false",
      onclick: () => { state.menu = !state.menu; redraw(); } }, icon("more"), h("span", null, t("nav.more"))));
}

function tools() {
  const other = words.language === "zh" ? "en" : "zh";
  const dark = isDark();
  return h("div", { class: "frame-tools" },
    h("button", { type: "button", class: "icon-button", lang: other === "zh" ? "zh-Hans" : "en", onclick: () => choose(other) }, LANGUAGES[other]),
    h("button", { type: "button", class: "icon-button", "aria-label": t(dark ? "frame.light" : "frame.dark"), onclick: () => theme(dark ? "light" : "dark") }, icon(dark ? "sun" : "moon")),
    h("button", { type: "button", class: "icon-button", "aria-label": t("frame.logout", { who: state.about.user }), title: state.about.user, onclick: logout }, icon("out")));
}

const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function theme(name) {
  localStorage.setItem("theme", name);
  document.documentElement.dataset.theme = name;
  redraw();
}

async function choose(language) {
  localStorage.setItem("language", language);
  await speak(state.about.base, language, state.about.zone);
  redraw();
}

async function logout() {
  await ask("POST", "/logout").catch(() => null);
  location.assign("/login");
}

async function start() {
  state.about = JSON.parse(document.querySelector("meta[name=linli]").content);
  await speak(state.about.base, localStorage.getItem("language") ?? state.about.language, state.about.zone);
  const root = document.getElementById("app");
  addEventListener("popstate", route);
  document.addEventListener("click", follow);
  begin(() => draw(root, page()));
  watchArrivals();
  ask("GET", "/api/v1/grids").then((grids) => { state.grids = grids; redraw(); }, () => null);
  await route();
  (window.requestIdleCallback ?? setTimeout)(fetchRest);
}

start();
