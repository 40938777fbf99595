import { lasting } from "./lasting.js";
import { translate } from "../texts.js";

/**
 * The argument of a component's default export, which Streamlit calls each time the component's data change.
 * @typedef {{
 *   data: any,
 *   parentElement: HTMLElement,
 *   setStateValue: (name: string, value: unknown) => void,
 *   setTriggerValue: (name: string, value: unknown) => void,
 * }} Call
 * @typedef {{ update: (call: Call) => void, close: () => void }} View
 */

/** @type {WeakMap<Element, { view: View, turn: number }>} */
const views = lasting("views", () => new WeakMap());

/**
 * Return the default export of a component whose view lasts as long as the component's element, so that playback and
 * typed text are not lost when the data change. Streamlit may run the clean-up function of an earlier call after a
 * later call, so only the clean-up function of the last call closes the view.
 * @param {string} selector CSS selector of the element
 * @param {(root: HTMLElement, call: Call) => View} open
 */
export function staying(selector, open) {
  return (/** @type {Call} */ call) => {
    const root = /** @type {HTMLElement} */ (call.parentElement.querySelector(selector));
    translate(root);
    const kept = views.get(root) ?? { view: open(root, call), turn: 0 };
    views.set(root, kept);
    kept.turn += 1;
    const { turn } = kept;
    kept.view.update(call);
    return () => {
      if (kept.turn !== turn) return;
      kept.view.close();
      views.delete(root);
    };
  };
}
