// What is selected in the transcript.

import { spanOf } from "./notes/model.js";
import { clipped, textBefore } from "./ranges.js";

/** @typedef {import("./text.js").Paragraph} Paragraph */

/**
 * Return the parts of paragraphs in a range of the document, as places in their texts.
 * @param {Range} range
 * @param {Paragraph[]} paragraphs
 */
export function partsOfRange(range, paragraphs) {
  const touched = paragraphs.filter(({ body }) => range.intersectsNode(body));
  return touched.map((paragraph) => {
    const part = clipped(range, paragraph.body);
    const from = textBefore(paragraph.body, part);
    return { paragraph, from, to: from + part.toString().length };
  });
}

/**
 * Return when the words are spoken that are selected, in seconds; null if there are none.
 * @param {Paragraph[]} paragraphs
 */
export function selectedSpan(paragraphs) {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const parts = partsOfRange(selection.getRangeAt(0), paragraphs);
  const spans = parts.flatMap(({ paragraph, from, to }) => spanOf(paragraph.words, from, to) ?? []);
  if (!spans.length) return null;
  return { start: Math.min(...spans.map((span) => span.start)), end: Math.max(...spans.map((span) => span.end)) };
}
