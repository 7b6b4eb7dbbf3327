// Who may come in, who is logged in, and one's own password.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { h } from "../view.js";
import { ago, t } from "../words.js";
import { action, chip, empty, may, run, section } from "./bits.js";
import { choice, line } from "./fields.js";

const ROLES = ["viewer", "operator", "admin"];

export function enter() {
  Object.assign(state.page, { users: undefined, sessions: undefined, secret: undefined, changing: undefined, old: "", fresh: "",
    add: { name: "", role: "operator", kind: "person" } });
  if (may("admin")) load().catch((error) => { state.page.trouble = error.message; redraw(); });
}

async function load() {
  const { page } = state;
  [page.users, page.sessions] = await Promise.all([ask("GET", "/api/v1/users"), ask("GET", "/api/v1/sessions")]);
  redraw();
}

export function view() {
  return h("div", { key: "users", class: "columns" },
    h("div", { class: "main-column" }, may("admin") && [secret(), people(), add()]),
    h("div", { class: "side-column" }, sessions(), password()));
}

/** A new password or token, shown this once. */
function secret() {
  const found = state.page.secret;
  return found && h("div", { key: "secret", class: "card told", role: "status" },
    h("p", null, t("users.secret", { name: found.name })), h("code", { class: "command" }, found.secret),
    h("p", { class: "muted small" }, t("users.once")),
    h("button", { type: "button", class: "button", onclick: () => { state.page.secret = undefined; redraw(); } }, t("users.noted")));
}

function people() {
  const { users } = state.page;
  return section(t("users.users"), null, users === undefined ? empty(t("word.loading")) : h("ul", { class: "parts" }, users.map(row)));
}

function row(user) {
  const path = `/api/v1/users/${encodeURIComponent(user.name)}`;
  const change = (wish) => async () => {
    const answer = await ask("PATCH", path, wish);
    if (answer.secret) state.page.secret = answer;
    await load();
  };
  const machine = user.kind === "machine";
  return h("li", { key: user.name, class: "part" },
    h("div", { class: "part-head" }, h("strong", null, user.name), chip(user.disabled ? "warn" : "over", user.disabled ? t("users.disabled") : t(`role.${user.role}`)),
      machine && chip("taken", t("users.machine")),
      user.logins > 0 && h("span", { class: "muted small" }, t("users.logins", { n: user.logins })),
      state.page.changing !== user.name && h("button", { type: "button", class: "button quiet small", onclick: () => { state.page.changing = user.name; redraw(); } }, t("word.change"))),
    state.page.changing === user.name && h("div", { class: "deeds" },
      !machine && choice(`role-${user.name}`, t("users.role"), user.role, ROLES.map((r) => [r, t(`role.${r}`)]), (role) => run("role", change({ role }))),
      !machine && action(`password-${user.name}`, t("users.new_password"), "key", change({ new_password: true })),
      !machine && action(`disable-${user.name}`, t(user.disabled ? "users.enable" : "users.disable"), user.disabled ? "check" : "void", change({ disabled: !user.disabled })),
      user.logins > 0 && action(`out-${user.name}`, t("users.log_out"), "out", async () => { await ask("DELETE", `/api/v1/sessions?name=${encodeURIComponent(user.name)}`); await load(); }),
      removal(user, path)));
}

/** Asked twice: it cannot be taken back. */
function removal(user, path) {
  const { page } = state;
  if (page.removing !== user.name)
    return h("button", { type: "button", class: "button quiet", onclick: () => { page.removing = user.name; redraw(); } }, t("users.remove"));
  return action(`remove-${user.name}`, t("users.really_remove", { name: user.name }), "void", async () => { await ask("DELETE", path); page.removing = undefined; await load(); }, "danger");
}

function add() {
  const { page } = state;
  const wish = page.add;
  const roles = wish.kind === "machine" ? ["device", ...ROLES] : ROLES;
  const make = async () => {
    page.secret = await ask("POST", "/api/v1/users", wish);
    page.add = { ...wish, name: "" };
    await load();
  };
  return section(t("users.add"), null, h("form", { class: "card form", onsubmit: (e) => { e.preventDefault(); run("add-user", make); } },
    line("new-name", t("login.name"), wish.name, (name) => { wish.name = name; }, { required: true, maxlength: 64, autocomplete: "off", autocapitalize: "none", spellcheck: "false" }),
    choice("new-kind", t("users.kind"), wish.kind, [["person", t("users.person")], ["machine", t("users.machine")]],
      (kind) => { Object.assign(wish, { kind, role: kind === "machine" ? "device" : "operator" }); redraw(); }),
    choice("new-role", t("users.role"), wish.role, roles.map((r) => [r, t(`role.${r}`)]), (role) => { wish.role = role; redraw(); }),
    h("button", { type: "submit", class: "button primary", disabled: page.busy !== undefined }, t("users.make")),
    h("p", { class: "muted small" }, t(`role_about.${wish.role}`))));
}

function sessions() {
  const found = state.page.sessions;
  if (!may("admin") || !found) return null;
  return section(t("system.sessions"), null, h("ul", { class: "parts" }, found.map((s) => h("li", { key: s.id, class: "part" },
    h("div", { class: "part-head" }, h("strong", null, s.name), chip("over", t(`role.${s.role}`))),
    h("p", { class: "muted small" }, `${s.address} · ${ago(s.seen, now())}`),
    action(`end-${s.id}`, t("system.end_session"), "out", async () => { await ask("DELETE", `/api/v1/sessions/${s.id}`); await load(); }, "quiet")))));
}

function password() {
  const { page } = state;
  const set = async () => {
    await ask("POST", "/api/v1/me/password", { old: page.old, new: page.fresh });
    location.assign("/login");
  };
  const field = (id, text, name, more) => line(id, text, page[name], (value) => { page[name] = value; }, { type: "password", required: true, ...more });
  return section(t("users.own"), null, h("form", { class: "card form", onsubmit: (e) => { e.preventDefault(); run("own-password", set); } },
    field("old-password", t("users.old_password"), "old", { autocomplete: "current-password" }),
    field("fresh-password", t("users.fresh_password"), "fresh", { autocomplete: "new-password", minlength: 8 }),
    h("button", { type: "submit", class: "button", disabled: page.busy !== undefined }, t("users.set_password")),
    h("p", { class: "muted small" }, t("users.own_about"))));
}
