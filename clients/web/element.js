/**
 * DOM by hand. Strings become text nodes and nothing else: no markup is ever parsed, so no words of a model, a file or a
 * person can turn into code.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Make an element.
 * @param {string} tag such as `button.quiet`: a name and its classes
 * @param {Record<string, unknown>} [props] `onclick` and the like are listeners; true is an empty attribute, false and null none
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...kept(children));
  return element;
}

/**
 * Replace what is in an element.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...kept(children));
}

/** @param {Child[]} children @returns {(Node | string)[]} */
const kept = (children) => children.filter((child) => child != null && child !== false).map((child) => (child instanceof Node ? child : String(child)));

const PATHS = {
  down: "M12 5v14M6 13l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  play: "M8 5.5v13l11-6.5z",
  pause: "M9 6v12M15 6v12",
  pen: "M5 19l1-4L16 5l3 3L9 18z",
  bin: "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12",
  file: "M7 4h7l4 4v12H7zM14 4v4h4",
};

/**
 * A line icon, hidden from screen readers; its button carries the words.
 * @param {keyof typeof PATHS} name
 */
export function icon(name) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const path = document.createElementNS(ns, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/**
 * A button that shows an icon and says `label`.
 * @param {keyof typeof PATHS} name
 * @param {string} label
 * @param {(event: MouseEvent) => void} onclick
 */
export const iconButton = (name, label, onclick) => el("button.icon-button", { type: "button", "aria-label": label, title: label, onclick }, icon(name));
