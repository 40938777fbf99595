// The menus of a paragraph: its speaker, its times, and the other actions.

import { MAC } from "../../shared/keymap.js";
import { tr } from "../../shared/texts.js";
import { colourOf } from "../colours.js";
import { Menu } from "./menu.js";

const SPEAKER_KEY = MAC ? "Control+" : "Alt+"; // on a Mac, Option with a digit types a character
const LAST_NUMBER = 9;
const NUDGED = 700; // milliseconds after the last change of a time until the times are sent

/** @typedef {import("../text/text.js").Paragraph} Paragraph */

export class Choices {
  /** @param {HTMLElement} root @param {import("./editor.js").Editor} editor */
  constructor(root, editor) {
    this.editor = editor;
    this.menu = new Menu(root);
  }

  /** The names of the speakers. Alt+1 (on a Mac Control+1) assigns the first, Alt+2 the second, and so on. */
  get speakers() {
    const { text, pageSpeakers } = this.editor;
    return [...new Set([...pageSpeakers, ...text.speakers, ...text.paragraphs.flatMap((p) => p.speaker || [])])];
  }

  /** @param {Paragraph} paragraph @param {HTMLElement} anchor */
  speaker(paragraph, anchor) {
    const { editor } = this;
    const range = editor.chosen?.id === paragraph.id ? editor.chosen : null;
    const giving = (/** @type {string} */ name) => {
      this.menu.close();
      editor.give(paragraph, name, range);
      (paragraph.name ?? paragraph.more)?.focus({ preventScroll: true });
    };
    const items = this.speakers.map((name, place) => ({
      label: name,
      hint: place < LAST_NUMBER ? `${SPEAKER_KEY}${place + 1}` : "",
      colour: colourOf(Math.max(editor.text.speakers.indexOf(name), 0)),
      checked: name === paragraph.speaker,
      act: () => giving(name),
    }));
    const fresh = {
      label: tr("New speaker…"),
      act: () => this.menu.ask(anchor, tr("Name of the new speaker"), giving),
    };
    const some = range && range.to > range.from;
    const label = some ? tr("Speaker of the selected words") : tr("Speaker of this paragraph");
    this.menu.offer(anchor, label, [...items, fresh]);
  }

  /** @param {Paragraph} paragraph @param {HTMLElement} anchor */
  more(paragraph, anchor) {
    const { editor } = this;
    const then = (/** @type {() => void} */ act) => () => {
      this.menu.close();
      act();
    };
    const items = [{ label: tr("Speaker…"), act: () => this.speaker(paragraph, anchor) }];
    if (editor.text.timed) items.push({ label: tr("Times…"), act: () => this.times(paragraph, anchor) });
    const { passages } = editor.player;
    if (passages.choices) {
      items.push({ label: tr("Transcribe this passage again…"), act: then(() => passages.offer(paragraph)) });
    }
    if (editor.place(paragraph) > 0) {
      items.push({ label: tr("Merge with the paragraph above"), act: then(() => editor.merge(paragraph)) });
    }
    items.push({ label: tr("Delete paragraph"), act: then(() => editor.remove(paragraph)) });
    this.menu.offer(anchor, tr("This paragraph"), items);
  }

  /** @param {Paragraph} paragraph @param {HTMLElement} anchor */
  times(paragraph, anchor) {
    let wanted = /** @type {{ start?: number, end?: number }} */ ({});
    let timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
    const send = () => {
      clearTimeout(timer);
      this.menu.closed = () => {};
      if (Object.keys(wanted).length) this.editor.step(paragraph, { do: "times", ...wanted });
      wanted = {};
    };
    const { start, end } = paragraph;
    const { player } = this.editor;
    this.menu.times(
      anchor,
      tr("Times of this paragraph"),
      { start, end },
      () => (player.data.audio ? player.sound.position : null),
      player.total ? { peaks: player.wave.peaks, total: player.total } : null,
      (change) => {
        Object.assign(wanted, change);
        clearTimeout(timer);
        this.menu.closed = send;
        timer = setTimeout(send, NUDGED);
      },
    );
  }
}
