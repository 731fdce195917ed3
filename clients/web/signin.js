/** Signing in: the one-time code comes in the address's fragment, which never leaves the browser, and is taken out of it at once. */

import { ask } from "./api.js";
import { el } from "./element.js";
import { t } from "./words.js";

/** The code of this address, if there is one. It is removed from the address bar and from history. @returns {string | null} */
export function takeCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** @param {string} code @returns {Promise<void>} */
export const signIn = (code) => ask("POST", "/api/sign-in", { code });

/**
 * What a browser without a session sees.
 * @param {string} error what was wrong with the code that it came with
 * @param {() => void} onDone
 * @returns {HTMLElement}
 */
export function door(error, onDone) {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "text", autocomplete: "one-time-code", autocapitalize: "off", spellcheck: "false", "aria-label": t("signin.code") }));
  const told = el("p.failure-words", { role: "alert" }, error);
  const onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const code = input.value.trim().replace(/^.*#code=/, "");
    if (!code) return;
    try {
      await signIn(code);
      onDone();
    } catch (refused) {
      const { status } = /** @type {import("./api.js").Refused} */ (refused);
      told.textContent = t(status ? "signin.bad" : "error.unreachable");
      input.select();
    }
  };
  return el(
    "section.door",
    { "aria-labelledby": "door-title" },
    el("h1", { id: "door-title" }, t("signin.title")),
    el("p", {}, t("signin.body")),
    told,
    el("p", {}, t("signin.how")),
    el("pre", { tabindex: 0 }, el("code", {}, "rhapsode")),
    el("form.row", { onsubmit }, el("label", {}, el("span", {}, t("signin.code")), input), el("button.small", {}, t("signin.go"))),
  );
}
