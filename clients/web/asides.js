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
    const undo = !memory.forgotten && el("button.link", { type: "button", disabled: asked, onclick: () => this.desk.send({ name: "forget", memory: memory.id, reason: "undo" }, memory.id) }, t("kept.undo"));
    this.element.classList.toggle("forgotten", memory.forgotten);
    fill(this.element, el("span.aside-name", {}, t(memory.forgotten ? "kept.forgotten" : "kept")), " ", el("span.kept-text", {}, memory.text), " ", undo);
  }
}

/** A question of the agent. It is answered by a choice, or by what is said next; the answer stands as a person's words do. */
export class Question {
  /** @param {import("./thread.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.element = el("section.question");
    this.drawn = "";
  }

  /** @param {import("./log.js").Question | undefined} question @param {boolean} open whether it is this one that waits */
  show(question, open) {
    if (!question) return;
    const going = this.desk.answering(question);
    const stopping = this.desk.asked(question.turn);
    const drawn = JSON.stringify([question.answered, open, going, stopping]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.element.classList.toggle("open", open && going == null);
    const answer = question.answered ? question.answer : going;
    fill(
      this.element,
      el("p.question-text", {}, question.text),
      answer != null && el("div.said", {}, el("span.hidden", {}, t("said.you")), el("p.said-text", {}, answer)),
      answer != null && !question.answered && el("p.said-state", {}, t(this.desk.online() ? "said.waiting" : "said.offline")),
      question.answered && answer == null && el("p.muted", {}, t("question.none")),
      open && going == null && this.#ways(question, stopping),
    );
  }

  /** @param {import("./log.js").Question} question @param {boolean} disabled */
  #ways(question, disabled) {
    const choose = (/** @type {string} */ choice) => el("button.small", { type: "button", disabled, onclick: () => this.desk.answer(question, choice) }, choice);
    const dismiss = () => this.desk.send({ name: "cancel", target: "turn", target_id: question.turn }, question.turn);
    const choices = el("div.row", { role: "group", "aria-label": question.text }, ...question.choices.map(choose));
    return el("div.question-ways", {}, question.choices.length > 0 && choices, el("button.link", { type: "button", disabled, onclick: dismiss }, t("question.dismiss")));
  }
}
