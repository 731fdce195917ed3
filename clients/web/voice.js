/**
 * Speech heard while it is made: samples are queued on the audio clock as they come. It speaks only after a person has
 * touched the page, and falls silent at a hole; the whole sound follows as an asset. Loaded with the first chunk.
 */

const LEAD = 0.12;

/** Dispatches `change` when it begins to speak for a job and when it ends. */
export class Voice extends EventTarget {
  constructor() {
    super();
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {string | null} the job that is being heard */
    this.job = null;
    this.next = 0;
    /** @type {number | null} */
    this.last = null;
    this.silenced = new Set();
    /** @type {Set<AudioBufferSourceNode>} */
    this.sources = new Set();
  }

  /** @param {{job: string, number: number, sample_rate: number, pcm: string}} chunk base64 of 16-bit little-endian mono samples */
  hear({ job, number, sample_rate: rate, pcm }) {
    const hole = this.last !== null && number !== this.last + 1 && number !== 0;
    this.last = number;
    if (hole) this.hush(job);
    if (this.silenced.has(job) || navigator.userActivation?.hasBeenActive === false) return undefined;
    if (this.job && this.job !== job) return void this.silenced.add(job);
    this.context ??= new AudioContext();
    void this.context.resume();
    this.#queue(this.context, samples(pcm), rate);
    if (this.job === job) return undefined;
    this.job = job;
    return void this.dispatchEvent(new Event("change"));
  }

  /** Be silent about a job, for good. @param {string | null} job */
  hush(job = this.job) {
    if (job) this.silenced.add(job);
    if (job !== this.job) return;
    for (const source of this.sources) source.stop();
    this.sources.clear();
    this.next = 0;
    this.#end();
  }

  /** @param {AudioContext} context @param {Float32Array<ArrayBuffer>} wave @param {number} rate */
  #queue(context, wave, rate) {
    if (!wave.length) return;
    const buffer = context.createBuffer(1, wave.length, rate);
    buffer.copyToChannel(wave, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    this.next = Math.max(this.next, context.currentTime + LEAD);
    source.start(this.next);
    this.next += buffer.duration;
    this.sources.add(source);
    source.onended = () => {
      this.sources.delete(source);
      if (!this.sources.size) this.#end();
    };
  }

  #end() {
    if (!this.job) return;
    this.job = null;
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {string} pcm @returns {Float32Array<ArrayBuffer>} −1 to 1 */
function samples(pcm) {
  const bytes = Uint8Array.from(atob(pcm), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 1 }, (_, at) => view.getInt16(at * 2, true) / 32768);
}
