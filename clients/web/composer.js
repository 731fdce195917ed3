/**
 * Where a person writes. Enter sends, unless an input method is composing; what is written and attached is kept as a draft
 * of its session until it has been sent.
 */

import { announce, notify } from "./notice.js";
import { Upload } from "./upload.js";
import { t } from "./words.js";

const PREFIX = "rhapsode.draft.";

/** @typedef {import("./log.js").Asset} Asset */

/** Dispatches `say` (detail: {text, assets: Asset[]}) and `stop`. */
export class Composer extends EventTarget {
  /**
   * @param {HTMLFormElement} form
   * @param {{session: () => Promise<string>}} desk `session` gives the one to upload to, made if need be
   */
  constructor(form, desk) {
    super();
    this.desk = desk;
    this.form = form;
    this.area = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
    this.chips = /** @type {HTMLElement} */ (form.querySelector(".chips"));
    this.sendButton = /** @type {HTMLButtonElement} */ (form.querySelector(".send"));
    this.stopButton = /** @type {HTMLButtonElement} */ (form.querySelector(".stop"));
    const files = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
    /** @type {Upload[]} */
    this.uploads = [];
    this.composing = false;
    this.key = "";
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.area.addEventListener("compositionstart", () => (this.composing = true));
    this.area.addEventListener("compositionend", () => (this.composing = false));
    this.area.addEventListener("keydown", (event) => this.#key(event));
    this.area.addEventListener("input", () => this.#changed());
    this.area.addEventListener("paste", (event) => this.#take(event, event.clipboardData?.files));
    this.stopButton.addEventListener("click", () => this.dispatchEvent(new Event("stop")));
    form.querySelector(".attach")?.addEventListener("click", () => files.click());
    files.addEventListener("change", () => {
      this.attach(files.files ?? []);
      files.value = "";
    });
    this.#dropping();
  }

  /** Show the draft of a place. @param {string} key a session's id, or `new` */
  open(key) {
    if (key === this.key) return;
    this.key = key;
    const { text = "", assets = [] } = JSON.parse(localStorage.getItem(PREFIX + key) ?? "{}");
    this.#set(text, assets);
  }

  /** The draft written so far belongs to this session now. @param {string} key */
  move(key) {
    localStorage.removeItem(PREFIX + this.key);
    this.key = key;
    this.#changed();
  }

  /** A session was erased, and its draft with it. @param {string} key */
  forget(key) {
    localStorage.removeItem(PREFIX + key);
  }

  /** Put words back to be edited, in front of what is there. @param {string} text @param {Asset[]} assets */
  restore(text, assets) {
    const kept = this.uploads.flatMap(({ asset }) => asset ?? []);
    this.#set([text, this.area.value].filter(Boolean).join("\n"), [...assets, ...kept]);
    this.#changed();
    this.focus();
  }

  /** @param {Iterable<File>} files */
  attach(files) {
    for (const file of files) {
      const upload = this.#chip(new Upload({ file }));
      const send = () => void upload.send(this.desk.session());
      upload.addEventListener("again", send);
      send();
    }
    this.focus();
  }

  /** @param {boolean} running whether there is something to stop */
  setRunning(running) {
    this.stopButton.hidden = !running;
  }

  /** What is said next answers a question, or nothing in particular. @param {string | null} question */
  ask(question) {
    this.area.placeholder = question ? t("composer.answer", { text: question }) : t("composer.hint");
    const label = t(question ? "question.send" : "composer.send");
    this.sendButton.setAttribute("aria-label", label);
    this.sendButton.title = label;
  }

  focus() {
    this.area.focus({ preventScroll: true });
  }

  #send() {
    const text = this.area.value.trim();
    if (this.uploads.some(({ asset, failed }) => !asset && !failed)) return announceWait();
    const assets = this.uploads.flatMap(({ asset }) => asset ?? []);
    if (!text && !assets.length) return undefined;
    this.#set("", []);
    this.#changed();
    this.dispatchEvent(new CustomEvent("say", { detail: { text, assets } }));
    return this.focus();
  }

  /** @param {KeyboardEvent} event 229 is what browsers say of keys that an input method swallowed */
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || this.composing || event.keyCode === 229) return;
    event.preventDefault();
    this.#send();
  }

  /** @param {Event} event @param {FileList | undefined} files */
  #take(event, files) {
    if (!files?.length) return;
    event.preventDefault();
    this.attach(files);
  }

  #dropping() {
    const over = (/** @type {DragEvent} */ event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    };
    const leave = (/** @type {DragEvent} */ event) => event.relatedTarget || document.body.classList.remove("dropping");
    addEventListener("dragenter", over);
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", (event) => {
      document.body.classList.remove("dropping");
      this.#take(event, event.dataTransfer?.files);
    });
  }

  /** @param {Upload} upload */
  #chip(upload) {
    this.uploads.push(upload);
    this.chips.append(upload.element);
    upload.addEventListener("change", () => this.#changed());
    upload.addEventListener("removed", () => {
      this.uploads = this.uploads.filter((other) => other !== upload);
      this.#changed();
    });
    this.#changed();
    return upload;
  }

  /** @param {string} text @param {Asset[]} assets */
  #set(text, assets) {
    this.area.value = text;
    this.uploads = [];
    this.chips.replaceChildren();
    for (const asset of assets) this.#chip(new Upload({ asset }));
    this.#fit();
  }

  #changed() {
    const draft = { text: this.area.value, assets: this.uploads.flatMap(({ asset }) => asset ?? []) };
    if (draft.text || draft.assets.length) localStorage.setItem(PREFIX + this.key, JSON.stringify(draft));
    else localStorage.removeItem(PREFIX + this.key);
    this.#fit();
  }

  #fit() {
    this.area.style.height = "auto";
    this.area.style.height = `${Math.min(this.area.scrollHeight, innerHeight * 0.4)}px`;
    this.chips.hidden = !this.uploads.length;
  }
}

function announceWait() {
  announce(t("upload.wait"));
  notify(t("upload.wait"));
}
