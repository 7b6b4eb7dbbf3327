// The way in.

import { ask } from "./api.js";
import { draw, h } from "./view.js";
import { speak, t } from "./words.js";

const about = JSON.parse(document.querySelector("meta[name=linli]").content);
const state = { trouble: "", busy: false };
const root = document.getElementById("app");
const LANGUAGES = { zh: "中文", en: "English" };
let language = localStorage.getItem("language") ?? about.language;

function page() {
  document.title = `${t("login.title")} · ${about.site}`;
  const other = language === "zh" ? "en" : "zh";
  return h("main", { class: "login" },
    h("form", { class: "login-card", onsubmit: enter },
      h("span", { class: "mark large", "aria-hidden": "true" }, "邻"),
      h("h1", null, about.site), h("p", { class: "muted" }, t("login.welcome")),
      about.open && h("p", { class: "plain" }, t("frame.plain")),
      h("label", { for: "name" }, t("login.name")),
      h("input", { id: "name", name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true, made: (node) => node.focus() }),
      h("label", { for: "password" }, t("login.password")),
      h("input", { id: "password", name: "password", type: "password", autocomplete: "current-password", required: true }),
      state.trouble && h("p", { class: "trouble", role: "alert" }, state.trouble),
      h("button", { type: "submit", class: "button primary", disabled: state.busy }, t("login.enter")),
      h("button", { type: "button", class: "icon-button", lang: other === "zh" ? "zh-Hans" : "en", onclick: () => change(other) }, LANGUAGES[other])));
}

async function enter(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  show({ busy: true, trouble: "" });
  try {
    await ask("POST", "/login", { name: form.get("username"), password: form.get("password") });
    location.assign(next());
  } catch (error) {
    show({ busy: false, trouble: told(error) });
  }
}

function told(error) {
  if (error.status === 401) return t("login.wrong");
  if (error.status === 429) return t("login.slower", { n: error.wait });
  return error.message;
}

/** Back to where the reader wanted to go; only within this console. */
function next() {
  const path = new URLSearchParams(location.search).get("next") ?? "/";
  return /^\/[a-z]*(\/[^/\\]+)?$/.test(path) ? path : "/";
}

function show(change) {
  Object.assign(state, change);
  draw(root, page());
}

async function change(to) {
  language = to;
  localStorage.setItem("language", to);
  await speak(about.base, to, about.zone);
  show({});
}

change(language);
