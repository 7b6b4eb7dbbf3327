// Talks to the HTTP API. What goes wrong is thrown as a text for people.

import { known, t } from "./words.js";

export class Trouble extends Error {
  constructor(text, status, wait) {
    super(text);
    Object.assign(this, { status, wait });
  }
}

/** Ask, and give the JSON that is answered; null where nothing is. */
export const ask = (method, path, body) =>
  send(method, path, body === undefined ? undefined : JSON.stringify(body), "application/json");

/** The same with a body that is no JSON. */
export async function send(method, path, body, type) {
  const answer = await fetched(method, path, body, type);
  return answer.status === 204 ? null : answer.json();
}

/** Ask for a file, and hand it to the browser's downloads. */
export async function download(method, path, body, name) {
  const answer = await fetched(method, path, JSON.stringify(body), "application/json");
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(await answer.blob());
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}

async function fetched(method, path, body, type) {
  let answer;
  try {
    answer = await fetch(path, { method, headers: body === undefined ? {} : { "Content-Type": type }, body });
  } catch {
    throw new Trouble(t("error.offline"));
  }
  if (answer.status === 401 && location.pathname !== "/login") {
    toLogin();
    throw new Trouble(t("error.logged_out"));
  }
  if (!answer.ok) throw new Trouble(await told(answer), answer.status, Number(answer.headers.get("Retry-After")));
  return answer;
}

async function told(answer) {
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 409 && problem.detail) return t("error.refused", { why: problem.detail });
  return known(`error.${answer.status}`, problem.detail || t("error.strange", { status: answer.status }));
}

export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
}
