/** A picture at full size with how it was made. Loaded when the first picture is opened. */

import { assetUrl } from "./api.js";
import { download, making, pictureName } from "./asset.js";
import { el, iconButton } from "./element.js";
import { t } from "./words.js";

/** @param {import("./log.js").Asset} asset */
export function view(asset) {
  const dialog = /** @type {HTMLDialogElement} */ (el("dialog.viewer", { "aria-label": asset.name }));
  dialog.append(
    el("img", { src: assetUrl(asset.id), alt: asset.meta.caption || asset.name, width: asset.meta.width, height: asset.meta.height }),
    el("div.viewer-side", {}, el("h2", {}, pictureName(asset)), making(asset), el("div.row", {}, download(asset), iconButton("close", t("close"), () => dialog.close()))),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
