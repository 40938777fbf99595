// Folds text for the search, that is, removes differences of case, accents and the like, with the same results as
// stt/transcript/folding.py. A test compares the two results for every character.

import rules from "./rules.json" with { type: "json" };

const IGNORED = new RegExp(`[${rules.folding.ignored}]`, "gu");
export const SPACELESS = new RegExp(`[${rules.folding.spaceless}]`, "u");
export const OF_WORDS = /[\p{L}\p{M}\p{N}]/u;
/** @type {Record<string, string>} */
const special = rules.folding.special;
/** @type {Map<string, string>} */
const foldings = new Map(); // character -> its folded form

/** @param {string} character */
export function foldOne(character) {
  let folded = foldings.get(character);
  if (folded === undefined) {
    const plain = character.normalize("NFKD").toLowerCase().replace(IGNORED, "");
    folded = Array.from(plain, (c) => special[c] ?? c).join("");
    foldings.set(character, folded);
  }
  return folded;
}

/**
 * @typedef {{ one: string, ofWord: boolean, own: boolean }} Part a folded character. `ofWord`: whether it is part of a
 *   word, not a space or punctuation; `own`: whether its script is written without spaces
 */
/** @type {Map<string, Part[]>} */
const parts = new Map(); // character -> its folded characters

/** @param {string} character */
function partsOf(character) {
  let found = parts.get(character);
  if (found === undefined) {
    found = Array.from(foldOne(character), (one) => ({ one, ofWord: OF_WORDS.test(one), own: SPACELESS.test(one) }));
    parts.set(character, found);
  }
  return found;
}

/**
 * Return the folded words of a text as one string, `plain`. There is one space between two words, but no space next to
 * a letter of a script without spaces. For each UTF-16 unit of `plain`, `from` and `to` have the offsets in `text` at
 * which the original character starts and ends.
 * @param {string} text
 */
export function folded(text) {
  let plain = "";
  const from = /** @type {number[]} */ ([]);
  const to = /** @type {number[]} */ ([]);
  let apart = false; // whether a space or punctuation followed the last letter
  let spaceless = false; // whether the last letter is of a script without spaces
  let at = 0;
  for (const character of text) {
    const end = at + character.length;
    const become = partsOf(character);
    if (!become.length && to.length && !apart) to[to.length - 1] = end; // an accent belongs to the letter before it
    for (const { one, ofWord, own } of become) {
      if (!ofWord) {
        apart = true;
        continue;
      }
      if (apart && plain && !own && !spaceless) ((plain += " "), from.push(at), to.push(at));
      for (let unit = 0; unit < one.length; unit += 1) (from.push(at), to.push(end));
      plain += one;
      [apart, spaceless] = [false, own];
    }
    at = end;
  }
  return { plain, from, to };
}
