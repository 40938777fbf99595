// Finds the word that is spoken at a position of the sound.

/**
 * Return the index of the last item whose value is at most `limit`, -1 if there is none. `list` is sorted by `value`.
 * @template Item
 * @param {Item[]} list
 * @param {(item: Item) => number} value
 * @param {number} limit
 */
export function lastAtMost(list, value, limit) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(list[middle]) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Return the word that is spoken at `seconds`, or null in a pause. In a gap of less than a second, return the word
 * before the gap.
 * @template {{ start: number, end: number }} Word
 * @param {Word[]} words
 * @param {number[]} byStart indexes of the words, sorted by the words' start
 * @param {number} seconds
 */
export function spokenAt(words, byStart, seconds) {
  const place = lastAtMost(byStart, (i) => words[i].start, seconds);
  if (place < 0) return null;
  const word = words[byStart[place]];
  const following = words[byStart[place + 1]];
  return seconds < word.end || (following && following.start - word.end < 1) ? word : null;
}
