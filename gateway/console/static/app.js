// Starts the console: texts, live facts, the frame of every page, and the way from page to page.

import { ask } from "./api.js";
import { begin, redraw, state } from "./live.js";
import { link } from "./parts/bits.js";
import { icon } from "./parts/icons.js";
import { draw, h } from "./view.js";
import { speak, t, words } from "./words.js";
import * as cameras from "./screens/cameras.js";
import * as device from "./screens/device.js";
import * as devices from "./screens/devices.js";
import * as incident from "./screens/incident.js";
import * as incidents from "./screens/incidents.js";
import * as lost from "./screens/lost.js";
import * as now from "./screens/now.js";
import * as rule from "./screens/rule.js";
import * as rules from "./screens/rules.js";
import * as system from "./screens/system.js";

const NAV = { now: "/", incidents: "/incidents", devices: "/devices", cameras: "/cameras", rules: "/rules", system: "/system" };
const ROUTES = [
  [/^\/$/, now, "now"], [/^\/incidents$/, incidents, "incidents"], [/^\/incidents\/([^/]+)$/, incident, "incidents"],
  [/^\/devices$/, devices, "devices"], [/^\/devices\/([^/]+)$/, device, "devices"],
  [/^\/cameras$/, cameras, "cameras"], [/^\/rules$/, rules, "rules"], [/^\/rules\/([^/]+)$/, rule, "rules"],
  [/^\/system$/, system, "system"],
];
const LANGUAGES = { zh: "中文", en: "English" };

const LOST = [/^/, lost, ""];

let here = ROUTES[0];
let leave = () => {};

function route() {
  leave?.();
  state.page = {};
  const found = ROUTES.find(([pattern]) => pattern.test(location.pathname)) ?? LOST;
  here = found;
  leave = found[1].enter?.(...(found[0].exec(location.pathname)?.slice(1) ?? []).map(decodeURIComponent));
  redraw();
}

function follow(event) {
  const anchor = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!anchor || !plain || anchor.target || event.defaultPrevented) return;
  if (!ROUTES.some(([pattern]) => anchor.origin === location.origin && pattern.test(anchor.pathname))) return;
  event.preventDefault();
  if (anchor.pathname !== location.pathname) history.pushState(null, "", anchor.pathname);
  route();
  scrollTo(0, 0);
  document.querySelector("main")?.focus();
}

function page() {
  const [, screen, section] = here;
  document.title = `${screen.title()} · ${state.about.site}`;
  return [
    h("a", { key: "skip", class: "skip", href: "#main" }, t("frame.skip")),
    h("header", { key: "top", class: "top" }, brand(), nav(section), tools()),
    !state.online && h("p", { key: "lost", class: "lost", role: "alert" }, t("frame.lost")),
    state.about.open && h("p", { key: "plain", class: "plain" }, t("frame.plain")),
    h("main", { key: `main-${section}`, id: "main", tabindex: "-1" },
      state.loaded ? screen.view() : h("p", { class: "empty" }, t("word.loading"))),
  ];
}

function brand() {
  return link("/", { class: "brand" }, h("span", { class: "mark", "aria-hidden": "true" }, "邻"),
    h("span", { class: "site" }, state.about.site));
}

function nav(section) {
  const waiting = [...state.incidents.values()].filter((i) => i.status === "open" || i.status === "reopened").length;
  return h("nav", { class: "nav", "aria-label": t("frame.nav") }, Object.entries(NAV).map(([name, path]) =>
    link(path, { key: name, "aria-current": name === section ? "page" : null },
      icon(name), h("span", null, t(`nav.${name}`)),
      name === "incidents" && waiting > 0 && h("span", { class: "badge", "aria-label": t("now.needs", { n: waiting }) }, waiting))));
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
  route();
}

start();
