// Devices that speak and are not registered: to admit, one or many at once, or to hear no more of.

import { ask } from "../api.js";
import { now, redraw, state } from "../live.js";
import { h } from "../view.js";
import { ago, measured, quantityName, t } from "../words.js";
import { action, empty, may, trouble } from "./bits.js";
import { line } from "./fields.js";

const NUMBER = { inputmode: "decimal", pattern: "-?[0-9]+([.,][0-9]+)?" };

/** `again()` fetches them anew. */
export function strangers(page, again) {
  const wanted = page.search.trim().toLowerCase();
  const found = page.strangers.filter((s) => `${s.address} ${s.dialect} ${s.topic}`.toLowerCase().includes(wanted));
  const many = found.filter((s) => page.chosen.has(s.id));
  return [trouble(), h("p", { key: "about", class: "muted small" }, t("stranger.about")),
    page.admitted && h("p", { key: "done", class: "all-good", role: "status" }, t("stranger.admitted", { name: page.admitted })),
    may("operator") && many.length > 1 && h("div", { key: "many", class: "deeds" },
      action("many", t("stranger.admit_many", { n: many.length }), "check", () => each(page, many, again, (s) => admit(page, s)), "primary"),
      action("none", t("stranger.ignore_many", { n: many.length }), "void", () => each(page, many, again, ignore))),
    found.length ? h("ul", { key: "list", class: "parts" }, found.map((s) => row(page, s, again))) : empty(t("stranger.none"))];
}

async function each(page, some, again, work) {
  for (const one of some) await work(one);
  page.chosen.clear();
  await again();
}

function row(page, s, again) {
  const open = page.opened === s.id;
  const tick = may("operator") && h("input", { type: "checkbox", class: "pick", "aria-label": t("stranger.choose", { name: s.address }), checked: page.chosen.has(s.id),
    onchange: (e) => { page.chosen[e.target.checked ? "add" : "delete"](s.id); redraw(); } });
  return h("li", { key: s.id, class: "part" },
    h("div", { class: "part-head" }, tick, h("strong", null, s.address), h("span", { class: "chip over" }, s.dialect),
      h("span", { class: "muted" }, ago(s.last, now()))),
    h("p", { class: "detail" }, samples(s)),
    h("p", { class: "muted small" }, t("stranger.kept", { n: s.kept })),
    may("operator") && (open ? form(page, s, again) : h("div", { class: "deeds" },
      h("button", { type: "button", class: "button", onclick: () => { page.opened = s.id; page.admitted = ""; redraw(); } }, t("stranger.admit")),
      action(`ignore-${s.id}`, t("stranger.ignore"), "void", async () => { await ignore(s); await again(); }, "quiet"))));
}

const samples = (s) => Object.entries(s.samples).map(([quantity, value]) => `${quantityName(quantity)} ${measured(quantity, value, s.units?.[quantity] ?? "")}`).join(" · ");

function form(page, s, again) {
  const wish = page.wishes[s.id] ??= { id: proposed(s), name: "", address: "", tags: "", lat: "", lon: "" };
  const field = (name, more) => line(`w-${name}`, t(`stranger.${name}`), wish[name], (value) => { wish[name] = value; }, more);
  const save = async () => { page.admitted = await admit(page, s); page.opened = undefined; await again(); };
  return h("form", { class: "note-form", onsubmit: (e) => e.preventDefault() },
    field("name", { maxlength: 80, made: (node) => node.focus() }), field("id", { maxlength: 64, pattern: "[A-Za-z0-9._\\-]+" }),
    field("address", { maxlength: 120, list: "known-places" }), field("tags", { maxlength: 120, list: "known-tags" }),
    field("lat", NUMBER), field("lon", NUMBER), known(),
    navigator.geolocation && isSecureContext && h("button", { key: "here", type: "button", class: "button", onclick: () => here(wish) }, t("stranger.here")),
    h("div", { key: "deeds", class: "deeds" }, action(`admit-${s.id}`, t("stranger.save"), "check", save, "primary"),
      h("button", { type: "button", class: "button quiet", onclick: () => { page.opened = undefined; redraw(); } }, t("word.cancel"))));
}

/** What other devices have, to choose from while typing. */
function known() {
  const all = [...state.devices.values()];
  const list = (id, values) => h("datalist", { key: id, id }, [...new Set(values)].filter(Boolean).sort().map((value) => h("option", { key: value, value })));
  return [list("known-places", all.map((d) => d.place.address)), list("known-tags", all.flatMap((d) => d.tags))];
}

function here(wish) {
  navigator.geolocation.getCurrentPosition(({ coords }) => { Object.assign(wish, { lat: coords.latitude.toFixed(6), lon: coords.longitude.toFixed(6) }); redraw(); },
    () => { state.page.trouble = t("stranger.nowhere"); redraw(); });
}

const proposed = (s) => s.address.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 64);

/** Enter it; gives the id that it has from now on. */
async function admit(page, s) {
  const wish = page.wishes[s.id];
  const coordinate = (text) => (text.trim() ? Number(text.replace(",", ".")) : null);
  const place = wish && { address: wish.address.trim(), lat: coordinate(wish.lat), lon: coordinate(wish.lon) };
  const body = wish ? { id: wish.id.trim(), name: wish.name.trim(), tags: wish.tags.split(/[,，\s]+/).filter(Boolean),
    place: Object.fromEntries(Object.entries(place).filter(([, v]) => v !== null && v !== "")) } : {};
  return (await ask("POST", `/api/v1/discovered/${encodeURIComponent(s.id)}/admit`, body)).id;
}

const ignore = (s) => ask("POST", `/api/v1/discovered/${encodeURIComponent(s.id)}/ignore`);
