// The caret in a paragraph as an offset in the paragraph's text, independent of the elements that contain the text.

import { textBefore } from "../text/ranges.js";

/**
 * Return the selection as offsets in the text of `element`, in UTF-16 units. Return null if there is no selection or a
 * part of it is outside `element`.
 * @param {Element} element
 * @returns {{ from: number, to: number } | null}
 */
export function caretIn(element) {
  const selection = getSelection();
  if (!selection?.rangeCount) return null;
  const range = selection.getRangeAt(0);
  if (!element.contains(range.startContainer) || !element.contains(range.endContainer)) return null;
  const from = textBefore(element, range);
  return { from, to: from + range.toString().length };
}

/** @param {Element} element @param {number} offset @returns {[Node, number]} */
function placeOf(element, offset) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let left = offset;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { length } = /** @type {Text} */ (node);
    if (left <= length) return [node, left];
    left -= length;
  }
  return [element, element.childNodes.length];
}

/**
 * Select the text of `element` between two offsets in UTF-16 units. If the offsets are equal, put the caret there.
 * @param {Element} element
 * @param {number} from
 */
export function placeCaret(element, from, to = from) {
  const [start, end] = [placeOf(element, from), placeOf(element, to)];
  getSelection()?.setBaseAndExtent(...start, ...end);
}

/**
 * Return the offset in the text `after` that corresponds to the offset `at` in the text `before`. The two texts are
 * assumed to differ in one place only.
 * @param {string} before
 * @param {string} after
 * @param {number} at
 */
export function moved(before, after, at) {
  const most = Math.min(before.length, after.length);
  let first = 0;
  while (first < most && before[first] === after[first]) first += 1;
  if (at <= first) return at;
  let last = 0;
  while (last < most - first && before.at(-1 - last) === after.at(-1 - last)) last += 1;
  return at >= before.length - last ? at + after.length - before.length : after.length - last;
}

/**
 * Return the rectangle of the caret on the screen. If the browser reports none, as in an empty element, return the
 * rectangle of the element.
 * @param {Element} element
 */
export function caretBox(element) {
  const range = getSelection()?.getRangeAt(0);
  const box = [...(range?.getClientRects() ?? [])].at(-1);
  return box ?? element.getBoundingClientRect();
}

/**
 * Put the caret on the first or the last line of an element, as near as possible to a horizontal position.
 * @param {HTMLElement} element
 * @param {number} x pixels from the left edge of the window
 */
export function placeAcross(element, x, last = false) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const lines = [...range.getClientRects()].filter((box) => box.width);
  const line = last ? lines.at(-1) : lines[0];
  const y = line ? (line.top + line.bottom) / 2 : 0;
  const inside = line ? Math.min(Math.max(x, line.left + 1), line.right - 1) : 0;
  const found = document.caretPositionFromPoint?.(line ? Math.min(Math.max(x, 0), innerWidth) : 0, y);
  const place = found && element.contains(found.offsetNode) ? found : document.caretPositionFromPoint?.(inside, y);
  if (place && element.contains(place.offsetNode)) getSelection()?.collapse(place.offsetNode, place.offset);
  else placeCaret(element, last ? (element.textContent ?? "").length : 0);
}

/** The value of `contentEditable` for plain text: "true" in browsers that do not support "plaintext-only". */
export const PLAIN = plaintextOnly();

function plaintextOnly() {
  const trial = document.createElement("p");
  try {
    trial.contentEditable = "plaintext-only";
    return "plaintext-only";
  } catch {
    return "true";
  }
}
