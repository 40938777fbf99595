// Notes and where they stand in the words of a paragraph. Their times are those of the recording.

/**
 * @typedef {{ id: string, start: number, end: number | null, text: string, colour: string | null }} Note `end`: of what
 *   is highlighted, null for a mark at a moment; in seconds
 * @typedef {{ text: string, start: number, end: number, from: number }} Word `from` is its place in its paragraph's text
 */

export const COLOURS = ["yellow", "green", "blue", "pink"];
export const LONGEST_TEXT = 5000; // characters
const PAUSE = 1; // seconds after a word in which a mark still belongs to it

/** @param {Note[]} notes */
export const sorted = (notes) => [...notes].sort((a, b) => a.start - b.start || (a.end ?? 0) - (b.end ?? 0));

/** Return an id that no note has. */
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join(""); // prettier-ignore

/**
 * Return the words of a paragraph that a note is about: those whose middle it covers, or the one spoken at its moment.
 * @template {Word} Kind
 * @param {Kind[]} words
 * @param {Note} note
 */
export function wordsOf(words, { start, end }) {
  if (end !== null) {
    return words.filter((word) => {
      const middle = (word.start + word.end) / 2;
      return middle >= start && middle <= end;
    });
  }
  const word = words.findLast((one) => one.start <= start);
  return word && start <= word.end + PAUSE ? [word] : [];
}

/**
 * Return the places in the text of a paragraph that a note is about: `{ from, to }`, in order, joined where they touch.
 * @param {Word[]} words
 * @param {Note} note
 */
export function placesOf(words, note) {
  const own = new Set(wordsOf(words, note));
  const made = /** @type {{ from: number, to: number }[]} */ ([]);
  words.forEach((word, i) => {
    if (!own.has(word)) return;
    const to = word.from + word.text.length;
    const last = made.at(-1);
    if (last && own.has(words[i - 1])) last.to = to;
    else made.push({ from: word.from, to });
  });
  return made;
}

/**
 * Return when the words of a paragraph are spoken that touch a part of its text; null where none does.
 * @param {Word[]} words
 * @param {number} from
 * @param {number} to
 */
export function spanOf(words, from, to) {
  const own = words.filter((word) => word.from < to && word.from + word.text.length > from);
  if (!own.length) return null;
  return { start: Math.min(...own.map((word) => word.start)), end: Math.max(...own.map((word) => word.end)) };
}
