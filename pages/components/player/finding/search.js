// Finds the words of a query in a text.

import { folded } from "./folding.js";

export const MOST_HITS = 10_000; // maximum number of hits in a text or a transcript
const VOICED = /[\u3099\u309a]/; // voicing marks, which change the kana before them

/**
 * Return where `wanted` occurs in a text, as [start, end] offsets of occurrences that do not overlap.
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
 * Return where a query occurs in a text, as [start, end] offsets. The folded words of the query are searched in the
 * folded words of the text. A query that consists of punctuation, such as "?", is searched as it is.
 * @param {string} text
 * @param {string} query without spaces at its ends
 * @param {(text: string) => ReturnType<typeof folded>} [fold] `folded`, or the same function with a cache
 */
export function search(text, query, fold = folded) {
  const wanted = folded(query).plain;
  if (!wanted) return query ? occurrences(text, query) : [];
  const { plain, from, to } = fold(text);
  const whole = occurrences(plain, wanted).filter(([, end]) => !VOICED.test(plain[end] ?? ""));
  return whole.map(([start, end]) => /** @type {[number, number]} */ ([from[start], to[end - 1]]));
}
