/**
 * Words of the page in the reader's language: the browser's at first, then the one that was chosen. A table is loaded only
 * when its language is spoken. English and Chinese have the same keys; a test compares them.
 */

const KEPT = "rhapsode.language";
export const LANGUAGES = /** @type {const} */ (["en", "zh"]);

/** @typedef {(typeof LANGUAGES)[number]} Language */
/** @typedef {string | ((values: any) => string)} Phrase */

/** @type {Record<string, Phrase>} */
let table = {};
/** @type {Language} */
let spoken = "en";

/** The language to begin with. @returns {Language} */
export function preferred() {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag))?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = () => spoken;

/**
 * Load a language and put it on the page.
 * @param {Language} wanted
 * @param {{remember?: boolean}} [how]
 */
export async function speak(wanted, { remember = false } = {}) {
  table = (await import(`./words/${wanted}.js`)).default;
  spoken = wanted;
  document.documentElement.lang = wanted === "zh" ? "zh-CN" : "en";
  if (remember) localStorage.setItem(KEPT, wanted);
  dress(document);
}

/**
 * A phrase in the spoken language.
 * @param {string} key
 * @param {any} [values]
 */
export function t(key, values = {}) {
  const phrase = table[key];
  return typeof phrase === "function" ? phrase(values) : (phrase ?? key);
}

/** Whether there is a phrase. @param {string} key */
export const has = (key) => key in table;

/** Put words on elements that name them: `data-word` is text, `data-hint` a placeholder, `data-label` an accessible name. @param {ParentNode} root */
function dress(root) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = t(/** @type {HTMLElement} */ (element).dataset.word ?? "");
  for (const element of root.querySelectorAll("[data-hint]")) element.setAttribute("placeholder", t(/** @type {HTMLElement} */ (element).dataset.hint ?? ""));
  for (const element of root.querySelectorAll("[data-label]")) {
    const label = t(/** @type {HTMLElement} */ (element).dataset.label ?? "");
    element.setAttribute("aria-label", label);
    element.setAttribute("title", label);
  }
}

/** A size in the units people know. @param {number} bytes */
export function size(bytes) {
  const units = ["kB", "MB", "GB"];
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 1000 && unit < 2; unit += 1) value /= 1000;
  return `${new Intl.NumberFormat(spoken, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)} ${units[unit]}`;
}

/** A span of time, rounded as a person would. @param {number} seconds */
export function span(seconds) {
  const [value, unit] = seconds < 90 ? [seconds, "second"] : seconds < 5400 ? [seconds / 60, "minute"] : [seconds / 3600, "hour"];
  return new Intl.NumberFormat(spoken, { style: "unit", unit, unitDisplay: spoken === "zh" ? "long" : "short", maximumFractionDigits: 0 }).format(Math.max(1, Math.round(Number(value))));
}

/** @param {number} share 0 to 1 */
export const percent = (share) => new Intl.NumberFormat(spoken, { style: "percent", maximumFractionDigits: 0 }).format(share);

/** When something was, briefly: the hour today, the day before that. @param {string} at */
export function when(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const place = navigator.languages.find((tag) => tag.startsWith(spoken)) ?? spoken;
  return new Intl.DateTimeFormat(place, today ? { hour: "numeric", minute: "2-digit" } : { month: "short", day: "numeric" }).format(date);
}
