// Repeats a paragraph until the user stops it.

import { partsOf } from "../../shared/dom.js";

const SLACK = 0.05; // maximum seconds by which a seek may end before its target

export class Loop {
  id = /** @type {number | null} */ (null); // id of the repeated paragraph

  /**
   * @param {HTMLElement} root
   * @param {import("../text/text.js").Text} text
   * @param {(seconds: number) => void} seek
   */
  constructor(root, text, seek) {
    this.button = partsOf(root, "stt-")("loop", HTMLButtonElement);
    this.text = text;
    this.seek = seek;
  }

  /** The repeated paragraph with its current times, null if none is repeated. */
  get paragraph() {
    return this.id === null ? null : (this.text.byId(this.id) ?? null);
  }

  /** @param {import("../text/text.js").Paragraph | null} paragraph */
  set(paragraph) {
    this.id = paragraph?.id ?? null;
    this.button.setAttribute("aria-pressed", String(this.id !== null));
  }

  /**
   * Go back to the start of the repeated paragraph if playback has reached its end.
   * @param {number} seconds the position of the sound @param {HTMLAudioElement} audio
   */
  check(seconds, audio) {
    const { paragraph } = this;
    if (!paragraph || (audio.paused && !audio.ended) || (seconds < paragraph.end && !audio.ended)) return;
    this.seek(paragraph.start);
    if (audio.ended) void audio.play();
  }

  /** Stop repeating if a seek goes outside the repeated paragraph. @param {number} seconds target of the seek */
  endOutside(seconds) {
    const { paragraph } = this;
    if (!paragraph || seconds < paragraph.start - SLACK || seconds > paragraph.end) this.set(null);
  }
}
