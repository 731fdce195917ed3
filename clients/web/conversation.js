/**
 * The session that is being looked at: takes its frames off the live connection, folds them once a screen frame, and says
 * what changed. At a hole it asks for everything again.
 */

import { empty, fold } from "./log.js";

/** @typedef {import("./log.js").FactFrame} FactFrame */

/**
 * Dispatches `change` (detail: {touched: Set<string>, facts: FactFrame[]}; facts only those newer than the first reading),
 * `reset` when the log is read anew, `missing` when a hole stays after that, `sound` (detail: an audio chunk).
 */
export class Conversation extends EventTarget {
  /** @param {import("./live.js").Live} live */
  constructor(live) {
    super();
    this.live = live;
    this.state = empty("");
    /** @type {any[]} */
    this.queue = [];
    this.scheduled = false;
    this.head = Infinity;
    this.rereads = 0;
    this.unanswered = 0;
    live.addEventListener("watch", () => (this.unanswered += 1));
    live.addEventListener("status", () => (this.unanswered = live.status === "open" ? this.unanswered : 0));
    live.addEventListener("frame", (event) => this.#take(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {string | null} session null looks at nothing */
  open(session) {
    this.rereads = 0;
    this.#begin(session ?? "");
    this.live.watch(session ? { session, after: () => this.state.seq } : null);
  }

  /** Whether all facts that were there when it was opened have been read. */
  get read() {
    return this.state.seq >= this.head;
  }

  /** Read the whole log again. */
  reread() {
    const { session } = this.state;
    this.live.send({ type: "unwatch", session });
    this.#begin(session);
    this.live.watch({ session, after: () => this.state.seq });
  }

  /** @param {string} session */
  #begin(session) {
    this.state = empty(session);
    this.queue = [];
    this.head = Infinity;
    this.dispatchEvent(new Event("reset"));
  }

  /** @param {any} frame */
  #take(frame) {
    if (!frame.session || frame.session !== this.state.session) return;
    const answer = ["watching", "gap", "refused"].includes(frame.type) && !frame.id;
    if (answer) this.unanswered = Math.max(0, this.unanswered - 1);
    if (frame.type === "watching") {
      if (this.head === Infinity) this.head = frame.head;
      if (this.head === 0) this.#schedule();
    } else if (frame.type === "gap") this.#hole();
    else if (this.unanswered) return; // left over from a watch before this one
    else if (frame.kind === "audio.chunk") this.dispatchEvent(new CustomEvent("sound", { detail: frame }));
    else if (frame.type === "fact" || frame.type === "live") {
      this.queue.push(frame);
      this.#schedule();
    }
  }

  /** Once a screen frame; a hidden page has none and takes a timer. */
  #schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    const run = () => {
      this.scheduled = false;
      this.#fold();
    };
    if (document.hidden) setTimeout(run, 50);
    else requestAnimationFrame(run);
  }

  #fold() {
    const frames = this.queue;
    this.queue = [];
    const from = Math.max(this.state.seq, this.head);
    const { state, touched, missing, erased } = fold(this.state, frames);
    this.state = state;
    const facts = frames.filter((frame) => frame.type === "fact" && frame.seq > from && frame.seq <= state.seq);
    if (this.read) this.rereads = 0;
    this.dispatchEvent(new CustomEvent("change", { detail: { touched, facts } }));
    if (missing !== null) this.#hole();
    else if (erased && facts.some(({ kind }) => kind === "content.erased")) this.reread();
  }

  #hole() {
    this.rereads += 1;
    if (this.rereads < 3) this.reread();
    else if (this.rereads === 3) this.dispatchEvent(new Event("missing"));
  }
}
