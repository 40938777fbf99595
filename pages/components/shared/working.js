// Work that goes on while no element shows it: Streamlit takes the element away when another page is opened.

import { staying } from "./staying.js";

const TELL_AGAIN = 2000; // milliseconds

/**
 * @typedef {{
 *   done: string[],
 *   known: number,
 *   view: { close: () => void } | null,
 *   tell: () => void,
 *   send: (name: string, value: unknown) => void,
 *   timer?: ReturnType<typeof setTimeout>,
 * }} Work `done` has the ids of recordings, `known` says how many of them the page knows
 */

/**
 * Return the default export of a component for work that is kept under the key of the component.
 * @template {Work} Item
 * @param {string} selector of the element
 * @param {Map<string, Item>} kept
 * @param {string} state the name under which Python gets the ids
 * @param {() => Partial<Item>} begin returns what else belongs to new work
 * @param {(root: HTMLElement, item: Item) => Item["view"]} show
 */
export function working(selector, kept, state, begin, show) {
  return staying(selector, (root, { data }) => {
    const fresh = () => ({ done: [], view: null, tell: () => {}, send: () => {}, ...begin(), ...data });
    const item = kept.get(data.key) ?? /** @type {Item} */ (fresh());
    kept.set(data.key, item);
    item.view?.close();
    const view = (item.view = show(root, item));
    let reported = false;
    return {
      update({ data, setStateValue, setTriggerValue }) {
        Object.assign(item, data, { tell: () => setStateValue(state, [...item.done]), send: setTriggerValue });
        // The server forgets the state of a page that was left; what was finished meanwhile was never told.
        if (!reported && item.done.length) report(item);
        reported = true;
      },
      close() {
        view?.close();
        if (item.view === view) item.view = null;
      },
    };
  });
}

/**
 * Tell the page what is there, until it knows: what is said while the line to it is broken is lost.
 * @param {Work} item
 */
export function report(item) {
  clearTimeout(item.timer);
  if (!item.view) return; // told when the page is opened again
  item.tell();
  item.timer = setTimeout(() => item.known < item.done.length && report(item), TELL_AGAIN);
}
