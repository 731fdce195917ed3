/** Where a person is: in a session, or in a new one that is made with the first words. The address says which. */

import { commandId } from "./api.js";

const MARK = "#/";

/** Dispatches `change` when a person went elsewhere. */
export class Place extends EventTarget {
  constructor() {
    super();
    /** @type {string | null} */
    this.session = read();
    /** @type {import("./outbox.js").Make | undefined} of the session to be made */
    this.make = undefined;
    addEventListener("hashchange", () => {
      if (read() === this.session) return;
      this.session = read();
      this.make = undefined;
      this.dispatchEvent(new Event("change"));
    });
  }

  /** What a command is addressed to. @param {string} [title] of the session, if it is to be made @returns {import("./outbox.js").Place} */
  here(title = "") {
    if (this.session) return { session: this.session };
    this.make ??= { id: commandId(), title };
    return { make: this.make };
  }

  /** @param {string | null} session */
  go(session) {
    if (session) location.hash = MARK + encodeURIComponent(session);
    else if (this.session) location.hash = MARK;
    else {
      this.make = undefined;
      this.dispatchEvent(new Event("change"));
    }
  }

  /** The session was made: the same place has an address now. @param {string} session */
  settle(session) {
    this.session = session;
    this.make = undefined;
    history.replaceState(null, "", MARK + encodeURIComponent(session));
    this.dispatchEvent(new Event("change"));
  }
}

/** @returns {string | null} */
const read = () => (location.hash.startsWith(MARK) && decodeURIComponent(location.hash.slice(MARK.length))) || null;

const TITLE = 44;

/** A title from the first words: their first line, cut between words where the script has gaps. @param {string} words */
export function titleFrom(words) {
  const line = Array.from(words.trim().split("\n")[0]);
  if (line.length <= TITLE) return line.join("");
  const cut = line.slice(0, TITLE).join("");
  return `${cut.replace(/(?<=\S.{16,})\s+\S*$/, "")}…`;
}
