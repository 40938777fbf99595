// Functions with which the tests of editing make lines of text and read them.

import { lineOf } from "../player/editing/lines.js";

/** @typedef {import("../player/editing/lines.js").Line} Line */

/** @param {string} text @param {number} [start] @returns {import("../player/text/text.js").Packed} */
export function packed(text, start = 0) {
  const words = text.split(" ").map((word) => ` ${word}`);
  return { start, end: start + words.length, t: words, s: words.map((_, i) => start + i), e: words.map((_, i) => start + i + 1) }; // prettier-ignore
}
export const linesOf = (/** @type {string[]} */ ...texts) => texts.map((text, i) => lineOf(packed(text, i * 10)));
export const texts = (/** @type {Line[]} */ lines) => lines.map((line) => line.text);
export const ids = (/** @type {Line[]} */ lines) => lines.map((line) => line.id);
