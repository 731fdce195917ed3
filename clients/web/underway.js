/** Commands between a press and their effect in the log: what they are about is not asked for twice, and an answer shows at once. */

import { openQuestion } from "./standing.js";

/** How long after its acknowledgement a command's fact may take to be folded. */
const SETTLES = 1000;

/** @typedef {import("./outbox.js").Command} Command */

/** Dispatches `change` when something was sent or has settled. */
export class UnderWay extends EventTarget {
  /** @param {import("./outbox.js").Outbox} outbox @param {import("./place.js").Place} place */
  constructor(outbox, place) {
    super();
    this.outbox = outbox;
    this.place = place;
    /** @type {Map<string, {command: Command, about: string}>} by the command's id */
    this.commands = new Map();
  }

  /** Send a command of which something may be asked while it is on its way. @param {{name: string, [field: string]: unknown}} body @param {string} about the id of what it concerns */
  send(body, about) {
    const { command } = this.outbox.put(this.place.here(), body);
    this.commands.set(command.id, { command, about });
    this.dispatchEvent(new Event("change"));
  }

  /** A command was accepted: its fact is here soon. @param {string} id */
  accepted(id) {
    if (this.commands.has(id)) setTimeout(() => this.settled(id), SETTLES);
  }

  /** The effect of a command is in the log by now, or never will be. @param {string} id */
  settled(id) {
    if (this.commands.delete(id)) this.dispatchEvent(new Event("change"));
  }

  /** Whether a command about this is under way. @param {string} about */
  asked(about) {
    return [...this.commands.values()].some((each) => each.about === about);
  }

  /** The answer that is on its way to a question; one from before the page was loaded again counts too. @param {import("./log.js").Question} question @returns {string | undefined} */
  answering({ id, question }) {
    const kept = this.outbox.of(this.place).find(({ command }) => command.name === "answer" && command.question === question);
    const sent = [...this.commands.values()].find(({ command, about }) => command.name === "answer" && about === id);
    return (kept ?? sent)?.command.answer;
  }

  /** The question that what is said next will answer. @param {import("./log.js").State} state */
  question(state) {
    const question = openQuestion(state);
    return question && this.answering(question) === undefined ? question : null;
  }
}
