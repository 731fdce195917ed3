/**
 * The reducer: what a session looks like, as a fold over its facts and over what is live.
 *
 * Pure: `fold` reads no clock, no DOM and no network, and never changes the state it is given. A batch of frames copies
 * only what it touches, and says which turns it touched, so that a view draws these and nothing else. Folding the facts
 * alone always gives what folding facts and live items gave, once a turn has ended.
 */

import { ENDED, JOB_ENDED, jobsOf } from "./standing.js";

/**
 * @typedef {{type: "fact", session: string, seq: number, turn?: string | null, at: string, kind: string, by?: string,
 *   cause?: {command?: string, session?: string, seq?: number} | null, data: any}} FactFrame
 * @typedef {{type: "live", session: string, kind: string, [field: string]: any}} LiveFrame
 *
 * @typedef {{key: string, type: "part", part: number, attempt: number, text: string, length: number, final: boolean, memories: string[], by?: string, meanwhile?: boolean}} Part
 * @typedef {Part | {key: string, type: "job" | "kept" | "question" | "asset", id: string} | {key: string, type: "note", what: string, text?: string}} Item
 * @typedef {{id: string, seq: number, said: null | {text: string, assets: string[], at: string, command?: string, erased?: boolean},
 *   attempt: number, items: Item[], state: "open" | "running" | "waiting" | "done" | "failed" | "cancelled", error?: string, fix?: string}} Turn
 * @typedef {{id: string, turn: string, call: string, tool: string, title: string, parent: string | null, lane: string,
 *   state: "queued" | "running" | "finished" | "failed" | "cancelled", share: number, stage: string, eta: number | null,
 *   preview: string | null, text: string, error: string, fix: string | null, assets: string[], again: number, superseded: boolean}} Job
 * @typedef {{id: string, media: string, name: string, size: number, meta: any, job: string | null, provenance: any}} Asset
 * @typedef {{id: string, text: string, forgotten: boolean}} Memory
 * @typedef {{id: string, question: string, turn: string, text: string, choices: string[], answered: boolean, answer: string | null}} Question `question` is its name in its turn
 * @typedef {{session: string, seq: number, title: string, order: string[], turns: Map<string, Turn>, jobs: Map<string, Job>,
 *   assets: Map<string, Asset>, memories: Map<string, Memory>, questions: Map<string, Question>}} State
 * @typedef {{state: State, touched: Set<string>, missing: number | null, erased: boolean}} Folded
 */

/** @param {string} session @returns {State} */
export const empty = (session) => ({
  session,
  seq: 0,
  title: "",
  order: [],
  turns: new Map(),
  jobs: new Map(),
  assets: new Map(),
  memories: new Map(),
  questions: new Map(),
});

/**
 * Fold frames into a state. A fact that was seen already is passed over; at a hole it stops and names the first missing `seq`.
 * @param {State} state
 * @param {(FactFrame | LiveFrame)[]} frames
 * @returns {Folded} `erased` is true where content.erased came: what is shown must be read again
 */
export function fold(state, frames) {
  const draft = new Draft(state);
  let erased = false;
  for (const frame of frames) {
    if (frame.session !== state.session) continue;
    if (frame.type === "live") {
      LIVE[frame.kind]?.(draft, frame);
      continue;
    }
    if (frame.seq <= draft.state.seq) continue;
    if (frame.seq > draft.state.seq + 1) return { ...draft.done(), missing: draft.state.seq + 1, erased };
    draft.state.seq = frame.seq;
    erased ||= frame.kind === "content.erased";
    FACTS[frame.kind]?.(draft, frame.data ?? {}, /** @type {FactFrame} */ (frame));
  }
  return { ...draft.done(), missing: null, erased };
}

/** A state being changed: each table and row is copied before its first change. */
class Draft {
  /** @param {State} state */
  constructor(state) {
    this.state = { ...state };
    this.touched = /** @type {Set<string>} */ (new Set());
    this.copied = new Set();
  }

  done() {
    return { state: this.state, touched: this.touched };
  }

  /** @param {string} table @param {string} id @param {() => any} [fresh] @returns {any} */
  row(table, id, fresh) {
    const tables = /** @type {any} */ (this.state);
    if (!this.copied.has(table)) {
      this.copied.add(table);
      tables[table] = new Map(tables[table]);
    }
    const key = `${table} ${id}`;
    const row = tables[table].get(id) ?? fresh?.();
    if (!row || this.copied.has(key)) return row;
    this.copied.add(key);
    const copy = { ...row, ...(row.items && { items: [...row.items] }) };
    tables[table].set(id, copy);
    return copy;
  }

