/** A player of a finished sound: one button, one line, one clock. Only one plays at a time. */

import { el, icon } from "./element.js";
import { t } from "./words.js";

/** @type {HTMLAudioElement | null} */
let playing = null;

/** Stop whatever finished sound is playing. */
export const hush = () => playing?.pause();

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/**
 * @param {string} url
 * @param {number} seconds known before the file is
 * @param {string} name
 * @returns {HTMLElement}
 */
export function player(url, seconds, name) {
  const audio = /** @type {HTMLAudioElement} */ (el("audio", { src: url, preload: "none" }));
  const line = /** @type {HTMLInputElement} */ (el("input", { type: "range", min: 0, max: 1000, value: 0, "aria-label": t("sound.at") }));
  const time = el("span.clock", {}, clock(seconds));
  const button = el("button.icon-button.play", { type: "button" });
  const whole = () => (Number.isFinite(audio.duration) ? audio.duration : seconds);
  const draw = () => {
    const label = t(audio.paused ? "sound.play" : "sound.pause");
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", `${label}: ${name}`);
    button.title = label;
  };
  const move = () => {
    const share = whole() ? audio.currentTime / whole() : 0;
    line.value = String(Math.round(share * 1000));
    line.style.setProperty("--share", `${share * 100}%`);
    line.setAttribute("aria-valuetext", clock(audio.currentTime));
    time.textContent = audio.currentTime ? `${clock(audio.currentTime)} / ${clock(whole())}` : clock(whole());
  };
  button.onclick = () => (audio.paused ? audio.play() : audio.pause());
  line.oninput = () => (audio.currentTime = (Number(line.value) / 1000) * whole());
  audio.onplay = () => {
    if (playing !== audio) hush();
    playing = audio;
    draw();
  };
  audio.onpause = draw;
  audio.ontimeupdate = move;
  audio.onloadedmetadata = move;
  draw();
  return el("div.player", { role: "group", "aria-label": name }, button, line, time, audio);
}
