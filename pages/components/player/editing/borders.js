// The waveform around a paragraph, with two handles that drag the paragraph's start and end.

import { tenths } from "../../shared/clock.js";
import { make, set } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { penOf } from "../sound/waveform.js";

const AROUND = 2; // seconds shown before and after the paragraph
const FINE = 10; // steps per second: an arrow key moves a handle by 0.1 s, and the menu rounds times to 0.1 s

/**
 * @typedef {"start" | "end"} Name
 * @typedef {{ start: number, end: number }} Times of the paragraph, seconds
 * @typedef {{ peaks: number[], total: number }} Waveform `peaks`: loudness from 0 to 1 in even steps over `total` seconds
 */

export class Borders {
  /**
   * @param {Times} times the caller updates this object when the times change
   * @param {Waveform} waveform
   * @param {(name: Name, seconds: number) => void} change
   */
  constructor(times, waveform, change) {
    this.times = times;
    this.waveform = waveform;
    this.change = change;
    this.first = Math.max(0, times.start - AROUND);
    this.last = Math.min(waveform.total, times.end + AROUND);
    this.wave = make("canvas", "stt-borders-wave", "", { "aria-hidden": "true" });
    this.handles = {
      start: this.handle("start", tr("Start, on the waveform")),
      end: this.handle("end", tr("End, on the waveform")),
    };
    this.box = make("div", "stt-borders", [this.wave, this.handles.start, this.handles.end]);
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  /** @param {Name} name @param {string} label */
  handle(name, label) {
    const range = { "aria-valuemin": this.first, "aria-valuemax": this.last };
    const handle = make("div", "stt-border", "", { tabindex: 0, role: "slider", "aria-label": label, ...range });
    handle.onpointerdown = (event) => {
      event.preventDefault();
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
    };
    handle.onpointermove = (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const { left, width } = this.box.getBoundingClientRect();
      this.move(name, this.first + ((event.clientX - left) / width) * (this.last - this.first));
    };
    handle.onkeydown = (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      this.move(name, this.times[name] + way / FINE);
    };
    return handle;
  }

  /** @param {Name} name @param {number} seconds */
  move(name, seconds) {
    const { times, first, last } = this;
    const lowest = name === "start" ? first : times.start + 1 / FINE;
    const highest = name === "start" ? times.end - 1 / FINE : last;
    this.change(name, Math.min(Math.max(seconds, lowest), highest));
  }

  draw() {
    const { box, wave, times, first, last } = this;
    const length = last - first;
    for (const name of /** @type {const} */ (["start", "end"])) {
      const handle = this.handles[name];
      handle.style.left = `${(100 * (times[name] - first)) / length}%`;
      set(handle, { "aria-valuenow": times[name], "aria-valuetext": tenths(times[name]) });
    }
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (!width) return;
    const pen = penOf(wave, width, height);
    const { color, accentColor } = getComputedStyle(wave);
    for (let x = 0; x < width; x += 3) {
      const at = first + ((x + 1) / width) * length;
      const loud = loudness(this.waveform, at);
      const tall = Math.max(2, height * loud);
      pen.fillStyle = at >= times.start && at < times.end ? accentColor : color;
      pen.fillRect(x, (height - tall) / 2, 2, tall);
    }
  }
}

/**
 * Return the loudness, 0 to 1, at a time in seconds.
 * @param {Waveform} waveform @param {number} seconds
 */
export function loudness({ peaks, total }, seconds) {
  return peaks[Math.min(peaks.length - 1, Math.floor((seconds / total) * peaks.length))] ?? 0;
}
