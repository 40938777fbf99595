// CSS highlights over parts of paragraphs. Only paragraphs near the visible part of the page have them.

/**
 * @typedef {import("./text.js").Paragraph} Paragraph
 * @typedef {[Highlight, Range]} Mark
 */

export const SUPPORTED = Boolean(globalThis.CSS?.highlights);

/** Return the CSS highlight of a name. @param {string} name @param {number} priority the highest is drawn on top */
export function highlight(name, priority) {
  const found = CSS.highlights.get(name) ?? new Highlight();
  found.priority = priority;
  CSS.highlights.set(name, found);
  return found;
}

export class Marks {
  painted = /** @type {Map<Paragraph, Mark[]>} */ (new Map());

  /**
   * @param {import("./text.js").Text} text
   * @param {(paragraph: Paragraph) => Mark[]} marksOf
   * @param {(paragraph: Paragraph) => boolean} keeps returns whether the marks of a paragraph are not to be redrawn
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

  /** @param {Paragraph[]} paragraphs that came near the visible part of the page, or left it */
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
