/** Requests to the server: cookies carry the session, a custom header keeps other sites out, a refusal says what to do next. */

/** What the server refused, in words for a person. `status` 0 means that it was not reached. */
export class Refused extends Error {
  /** @param {{status: number, error: string, code?: string, fix?: string | null}} refusal */
  constructor({ status, error, code = "", fix = null }) {
    super(error);
    this.status = status;
    this.code = code;
    this.fix = fix;
  }
}

export const HEADERS = { "X-Rhapsode": "1" };

/**
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body] sent as JSON
 * @returns {Promise<any>}
 * @throws {Refused}
 */
export async function ask(method, path, body) {
  const headers = body === undefined ? HEADERS : { ...HEADERS, "Content-Type": "application/json" };
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
  } catch {
    throw new Refused({ status: 0, code: "unreachable", error: "" });
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw refusal(response.status, answer);
  return answer;
}

/** @param {number} status @param {any} answer */
export function refusal(status, answer) {
  return new Refused({ status, error: answer?.error ?? `HTTP ${status}`, code: answer?.code, fix: answer?.fix });
}

/** A fresh id for a command; the same one is used until the server has answered. */
export const commandId = () => `web-${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** @param {string} id @param {{download?: boolean, edge?: 0 | 128 | 256 | 512}} [how] `edge`: a thumbnail of at most so many pixels */
export function assetUrl(id, { download = false, edge = 0 } = {}) {
  const path = `/api/assets/${encodeURIComponent(id)}`;
  return edge ? `${path}/thumbnail?size=${edge}` : path + (download ? "?download=1" : "");
}
