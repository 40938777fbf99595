// Work, such as uploads, that continues while another page is open. Streamlit then removes the element that shows it.

import { staying } from "./staying.js";

const REPORT_AGAIN = 2000; // milliseconds until finished ids are reported again

/**
 * @typedef {{
 *   done: string[],
 *   known: number,
 *   view: { close: () => void } | null,
 *   sendDone: () => void,
 *   send: (name: string, value: unknown) => void,
 *   timer?: ReturnType<typeof setTimeout>,
 * }} Work `done` has the ids of finished recordings; `known` is how many of them Python has received
 */

/**
 * Return the default export of a component whose work is stored in `kept` under the component's key.
 * @template {Work} Item
 * @param {string} selector of the element
 * @param {Map<string, Item>} kept
 * @param {string} state name of the component's state with which Python receives the ids
 * @param {() => Partial<Item>} begin returns the further fields of new work
 * @param {(root: HTMLElement, item: Item) => Item["view"]} show
 */
export function working(selector, kept, state, begin, show) {
  return staying(selector, (root, { data }) => {
    const fresh = () => ({ done: [], view: null, sendDone: () => {}, send: () => {}, ...begin(), ...data });
    const item = kept.get(data.key) ?? /** @type {Item} */ (fresh());
    kept.set(data.key, item);
    item.view?.close();
    const view = (item.view = show(root, item));
    let reported = false;
    return {
      update({ data, setStateValue, setTriggerValue }) {
        Object.assign(item, data, { sendDone: () => setStateValue(state, [...item.done]), send: setTriggerValue });
        // The server drops a component's state when its page is left, so report all ids, also those finished meanwhile.
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
 * Report the finished ids to Python, and repeat this until Python has received them: a report made while the connection
 * is interrupted is lost.
 * @param {Work} item
 */
export function report(item) {
  clearTimeout(item.timer);
  if (!item.view) return; // reported when the page is opened again
  item.sendDone();
  item.timer = setTimeout(() => item.known < item.done.length && report(item), REPORT_AGAIN);
}
