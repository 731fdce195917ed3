/**
 * The live connection: one websocket that comes back by itself. Whoever watches says where it stands (`after`), so a return
 * continues at the next fact. A silent line is told from a dead one by a ping.
 */

const FIRST_WAIT = 400;
const LONGEST_WAIT = 8000;
const PING_EVERY = 20000;
const PONG_WITHIN = 8000;

/** @typedef {"connecting" | "open" | "waiting"} Status */

/** Dispatches `frame` (detail: a server frame), `status` (detail: Status), `watch` when it asked for a session's log, `lost` when a
 * connection ended or could not be made. */
export class Live extends EventTarget {
  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
    this.status = /** @type {Status} */ ("waiting");
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {null | {session: string, after: () => number}} */
    this.watched = null;
    this.tries = 0;
    this.timer = 0;
    this.pulse = 0;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  start() {
    clearTimeout(this.timer);
    this.#say("connecting");
    const socket = (this.socket = new WebSocket(this.url));
    socket.onopen = () => {
      this.tries = 0;
      this.#beat();
      if (this.watched) this.#watch();
      this.#say("open");
    };
    socket.onmessage = ({ data }) => {
      this.#beat();
      const frame = JSON.parse(data);
      if (frame.type !== "pong") this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    };
    socket.onclose = () => this.#lost(socket);
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.pulse);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  /** Try again now instead of later. */
  hurry() {
    if (this.status === "waiting" && this.timer) this.start();
  }

  /**
   * Follow a session from behind the last fact known of it; stop following the one before.
   * @param {null | {session: string, after: () => number}} wanted
   */
  watch(wanted) {
    if (this.watched && this.watched.session !== wanted?.session) this.send({ type: "unwatch", session: this.watched.session });
    this.watched = wanted;
    this.#watch();
  }

  #watch() {
    const sent = this.watched && this.send({ type: "watch", session: this.watched.session, after: this.watched.after() });
    if (sent) this.dispatchEvent(new Event("watch"));
  }

  /** @param {object} frame @returns {boolean} whether it left; it may still be lost on the way */
  send(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Something was heard: ask again after a while, and give up if nothing answers. */
  #beat() {
    clearTimeout(this.pulse);
    this.pulse = setTimeout(() => {
      this.send({ type: "ping" });
      this.pulse = setTimeout(() => this.socket && this.#lost(this.socket), PONG_WITHIN);
    }, PING_EVERY);
  }

  /** @param {WebSocket} socket */
  #lost(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    clearTimeout(this.pulse);
    socket.onclose = null;
    socket.close();
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.tries) * (0.75 + Math.random() / 2);
    this.tries += 1;
    this.timer = setTimeout(() => this.start(), wait);
    this.#say("waiting");
    this.dispatchEvent(new Event("lost"));
  }

  /** @param {Status} status */
  #say(status) {
    if (status === this.status) return;
    this.status = status;
    this.dispatchEvent(new CustomEvent("status", { detail: status }));
  }
}
