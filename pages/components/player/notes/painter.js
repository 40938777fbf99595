// Notes in the text and on the time line.

import { make } from "../../shared/dom.js";
import { clock } from "../../shared/clock.js";
import { ranges } from "../ranges.js";
import { COLOURS, placesOf } from "./model.js";

const MOMENT = "moment";
const MARKS = globalThis.CSS?.highlights ? new Map([...COLOURS, MOMENT].map((name) => [name, mark(name)])) : null;

/** @param {string} name */
function mark(name) {
  const highlight = CSS.highlights.get(`stt-note-${name}`) ?? new Highlight();
  highlight.priority = -1; // hits of the find box lie above
  CSS.highlights.set(`stt-note-${name}`, highlight);
  return highlight;
}

/**
 * @typedef {import("../text.js").Paragraph} Paragraph
 * @typedef {import("./model.js").Note} Note
 */

/** @param {Note} note */
const look = ({ end, colour }) => (end === null ? MOMENT : (colour ?? COLOURS[0]));

export class Painter {
  notes = /** @type {Note[]} */ ([]);
  painted = /** @type {Map<Paragraph, [Highlight, Range][]>} */ (new Map());

  /** @param {HTMLElement} line of time @param {import("../text.js").Text} text @param {(note: Note) => void} goTo */
  constructor(line, text, goTo) {
    this.line = line;
    this.text = text;
    this.goTo = goTo;
  }

  /** @param {Note[]} notes @param {number} total seconds */
  show(notes, total) {
    this.notes = notes;
    const marks = total > 0 ? notes : [];
    this.line.replaceChildren(
      ...marks.map((note) => {
        const box = make("div", `stt-mark stt-mark-${look(note)}`);
        box.style.left = `${Math.min(note.start / total, 1) * 100}%`;
        box.style.width = `${(Math.max(0, (note.end ?? note.start) - note.start) / total) * 100}%`;
        box.title = `${clock(note.start)} ${note.text}`.trim();
        box.onclick = () => this.goTo(note);
        return box;
      }),
    );
    this.paint();
  }

  /** Mark the words near the window; the others get their marks when they come near. */
  paint() {
    for (const paragraph of [...this.painted.keys()]) {
      if (!paragraph.stale || !paragraph.box.isConnected) this.wipe(paragraph); // where somebody types, marks go along
    }
    for (const paragraph of this.text.near) this.paintOne(paragraph);
  }

  /** @param {Paragraph[]} paragraphs that came near or went */
  moved(paragraphs) {
    for (const paragraph of paragraphs) {
      if (this.text.near.has(paragraph)) this.paintOne(paragraph);
      else this.wipe(paragraph);
    }
  }

  /** @param {Paragraph} paragraph */
  paintOne(paragraph) {
    if (!MARKS || paragraph.stale) return;
    this.wipe(paragraph);
    const made = /** @type {[Highlight, Range][]} */ ([]);
    for (const note of this.notes) {
      if (note.start > paragraph.end || (note.end ?? note.start + 1) < paragraph.start) continue;
      const highlight = /** @type {Highlight} */ (MARKS.get(look(note)));
      for (const range of ranges(paragraph.body, placesOf(paragraph.words, note))) {
        highlight.add(range);
        made.push([highlight, range]);
      }
    }
    if (made.length) this.painted.set(paragraph, made);
  }

  /** @param {Paragraph} paragraph */
  wipe(paragraph) {
    for (const [highlight, range] of this.painted.get(paragraph) ?? []) highlight.delete(range);
    this.painted.delete(paragraph);
  }

  close() {
    for (const paragraph of [...this.painted.keys()]) this.wipe(paragraph);
  }
}
