// Keeps work, such as uploads, going while the user visits another page of the app. During that time Streamlit removes
// the element that shows the work.

import { staying } from "./staying.js";

const REPORT_AGAIN = 2000; // milliseconds until ids that Python has not received are reported again

/**
 * @typedef {{
 *   done: string[],
 *   known: number,
 *   view: { close: () => void } | null,
 *   sendDone: () => void,
 *   send: (name: string, value: unknown) => void,
 *   timer?: ReturnType<typeof setTimeout>,
 * }} Work `done`: ids of the finished recordings; `known`: the number of these ids that Python has received
 */

/**
 * Return the default export of a component whose work is stored in `kept` under the component's key.
 * @template {Work} Item
 * @param {string} selector CSS selector of the component's element
 * @param {Map<string, Item>} kept
 * @param {string} state name of the component's state through which Python receives the ids
 * @param {() => Partial<Item>} begin returns the fields that new work has besides those of `Work`
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
        // The server drops a component's state when the user leaves the page. So the first update reports all ids:
        // those reported before, and those of the recordings that were finished meanwhile.
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
  if (!item.view) return; // the page is not open; its first update reports the ids
  item.sendDone();
  item.timer = setTimeout(() => item.known < item.done.length && report(item), REPORT_AGAIN);
}