  /** @param {string | null | undefined} id @param {number} [seq] @returns {Turn} facts without a turn stand alone */
  turn(id, seq = this.state.seq) {
    const name = id ?? `at ${seq}`;
    this.touched.add(name);
    return this.row("turns", name, () => {
      this.state.order = [...this.state.order, name];
      return { id: name, seq, said: null, attempt: 0, items: [], state: id ? "open" : "done" };
    });
  }

  /** @param {string} id @returns {Job | undefined} */
  job(id) {
    const job = this.row("jobs", id);
    if (job) this.touched.add(job.turn);
    return job;
  }
}

/** @param {Turn} turn @param {Item} item */
function place(turn, item) {
  if (!turn.items.some((each) => each.key === item.key)) turn.items.push(item);
}

/** @param {Turn} turn @param {number} part @returns {Part | undefined} */
const partOf = (turn, part) => /** @type {Part | undefined} */ (turn.items.find((item) => item.key === `part ${part}`));

/** @param {Turn} turn @param {Part} part */
function putPart(turn, part) {
  const at = turn.items.findIndex((item) => item.key === part.key);
  if (at < 0) turn.items.push(part);
  else turn.items[at] = part;
}

/** Unfinished text of lower attempts is void. @param {Turn} turn @param {number} attempt */
function raise(turn, attempt) {
  if (attempt <= turn.attempt) return;
  turn.attempt = attempt;
  turn.items = turn.items.filter((item) => item.type !== "part" || item.final || item.attempt >= attempt);
}

/** @param {Turn} turn @param {Turn["state"]} state */
function end(turn, state) {
  turn.state = state;
  turn.items = turn.items.filter((item) => item.type !== "part" || item.final);
}

/** @param {Draft} draft @param {any} data @param {FactFrame} frame @returns {Job} */
function openJob(draft, data, frame) {
  // A tool run by itself has no turn: its facts meet where the first of them stands.
  const turn = draft.turn(frame.turn ?? draft.state.jobs.get(data.job)?.turn, frame.seq);
  const job = draft.row("jobs", data.job, () => ({
    id: data.job, turn: turn.id, call: data.call, tool: data.tool, title: "", parent: null, lane: "heavy", state: "queued",
    share: 0, stage: "", eta: null, preview: null, text: "", error: "", fix: null, assets: [], again: 1, superseded: false,
  }));
  place(turn, { key: `job ${job.id}`, type: "job", id: job.id });
  return job;
}

/** @param {(draft: Draft, job: Job, data: any) => void} change */
const jobFact = (change) => (/** @type {Draft} */ draft, /** @type {any} */ data) => {
  const job = draft.job(data.job);
  if (job) change(draft, job, data);
};

