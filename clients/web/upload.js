/** A file on its way to the server, with its chip in the composer. Sent again after a failure it has the same command id. */

import { HEADERS, assetUrl, commandId, refusal } from "./api.js";
import { isPicture } from "./asset.js";
import { el, fill, icon, iconButton } from "./element.js";
import { percent, t } from "./words.js";

/** @typedef {import("./log.js").Asset} Asset */

/** Dispatches `change` when it is done, failed or removed. */
export class Upload extends EventTarget {
  /** @param {{file?: File, asset?: Asset}} what a file to send, or what was sent before */
  constructor({ file, asset }) {
    super();
    this.file = file;
    this.asset = asset ?? null;
    this.id = commandId();
    this.failed = /** @type {string | null} */ (null);
    this.share = 0;
    this.element = el("li.chip");
    this.local = file && /^image\/(png|jpeg|webp|gif|avif)$/.test(file.type) ? URL.createObjectURL(file) : null;
    this.#draw();
  }

  get name() {
    return this.file?.name ?? this.asset?.name ?? "";
  }

  /** @param {Promise<string>} session */
  async send(session) {
    this.failed = null;
    this.#draw();
    try {
      this.asset = rowOf(await this.#post(await session));
    } catch (error) {
      this.failed = /** @type {Error} */ (error).message || t("error.unreachable");
    }
    this.#changed();
  }

  remove() {
    this.request?.abort();
    if (this.local) URL.revokeObjectURL(this.local);
    this.element.remove();
    this.dispatchEvent(new Event("removed"));
  }

  /** @param {string} session @returns {Promise<any>} by XMLHttpRequest, because fetch tells no progress */
  #post(session) {
    const request = (this.request = new XMLHttpRequest());
    const query = new URLSearchParams({ name: this.name, command: this.id });
    request.open("POST", `/api/sessions/${encodeURIComponent(session)}/assets?${query}`);
    for (const [name, value] of Object.entries(HEADERS)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      this.share = total ? loaded / total : 0;
      this.bar?.style.setProperty("--share", `${this.share * 100}%`);
      this.bar?.setAttribute("aria-valuenow", String(Math.round(this.share * 100)));
    };
    return new Promise((resolve, reject) => {
      request.onload = () => (request.status < 300 ? resolve(request.response) : reject(refusal(request.status, request.response)));
      request.onerror = () => reject(new Error());
      request.send(this.file);
    });
  }

  #draw() {
    const source = this.local ?? (this.asset && isPicture(this.asset) ? assetUrl(this.asset.id, { edge: 128 }) : null);
    this.bar = this.asset || this.failed ? null : el("span.stitches", { role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("upload.going", { name: this.name, share: percent(this.share) }) }, el("span"));
    this.element.classList.toggle("failed", Boolean(this.failed));
    fill(
      this.element,
      source ? el("img", { src: source, alt: "" }) : icon("file"),
      el("span.chip-name", { title: this.name }, this.failed ? `${t("upload.failed", { name: this.name })} ${this.failed}` : this.name),
      this.bar,
      this.failed && this.file && el("button.link", { type: "button", onclick: () => this.dispatchEvent(new Event("again")) }, t("job.again")),
      iconButton("close", t("upload.remove", { name: this.name }), () => this.remove()),
    );
  }

  #changed() {
    this.#draw();
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {any} row an asset as the server tells it @returns {Asset} */
const rowOf = (row) => ({ id: row.id, media: row.media, name: row.name, size: row.size ?? 0, meta: row.meta ?? {}, job: null, provenance: row.provenance ?? {} });
