// A photo from the operator's phone: made smaller here, so that it is sent fast and without what
// the phone has written into it, and once more by the gateway, which trusts nobody.

import { redraw, state } from "../live.js";
import { h } from "../view.js";
import { t } from "../words.js";
import { run } from "./bits.js";
import { icon } from "./icons.js";
import { send } from "../api.js";

const LONGEST = 1920, QUALITY = 0.85;

/** A button that opens the camera; `done(history)` takes what the gateway answers. */
export function photoButton(incident, done) {
  const taken = (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) run("photo", async () => done(await upload(incident, file)));
  };
  return h("label", { key: "photo", class: state.page.busy === "photo" ? "button busy" : "button", for: "photo" }, icon("photo"),
    t(state.page.busy === "photo" ? "photo.sending" : "deed.photo"),
    h("input", { id: "photo", type: "file", class: "unseen", accept: "image/*", capture: "environment", disabled: state.page.busy !== undefined, onchange: taken }));
}

async function upload(incident, file) {
  const smaller = await shrunk(file);
  redraw();
  return send("POST", `/api/v1/incidents/${encodeURIComponent(incident.id)}/photo`, smaller, "image/jpeg");
}

async function shrunk(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(t("photo.unreadable"));
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
}
