/** The conversation on the page: turns are appended and touched ones redrawn; what waits to be sent stands below them. */

import { el, fill, icon } from "./element.js";
import { fixLine } from "./notice.js";
import { TurnView, said } from "./turn.js";
import { welcome } from "./welcome.js";
import { t } from "./words.js";

/**
 * What the views on the page may do and ask.
 * @typedef {object} Desk
 * @property {(body: {name: string, [field: string]: unknown}, about: string) => void} send a command; `about` names what it concerns
 * @property {(id: string) => boolean} asked whether a command about this is on its way
 * @property {(text: string, assets: string[]) => void} say
 * @property {(question: import("./log.js").Question, answer: string) => void} answer
 * @property {(question: import("./log.js").Question) => string | undefined} answering the answer to a question that is on its way
 * @property {(entry: import("./outbox.js").Entry, edit: boolean) => void} again send refused words again, or take them back to edit
 * @property {() => string | null} spoken the job that is being heard
 * @property {(job: string) => void} hush
 * @property {(memory: string) => string | undefined} recalled
 * @property {() => string} note what the chat model lacks, if anything
 * @property {() => boolean} online
 */

const NEAR = 40;

export class Thread {
  /** @param {HTMLElement} scroller @param {Desk} desk */
  constructor(scroller, desk) {
    this.scroller = scroller;
    this.desk = desk;
    this.log = el("div.log", { role: "log", "aria-live": "off" });
    this.pending = el("div.pending");
    this.welcome = el("div.welcome-place");
    this.latest = el("button.latest", { type: "button", hidden: true, onclick: () => this.toEnd() }, icon("down"));
    /** @type {Map<string, TurnView>} */
    this.views = new Map();
    this.stuck = true;
    this.top = 0;
    this.waiting = "";
    this.offered = "";
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const fitted = new ResizeObserver(() => this.stuck && this.toEnd());
    for (const element of [this.log, scroller]) fitted.observe(element);
    this.reset();
  }

  /** Begin anew: another session, another language, or everything read again. */
  reset() {
    this.views.clear();
    this.stuck = true;
    this.log.setAttribute("aria-label", t("log.label"));
    this.latest.setAttribute("aria-label", t("log.latest"));
    fill(this.log);
    fill(this.welcome);
    fill(this.pending);
    this.waiting = "";
    fill(this.scroller, el("div.column", {}, this.welcome, this.log, this.pending), this.latest);
  }

  /** @param {import("./log.js").State} state @param {Iterable<string>} touched ids of turns, in order of the log */
  show(state, touched) {
    for (const id of touched) {
      const turn = state.turns.get(id);
      if (!turn) continue;
      let view = this.views.get(id);
      if (!view) {
        view = new TurnView(this.desk);
        this.views.set(id, view);
        this.log.append(view.element);
      }
      view.show(state, turn);
    }
    if (this.stuck) this.toEnd();
    else this.#scrolled();
  }

  /** @param {import("./outbox.js").Entry[]} entries `say` commands that have no fact yet */
  showPending(entries) {
    const drawn = JSON.stringify([this.desk.online(), entries.map(({ command, refused }) => [command.id, refused])]);
    if (drawn === this.waiting) return;
    this.waiting = drawn;
    fill(this.pending, ...entries.map((entry) => this.#waiting(entry)));
    if (entries.length || this.stuck) this.toEnd();
  }

  /** @param {null | {say: (text: string) => void, models: {chatReady: boolean, note: () => string}}} offer */
  showWelcome(offer) {
    if (!offer) return fill(this.welcome);
    const drawn = offer.models.note();
    if (drawn === this.offered && this.welcome.childElementCount) return undefined;
    this.offered = drawn;
    return fill(this.welcome, welcome(offer.say, offer.models));
  }

  toEnd() {
    this.stuck = true;
    this.latest.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
  }

  /** @param {import("./outbox.js").Entry} entry */
  #waiting(entry) {
    const { text } = entry.command;
    const button = (/** @type {string} */ word, /** @type {boolean} */ edit) => el("button.link", { type: "button", onclick: () => this.desk.again(entry, edit) }, t(word));
    const state = entry.refused
      ? el("div.said-state.failure", {}, el("p", {}, entry.refused.error || t("said.refused")), fixLine(entry.refused.fix), el("div.row", {}, button("said.again", false), button("said.edit", true)))
      : el("p.said-state", {}, t(this.desk.online() ? "said.waiting" : "said.offline"));
    return el("article.turn.waiting", {}, el("div.turn-said", {}, said(text, entry.uploads ?? [], state)));
  }

  /** A person who scrolls up lets go of the end, and takes hold of it again by coming near it. */
  #scrolled() {
    const below = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight;
    if (this.scroller.scrollTop < this.top - 1 && below > NEAR / 4) this.stuck = false;
    else if (below < NEAR) this.stuck = true;
    this.top = this.scroller.scrollTop;
    this.latest.hidden = this.stuck;
  }
}
