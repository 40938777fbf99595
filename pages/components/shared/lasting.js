/**
 * Return the object stored under a name while the page is open; `first` makes it at the first call. A variable of a
 * module would not last as long, because Streamlit loads a component's script again if the server has another version.
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
