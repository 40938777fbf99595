// Finds words in a text.

import { folded } from "./folding.js";

export const MOST_HITS = 10_000;
const VOICED = /[\u3099\u309a]/; // voicing marks, which change the kana before them

/**
 * Return the places of `wanted` in a text, without overlaps: [start, end].
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
 * Return the places of a query in a text: [start, end]. Words are compared folded. A query of punctuation only, such as
 * "?", is compared unchanged.
 * @param {string} text
 * @param {string} query without spaces at its ends
 * @param {(text: string) => ReturnType<typeof folded>} [fold] may cache its results
 */
export function search(text, query, fold = folded) {
  const wanted = folded(query).plain;
  if (!wanted) return query ? occurrences(text, query) : [];
  const { plain, from, to } = fold(text);
  const whole = occurrences(plain, wanted).filter(([, end]) => !VOICED.test(plain[end] ?? ""));
  return whole.map(([start, end]) => /** @type {[number, number]} */ ([from[start], to[end - 1]]));
}