/** @type {Record<string, (draft: Draft, data: any, frame: FactFrame) => void>} */
const FACTS = {
  "session.made": (draft, data) => void (draft.state.title = data.title ?? ""),
  "session.changed": (draft, data) => void (draft.state.title = data.title ?? draft.state.title),
  "user.said": (draft, data, frame) => {
    const said = { text: data.text, assets: data.assets ?? [], at: frame.at, command: frame.cause?.command };
    draft.turn(frame.turn, frame.seq).said = said;
  },
  "turn.taken": (draft, data, frame) => {
    const turn = draft.turn(frame.turn);
    raise(turn, data.attempt);
    turn.state = "running";
  },
  "agent.said": (draft, data, frame) => {
    const turn = draft.turn(frame.turn);
    raise(turn, data.attempt);
    putPart(turn, {
      key: `part ${data.part}`, type: "part", part: data.part, attempt: data.attempt, text: data.text,
      length: codePoints(data.text), final: true, memories: data.memories ?? [],
      by: frame.by, meanwhile: frame.by === "engine" && jobsOf(draft.state, turn).some(({ state }) => !JOB_ENDED.has(state)),
    });
  },
  "tool.called": (draft, data, frame) => {
    const job = openJob(draft, data, frame);
    job.again = data.attempt_no ?? 1;
    job.parent = data.parent_job ?? null;
    job.lane = data.lane ?? job.lane;
    for (const other of draft.state.jobs.values()) {
      if (other.turn === job.turn && other.call === job.call && other.again < job.again) /** @type {Job} */ (draft.job(other.id)).superseded = true;
    }
  },
  "job.queued": (draft, data, frame) => void (openJob(draft, data, frame).title = data.title ?? ""),
  "job.retried": jobFact((_, job) => Object.assign(job, { state: "queued", share: 0, stage: "", eta: null, preview: null })),
  "job.finished": jobFact((_, job, data) => Object.assign(job, { state: "finished", share: 1, preview: null, text: data.text ?? "", assets: data.assets ?? [] })),
  "job.failed": jobFact((_, job, data) => Object.assign(job, { state: "failed", preview: null, error: data.error, fix: data.fix ?? null })),
  "job.cancelled": jobFact((_, job, data) => Object.assign(job, { state: "cancelled", preview: null, text: data.reason ?? "" })),
  "asset.saved": (draft, data, frame) => {
    draft.row("assets", data.asset, () => ({
      id: data.asset, media: data.media, name: data.name, size: data.size, meta: data.meta ?? {}, job: data.job ?? null, provenance: data.provenance ?? {},
    }));
    if (data.job) draft.job(data.job);
    else if (frame.turn && frame.by !== "user") place(draft.turn(frame.turn), { key: `asset ${data.asset}`, type: "asset", id: data.asset });
  },
  "question.asked": (draft, data, frame) => {
    const turn = draft.turn(frame.turn, frame.seq);
    turn.state = "waiting";
    const id = `${turn.id} ${data.question}`;
    draft.row("questions", id, () => ({ id, question: data.question, turn: turn.id, text: data.text, choices: data.choices ?? [], answered: false, answer: null }));
    place(turn, { key: `question ${id}`, type: "question", id });
  },
  "question.answered": (draft, data, frame) => {
    const question = draft.row("questions", `${frame.turn} ${data.question}`);
    if (!question) return;
    Object.assign(question, { answered: true, answer: data.answer ?? null });
    const turn = draft.turn(question.turn);
    if (turn.state === "waiting") turn.state = "open";
  },
  "text.withheld": (draft, data, frame) => place(draft.turn(frame.turn), { key: `withheld ${data.part}`, type: "note", what: "withheld", text: data.reason }),
  "memory.kept": (draft, data, frame) => {
    draft.row("memories", data.memory, () => ({ id: data.memory, text: data.text, forgotten: false }));
    place(draft.turn(frame.turn, frame.seq), { key: `kept ${data.memory}`, type: "kept", id: data.memory });
  },
  "memory.forgotten": (draft, data) => {
    const memory = draft.row("memories", data.memory);
    if (!memory) return;
    memory.forgotten = true;
    for (const turn of draft.state.turns.values()) {
      if (turn.items.some((item) => item.key === `kept ${data.memory}`)) draft.touched.add(turn.id);
    }
  },
  erased: (draft, data, frame) => {
    const turn = draft.turn(frame.turn, frame.seq);
    if (data.was === "user.said") turn.said = { text: "", assets: [], at: frame.at, erased: true };
    else if (data.was === "agent.said") place(turn, { key: `erased ${frame.seq}`, type: "note", what: "erased" });
  },
  "turn.done": (draft, _, frame) => end(draft.turn(frame.turn), "done"),
  "turn.cancelled": (draft, _, frame) => end(draft.turn(frame.turn), "cancelled"),
  "turn.failed": (draft, data, frame) => {
    const turn = draft.turn(frame.turn);
    end(turn, "failed");
    Object.assign(turn, { error: data.error, fix: data.fix ?? undefined });
  },
};

/** @param {Draft} draft @param {any} item */
function addText(draft, item) {
  const known = draft.state.turns.get(item.turn);
  if (known && (item.attempt < known.attempt || ENDED.has(known.state))) return;
  const turn = draft.turn(item.turn);
  raise(turn, item.attempt);
  const part = partOf(turn, item.part);
  if (part?.final) return;
  const shown = part && part.attempt === item.attempt ? part : { text: "", length: 0 };
  if (item.offset > shown.length) return;
  const text = (item.offset === shown.length ? shown.text : cut(shown.text, item.offset)) + item.text;
  const length = item.offset + codePoints(item.text);
  putPart(turn, { key: `part ${item.part}`, type: "part", part: item.part, attempt: item.attempt, text, length, final: false, memories: [] });
}

/** @type {Record<string, (draft: Draft, item: LiveFrame) => void>} */
const LIVE = {
  "text.delta": addText,
  "text.snapshot": (draft, item) => addText(draft, { ...item, offset: 0 }),
  "turn.started": (draft, item) => {
    const known = draft.state.turns.get(item.turn);
    if (known && ENDED.has(known.state)) return;
    const turn = draft.turn(item.turn);
    raise(turn, item.attempt);
    turn.state = "running";
  },
  "job.progress": (draft, item) => {
    const known = draft.state.jobs.get(item.job);
    if (!known || JOB_ENDED.has(known.state)) return;
    Object.assign(/** @type {Job} */ (draft.job(item.job)), {
      state: "running", share: item.share, stage: item.stage ?? "", eta: item.eta ?? null, preview: item.preview ?? known.preview,
    });
  },
};

/** Unicode code points of a string. @param {string} text */
export function codePoints(text) {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i += 1) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) count -= 1;
  }
  return count;
}

/** The first `count` code points. @param {string} text @param {number} count */
const cut = (text, count) => Array.from(text).slice(0, count).join("");
