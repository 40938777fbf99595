// What people keep and do beside the text: notes, and passages that are transcribed again.

import { Notes } from "./notes/notes.js";
import { Passages } from "./passages/passages.js";

/**
 * @typedef {{
 *   data: Partial<import("./data.js").Data>, sound: { position: number }, total: number,
 *   seek: (seconds: number) => void, hear: (sample: [number: number, start: number, end: number]) => void,
 *   reveal: (target: () => Range | Element | null | undefined, lazily: boolean) => void,
 * }} Player
 */

export class Beside {
  /**
   * @param {HTMLElement} root
   * @param {import("./text.js").Text} text
   * @param {import("../shared/sound.js").Listen} on
   * @param {import("./editing/editor.js").Editor} editor
   * @param {Player} player
   */
  constructor(root, text, on, editor, player) {
    this.notes = new Notes(root, text, on, {
      position: () => (player.data.audio ? player.sound.position : (editor.active?.start ?? 0)),
      total: () => player.total,
      seek: (seconds) => player.seek(seconds),
      reveal: (target, lazily) => player.reveal(target, lazily),
    });
    this.passages = new Passages(root, text, on, editor, ({ start, end }) => player.hear([0, start, end]));
  }

  /** @param {import("./data.js").Data} data */
  load(data) {
    this.notes.load(data);
    this.passages.load(data);
  }

  /** The text has changed. */
  reset() {
    this.notes.reset();
  }

  /** @param {import("./text.js").Paragraph[]} paragraphs that came near or went */
  moved(paragraphs) {
    this.notes.moved(paragraphs);
  }

  close() {
    this.notes.close();
    this.passages.close();
  }
}
