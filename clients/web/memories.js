/** Words of memories that other conversations kept, fetched once a reply names one that this log does not hold. */

import { ask } from "./api.js";

/** Dispatches `change` when more is known. */
export class Memories extends EventTarget {
  constructor() {
    super();
    /** @type {Map<string, string>} */
    this.known = new Map();
    this.asked = new Set();
    /** @type {number | undefined} a fetch that is about to be made */
    this.round = undefined;
  }

  /** @param {string} id @returns {string | undefined} undefined while it is fetched, or if it is gone */
  text(id) {
    if (!this.known.has(id) && !this.asked.has(id)) {
      this.asked.add(id);
      this.round ??= setTimeout(() => void this.#fetch());
    }
    return this.known.get(id);
  }

  async #fetch() {
    this.round = undefined;
    const rows = await ask("GET", "/api/memories").catch(() => []);
    for (const { memory, text } of rows) this.known.set(memory, text);
    this.dispatchEvent(new Event("change"));
  }
}
