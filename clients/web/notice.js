/** Short notices at the foot of the page, and the line that says how to mend a thing. */

import { el, iconButton } from "./element.js";
import { t } from "./words.js";

const LASTS = 9000;

/** @param {string | null | undefined} fix a command or a sentence @returns {HTMLElement | null} */
export function fixLine(fix) {
  return fix ? el("p.fix", {}, el("span", {}, t("fix.label")), " ", el("code", {}, fix)) : null;
}

/** @param {string} text @param {string | null} [fix] stays until it is closed */
export function notify(text, fix = null) {
  const place = /** @type {HTMLElement} */ (document.getElementById("notices"));
  const notice = el("div.notice", {}, el("div", {}, el("p", {}, text), fixLine(fix)), iconButton("close", t("close"), () => notice.remove()));
  place.append(notice);
  if (!fix) setTimeout(() => notice.remove(), LASTS);
}

/** Say something to screen readers only. @param {string} text */
export function announce(text) {
  const place = /** @type {HTMLElement} */ (document.getElementById("announcer"));
  place.replaceChildren(el("p", {}, text));
}
