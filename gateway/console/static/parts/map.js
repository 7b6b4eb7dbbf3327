// The neighbourhood as a map that needs no network: the site's grids, its devices and cameras, and
// what is open, each state with a shape and a colour of its own.

import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { number, t } from "../words.js";
import { byUrgency, isOpen, link } from "./bits.js";
import { icon } from "./icons.js";
import { closer, farther, hands } from "./map_hand.js";
import { boundsOf, gathered, onScreen, plane, rulerOf, whole, zoomed } from "./map_view.js";

const REACH = 34; // pixels: what is nearer to each other becomes one mark
const LABEL = 56; // pixels that an area must have for its name
const RANK = { critical: 0, major: 1, minor: 2, info: 3 };
const SHAPES = {
  critical: "M0-13 13 0 0 13-13 0Z", major: "M-10-10H10V10H-10Z", minor: "M0-12 12 9H-12Z", info: "M-11 0a11 11 0 1 0 22 0a11 11 0 1 0-22 0",
  silent: "M-5.500-5.500h11v11h-11Z", never: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0", ok: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
  camera: "M-7-5H3V5H-7ZM4-1.500 9-4.500V4.500L4 1.500Z",
};

const map = { size: { width: 640, height: 360 }, view: undefined, chosen: false };
const watcher = new ResizeObserver(([{ contentRect }]) => {
  if (contentRect.width < 1) return;
  map.size = { width: contentRect.width, height: contentRect.height };
  redraw();
});

/** Null where nothing says where it is. */
export function neighbourhood() {
  const world = placed();
  if (!world) return null;
  if (!map.chosen) map.view = whole(world.bounds, map.size);
  const { width, height } = map.size;
  const at = onScreen(map.view, map.size);
  return h("div", { key: "map", class: "map" },
    h("svg", { class: "ground", role: "group", "aria-label": t("map.label"), tabindex: "0", viewBox: `0 0 ${width} ${height}`,
      made: (node) => watcher.observe(node), ...hands(map, look) },
      world.areas.map((area) => areaOf(area, at)), devices(world, at), open(world, at), ruler()),
    h("div", { class: "map-tools" },
      tool("plus", t("map.closer"), () => look(closer(map))), tool("minus", t("map.farther"), () => look(farther(map))),
      tool("whole", t("map.whole"), () => look(undefined))),
    h("p", { class: "legend muted small" }, ["critical", "major", "minor", "info"].map((s) => key(s, t(`severity.${s}`))),
      key("ok", t("devices.ok")), key("silent", t("devices.silent")), key("never", t("devices.never")), key("camera", t("nav.cameras"))));
}

const tool = (symbol, text, work) => h("button", { type: "button", class: "icon-button", "aria-label": text, title: text, onclick: work }, icon(symbol));
const key = (shape, text) => h("span", { key: shape }, h("svg", { class: `mark-of ${shape}`, viewBox: "-14 -14 28 28", "aria-hidden": "true" }, h("path", { d: SHAPES[shape] })), text);

function look(view) {
  map.chosen = view !== undefined;
  if (view) map.view = view;
  redraw();
}

/** Everything with its place in metres: from its coordinates, or within its grid. */
function placed() {
  const features = state.grids?.features ?? [];
  const rings = (f) => (f.geometry.type === "MultiPolygon" ? f.geometry.coordinates.flat() : f.geometry.coordinates);
  const spots = [...state.devices.values(), ...state.cameras.values()].map((d) => d.place).filter((p) => typeof p.lat === "number" && typeof p.lon === "number");
  const all = [...features.flatMap((f) => rings(f).flat().map(([lon, lat]) => ({ lat, lon }))), ...spots];
  if (!all.length) return null;
  const to = plane(all[0]);
  const areas = features.map((f) => ({ id: f.properties.id, name: f.properties.name || f.properties.id, rings: rings(f).map((ring) => ring.map(([lon, lat]) => to({ lat, lon }))) }));
  return { areas, bounds: boundsOf(all.map(to)), place: (thing, n) => placeIn(areas, to, thing.place, n) };
}

function placeIn(areas, to, place, n) {
  if (typeof place?.lat === "number" && typeof place.lon === "number") return to(place);
  const area = areas.find((a) => place?.codes?.some((c) => c.value === a.id));
  if (!area) return null;
  const box = boundsOf(area.rings.flat()); // nobody knows where in it: spread around its middle
  const turn = n * 2.4, far = Math.min(box.right - box.left, box.bottom - box.top) * 0.35 * Math.sqrt((n % 30) / 30);
  return { x: (box.left + box.right) / 2 + far * Math.cos(turn), y: (box.top + box.bottom) / 2 + far * Math.sin(turn) };
}

