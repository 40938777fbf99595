/**
 * Return what is kept under a name while the page is open, made when it is first asked for. Modules do not last so
 * long: Streamlit loads a component's script anew when the server has another version of it.
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
