// When the words are spoken that are selected in the transcript.

import { spanOf } from "./notes/model.js";
import { clipped } from "./ranges.js";

/**
 * Return when the words are spoken that are selected, in seconds; null if there are none.
 * @param {import("./text.js").Paragraph[]} paragraphs
 */
export function selectedSpan(paragraphs) {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const spans = paragraphs.flatMap((paragraph) => {
    if (!range.intersectsNode(paragraph.body)) return [];
    const part = clipped(range, paragraph.body);
    const before = document.createRange();
    before.selectNodeContents(paragraph.body);
    before.setEnd(part.startContainer, part.startOffset);
    const from = before.toString().length;
    return spanOf(paragraph.words, from, from + part.toString().length) ?? [];
  });
  if (!spans.length) return null;
  return { start: Math.min(...spans.map((span) => span.start)), end: Math.max(...spans.map((span) => span.end)) };
}
