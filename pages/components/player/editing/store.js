// Steps that the server has not confirmed, kept in the browser. Each tab writes under a name of its own, so no two
// overwrite each other; what a closed tab has left is taken over by the next one that opens the transcript.

import { read, write } from "../../shared/storage.js";

const EDITING = "stt-editing"; // whether a click into the text edits it
const ALIVE = 400; // milliseconds in which another tab answers that it is open

/** @typedef {{ key: string, based_on: number, step: Record<string, unknown> }} Kept as it is sent */

export class Store {
  /** @param {string} name of the transcript @param {Storage} storage @param {string} tab */
  constructor(name, storage, tab = crypto.getRandomValues(new Uint32Array(2)).join("")) {
    this.prefix = `stt-edits:${name}:`;
    this.own = this.prefix + tab;
    this.storage = storage;
    this.channel = globalThis.BroadcastChannel ? new BroadcastChannel(this.prefix) : null;
    this.alive = /** @type {Set<string>} */ (new Set());
    if (!this.channel) return;
    this.channel.onmessage = ({ data }) => {
      if (data === "who") this.channel?.postMessage(this.own);
      else this.alive.add(data);
    };
  }

  /**
   * Keep these and no others. Return whether there was room.
   * @param {Kept[]} entries
   */
  keep(entries) {
    try {
      if (entries.length) this.storage.setItem(this.own, JSON.stringify(entries));
      else this.storage.removeItem(this.own);
      return true;
    } catch {
      return false; // full, or not allowed
    }
  }

  /** Whether anything of this tab is kept. */
  has() {
    return this.storage.getItem(this.own) !== null;
  }

  /** The names under which other tabs keep something. */
  others() {
    try {
      const names = Object.keys(this.storage).filter((name) => name.startsWith(this.prefix) && name !== this.own);
      return names.sort();
    } catch {
      return [];
    }
  }

  /** Take what closed tabs have left. @returns {Promise<Kept[]>} */
  async takeLeft() {
    if (!this.others().length) return [];
    this.alive.clear();
    this.channel?.postMessage("who");
    if (this.channel) await new Promise((done) => setTimeout(done, ALIVE));
    const found = /** @type {Kept[]} */ ([]);
    for (const name of this.others().filter((other) => !this.alive.has(other))) {
      try {
        found.push(...JSON.parse(this.storage.getItem(name) ?? "[]"));
      } catch {
        // Not ours any more.
      }
      this.taken.push(name);
    }
    return found;
  }

  taken = /** @type {string[]} */ ([]); // names whose steps were taken over

  /** Forget what others had left, once it is kept here. */
  forget() {
    for (const name of this.taken.splice(0)) this.storage.removeItem(name);
  }

  close() {
    this.channel?.close();
  }
}

/**
 * Return whether somebody has chosen to edit or not, null if it was never chosen; `choice` is a new one.
 * @param {boolean} [choice]
 */
export function editingChoice(choice) {
  if (choice !== undefined && !write(EDITING, choice ? "on" : "off")) return choice;
  const stored = read(EDITING);
  return stored ? stored === "on" : null;
}
