// Talks to the HTTP API. What goes wrong is thrown as a text for people.

import { known, t } from "./words.js";

export class Trouble extends Error {
  constructor(text, status, wait) {
    super(text);
    Object.assign(this, { status, wait });
  }
}

/** Ask, and give the JSON that is answered; null where nothing is. */
export async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Trouble(t("error.offline"));
  }
  if (answer.status === 401 && location.pathname !== "/login") {
    toLogin();
    throw new Trouble(t("error.logged_out"));
  }
  if (!answer.ok) throw new Trouble(await told(answer), answer.status, Number(answer.headers.get("Retry-After")));
  return answer.status === 204 ? null : answer.json();
}

async function told(answer) {
  const problem = await answer.json().catch(() => ({}));
  return known(`error.${answer.status}`, problem.detail || t("error.strange", { status: answer.status }));
}

export function toLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
}
