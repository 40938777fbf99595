// The waveform behind the slider. The server computes the waveform when it is first requested, and needs some seconds
// for hours of sound. Until the waveform has been loaded, the slider is shown without it.

import { partsOf } from "../../shared/dom.js";

const ASK_AGAIN = 1000; // milliseconds between the first and the second request; later waits are longer
const LAST_ASKED = 60; // maximum number of requests
const BAR = 3; // width of a bar plus the gap after it, pixels

export class Wave {
  peaks = /** @type {number[]} */ ([]);
  wanted = /** @type {string | null} */ (null);
  drawn = /** @type {number | null} */ (null);

  /** @param {HTMLElement} root @param {() => void} ready */
  constructor(root, ready) {
    this.box = partsOf(root, "stt-")("wave", HTMLCanvasElement);
    this.ready = ready;
  }

  /** @param {string | null} address */
  async load(address) {
    this.wanted = address;
    this.peaks = [];
    for (let time = 0; address && time < LAST_ASKED; time += 1) {
      const answer = await fetch(address).catch(() => null);
      if (this.wanted !== address) return;
      if (answer?.status !== 202 && !(answer && answer.status >= 500)) {
        this.peaks = answer?.ok ? (await answer.json()).peaks : [];
        break;
      }
      await new Promise((done) => setTimeout(done, ASK_AGAIN * Math.min(1 + time / 4, 10)));
    }
    if (this.wanted === address) this.ready();
  }

  /**
   * Draw the waveform again if the position has moved by more than a pixel since the last drawing.
   * @param {number} done the position of the sound as a fraction of its length, 0 to 1
   */
  move(done) {
    if (this.drawn != null && Math.abs(done - this.drawn) * this.box.clientWidth > 1) this.draw(done);
  }

  /** @param {number} done */
  draw(done) {
    const { box, peaks } = this;
    box.hidden = !peaks.length;
    box.parentElement?.classList.toggle("stt-waved", !box.hidden);
    if (box.hidden || !box.clientWidth) return;
    const [width, height] = [box.clientWidth, box.clientHeight];
    const pen = penOf(box, width, height);
    const { color, accentColor } = getComputedStyle(box);
    const bars = Math.floor(width / BAR);
    this.drawn = done;
    for (let i = 0; i < bars; i += 1) {
      const first = Math.floor((i * peaks.length) / bars);
      const last = Math.floor(((i + 1) * peaks.length) / bars);
      const loud = Math.max(...peaks.slice(first, Math.max(last, first + 1)));
      const tall = Math.max(2, height * loud);
      pen.fillStyle = (i + 0.5) / bars <= done ? accentColor : color;
      pen.beginPath();
      pen.roundRect(i * BAR, (height - tall) / 2, BAR - 1, tall, 1);
      pen.fill();
    }
  }

  close() {
    this.wanted = null;
  }
}

/**
 * Resize a canvas to a size in CSS pixels, which also clears it. Return its drawing context; the unit is a CSS pixel.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height
 */
export function penOf(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  Object.assign(canvas, { width: width * scale, height: height * scale });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(scale, scale);
  return pen;
}
