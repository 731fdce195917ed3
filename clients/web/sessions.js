/** The list of conversations: open, rename in place, erase after asking. */

import { ask } from "./api.js";
import { el, fill, iconButton } from "./element.js";
import { t, when } from "./words.js";

/** @typedef {{id: string, title: string, changed_at: string, running: boolean}} Row */

/** Dispatches `open` (detail: id), `rename` (detail: {id, title}), `erased` (detail: id), `failed` (detail: Refused). */
export class Sessions extends EventTarget {
  /** @param {HTMLElement} list */
  constructor(list) {
    super();
    this.list = list;
    /** @type {Row[]} */
    this.rows = [];
    this.current = /** @type {string | null} */ (null);
    this.renaming = /** @type {string | null} */ (null);
  }

  async load() {
    this.rows = await ask("GET", "/api/sessions");
    this.rows.sort((a, b) => Date.parse(b.changed_at) - Date.parse(a.changed_at));
    this.draw();
  }

  /** @param {string} id @param {Partial<Row>} change known earlier than the server's list */
  change(id, change) {
    const row = this.rows.find((each) => each.id === id);
    if (row) Object.assign(row, change);
    this.draw();
  }

  /** @param {string | null} id */
  mark(id) {
    this.current = id;
    this.draw();
  }

  /** @param {string} id */
  titleOf(id) {
    return this.rows.find((row) => row.id === id)?.title || t("sessions.untitled");
  }

  draw() {
    if (this.renaming) return;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.focus;
    fill(this.list, ...this.rows.map((row) => this.#row(row)), !this.rows.length && el("li.muted.sessions-none", {}, t("sessions.none")));
    if (focused) /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-focus="${CSS.escape(focused)}"]`))?.focus();
  }

  /** @param {Row} row */
  #row(row) {
    const title = row.title || t("sessions.untitled");
    const current = row.id === this.current;
    const open = el(
      "button.session-open",
      { type: "button", "aria-current": current && "page", "data-focus": `open ${row.id}`, onclick: () => this.dispatchEvent(new CustomEvent("open", { detail: row.id })) },
      el("span.session-title", {}, title),
      row.running ? el("span.session-when.running", {}, t("sessions.running")) : el("span.session-when", {}, when(row.changed_at)),
    );
    const item = el("li.session", {}, open);
    const rename = iconButton("pen", `${t("sessions.rename")}: ${title}`, () => this.#rename(item, row));
    rename.dataset.focus = `rename ${row.id}`;
    const erase = iconButton("bin", `${t("sessions.erase")}: ${title}`, () => this.#erase(row.id, title));
    erase.dataset.focus = `erase ${row.id}`;
    item.append(el("span.session-tools", {}, rename, erase));
    return item;
  }

  /** @param {HTMLElement} item @param {Row} row */
  #rename(item, row) {
    this.renaming = row.id;
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "text", value: row.title, maxlength: 200, "aria-label": t("sessions.rename") }));
    const end = (/** @type {boolean} */ keep) => {
      if (this.renaming !== row.id) return;
      this.renaming = null;
      const title = input.value.trim();
      if (keep && title && title !== row.title) {
        row.title = title;
        this.dispatchEvent(new CustomEvent("rename", { detail: { id: row.id, title } }));
      }
      this.draw();
      /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-focus="rename ${CSS.escape(row.id)}"]`))?.focus();
    };
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key !== "Enter" && event.key !== "Escape") return;
      // Or the same press would act on the button that gets the focus, and Escape stop the turn.
      event.preventDefault();
      event.stopPropagation();
      end(event.key === "Enter");
    });
    input.addEventListener("blur", () => end(true));
    fill(item, input);
    input.select();
  }

  /** @param {string} id @param {string} title */
  #erase(id, title) {
    const dialog = /** @type {HTMLDialogElement} */ (el("dialog.ask", { "aria-labelledby": "ask-title", "aria-describedby": "ask-body" }));
    const erase = async () => {
      dialog.close();
      try {
        await ask("DELETE", `/api/sessions/${encodeURIComponent(id)}`);
        this.rows = this.rows.filter((row) => row.id !== id);
        this.draw();
        this.dispatchEvent(new CustomEvent("erased", { detail: id }));
      } catch (error) {
        this.dispatchEvent(new CustomEvent("failed", { detail: error }));
      }
    };
    dialog.append(
      el("h2", { id: "ask-title" }, t("erase.title")),
      el("p.ask-what", {}, title),
      el("p", { id: "ask-body" }, t("erase.body")),
      el("div.row", {}, el("button.small", { type: "button", autofocus: true, onclick: () => dialog.close() }, t("no")), el("button.small.danger", { type: "button", onclick: erase }, t("erase.yes"))),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}