function areaOf(area, at) {
  const worst = [...state.incidents.values()].filter((i) => isOpen(i) && i.place.codes?.some((c) => c.value === area.id)).sort(byUrgency)[0];
  const points = area.rings.map((ring) => ring.map(at));
  const box = boundsOf(points.flat());
  return h("g", { key: `area-${area.id}`, class: `quarter ${worst?.severity ?? ""}` },
    h("path", { d: points.map((ring) => `M${ring.map((p) => `${p.x.toFixed(1)} ${p.y.toFixed(1)}`).join("L")}Z`).join("") }),
    box.right - box.left > LABEL && h("text", { x: mean(box.left, box.right), y: box.top + Math.max(18, (box.bottom - box.top) * 0.2), "text-anchor": "middle" }, fitting(area.name, box.right - box.left - 12)));
}

const mean = (a, b) => (a + b) / 2;

/** As much of a name as has room; Chinese letters are twice as wide. */
function fitting(name, room) {
  let used = 0;
  const fits = [...name].filter((c) => (used += c > "\u2e80" ? 12 : 7) <= room).join("");
  return fits === name ? name : `${fits.trimEnd().slice(0, -1)}…`;
}

function devices(world, at) {
  const found = [...[...state.devices.values()].map((d) => ({ thing: d, kind: d.state, path: `/devices/${encodeURIComponent(d.id)}` })),
    ...[...state.cameras.values()].map((c) => ({ thing: c, kind: "camera", path: "/cameras" }))]
    .map((d, n) => ({ ...d, spot: world.place(d.thing, n) })).filter((d) => d.spot).map((d) => ({ ...d, ...at(d.spot) })).filter(inSight);
  return gathered(found, REACH).map((group) => (group.of.length === 1 ? single(group.of[0]) : crowd(group)));
}

const inSight = (d) => d.x > -20 && d.y > -20 && d.x < map.size.width + 20 && d.y < map.size.height + 20;

function single({ thing, kind, path, x, y }) {
  const ill = kind === "camera" && !["ok", "dark"].includes(thing.state) ? " ill" : "";
  return h("a", { key: `d-${thing.id}`, href: path, class: `mark-of ${kind}${ill}`, tabindex: "-1", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, "aria-label": thing.name },
    h("title", null, thing.name), h("path", { d: SHAPES[kind] }));
}

/** Several devices: how many, in the colour of the worst. */
function crowd({ of, x, y }) {
  const kind = ["silent", "never"].find((k) => of.some((d) => d.kind === k)) ?? "ok";
  const nearer = (e) => { e.preventDefault(); e.stopPropagation(); if (map.dragged <= 5) look(zoomed(map.view, map.size, 2.2, { x, y })); map.dragged = 0; };
  return h("g", { key: `c-${of[0].thing.id}`, class: `crowd ${kind}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, onclick: nearer },
    h("title", null, of.slice(0, 12).map((d) => d.thing.name).join(", ")), h("circle", { r: 8 + Math.min(7, of.length / 4) }), h("text", { y: 4 }, String(of.length)));
}

function open(world, at) {
  const found = [...state.incidents.values()].filter(isOpen).sort(byUrgency)
    .map((i, n) => ({ thing: i, spot: world.place(i, n) ?? world.place(subject(i) ?? {}, n) })).filter((i) => i.spot).map((i) => ({ ...i, ...at(i.spot) })).filter(inSight);
  return gathered(found, REACH).map(({ of, x, y }) => {
    const first = of.reduce((a, b) => (RANK[b.thing.severity] < RANK[a.thing.severity] ? b : a)).thing;
    const name = `${t(`severity.${first.severity}`)}: ${of.map((i) => i.thing.title).join(", ")}`;
    return link(`/incidents/${encodeURIComponent(first.id)}`, { key: `i-${first.id}`, class: `pin ${first.severity}`, "data-incident": first.id,
      transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, "aria-label": name },
      h("title", null, name), h("path", { d: SHAPES[first.severity] }), h("text", { y: first.severity === "minor" ? 6 : 5 }, of.length > 1 ? String(of.length) : "!"));
  });
}

const subject = (incident) => state.devices.get(incident.key) ?? state.cameras.get(incident.key);

function ruler() {
  const { length, pixels } = rulerOf(map.view, map.size);
  const y = map.size.height - 12;
  return h("g", { key: "ruler", class: "ruler" }, h("path", { d: `M12 ${y - 4}v4h${pixels.toFixed(1)}v-4` }),
    h("text", { x: 16, y: y - 6 }, length >= 1000 ? t("map.km", { n: number(length / 1000) }) : t("map.m", { n: number(length, 2) })));
}
