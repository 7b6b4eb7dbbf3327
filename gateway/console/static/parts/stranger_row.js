// A device that speaks and is not registered, with the lines that would register it.

import { now } from "../live.js";
import { h } from "../view.js";
import { ago, measured, quantityName, t } from "../words.js";

export function strangerRow(stranger) {
  return h("li", { key: `${stranger.dialect} ${stranger.address}`, class: "part" },
    h("div", { class: "part-head" }, h("strong", null, stranger.address),
      h("span", { class: "chip over" }, stranger.dialect),
      h("span", { class: "muted" }, ago(stranger.last, now()))),
    h("p", { class: "detail" }, samples(stranger)),
    h("details", null, h("summary", null, t("stranger.admit")), h("pre", null, entry(stranger))));
}

const samples = (stranger) => Object.entries(stranger.samples)
  .map(([quantity, value]) => `${quantityName(quantity)} ${measured(quantity, value, "")}`).join(" · ");

/** An entry of devices.yaml; JSON strings are YAML strings too. */
function entry(stranger) {
  const id = stranger.address.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  return `- id: ${id || "new"}\n  name: ""\n  dialect: ${stranger.dialect}\n  address: ${JSON.stringify(stranger.address)}`;
}
