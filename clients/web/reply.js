/** The agent's words, and, smaller, what the engine says a tool did. Each delta draws the last block again and leaves those before it alone. */

import { el } from "./element.js";
import { blocks, render } from "./markdown.js";
import { t } from "./words.js";

export class Reply {
  constructor() {
    this.body = el("div.prose");
    this.element = el("div.reply", {}, this.body);
    /** @type {string[]} */
    this.drawn = [];
    this.shown = "";
  }

  /**
   * @param {import("./log.js").Part} part
   * @param {(id: string) => string | undefined} recalled words of a memory, once known
   */
  show(part, recalled) {
    const report = part.by === "engine";
    const memories = report ? [] : part.memories;
    this.element.classList.toggle("report", report);
    this.element.hidden = !part.text && !memories.length;
    if (part.text !== this.shown) this.#draw(part.text);
    this.shown = part.text;
    this.element.classList.toggle("streaming", !part.final);
    this.used?.remove();
    if (!memories.length) return;
    const texts = memories.map((id) => recalled(id) ?? t("used.unknown"));
    this.used = el("p.aside.used", {}, el("span.aside-name", {}, t("used")), " ", texts.join(" · "));
    this.element.append(this.used);
  }

  /** @param {string} text */
  #draw(text) {
    const cut = blocks(text);
    const sources = cut.map(({ kind, lines }) => `${kind}\n${lines.join("\n")}`);
    let same = 0;
    while (same < sources.length && sources[same] === this.drawn[same]) same += 1;
    while (this.body.childElementCount > same) this.body.lastElementChild?.remove();
    this.body.append(...cut.slice(same).map(render));
    this.drawn = sources;
  }
}
