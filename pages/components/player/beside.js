// What people keep beside the text: their notes.

import { Notes } from "./notes/notes.js";

/**
 * @typedef {{
 *   data: Partial<import("./data.js").Data>, sound: { position: number }, total: number,
 *   seek: (seconds: number) => void,
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
  }

  /** @param {import("./data.js").Data} data */
  load(data) {
    this.notes.load(data);
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
  }
}
