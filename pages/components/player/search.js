// Where words are in a text.

import { folded, OF_WORDS, SPACELESS } from "./folding.js";

export const MOST_HITS = 10_000;
const VOICED = /[\u3099\u309a]/; // makes another kana of the one before it

/** @typedef {{ exact?: boolean, whole?: boolean }} How `exact`: no folding, `whole`: whole words only */

/**
 * Return where `wanted` is in a text, each from the end of the one before: [start, end].
 * @param {string} text
 * @param {string} wanted
 */
export function occurrences(text, wanted) {
  const found = /** @type {[number, number][]} */ ([]);
  for (
    let at = text.indexOf(wanted);
    at >= 0 && found.length < MOST_HITS;
    at = text.indexOf(wanted, at + wanted.length)
  ) {
    found.push([at, at + wanted.length]);
  }
  return found;
}

/**
 * Return where a query is in a text, as [start, end] in the text itself. Signs alone, such as "?", are looked for as
 * they are. `fold` may remember texts.
 * @param {string} text
 * @param {string} query without spaces around
 * @param {(text: string) => ReturnType<typeof folded>} [fold]
 * @param {How} [how]
 */
export function search(text, query, fold = folded, { exact = false, whole = false } = {}) {
  const found = exact ? occurrences(text, query) : alike(text, query, fold);
  return whole ? found.filter(([start, end]) => !within(text, start) && !within(text, end)) : found;
}

/** Whether a place in a text is inside a word. @param {string} text @param {number} at */
function within(text, at) {
  const [before, after] = [
    Array.from(text.slice(0, at)).at(-1) ?? "",
    String.fromCodePoint(text.codePointAt(at) ?? 32),
  ];
  return OF_WORDS.test(before) && OF_WORDS.test(after) && !SPACELESS.test(before) && !SPACELESS.test(after);
}

/** @param {string} text @param {string} query @param {(text: string) => ReturnType<typeof folded>} fold */
function alike(text, query, fold) {
  const wanted = folded(query).plain;
  if (!wanted) return query ? occurrences(text, query) : [];
  const { plain, from, to } = fold(text);
  const whole = occurrences(plain, wanted).filter(([, end]) => !VOICED.test(plain[end] ?? ""));
  return whole.map(([start, end]) => /** @type {[number, number]} */ ([from[start], to[end - 1]]));
}
