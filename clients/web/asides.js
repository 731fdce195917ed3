/** What stands under a reply: a memory that was kept, with its undo, and a question that waits for an answer. */

import { el, fill } from "./element.js";
import { t } from "./words.js";

export class Kept {
  /** @param {import("./thread.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.element = el("p.aside.kept");
  }

  /** @param {import("./log.js").Memory | undefined} memory */
  show(memory) {
    if (!memory) return;
    const asked = this.desk.asked(memory.id);
    const undo = !memory.forgotten && el("button.link", { type: "button", disabled: asked, onclick: () => this.desk.send({ name: "forget", memory: memory.id }, memory.id) }, t("kept.undo"));
    this.element.classList.toggle("forgotten", memory.forgotten);
    fill(this.element, el("span.aside-name", {}, t(memory.forgotten ? "kept.forgotten" : "kept")), " ", el("span.kept-text", {}, memory.text), " ", undo);
  }
}

export class Question {
  /** @param {import("./thread.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.element = el("section.question");
    this.drawn = "";
  }

  /** @param {import("./log.js").Question | undefined} question */
  show(question) {
    if (!question) return;
    const drawn = `${question.answered} ${this.desk.asked(question.id)}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const text = el("p.question-text", {}, question.text);
    if (question.answered) fill(this.element, text, el("p.muted", {}, question.answer ?? t("question.none")));
    else fill(this.element, text, question.choices.length ? this.#choices(question) : this.#field(question));
  }

  /** @param {import("./log.js").Question} question */
  #choices(question) {
    const disabled = this.desk.asked(question.id);
    const button = (/** @type {string} */ choice) => el("button.small", { type: "button", disabled, onclick: () => this.#answer(question, choice) }, choice);
    return el("div.row", { role: "group", "aria-label": question.text }, ...question.choices.map(button));
  }

  /** @param {import("./log.js").Question} question */
  #field(question) {
    const disabled = this.desk.asked(question.id);
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "text", "aria-label": t("question.label"), disabled }));
    const onsubmit = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (input.value.trim()) this.#answer(question, input.value.trim());
    };
    return el("form.row", { onsubmit }, input, el("button.small", { disabled }, t("question.send")));
  }

  /** @param {import("./log.js").Question} question @param {string} answer */
  #answer(question, answer) {
    this.desk.send({ name: "answer", question: question.id, answer }, question.id);
  }
}
