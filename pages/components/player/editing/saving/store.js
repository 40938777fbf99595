// Stores steps in the browser until the server has confirmed them. Each tab has a separate storage key, so that it does
// not overwrite the steps of other tabs. A tab that opens the transcript takes over the steps of closed tabs.

import { browserStorage, read, write } from "../../../shared/storage.js";
import { renumbered } from "./kept.js";

const EDITING = "stt-editing"; // storage key: whether a click into the text edits it
const ALIVE = 400; // milliseconds to wait for other tabs to report that they are open

/**
 * @typedef {{ key: string, based_on: number, step: Record<string, unknown>, form?: number }} Kept a step in the server's
 *   format; `form` is the number of this format (see `kept.js`)
 */

export class Store {
  /**
   * @param {string} name of the transcript
   * @param {Storage | null} [storage] null if the browser blocks it; then nothing is stored
   * @param {string} [tab] name of this tab
   */
  constructor(name, storage = browserStorage(), tab = crypto.getRandomValues(new Uint32Array(2)).join("")) {
    this.prefix = `stt-edits:${name}:`;
    this.own = this.prefix + tab;
    this.storage = storage;
    this.channel = channelOf(this.prefix);
    this.alive = /** @type {Set<string>} */ (new Set());
    if (!this.channel) return;
    this.channel.onmessage = ({ data }) => {
      if (data === "who") this.channel?.postMessage(this.own);
      else this.alive.add(data);
    };
  }

  /**
   * Store these steps in place of those that this tab stored before. Return whether this succeeded.
   * @param {Kept[]} entries
   */
  keep(entries) {
    if (!this.storage) return false;
    try {
      if (entries.length) this.storage.setItem(this.own, JSON.stringify(entries));
      else this.storage.removeItem(this.own);
      return true;
    } catch {
      return false; // the storage is full or blocked
    }
  }

  /** Return whether steps of this tab are stored. */
  has() {
    return (this.storage?.getItem(this.own) ?? null) !== null;
  }

  /** Return the storage keys of other tabs with stored steps. */
  others() {
    try {
      const names = Object.keys(this.storage ?? {}).filter((name) => name.startsWith(this.prefix) && name !== this.own);
      return names.sort();
    } catch {
      return [];
    }
  }

  /** Return the steps that tabs stored before they were closed. @returns {Promise<Kept[]>} */
  async takeLeft() {
    if (!this.others().length) return [];
    this.alive.clear();
    this.channel?.postMessage("who");
    if (this.channel) await new Promise((done) => setTimeout(done, ALIVE));
    const found = /** @type {Kept[]} */ ([]);
    for (const name of this.others().filter((other) => !this.alive.has(other))) {
      try {
        found.push(...renumbered(JSON.parse(this.storage?.getItem(name) ?? "[]")));
      } catch {
        // Ignore a stored value that is not valid JSON.
      }
      this.taken.push(name);
    }
    return found;
  }

  taken = /** @type {string[]} */ ([]); // storage keys whose steps were taken over

  /** Delete the steps that `takeLeft` has returned, after the tab has stored them under its own key. */
  forget() {
    for (const name of this.taken.splice(0)) this.storage?.removeItem(name);
  }

  close() {
    this.channel?.close();
  }
}

/** Return a channel to other tabs, null if the browser has none or blocks it. @param {string} name */
function channelOf(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}

/**
 * Return the user's stored choice whether a click into the text edits it, null if there is none. If `choice` is given,
 * store and return it.
 * @param {boolean} [choice]
 */
export function editingChoice(choice) {
  if (choice !== undefined && !write(EDITING, choice ? "on" : "off")) return choice;
  const stored = read(EDITING);
  return stored ? stored === "on" : null;
}
