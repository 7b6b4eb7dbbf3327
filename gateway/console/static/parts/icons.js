// Our own icons, drawn on a grid of 24 with a pen of 1.75.

import { h } from "../view.js";

const PATHS = {
  now: "M4 11.5 12 5l8 6.5M6.5 10v9h11v-9M10 19v-5h4v5",
  incidents: "M12 4.5 3.5 19h17L12 4.5ZM12 10v4M12 16.6v.1",
  devices: "M7 7h10v10H7zM10 7V4M14 7V4M10 20v-3M14 20v-3M7 10H4M7 14H4M20 10h-3M20 14h-3",
  cameras: "M4 8h11v9H4zM15 11.5l5-3v8l-5-3",
  rules: "M4 17h4l3-10 3 13 2.500-6H20",
  numbers: "M5 19V11M10 19V5M15 19v-6M20 19V8M3.500 19.500h18",
  more: "M5 12v.1M12 12v.1M19 12v.1",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  whole: "M5 9V5h4M19 9V5h-4M5 15v4h4M19 15v4h-4",
  photo: "M4 8h3l1.500-2.500h7L17 8h3v11H4zM12 16.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Z",
  note: "M5 5h14v10l-4 4H5zM9 9.500h6M9 13h4",
  save: "M12 4v11M7.500 11 12 15.500 16.500 11M5 19.500h14",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  filter: "M4 6h16M7 12h10M10 18h4",
  bell: "M6 17V11a6 6 0 0 1 12 0v6M4 17h16M10.500 20h3",
  close: "M6 6l12 12M18 6 6 18",
  key: "M14 10a4 4 0 1 0-3.500 4L12 12.500h2V11M9 9v.1",
  system: "M5 7h9M18 7h1M5 12h2M11 12h8M5 17h7M16 17h3M14 5.2v3.6h4V5.2zM7 10.2v3.6h4v-3.6zM12 15.2v3.6h4v-3.6z",
  check: "M5 12.5 10 17.5 19 7",
  take: "M5 19v-1.5a4 4 0 0 1 4-4h6a4 4 0 0 1 4 4V19M12 10.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  done: "M4 12a8 8 0 1 0 16 0 8 8 0 0 0-16 0M8.5 12.2l2.5 2.5 4.5-5",
  void: "M4 12a8 8 0 1 0 16 0 8 8 0 0 0-16 0M9 9l6 6M15 9l-6 6",
  reopen: "M5 12a7 7 0 1 0 2.2-5.1M5 5v4h4",
  place: "M12 20s6-5.6 6-10.2A6 6 0 0 0 6 9.800C6 14.400 12 20 12 20ZM12 11.800a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  clock: "M4 12a8 8 0 1 0 16 0 8 8 0 0 0-16 0M12 8v4.500l3 1.800",
  sun: "M12 8.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7ZM12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600 7 7M17 17l1.400 1.400M18.400 5.600 17 7M7 17l-1.400 1.400",
  moon: "M19 14.500A7.500 7.500 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500Z",
  out: "M10 5H5v14h5M14 8l4 4-4 4M18 12H9",
  back: "M14.500 6 8.500 12l6 6",
  search: "M10.500 5a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11ZM15 15l4.500 4.500",
  send: "M4 12h13M12.500 7l5 5-5 5",
  eyeless: "M4 4l16 16M9.500 5.800A9 9 0 0 1 21 12a12 12 0 0 1-2.400 3.400M6 7.600A12 12 0 0 0 3 12a9.600 9.600 0 0 0 12 5.300",
};

/** An icon beside a text, or, with a label, in its place. */
export function icon(name, label) {
  const say = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return h("svg", { class: "icon", viewBox: "0 0 24 24", ...say }, h("path", { d: PATHS[name] }));
}
