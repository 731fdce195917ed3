/**
 * Markdown, lightly: headings, lists, quotes, code, bold, italic, links. Everything else is shown as it was written.
 *
 * A text is cut into blocks first, so that a reply that streams draws only its last block again. Nothing is parsed as HTML;
 * a link leads to http, https or mail and nowhere else.
 */

import { el } from "./element.js";

/** @typedef {{kind: "code" | "list" | "quote" | "heading" | "rule" | "text", lines: string[]}} Block */

const FENCE = /^\s*(```|~~~)/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)、])\s+(.*)$/;
const INLINE = /`([^`\n]+)`|\*\*(?=\S)([^\n]*?\S)\*\*|\*(?=[^\s*])([^*\n]*[^\s*])\*|\[([^\]\n]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>"'`)\]\u2e80-\u9fff\uff00-\uffef]*[^\s<>"'`)\].,;:!?\u2e80-\u9fff\uff00-\uffef])/g;

/** @param {string} line @returns {Block["kind"]} */
function kindOf(line) {
  if (/^#{1,6}\s/.test(line)) return "heading";
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) return "rule";
  if (ITEM.test(line)) return "list";
  return line.startsWith(">") ? "quote" : "text";
}

/**
 * Cut a text into blocks. A fence that is still open runs to the end.
 * @param {string} text
 * @returns {Block[]}
 */
export function blocks(text) {
  /** @type {Block[]} */
  const found = [];
  let open = /** @type {Block | null} */ (null);
  let fenced = false;
  const start = (/** @type {Block["kind"]} */ kind, /** @type {string[]} */ lines) => {
    found.push({ kind, lines });
    return found[found.length - 1];
  };
  for (const line of text.split("\n")) {
    if (FENCE.test(line)) {
      if (fenced) open = null;
      else open = start("code", [line.trim()]);
      fenced = !fenced;
    } else if (fenced) open?.lines.push(line);
    else if (!line.trim()) open = open?.kind === "list" ? open : null;
    else {
      const kind = kindOf(line);
      const goesOn = open && (open.kind === kind || (open.kind === "list" && /^\s{2,}/.test(line))) && kind !== "heading" && kind !== "rule";
      if (goesOn) open?.lines.push(line);
      else open = start(kind, [line]);
    }
  }
  return found;
}

/** @param {Block} block @returns {HTMLElement} */
export function render({ kind, lines }) {
  if (kind === "code") return el("pre", { tabindex: "0" }, el("code", {}, lines.slice(1).join("\n")));
  if (kind === "rule") return el("hr");
  if (kind === "list") return list(lines);
  if (kind === "quote") return el("blockquote", {}, ...inlineLines(lines.map((line) => line.replace(/^>\s?/, ""))));
  if (kind === "heading") return el(lines[0].startsWith("# ") ? "h3" : "h4", {}, ...inline(lines[0].replace(/^#+\s+|\s+#+\s*$/g, "")));
  return el("p", {}, ...inlineLines(lines));
}

/** @param {string[]} lines @returns {HTMLElement} deeper lines become a list within the item above them */
function list(lines) {
  const first = /** @type {RegExpExecArray} */ (ITEM.exec(lines[0]));
  const ordered = /\d/.test(first[2]);
  const items = el(ordered ? "ol" : "ul", { start: ordered && Number.parseInt(first[2], 10) !== 1 && Number.parseInt(first[2], 10) });
  for (let at = 0; at < lines.length; ) {
    const match = ITEM.exec(lines[at]);
    const item = el("li", {}, ...inline(match ? match[3] : lines[at].trim()));
    const inner = [];
    for (at += 1; at < lines.length && indent(lines[at]) > indent(lines[0]) + 1; at += 1) inner.push(lines[at]);
    const nested = inner.findIndex((line) => ITEM.test(line));
    for (const line of nested < 0 ? inner : inner.slice(0, nested)) item.append(el("br"), ...inline(line.trim()));
    if (nested >= 0) item.append(list(inner.slice(nested)));
    items.append(item);
  }
  return items;
}

/** @param {string} line */
const indent = (line) => line.length - line.trimStart().length;

/** @param {string[]} lines @returns {Node[]} */
const inlineLines = (lines) => lines.flatMap((line, at) => (at ? [el("br"), ...inline(line)] : inline(line)));

/** @param {string} text @returns {Node[]} */
function inline(text) {
  /** @type {Node[]} */
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, bold, italic, label, target, bare] = match;
    if (match.index > from) nodes.push(document.createTextNode(text.slice(from, match.index)));
    from = match.index + whole.length;
    if (code) nodes.push(el("code", {}, code));
    else if (bold) nodes.push(el("strong", {}, ...inline(bold)));
    else if (italic) nodes.push(el("em", {}, ...inline(italic)));
    else nodes.push(link(label ?? bare, target ?? bare, whole));
  }
  if (from < text.length) nodes.push(document.createTextNode(text.slice(from)));
  return nodes;
}

/** @param {string} label @param {string} target @param {string} whole @returns {Node} what leads elsewhere stays text */
function link(label, target, whole) {
  if (!/^(https?:\/\/|mailto:)/i.test(target)) return document.createTextNode(whole);
  return el("a", { href: target, target: "_blank", rel: "noopener noreferrer nofollow" }, label);
}
