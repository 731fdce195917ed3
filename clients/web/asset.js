/** Things that were made or uploaded: a picture, a sound or a file, each with a download and with how it came to be. */

import { assetUrl } from "./api.js";
import { el, icon } from "./element.js";
import { player } from "./sound.js";
import { size, t } from "./words.js";

/** @typedef {import("./log.js").Asset} Asset */

const RASTER = /^image\/(png|jpeg|webp|gif|avif)$/;

/** @param {Asset} asset */
export const isPicture = (asset) => RASTER.test(asset.media);

/** What a picture honestly is. @param {Asset} asset */
export function pictureName(asset) {
  const { method } = asset.provenance;
  if (method === "upload") return t("picture.upload");
  return method === "illustrator" ? t("picture.illustration") : t("picture.picture");
}

/** @param {Asset} asset @returns {HTMLElement} */
export function show(asset) {
  if (isPicture(asset)) return picture(asset);
  if (asset.media.startsWith("audio/")) return sound(asset);
  return el("div.file", {}, icon("file"), el("span.file-name", {}, asset.name), el("span.muted", {}, size(asset.size)), download(asset));
}

/** @param {Asset} asset */
export const download = (asset) =>
  el("a.icon-button", { href: assetUrl(asset.id, { download: true }), download: asset.name, "aria-label": `${t("asset.download")}: ${asset.name}`, title: t("asset.download") }, icon("save"));

/** @param {Asset} asset @returns {HTMLElement} */
function picture(asset) {
  const { width, height, caption } = asset.meta;
  const words = caption || asset.name;
  const small = assetUrl(asset.id, { edge: 512 });
  // A screen with fine pixels takes the whole picture at once.
  const srcset = width >= height && width > 512 ? `${small} 512w, ${assetUrl(asset.id)} ${width}w` : null;
  const image = /** @type {HTMLImageElement} */ (el("img", { src: small, srcset, sizes: "(max-width: 560px) 92vw, 512px", alt: words, width, height, loading: "lazy", decoding: "async" }));
  image.onerror = () => image.closest("figure")?.replaceChildren(el("p.muted", {}, t("asset.gone")));
  const open = async () => (await import("./viewer.js")).view(asset);
  return el(
    "figure.picture",
    {},
    el("button.picture-open", { type: "button", "aria-label": t("picture.open", { name: words }), onclick: open }, image),
    el("figcaption", {}, el("span", {}, pictureName(asset)), el("button.link", { type: "button", onclick: open }, t("asset.how")), download(asset)),
  );
}

/** A sound, and where it is speech the words that are said. @param {Asset} asset @returns {HTMLElement} */
function sound(asset) {
  const { text, language } = asset.meta;
  return el(
    "div.sound",
    {},
    el("div.sound-bar", {}, player(assetUrl(asset.id), asset.meta.seconds ?? 0, asset.meta.caption || asset.name), download(asset)),
    text && el("p.sound-words", { lang: language === "zh" ? "zh-CN" : language, tabindex: text.length > 400 && 0 }, text),
    asset.provenance.tool && el("details", {}, el("summary", {}, t("asset.how")), making(asset)),
  );
}

/** How it came to be, as a list of terms. @param {Asset} asset @returns {HTMLElement} */
export function making(asset) {
  const { tool, method, seed, made_by: models = [], params = {}, fallback } = asset.provenance;
  /** @type {[string, unknown][]} */
  const rows = [
    ["asset.tool", tool],
    ["asset.method", method],
    ["asset.prompt", params.prompt ?? params.text],
    ...models.map((/** @type {any} */ made) => /** @type {[string, unknown]} */ (["asset.model", made.model])),
    ["asset.licence", [...new Set(models.map((/** @type {any} */ made) => made.licence).filter(Boolean))].join(", ")],
    ["asset.seed", seed],
    ["asset.fallback", fallback],
    ["asset.file", [asset.name, asset.meta.width && `${asset.meta.width} × ${asset.meta.height}`, size(asset.size)].filter(Boolean).join(" · ")],
  ];
  const told = rows.filter(([, value]) => value != null && value !== "");
  return el("dl.making", {}, ...told.map(([term, value]) => el("div", {}, el("dt", {}, t(term)), el("dd", {}, String(value)))));
}
