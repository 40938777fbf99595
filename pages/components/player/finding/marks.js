// Draws CSS highlights over parts of paragraphs, but only in paragraphs near the visible part of the page.

/**
 * @typedef {import("../text/text.js").Paragraph} Paragraph
 * @typedef {[Highlight, Range]} Mark
 */

export const SUPPORTED = Boolean(globalThis.CSS?.highlights);

/**
 * Return the CSS highlight with a name, and make it if there is none.
 * @param {string} name
 * @param {number} priority where highlights overlap, the one with the highest priority is drawn on top
 */
export function highlight(name, priority) {
  const found = CSS.highlights.get(name) ?? new Highlight();
  found.priority = priority;
  CSS.highlights.set(name, found);
  return found;
}

export class Marks {
  painted = /** @type {Map<Paragraph, Mark[]>} */ (new Map());

  /**
   * @param {import("../text/text.js").Text} text
   * @param {(paragraph: Paragraph) => Mark[]} marksOf
   * @param {(paragraph: Paragraph) => boolean} keeps returns true for a paragraph whose marks must stay as they are
   */
  constructor(text, marksOf, keeps = () => false) {
    this.text = text;
    this.marksOf = marksOf;
    this.keeps = keeps;
  }

  paint() {
    for (const paragraph of [...this.painted.keys()]) if (!this.keeps(paragraph)) this.wipe(paragraph);
    for (const paragraph of this.text.near) this.paintOne(paragraph);
  }

  /** @param {Paragraph} paragraph */
  paintOne(paragraph) {
    if (!SUPPORTED || this.keeps(paragraph)) return;
    this.wipe(paragraph);
    const marks = this.marksOf(paragraph);
    for (const [mark, range] of marks) mark.add(range);
    if (marks.length) this.painted.set(paragraph, marks);
  }

  /** @param {Paragraph[]} paragraphs as in `onMove` of `Text` */
  moved(paragraphs) {
    for (const paragraph of paragraphs) {
      if (this.text.near.has(paragraph)) this.paintOne(paragraph);
      else this.wipe(paragraph);
    }
  }

  /** @param {Paragraph} paragraph */
  wipe(paragraph) {
    for (const [mark, range] of this.painted.get(paragraph) ?? []) mark.delete(range);
    this.painted.delete(paragraph);
  }

  close() {
    for (const paragraph of [...this.painted.keys()]) this.wipe(paragraph);
  }
}
