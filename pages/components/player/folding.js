// Text as a search sees it, by the table of stt/transcript/folding.py: a test holds the two equal for every character.

import rules from "./rules.json" with { type: "json" };

const IGNORED = new RegExp(`[${rules.folding.ignored}]`, "gu");
export const SPACELESS = new RegExp(`[${rules.folding.spaceless}]`, "u");
export const OF_WORDS = /[\p{L}\p{M}\p{N}]/u;
/** @type {Record<string, string>} */
const special = rules.folding.special;
/** @type {Map<string, string>} */
const foldings = new Map(); // character -> what it becomes

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
 * The words of a text, folded: a space between, whatever stood there, and none beside a script without spaces.
 * `from` and `to` tell for each of its characters where in the text those begin and end that it stands for.
 * @param {string} text
 */
export function folded(text) {
  let plain = "";
  const from = /** @type {number[]} */ ([]);
  const to = /** @type {number[]} */ ([]);
  let apart = false; // something that is no word came since the last character
  let spaceless = false; // the last character is of a script without spaces
  let at = 0;
  for (const character of text) {
    const end = at + character.length;
    const become = foldOne(character);
    if (!become && to.length && !apart) to[to.length - 1] = end; // an accent belongs to its letter
    for (const one of become) {
      if (!OF_WORDS.test(one)) {
        apart = true;
        continue;
      }
      const own = SPACELESS.test(one);
      if (apart && plain && !own && !spaceless) ((plain += " "), from.push(at), to.push(at));
      for (let unit = 0; unit < one.length; unit += 1) (from.push(at), to.push(end));
      plain += one;
      [apart, spaceless] = [false, own];
    }
    at = end;
  }
  return { plain, from, to };
}
