// Finds the text to be replaced. Unlike the usual search of the find box, this search also compares spaces and
// punctuation, as stt/editing/finding.py does.

import { foldOne, OF_WORDS, SPACELESS } from "../../finding/folding.js";
import { occurrences } from "../../finding/search.js";

const VOICED = /[\u3099\u309a]/; // voicing marks, which change the kana before them

/** @typedef {{ exact?: boolean, whole?: boolean }} How `exact`: match case and accents; `whole`: only whole words */

/**
 * Return a folded text, `plain`, with its spaces and punctuation. For each UTF-16 unit of `plain`, `from` and `to` have
 * the offsets in `text` at which the original character starts and ends.
 * @param {string} text
 */
export function literal(text) {
  let plain = "";
  const from = /** @type {number[]} */ ([]);
  const to = /** @type {number[]} */ ([]);
  let at = 0;
  for (const character of text) {
    const end = at + character.length;
    const become = foldOne(character);
    if (!become || VOICED.test(become[0])) {
      // The character belongs to the letter before it, so extend the end of every unit of that letter.
      for (let place = to.length - 1, own = from[place]; place >= 0 && from[place] === own; place -= 1) to[place] = end;
    }
    const begin = VOICED.test(become[0] ?? "") ? (from.at(-1) ?? at) : at;
    for (let unit = 0; unit < become.length; unit += 1) (from.push(begin), to.push(end));
    plain += become;
    at = end;
  }
  return { plain, from, to };
}

/**
 * Return where `wanted` occurs in `text`, as [start, end] offsets in UTF-16 units.
 * @param {string} text
 * @param {string} wanted
 * @param {How} how
 * @param {(text: string) => ReturnType<typeof literal>} [fold] `literal`, or the same function with a cache
 */
export function spans(text, wanted, { exact = false, whole = false }, fold = literal) {
  const found = exact ? occurrences(text, wanted) : alike(text, wanted, fold);
  return whole ? found.filter(([start, end]) => !inside(text, start) && !inside(text, end)) : found;
}

/** @param {string} text @param {string} wanted @param {(text: string) => ReturnType<typeof literal>} fold */
function alike(text, wanted, fold) {
  const { plain } = literal(wanted);
  const { plain: whole, from, to } = fold(text);
  const found = /** @type {[number, number][]} */ ([]);
  for (let at = plain ? whole.indexOf(plain) : -1; at >= 0;) {
    const end = at + plain.length;
    // A hit must not begin or end inside a letter that folds to several letters.
    const clean = from[at - 1] !== from[at] && from[end - 1] !== from[end];
    if (clean) found.push([from[at], to[end - 1]]);
    at = whole.indexOf(plain, clean ? end : at + 1);
  }
  return found;
}

/** Return whether an offset in a text is between two letters of a word. @param {string} text @param {number} at */
function inside(text, at) {
  const before = Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? "";
  const after = String.fromCodePoint(text.codePointAt(at) ?? 32);
  return [before, after].every((character) => OF_WORDS.test(character) && !SPACELESS.test(character));
}
