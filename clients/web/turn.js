/** One turn on the page: what a person said, then all that came of it, in the order in which it came. */

import { Kept, Question } from "./asides.js";
import { isPicture, show as showAsset } from "./asset.js";
import { Card } from "./card.js";
import { el, fill } from "./element.js";
import { fixLine } from "./notice.js";
import { Reply } from "./reply.js";
import { JOB_ENDED, jobsOf, openQuestion } from "./standing.js";
import { t } from "./words.js";

/** @typedef {import("./log.js").State} State @typedef {import("./log.js").Item} Item @typedef {import("./log.js").Turn} Turn @typedef {import("./thread.js").Desk} Desk */

/**
 * A person's words with what was attached.
 * @param {string} text
 * @param {(import("./log.js").Asset | undefined)[]} assets
 * @param {...import("./element.js").Child} below
 */
export function said(text, assets, ...below) {
  const known = /** @type {import("./log.js").Asset[]} */ (assets.filter(Boolean));
  const pictures = known.filter(isPicture);
  return el(
    "div.said",
    {},
    el("span.hidden", {}, t("said.you")),
    known.length > 0 && el("div.said-assets", {}, ...[...pictures, ...known.filter((asset) => !isPicture(asset))].map(showAsset)),
    text && el("p.said-text", {}, text),
    ...below,
  );
}

export class TurnView {
  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.said = el("div.turn-said");
    this.items = el("div.turn-items");
    this.foot = el("div.turn-foot");
    this.element = el("article.turn", {}, this.said, el("div.turn-answer", {}, el("span.hidden", {}, t("said.rhapsode")), this.items, this.foot));
    /** @type {Map<string, {element: HTMLElement, show: (state: State, item: Item) => void}>} */
    this.views = new Map();
    this.heard = /** @type {Turn["said"]} */ (null);
    this.turn = /** @type {Turn | null} */ (null);
    this.footing = "";
  }

  /** @param {State} state @param {Turn} turn */
  show(state, turn) {
    this.turn = turn;
    this.#said(state, turn);
    const keys = new Set(turn.items.map((item) => item.key));
    for (const [key, view] of this.views) {
      if (keys.has(key)) continue;
      view.element.remove();
      this.views.delete(key);
    }
    turn.items.forEach((item, at) => {
      let view = this.views.get(item.key);
      if (!view) this.views.set(item.key, (view = this.#view(item)));
      if (this.items.children[at] !== view.element) this.items.insertBefore(view.element, this.items.children[at] ?? null);
      view.show(state, item);
    });
    this.#foot(state, turn);
  }

  /** @param {State} state @param {Turn} turn */
  #said(state, { said: words }) {
    if (words === this.heard || !words) return;
    this.heard = words;
    if (words.erased) fill(this.said, el("p.muted", {}, t("note.erased")));
    else fill(this.said, said(words.text, words.assets.map((id) => state.assets.get(id))));
  }

  /** @param {Item} item */
  #view(item) {
    if (item.type === "part") {
      const reply = new Reply();
      const show = (/** @type {State} */ state, /** @type {any} */ part) => reply.show({ ...part, text: words(state, /** @type {Turn} */ (this.turn), part) }, this.desk.recalled);
      return { element: reply.element, show };
    }
    if (item.type === "job") {
      const card = new Card(this.desk);
      return { element: card.element, show: (/** @type {State} */ state) => card.show(/** @type {import("./log.js").Job} */ (state.jobs.get(item.id)), state) };
    }
    if (item.type === "kept") {
      const kept = new Kept(this.desk);
      return { element: kept.element, show: (/** @type {State} */ state) => kept.show(state.memories.get(item.id)) };
    }
    if (item.type === "question") {
      const question = new Question(this.desk);
      return { element: question.element, show: (/** @type {State} */ state) => question.show(state.questions.get(item.id), openQuestion(state)?.id === item.id) };
    }
    if (item.type === "asset") return { element: el("div.made"), show: this.#asset(item.id) };
    const { what, text } = /** @type {{what: string, text?: string}} */ (/** @type {unknown} */ (item));
    return { element: el("p.muted", {}, t(`note.${what}`, { text })), show: () => {} };
  }

  /** @param {string} id */
  #asset(id) {
    return (/** @type {State} */ state) => {
      const place = /** @type {HTMLElement} */ (this.views.get(`asset ${id}`)?.element);
      const asset = state.assets.get(id);
      if (asset && !place.childElementCount) place.append(showAsset(asset));
    };
  }

  /** @param {State} state @param {Turn} turn */
  #foot(state, turn) {
    const footing = [turn.state, waits(state, turn), this.desk.note(), turn.error, turn.said?.text].join("\n");
    if (footing === this.footing) return;
    this.footing = footing;
    if (turn.state === "open" || turn.state === "running") {
      const words = waits(state, turn);
      const note = words && this.desk.note();
      fill(this.foot, words && el("p.thinking", {}, el("span.needle", { "aria-hidden": "true" }), words), note && el("p.muted", {}, note));
    } else if (turn.state === "cancelled") fill(this.foot, el("p.muted", {}, t("turn.cancelled")));
    else if (turn.state === "failed") fill(this.foot, this.#failure(turn));
    else fill(this.foot);
  }

  /** @param {Turn} turn */
  #failure({ error, fix, said: words }) {
    const again = words && !words.erased && el("button.small", { type: "button", onclick: () => this.desk.say(words.text, words.assets) }, t("turn.again"));
    return el("div.failure", { role: "group" }, el("p", {}, error || t("turn.failed")), fixLine(fix), again);
  }
}

/**
 * The words of a reply as they are true now. What the engine said while a job ran gives way to what came of the job; and
 * where it only repeats what was kept, the line that says so with its undo is enough.
 * @param {State} state @param {Turn} turn @param {import("./log.js").Part} part
 */
function words(state, turn, part) {
  if (part.by !== "engine") return part.text;
  const kept = turn.items.flatMap((item) => (item.type === "kept" ? (state.memories.get(item.id) ?? []) : []));
  if (kept.some(({ text }) => part.text.includes(text))) return "";
  const jobs = jobsOf(state, turn);
  if (!part.meanwhile || jobs.some((job) => !JOB_ENDED.has(job.state))) return part.text;
  return jobs.flatMap((job) => (job.state === "finished" && !job.parent ? job.text : [])).join("\n\n");
}

/** What to say of a turn that has nothing to show at the moment. @param {State} state @param {Turn} turn */
function waits(state, turn) {
  if (turn.state === "open" && state.order.some((id) => id !== turn.id && before(state, id, turn))) return t("turn.queued");
  const shows = (/** @type {Item} */ item) => (item.type === "part" && !item.final) || (item.type === "job" && ["queued", "running"].includes(state.jobs.get(item.id)?.state ?? ""));
  return turn.items.some(shows) ? "" : t("turn.thinking");
}

/** @param {State} state @param {string} id @param {Turn} turn whether another turn is worked on before this one */
function before(state, id, turn) {
  const other = /** @type {Turn} */ (state.turns.get(id));
  return other.seq < turn.seq && ["open", "running", "waiting"].includes(other.state);
}
