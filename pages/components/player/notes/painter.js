// Marks notes in the text and on the time line.

import { make } from "../../shared/dom.js";
import { clock } from "../../shared/clock.js";
import { highlight, Marks, SUPPORTED } from "../finding/marks.js";
import { ranges } from "../text/ranges.js";
import { COLOURS, placesOf } from "./model.js";

const MOMENT = "moment";
// The priority is -1, so that the hits of the find box, which have 0 and 1, are drawn on top of the notes.
const MARKS = new Map(SUPPORTED ? [...COLOURS, MOMENT].map((name) => [name, highlight(`stt-note-${name}`, -1)]) : []);

/**
 * @typedef {import("../text/text.js").Paragraph} Paragraph
 * @typedef {import("./model.js").Note} Note
 */

/** @param {Note} note */
const look = ({ end, colour }) => (end === null ? MOMENT : (colour ?? COLOURS[0]));

export class Painter {
  notes = /** @type {Note[]} */ ([]);

  /** @param {HTMLElement} line time line @param {import("../text/text.js").Text} text @param {(note: Note) => void} goTo */
  constructor(line, text, goTo) {
    this.line = line;
    // While typed text in a paragraph is unsaved, its marks are not drawn again: the browser moves them with the text.
    this.marks = new Marks(
      text,
      (paragraph) => this.marksOf(paragraph),
      ({ stale, box }) => stale && box.isConnected,
    );
    this.goTo = goTo;
  }

  /** @param {Note[]} notes @param {number} total seconds */
  show(notes, total) {
    this.notes = notes;
    const marks = total > 0 ? notes : [];
    this.line.replaceChildren(
      ...marks.map((note) => {
        const title = `${clock(note.start)} ${note.text}`.trim();
        const box = make("div", `stt-mark stt-mark-${look(note)}`, "", { title, onclick: () => this.goTo(note) });
        box.style.left = `${Math.min(note.start / total, 1) * 100}%`;
        box.style.width = `${(Math.max(0, (note.end ?? note.start) - note.start) / total) * 100}%`;
        return box;
      }),
    );
    this.marks.paint();
  }

  /** @param {Paragraph} paragraph @returns {import("../finding/marks.js").Mark[]} */
  marksOf({ start, end, body, words }) {
    const near = this.notes.filter((note) => note.start <= end && (note.end ?? note.start + 1) >= start);
    return near.flatMap((note) => {
      const mark = /** @type {Highlight} */ (MARKS.get(look(note)));
      return ranges(body, placesOf(words, note)).map((range) => /** @type {[Highlight, Range]} */ ([mark, range]));
    });
  }
}
