// Converts between DOM ranges and offsets in the text of an element.

/**
 * Return DOM ranges over parts of the text of an element. Parts beyond the end of the text are omitted.
 * @param {Element} element
 * @param {{ from: number, to: number }[]} places offsets in the text in UTF-16 units, in ascending order
 */
export function ranges(element, places) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let node = /** @type {Text | null} */ (walker.nextNode());
  let passed = 0;
  const place = (/** @type {number} */ offset, /** @type {boolean} */ ending) => {
    while (node && passed + node.length - (ending ? 0 : 1) < offset) {
      passed += node.length;
      node = /** @type {Text | null} */ (walker.nextNode());
    }
    return node && /** @type {[Text, number]} */ ([node, offset - passed]);
  };
  const made = [];
  for (const { from, to } of places) {
    const range = document.createRange();
    const [start, end] = [place(from, false), place(to, true)];
    if (!start || !end) break;
    range.setStart(...start);
    range.setEnd(...end);
    made.push(range);
  }
  return made;
}

/**
 * Return the part of a range that is inside an element.
 * @param {Range} range
 * @param {Element} element
 */
export function clipped(range, element) {
  const whole = document.createRange();
  whole.selectNodeContents(element);
  const { startContainer, startOffset, endContainer, endOffset } = range;
  if (range.compareBoundaryPoints(Range.START_TO_START, whole) > 0) whole.setStart(startContainer, startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, whole) < 0) whole.setEnd(endContainer, endOffset);
  return whole;
}

/** Return the offset of a range's start in the text of an element. @param {Element} element @param {Range} range */
export function textBefore(element, range) {
  const before = document.createRange();
  before.selectNodeContents(element);
  before.setEnd(range.startContainer, range.startOffset);
  return before.toString().length;
}
