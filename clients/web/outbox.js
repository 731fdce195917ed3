/**
 * Commands on their way. Each has an id made here and stays in localStorage, one key each so that tabs do not overwrite one
 * another, until the server has answered it. After a reconnect or a reload it is sent again with the same id: the server
 * runs it once.
 */

import { Refused, ask, commandId } from "./api.js";

const PREFIX = "rhapsode.outbox.";
const LATER = 1500;
/** Not reached, signed out, too many, busy: nothing is wrong with the command itself. */
const PASSING = new Set([0, 401, 429, 502, 503, 504]);

/**
 * @typedef {{id: string, name: string, [field: string]: any}} Command
 * @typedef {{id: string, title: string}} Make
 * @typedef {{session?: string | null, make?: Make}} Place
 * @typedef {Place & {at: number, command: Command, uploads?: import("./log.js").Asset[], refused?: {error: string, fix: string | null}}} Entry
 */

/** Dispatches `change`; `made` (detail: {session, make: id}); `refused` (detail: Entry). */
export class Outbox extends EventTarget {
  /** @param {import("./live.js").Live} live @param {Storage} [storage] */
  constructor(live, storage = localStorage) {
    super();
    this.live = live;
    this.storage = storage;
    this.sent = new Set();
    this.round = Promise.resolve();
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    for (const key of Object.keys(storage).filter((name) => name.startsWith(PREFIX))) this.#recall(key);
    live.addEventListener("status", () => {
      this.sent.clear();
      void this.flush();
    });
  }

  /**
   * Accept a command. It is safe once this returns.
   * @param {Place} place where it goes: a session, or one that is yet to be made
   * @param {Record<string, unknown> & {name: string}} body
   * @param {import("./log.js").Asset[]} [uploads] what it attaches, to be shown until its fact is there
   * @returns {Entry}
   */
  put(place, body, uploads) {
    const command = { id: commandId(), ...body };
    const entry = { ...place, at: Date.now(), command, uploads };
    this.entries.set(command.id, entry);
    this.#keep(entry);
    this.#changed();
    void this.flush();
    return entry;
  }

  /** What waits for a place, oldest first. @param {Place} place @returns {Entry[]} */
  of({ session, make }) {
    const here = (/** @type {Entry} */ entry) => (session ? entry.session === session : entry.make && entry.make.id === make?.id);
    return [...this.entries.values()].filter(here).sort((a, b) => a.at - b.at);
  }

  /** The place of words that were written before there was a session, and not sent yet. @returns {Make | undefined} */
  unmade() {
    return [...this.entries.values()].filter(({ session }) => !session).at(-1)?.make;
  }

  /** Send what is not under way, in order; one round at a time. */
  flush() {
    return (this.round = this.round.then(() => this.#send()));
  }

  async #send() {
    for (const entry of [...this.entries.values()].sort((a, b) => a.at - b.at)) {
      const { id } = entry.command;
      if (this.live.status !== "open") return;
      if (this.sent.has(id) || entry.refused || !this.entries.has(id)) continue;
      this.sent.add(id);
      if (!entry.session && !(await this.#make(entry))) continue;
      if (!this.live.send({ type: "command", session: entry.session, ...entry.command })) this.sent.delete(id);
    }
  }

  /**
   * The server's word on a command: `ack` or `refused`. A server that cannot take it now is asked again.
   * @param {{type: string, id?: string, status?: number, error?: string, fix?: string | null}} frame
   */
  answer({ type, id = "", status = 0, error = "", fix = null }) {
    const entry = this.entries.get(id);
    if (!entry) return;
    if (type === "ack") this.drop(id);
    else if (PASSING.has(status)) this.#again(id);
    else this.#refuse(entry, error, fix);
  }

  /** Send refused words again; with the same id, in case that they were accepted after all. @param {string} id */
  again(id) {
    const entry = this.entries.get(id);
    if (!entry) return;
    delete entry.refused;
    this.sent.delete(id);
    this.#keep(entry);
    this.#changed();
    void this.flush();
  }

  /** Forget a command: it was acknowledged, its fact was seen, or a person took it back. @param {string} id */
  drop(id) {
    if (!this.entries.delete(id)) return;
    this.storage.removeItem(PREFIX + id);
    this.#changed();
  }

  /** Make the session of a place; asked twice it is the same one. @param {Make} make @returns {Promise<string>} */
  async make(make) {
    const { session } = await ask("POST", "/api/sessions", make);
    for (const entry of this.entries.values()) {
      if (entry.make?.id !== make.id || entry.session) continue;
      entry.session = session;
      this.#keep(entry);
    }
    this.dispatchEvent(new CustomEvent("made", { detail: { session, make: make.id } }));
    return session;
  }

  /** @param {Entry} entry @returns {Promise<boolean>} */
  async #make(entry) {
    try {
      await this.make(/** @type {Make} */ (entry.make));
      return true;
    } catch (error) {
      const { status, message, fix } = /** @type {Refused} */ (error);
      if (PASSING.has(status)) this.#again(entry.command.id);
      else this.#refuse(entry, message, fix);
      return false;
    }
  }

  /** @param {string} id */
  #again(id) {
    setTimeout(() => {
      this.sent.delete(id);
      void this.flush();
    }, LATER);
  }

  /** @param {Entry} entry @param {string} error @param {string | null} fix */
  #refuse(entry, error, fix) {
    if (entry.command.name !== "say") this.drop(entry.command.id);
    entry.refused = { error, fix };
    if (this.entries.has(entry.command.id)) this.#keep(entry);
    this.dispatchEvent(new CustomEvent("refused", { detail: entry }));
    this.#changed();
  }

  /** What cannot be read was not written by this page, and must not keep it from opening. @param {string} key */
  #recall(key) {
    try {
      const entry = JSON.parse(this.storage.getItem(key) ?? "");
      this.entries.set(entry.command.id, entry);
    } catch {
      this.storage.removeItem(key);
    }
  }

  /** @param {Entry} entry */
  #keep(entry) {
    this.storage.setItem(PREFIX + entry.command.id, JSON.stringify(entry));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
