/** Models on their way: each with its size and the time that is left, and what the chat lacks meanwhile. Polled only while something comes. */

import { ask } from "./api.js";
import { el, fill } from "./element.js";
import { has, percent, size, span, t } from "./words.js";

const SOON = 1500;
const LATER = 20000;

/**
 * @typedef {{id: string, task: string, title?: string, state: "ready" | "downloading" | "queued" | "missing" | "failed",
 *   bytes: number, done?: number, eta?: number | null, error?: string, fix?: string}} Model
 * @typedef {{state: "ready" | "starting" | "downloading" | "failed" | "missing", model?: string, error?: string, fix?: string}} Chat
 */

/** Dispatches `change` when what the chat lacks has changed. */
export class Models extends EventTarget {
  /** @param {HTMLElement} shelf */
  constructor(shelf) {
    super();
    this.shelf = shelf;
    /** @type {Model[]} */
    this.models = [];
    /** @type {Chat} */
    this.chat = { state: "ready" };
    this.timer = 0;
  }

  /** Whether replies can come now. */
  get chatReady() {
    return this.chat.state === "ready";
  }

  /** What the chat lacks, in words; nothing if it lacks nothing. */
  note() {
    if (this.chatReady) return "";
    return [t(`models.chat.${this.chat.state}`), this.chat.error, this.chat.fix && `${t("fix.label")} ${this.chat.fix}`].filter(Boolean).join(" ");
  }

  async watch() {
    clearTimeout(this.timer);
    const was = this.note();
    try {
      // /readyz says what is missing with status 503 as well.
      const ready = await (await fetch("/readyz")).json();
      this.chat = ready.chat ?? { state: ready.ready ? "ready" : "starting" };
      this.models = await ask("GET", "/api/models");
    } catch {
      // The connection line tells it; the shelf keeps what it knew.
    }
    this.draw();
    if (was !== this.note()) this.dispatchEvent(new Event("change"));
    const busy = !this.chatReady || this.#coming().length;
    this.timer = setTimeout(() => this.watch(), busy ? SOON : LATER);
  }

  #coming() {
    return this.models.filter(({ state }) => state === "downloading" || state === "queued" || state === "failed");
  }

  draw() {
    const coming = this.#coming();
    this.shelf.hidden = !coming.length;
    fill(this.shelf, coming.length > 0 && el("h2", {}, t("models.coming", { n: coming.length })), el("ul", {}, ...coming.map(row)));
  }
}

/** @param {Model} model */
function row({ id, task, title, state, bytes, done = 0, eta, error, fix }) {
  const kind = `task.${task.split(".")[0]}`;
  const name = has(kind) ? t(kind) : task;
  const share = bytes ? done / bytes : 0;
  const bar = el("span.stitches", { role: "progressbar", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(share * 100) }, el("span"));
  bar.style.setProperty("--share", `${share * 100}%`);
  const told = {
    downloading: () => [t("models.of", { done: size(done), all: size(bytes) }), eta == null ? percent(share) : t("models.left", { time: span(eta) })],
    queued: () => [size(bytes), t("models.queued")],
    failed: () => [t("models.failed"), error, fix],
  }[/** @type {"downloading" | "queued" | "failed"} */ (state)]();
  return el("li.model", {}, el("span.model-name", { title: id }, name, " ", el("span.muted", {}, title)), el("span.model-told", {}, told.filter(Boolean).join(" · ")), state === "downloading" && bar);
}
