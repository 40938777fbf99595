// Where words are in a text.

import { folded } from "./folding.js";

export const MOST_HITS = 10_000;
const VOICED = /[\u3099\u309a]/; // makes another kana of the one before it

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
 */
export function search(text, query, fold = folded) {
  const wanted = folded(query).plain;
  if (!wanted) return query ? occurrences(text, query) : [];
  const { plain, from, to } = fold(text);
  const whole = occurrences(plain, wanted).filter(([, end]) => !VOICED.test(plain[end] ?? ""));
  return whole.map(([start, end]) => /** @type {[number, number]} */ ([from[start], to[end - 1]]));
}
