// Notes, and the words that a note is about. Times are positions in the recording, in seconds.

/**
 * @typedef {{ id: string, start: number, end: number | null, text: string, colour: string | null }} Note `end` is the
 *   end of the highlighted words, null if the note marks a moment
 * @typedef {{ text: string, start: number, end: number, from: number }} Word `from`: offset in the paragraph's text
 */

export const COLOURS = ["yellow", "green", "blue", "pink"];
export const LONGEST_TEXT = 5000; // characters
const SHORTEST = 0.01; // seconds; shortest highlight: an inserted word may start and end at the same time
const PAUSE = 1; // seconds; a note that marks a moment up to this long after a word is about the word

/** @param {Note[]} notes */
export const sorted = (notes) => [...notes].sort((a, b) => a.start - b.start || (a.end ?? 0) - (b.end ?? 0));

/** Return a random id for a new note. */
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join(""); // prettier-ignore

/**
 * Return the words of a paragraph that a note is about. A highlight is about the words whose middle it covers. A note
 * at a moment is about the word spoken then, or the word that ended up to PAUSE seconds before.
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
 * Return the parts of a paragraph's text that a note is about, as offsets `{ from, to }` in ascending order. Adjacent
 * words form one part.
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
 * Return the start and the end, in seconds, of the words between two offsets in a paragraph's text. Return null if
 * there are no words between them.
 * @param {Word[]} words
 * @param {number} from
 * @param {number} to
 */
export function spanOf(words, from, to) {
  const own = words.filter((word) => word.from < to && word.from + word.text.length > from);
  if (!own.length) return null;
  return { start: Math.min(...own.map((word) => word.start)), end: Math.max(...own.map((word) => word.end)) };
}

/**
 * Return the times of a new note about a span of words, in seconds.
 * @param {{ start: number, end: number | null }} span
 */
export function timesOf({ start, end }) {
  const from = Math.round(start * 1000) / 1000;
  return { start: from, end: end === null ? null : Math.max(end, from + SHORTEST) };
}
