/** The first page: four things to try, each of which is said by a press. Drawing needs no language model, and says so. */

import { el } from "./element.js";
import { t } from "./words.js";

const TRIES = ["draw", "speak", "keep", "write"];

/**
 * @param {(text: string) => void} say
 * @param {{chatReady: boolean, note: () => string}} models
 * @returns {HTMLElement}
 */
export function welcome(say, models) {
  const badge = (/** @type {string} */ name) => name === "draw" && !models.chatReady && el("span.try-now", {}, t("welcome.now"));
  const card = (/** @type {string} */ name) => {
    const text = t(`try.${name}.text`);
    return el("li", {}, el("button.try", { type: "button", onclick: () => say(text) }, el("span.try-name", {}, t(`try.${name}`), badge(name)), el("span.try-text", {}, text)));
  };
  return el(
    "section.welcome",
    { "aria-labelledby": "welcome-title" },
    el("h2", { id: "welcome-title" }, t("welcome.title")),
    el("p.muted", {}, t("app.tagline")),
    !models.chatReady && el("p.welcome-note", { role: "status" }, models.note()),
    el("ul.tries", { "aria-label": t("welcome.try") }, ...TRIES.map(card)),
  );
}
