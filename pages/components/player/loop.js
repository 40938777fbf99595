// A paragraph that is played again and again.

import { partsOf } from "../shared/dom.js";

const SLACK = 0.05; // seconds that a seek may end before its place

export class Loop {
  id = /** @type {number | null} */ (null);

  /**
   * @param {HTMLElement} root
   * @param {import("./text.js").Text} text
   * @param {(seconds: number) => void} seek
   */
  constructor(root, text, seek) {
    this.button = partsOf(root, "stt-")("loop", HTMLButtonElement);
    this.text = text;
    this.seek = seek;
  }

  /** The paragraph that is repeated, as it is now. */
  get paragraph() {
    return this.id === null ? null : (this.text.byId(this.id) ?? null);
  }

  /** @param {import("./text.js").Paragraph | null} paragraph */
  set(paragraph) {
    this.id = paragraph?.id ?? null;
    this.button.setAttribute("aria-pressed", String(this.id !== null));
  }

  /** Go back to the start at the end. @param {number} seconds where the sound is @param {HTMLAudioElement} audio */
  check(seconds, audio) {
    const { paragraph } = this;
    if (!paragraph || (audio.paused && !audio.ended) || (seconds < paragraph.end && !audio.ended)) return;
    this.seek(paragraph.start);
    if (audio.ended) void audio.play();
  }

  /** Stop repeating if somebody goes elsewhere. @param {number} seconds */
  endOutside(seconds) {
    const { paragraph } = this;
    if (!paragraph || seconds < paragraph.start - SLACK || seconds > paragraph.end) this.set(null);
  }
}
