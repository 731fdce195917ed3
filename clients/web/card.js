/** A job's card: there as soon as the job is, with how far it is, and in the end what it made or why it did not. */

import { isPicture, show } from "./asset.js";
import { el, fill, iconButton } from "./element.js";
import { fixLine } from "./notice.js";
import { has, percent, span, t } from "./words.js";

/** @typedef {import("./log.js").Job} Job */

/** What a tool does, in the reader's words where we have them. @param {Job} job */
const titleOf = (job) => (has(`tool.${job.tool}`) ? t(`tool.${job.tool}`) : job.title || job.tool.replaceAll("_", " "));

const RUNNING = new Set(["queued", "running"]);

export class Card {
  /** @param {import("./thread.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.element = el("section.card");
    this.title = el("span.card-title");
    this.told = el("span.card-told");
    this.stage = el("p.card-stage");
    this.bar = el("div.stitches", { role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, el("span"));
    this.preview = /** @type {HTMLImageElement} */ (el("img.card-preview", { alt: "" }));
    this.voice = el("p.card-voice");
    this.drawn = "";
    this.job = /** @type {Job | null} */ (null);
    this.stop = iconButton("close", t("job.cancel"), () => this.#cancel());
  }

  /** @param {Job} job @param {import("./log.js").State} state */
  show(job, state) {
    this.job = job;
    this.element.hidden = quiet(job);
    this.element.setAttribute("aria-label", titleOf(job));
    const assets = job.assets.map((id) => state.assets.get(id));
    const shape = [RUNNING.has(job.state) ? "open" : job.state, assets.map((asset) => asset?.id), job.superseded, this.desk.asked(job.id)].join();
    if (shape !== this.drawn) this.#lay(job, /** @type {import("./log.js").Asset[]} */ (assets.filter(Boolean)));
    this.drawn = shape;
    this.#hear(this.desk.spoken() === job.id);
    if (RUNNING.has(job.state)) this.#progress(job);
  }

  /** @param {Job} job @param {import("./log.js").Asset[]} assets */
  #lay(job, assets) {
    const open = RUNNING.has(job.state);
    this.element.className = `card ${open ? "open" : job.state}`;
    if (open) {
      this.title.textContent = titleOf(job);
      fill(this.element, el("div.card-head", {}, this.title, this.told, this.stop), this.stage, this.bar, this.preview, this.voice);
    } else if (job.state === "finished") {
      const several = assets.length > 1 && assets.every(isPicture);
      const shown = assets.map(show);
      fill(this.element, this.voice, ...(several ? [el("div.pictures", {}, ...shown)] : shown), !shown.length && el("p.muted", {}, job.text));
    } else this.#ended(job);
  }

  /** @param {Job} job */
  #ended(job) {
    const failed = job.state === "failed";
    const again = failed && !job.superseded && el("button.small", { type: "button", disabled: this.desk.asked(job.id), onclick: () => this.desk.send({ name: "retry", job: job.id }, job.id) }, t("job.again"));
    const words = failed ? el("p.card-error", {}, job.error) : job.text && el("p.muted", {}, job.text);
    fill(this.element, el("div.card-head", {}, el("span.card-title", {}, titleOf(job)), el("span.card-told", {}, t(`job.${job.state}`))), words, failed && fixLine(job.fix), again);
  }

  /** @param {Job} job */
  #progress(job) {
    const share = Math.max(0, Math.min(1, job.share || 0));
    const left = job.eta != null && t("job.left", { time: span(job.eta) });
    this.told.textContent = job.state === "queued" ? t("job.queued") : [percent(share), left].filter(Boolean).join(" · ");
    this.stage.textContent = job.stage;
    this.stage.hidden = !job.stage;
    this.bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    this.bar.setAttribute("aria-label", titleOf(job));
    this.bar.style.setProperty("--share", `${share * 100}%`);
    this.preview.hidden = !job.preview?.startsWith("data:image/");
    if (!this.preview.hidden && this.preview.src !== job.preview) this.preview.src = /** @type {string} */ (job.preview);
    /** @type {HTMLButtonElement} */ (this.stop).disabled = this.desk.asked(job.id);
  }

  /** The line that tells of speech while it is made. It comes and goes without touching what stands beside it. @param {boolean} heard */
  #hear(heard) {
    if (heard === this.voice.childElementCount > 0) return;
    const hush = () => this.job && this.desk.hush(this.job.id);
    const wave = el("span.wave", { "aria-hidden": "true" }, el("i"), el("i"), el("i"));
    fill(this.voice, ...(heard ? [wave, t("sound.live"), el("button.link", { type: "button", onclick: hush }, t("sound.hush"))] : []));
  }

  #cancel() {
    if (this.job) this.desk.send({ name: "cancel", target: "job", target_id: this.job.id }, this.job.id);
  }
}

/** A child's or an instant job's card is not worth a look unless it failed or made something. @param {Job} job */
function quiet(job) {
  if (job.parent) return true;
  return job.lane === "light" && job.state !== "failed" && !job.assets.length;
}
