// Finds which parts and words of the transcript are selected.

import { spanOf } from "../notes/model.js";
import { clipped, textBefore } from "./ranges.js";

/** @typedef {import("./text.js").Paragraph} Paragraph */

/**
 * Return the parts of paragraphs that a DOM range covers, as offsets in the text of each paragraph.
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
 * Return the start and the end of the selected words, in seconds; null if no words are selected.
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
