/** On a phone the list of conversations is a drawer over the page, which waits behind it. */

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

export const isOpen = () => document.body.classList.contains("drawn");

/** Wire the buttons that open and close it. */
export function fit() {
  at("menu").addEventListener("click", () => draw(true));
  for (const id of ["shut", "veil"]) at(id).addEventListener("click", () => draw(false));
}

/** @param {boolean} open the focus goes along */
export function draw(open) {
  if (open === isOpen()) return;
  document.body.classList.toggle("drawn", open);
  at("main").inert = open;
  at("menu").setAttribute("aria-expanded", String(open));
  at(open ? "shut" : "menu").focus();
}
