// Loads other readings of words: what other transcripts of the same recording have at the time of a word.

import { request } from "../../../shared/request.js";
import { tr } from "../../../shared/texts.js";

const AT_ONCE = 20; // maximum number of words whose readings are loaded by one request
export const MOST = 3; // maximum number of readings shown for a word
const LONGEST = 90_000; // milliseconds to wait for a response

/** @typedef {{ text: string, start: number, end: number }} Timed */

/** Return the start and end of a word as the server expects them: "1.20-1.58", seconds. @param {Timed} word */
const spanOf = ({ start, end }) => `${start.toFixed(2)}-${Math.max(end, start + 0.01).toFixed(2)}`;

export class Readings {
  known = /** @type {Map<string, string[]>} */ (new Map()); // loaded readings by the result of `spanOf`
  pending = /** @type {Map<string, Promise<void>>} */ (new Map());

  /** @param {string} address */
  constructor(address) {
    this.address = address;
  }

  /**
   * Return other readings of a word. The request for them also loads the readings of the `following` words in advance.
   * @param {Timed} word
   * @param {Timed[]} following
   */
  async of(word, following) {
    const span = spanOf(word);
    if (!this.known.has(span)) {
      if (!this.pending.has(span)) this.load([span, ...following.map(spanOf)]);
      await this.pending.get(span);
    }
    return (this.known.get(span) ?? []).filter((text) => text !== word.text).slice(0, MOST);
  }

  /**
   * Let the server decode a word again. Return the readings of the word, including the new ones. Throws an Error with a
   * message for users if the request fails.
   * @param {Timed} word
   */
  async more(word) {
    const span = spanOf(word);
    const { status, answer } = await request(`${this.address}?spans=${span}`, { method: "POST" }, LONGEST);
    if (status !== 200) throw new Error(answer?.error?.message ?? tr("The server does not answer."));
    this.known.set(span, [...new Set([...(this.known.get(span) ?? []), ...answer.readings[0]])]);
    return this.of(word, []);
  }

  /** @param {string[]} spans */
  load(spans) {
    const wanted = [...new Set(spans)]
      .filter((span) => !this.known.has(span) && !this.pending.has(span))
      .slice(0, AT_ONCE);
    const loading = this.fetch(wanted).finally(() => wanted.forEach((span) => this.pending.delete(span)));
    for (const span of wanted) this.pending.set(span, loading);
  }

  /** @param {string[]} spans */
  async fetch(spans) {
    const { status, answer } = await request(`${this.address}?spans=${spans.join()}`, {}, LONGEST);
    if (status !== 200) return; // no message is needed: the user can type the right word
    spans.forEach((span, i) => this.known.set(span, answer.readings[i]));
  }
}
