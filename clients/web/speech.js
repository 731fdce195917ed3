/** What is heard now: speech while it is made, or a finished sound, never both. The voice itself is loaded with the first chunk. */

import { hush } from "./sound.js";

/** Dispatches `change` when it begins to speak for a job and when it ends. */
export class Speech extends EventTarget {
  constructor() {
    super();
    /** @type {Promise<import("./voice.js").Voice> | null} */
    this.loading = null;
    /** @type {string | null} */
    this.job = null;
    document.addEventListener("play", () => this.hush(), true);
  }

  /** @param {any} chunk */
  async hear(chunk) {
    this.loading ??= this.#load();
    const voice = await this.loading;
    if (!voice.job) hush();
    voice.hear(chunk);
  }

  /** @param {string | null} [job] */
  hush(job = this.job) {
    if (job) void this.loading?.then((voice) => voice.hush(job));
  }

  async #load() {
    const voice = new (await import("./voice.js")).Voice();
    voice.addEventListener("change", () => {
      this.job = voice.job;
      this.dispatchEvent(new Event("change"));
    });
    return voice;
  }
}
