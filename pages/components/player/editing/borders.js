// The sound around a paragraph, on which its borders are dragged.

import { make } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";

const AROUND = 2; // seconds shown before and after the paragraph
const FINE = 10; // moves in a second: times are kept in tenths

/**
 * @typedef {"start" | "end"} Name
 * @typedef {{ start: number, end: number }} Times in seconds
 * @typedef {{ peaks: number[], total: number }} Waveform `peaks`: loudness from 0 to 1 in even steps over `total` seconds
 */

export class Borders {
  /**
   * @param {Times} times as they are now, whoever changes them
   * @param {Waveform} waveform
   * @param {(seconds: number) => string} format
   * @param {(name: Name, seconds: number) => void} set
   */
  constructor(times, waveform, format, set) {
    this.times = times;
    this.waveform = waveform;
    this.format = format;
    this.set = set;
    this.first = Math.max(0, times.start - AROUND);
    this.last = Math.min(waveform.total, times.end + AROUND);
    this.box = make("div", "stt-borders");
    this.wave = make("canvas", "stt-borders-wave");
    this.wave.setAttribute("aria-hidden", "true");
    this.box.append(this.wave);
    this.handles = {
      start: this.handle("start", tr("Start, on the waveform")),
      end: this.handle("end", tr("End, on the waveform")),
    };
    this.box.append(this.handles.start, this.handles.end);
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  /** @param {Name} name @param {string} label */
  handle(name, label) {
    const handle = make("div", "stt-border");
    handle.tabIndex = 0;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", label);
    handle.setAttribute("aria-valuemin", String(this.first));
    handle.setAttribute("aria-valuemax", String(this.last));
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
    this.set(name, Math.min(Math.max(seconds, lowest), highest));
  }

  draw() {
    const { box, wave, times, first, last } = this;
    const length = last - first;
    for (const name of /** @type {const} */ (["start", "end"])) {
      const handle = this.handles[name];
      handle.style.left = `${(100 * (times[name] - first)) / length}%`;
      handle.setAttribute("aria-valuenow", String(times[name]));
      handle.setAttribute("aria-valuetext", this.format(times[name]));
    }
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (!width) return;
    const scale = devicePixelRatio || 1;
    Object.assign(wave, { width: width * scale, height: height * scale });
    const pen = /** @type {CanvasRenderingContext2D} */ (wave.getContext("2d"));
    pen.scale(scale, scale);
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
 * Return the loudness at a moment, 0 to 1.
 * @param {Waveform} waveform @param {number} seconds
 */
export function loudness({ peaks, total }, seconds) {
  return peaks[Math.min(peaks.length - 1, Math.floor((seconds / total) * peaks.length))] ?? 0;
}
