/** The page: puts the parts together and lets them hear of one another. */

import { Refused, ask } from "./api.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import * as drawer from "./drawer.js";
import { fill } from "./element.js";
import { Live } from "./live.js";
import { Memories } from "./memories.js";
import { Models } from "./models.js";
import { announce, notify } from "./notice.js";
import { Outbox } from "./outbox.js";
import { Place, titleFrom } from "./place.js";
import { Sessions } from "./sessions.js";
import { takeCode } from "./signin.js";
import { Speech } from "./speech.js";
import { stoppable } from "./standing.js";
import { Thread } from "./thread.js";
import { UnderWay } from "./underway.js";
import { language, preferred, speak, t } from "./words.js";

/** @param {string} id @returns {any} */
const at = (id) => document.getElementById(id);

class Page {
  constructor() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.live = new Live(`${scheme}://${location.host}/api/live`);
    this.outbox = new Outbox(this.live);
    this.conversation = new Conversation(this.live);
    this.sessions = new Sessions(at("sessions"));
    this.models = new Models(at("models"));
    this.memories = new Memories();
    this.place = new Place();
    this.underway = new UnderWay(this.outbox, this.place);
    this.speech = new Speech();
    this.thread = new Thread(at("thread"), this.desk());
    this.composer = new Composer(at("composer"), { session: () => this.upload() });
    /** @type {number | undefined} */
    this.listing = undefined;
    /** @type {number | undefined} */
    this.linkTimer = undefined;
    /** @type {(() => Promise<void>) | undefined} draws the door again, in another language */
    this.redoor = undefined;
    this.wire();
  }

  /** @returns {import("./thread.js").Desk} */
  desk() {
    return {
      send: (body, about) => this.underway.send(body, about),
      asked: (id) => this.underway.asked(id),
      say: (text, assets) => void this.outbox.put(this.place.here(), { name: "say", text, assets }),
      answer: ({ id, question }, answer) => this.underway.send({ name: "answer", question, answer }, id),
      answering: (question) => this.underway.answering(question),
      again: (entry, edit) => this.again(entry, edit),
      spoken: () => this.speech.job,
      hush: (job) => this.speech.hush(job),
      recalled: (id) => this.conversation.state.memories.get(id)?.text ?? this.memories.text(id),
      note: () => this.models.note(),
      online: () => this.live.status === "open",
    };
  }

  /** @param {EventTarget} source @param {string} name @param {(detail: any) => void} heard */
  on(source, name, heard) {
    source.addEventListener(name, (event) => heard(/** @type {CustomEvent} */ (event).detail));
  }

  wire() {
    this.on(this.live, "frame", (frame) => this.answered(frame));
    this.on(this.live, "status", () => this.linked());
    this.on(this.live, "lost", () => void this.probe());
    this.on(this.outbox, "change", () => this.pending());
    this.on(this.underway, "change", () => this.touchAll());
    this.on(this.outbox, "made", ({ session, make }) => this.made(session, make));
    this.on(this.outbox, "refused", ({ command, refused }) => this.refused(command, refused));
    this.on(this.conversation, "change", (change) => this.changed(change));
    this.on(this.conversation, "reset", () => this.thread.reset());
    this.on(this.conversation, "missing", () => notify(t("log.missing")));
    this.on(this.conversation, "sound", (chunk) => void this.speech.hear(chunk));
    this.on(this.speech, "change", () => this.touchAll());
    this.on(this.memories, "change", () => this.touchAll());
    this.on(this.models, "change", () => this.touchAll());
    this.on(this.composer, "say", ({ text, assets }) => this.say(text, assets));
    this.on(this.composer, "stop", () => this.stop());
    this.on(this.sessions, "open", (id) => this.place.go(id));
    this.on(this.sessions, "rename", ({ id, title }) => this.outbox.put({ session: id }, { name: "rename", title }));
    this.on(this.sessions, "erased", (id) => this.erased(id));
    this.on(this.sessions, "failed", ({ message, fix }) => notify(message || t("error.unreachable"), fix));
    this.on(this.place, "change", () => this.open());
    addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]") && this.escape());
    document.addEventListener("visibilitychange", () => document.hidden || this.list());
    for (const button of document.querySelectorAll(".language")) button.addEventListener("click", () => void this.switchLanguage());
    for (const button of document.querySelectorAll(".new")) button.addEventListener("click", () => this.place.go(null));
    at("skip").addEventListener("click", () => this.composer.focus());
    at("hurry").addEventListener("click", () => this.live.hurry());
    drawer.fit();
  }

  async start() {
    await speak(preferred());
    const code = takeCode();
    try {
      if (code) await (await import("./signin.js")).signIn(code);
      await this.sessions.load();
    } catch (error) {
      const { status, message, fix } = /** @type {Refused} */ (error);
      if (status === 401 || (code && status && status < 500)) return this.door(code ? t("signin.bad") : "");
      if (status) notify(message, fix);
    }
    at("door").hidden = true;
    at("room").hidden = false;
    this.place.make ??= this.place.session ? undefined : this.outbox.unmade();
    this.live.start();
    void this.models.watch();
    return this.open();
  }

  /** @param {string} [error] */
  async door(error = "") {
    const { door } = await import("./signin.js");
    this.live.stop();
    at("room").hidden = true;
    at("door").hidden = false;
    fill(at("door-place"), door(error, () => void this.start()));
    this.redoor = () => this.door(error);
  }

  /** A connection was refused: find out whether this browser was signed out. */
  async probe() {
    try {
      await ask("GET", "/api/sessions");
    } catch (error) {
      if (/** @type {Refused} */ (error).status === 401) void this.door();
    }
  }

  /** Read the list of sessions again, soon and once. */
  list() {
    this.listing ??= setTimeout(() => {
      this.listing = undefined;
      this.sessions.load().catch(() => {});
    }, 150);
  }

  open() {
    const { session } = this.place;
    drawer.draw(false);
    this.conversation.open(session);
    this.sessions.mark(session);
    this.composer.open(session ?? "new");
    this.composer.setRunning(false);
    this.title();
    this.pending();
    if (matchMedia("(hover: hover)").matches) this.composer.focus();
  }

  title() {
    const { session } = this.place;
    const title = session ? this.conversation.state.title || this.sessions.titleOf(session) : t("sessions.new");
    at("title").textContent = title;
    document.title = session ? `${title} · Rhapsode` : "Rhapsode";
  }

  /** @param {string} text @param {import("./log.js").Asset[]} assets */
  say(text, assets) {
    const question = this.underway.question(this.conversation.state);
    if (question && !assets.length) return this.desk().answer(question, text);
    const untitled = !this.place.session || !(this.conversation.state.title || this.conversation.state.order.length);
    const title = titleFrom(text || assets[0]?.name || "");
    if (this.place.session && untitled && this.conversation.read) this.outbox.put(this.place.here(), { name: "rename", title });
    this.outbox.put(this.place.here(title), { name: "say", text, assets: assets.map(({ id }) => id) }, assets);
  }

  /** The session that a file goes to. @returns {Promise<string>} */
  async upload() {
    const { session, make } = this.place.here();
    return session ?? this.outbox.make(/** @type {import("./outbox.js").Make} */ (make));
  }

  /** @param {import("./outbox.js").Entry} entry @param {boolean} edit */
  again(entry, edit) {
    if (!edit) return this.outbox.again(entry.command.id);
    this.outbox.drop(entry.command.id);
    return this.composer.restore(entry.command.text, entry.uploads ?? []);
  }

  /** @param {any} frame */
  answered(frame) {
    if (frame.type !== "ack" && frame.type !== "refused") return;
    if (!frame.id) this.gone(frame);
    this.outbox.answer(frame);
    if (frame.type === "ack") this.underway.accepted(frame.id);
    this.list();
  }

  /** A frame that was no command was refused: most likely the session is not there. @param {any} frame */
  gone({ session, status, error, fix }) {
    if (status !== 404 || session !== this.place.session) return notify(error, fix);
    notify(t("session.gone"));
    return this.place.go(null);
  }

  /** @param {import("./outbox.js").Command} command @param {{error: string, fix: string | null}} refused */
  refused(command, { error, fix }) {
    this.underway.settled(command.id);
    if (command.name === "answer") this.composer.restore(command.answer, []);
    if (command.name !== "say") notify(error, fix);
  }

  /** @param {string} session @param {string} make */
  made(session, make) {
    if (this.place.make?.id === make) {
      this.composer.move(session);
      this.place.settle(session);
    }
    this.list();
  }

  /** @param {{touched: Set<string>, facts: import("./log.js").FactFrame[]}} change */
  changed({ touched, facts }) {
    const { state } = this.conversation;
    this.thread.show(state, touched);
    for (const id of touched) this.outbox.drop(state.turns.get(id)?.said?.command ?? "");
    this.composer.setRunning(Boolean(stoppable(state)));
    this.pending();
    for (const fact of facts) this.news(fact);
    this.title();
  }

  /** @param {import("./log.js").FactFrame} fact that came while we watched */
  news({ kind, data, cause }) {
    if (cause?.command) this.underway.settled(cause.command);
    if (kind === "agent.said" || kind === "question.asked") announce(data.text);
    if (kind === "job.finished" || kind === "job.failed") announce(data.text ?? data.error);
    if (kind === "session.changed" && data.title) this.sessions.change(this.place.session ?? "", { title: data.title });
    if (kind.startsWith("turn.") || kind === "user.said") this.list();
  }

  /** Words that wait, a question that waits; or, where nothing was said yet, things to try. */
  pending() {
    const entries = this.outbox.of(this.place).filter(({ command }) => command.name === "say");
    this.thread.showPending(entries);
    this.composer.ask(this.underway.question(this.conversation.state)?.text ?? null);
    const fresh = !entries.length && !this.conversation.state.order.length && (!this.place.session || this.conversation.read);
    this.thread.showWelcome(fresh ? { say: (text) => this.say(text, []), models: this.models } : null);
  }

  touchAll() {
    this.thread.show(this.conversation.state, this.conversation.state.order);
    this.pending();
  }

  linked() {
    this.pending();
    if (this.live.status !== "open") {
      this.linkTimer ??= setTimeout(() => (at("link").hidden = false), 1200);
      return;
    }
    clearTimeout(this.linkTimer);
    this.linkTimer = undefined;
    at("link").hidden = true;
    this.list();
  }

  stop() {
    const turn = stoppable(this.conversation.state);
    if (turn && !this.desk().asked(turn.id)) this.underway.send({ name: "cancel", target: "turn", target_id: turn.id }, turn.id);
  }

  escape() {
    if (drawer.isOpen()) drawer.draw(false);
    else this.stop();
  }

  /** @param {string} id */
  erased(id) {
    announce(t("erase.done"));
    this.composer.forget(id);
    for (const { command } of this.outbox.of({ session: id })) this.outbox.drop(command.id);
    if (this.place.session === id) this.place.go(null);
  }

  async switchLanguage() {
    await speak(language() === "en" ? "zh" : "en", { remember: true });
    this.redoor?.();
    this.sessions.draw();
    this.models.draw();
    this.title();
    this.thread.reset();
    this.touchAll();
  }
}

await new Page().start();
