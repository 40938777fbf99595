/**
 * Return the object stored under a name. The first call makes the object with `first`, and it is kept until the page is
 * closed or reloaded. A variable of a module would be lost earlier: when the script of a component has changed on the
 * server, Streamlit loads the script again into the open page.
 * @template Kept
 * @param {string} name
 * @param {() => Kept} first
 * @returns {Kept}
 */
export function lasting(name, first) {
  const all = /** @type {{ sttKept?: Map<string, any> }} */ (/** @type {unknown} */ (window));
  all.sttKept ??= new Map();
  if (!all.sttKept.has(name)) all.sttKept.set(name, first());
  return all.sttKept.get(name);
}
