/** How a session stands: questions put to a folded state, by the reducer and by the page. */

/** @typedef {import("./log.js").State} State @typedef {import("./log.js").Turn} Turn @typedef {import("./log.js").Job} Job @typedef {import("./log.js").Question} Question */

export const ENDED = new Set(["done", "failed", "cancelled"]);
export const JOB_ENDED = new Set(["finished", "failed", "cancelled"]);

/** The jobs of a turn. @param {State} state @param {Turn} turn @returns {Job[]} */
export const jobsOf = (state, turn) => turn.items.flatMap((item) => (item.type === "job" ? (state.jobs.get(item.id) ?? []) : []));

/** The question that waits for an answer, if one does. @param {State} state @returns {Question | null} */
export function openQuestion(state) {
  const waits = (/** @type {Question} */ { answered, turn }) => !answered && state.turns.get(turn)?.state === "waiting";
  return [...state.questions.values()].find(waits) ?? null;
}

/** The turn that a stop would stop: the running or waiting one, else the first that is queued. @param {State} state @returns {Turn | null} */
export function stoppable(state) {
  const open = state.order.map((id) => /** @type {Turn} */ (state.turns.get(id))).filter((turn) => !ENDED.has(turn.state));
  return open.find((turn) => turn.state !== "open") ?? open[0] ?? null;
}
