// One sound and its controls: where it lies, the place that is wanted, whether it plays, and what is said about it.

import { PlaybackCopy } from "./playback_copy.js";
import { tr } from "./texts.js";

/**
 * @typedef {{ root: HTMLElement, audio: HTMLAudioElement, play: HTMLButtonElement, notice: HTMLElement }} Parts
 * @typedef {(
 *   target: EventTarget | null | undefined, name: string, act: (event: any) => void, more?: AddEventListenerOptions
 * ) => void} Listen
 * @typedef {{
 *   moved: () => void,
 *   ready?: () => void,
 *   starting?: () => void,
 *   broken?: (unplayable: boolean) => void,
 *   state?: (playing: boolean) => void,
 * }} Hooks what is called: at a new position; once the length is known; before it plays; when it cannot be loaded;
 *   when it plays or pauses.
 */

export class Sound {
  /** @param {Parts} parts @param {Listen} on adds a listener until the view closes @param {Hooks} hooks */
  constructor({ root, audio, play, notice }, on, hooks) {
    this.root = root;
    this.audio = audio;
    this.play = play;
    this.notice = notice;
    this.hooks = hooks;
    this.source = /** @type {string | null | undefined} */ (undefined); // its address
    this.pending = /** @type {number | null} */ (null); // seconds, until the length is known
    this.failed = false; // whether there is no playback copy
    this.waiting = false; // whether to play as soon as there is one
    this.requested = /** @type {number[]} */ ([]); // places, seconds, that were asked for since the sound last arrived
    this.copy = new PlaybackCopy(
      (address, failed) => this.offer(address, failed),
      (percent) => this.prepare(percent),
    );
    on(audio, "loadedmetadata", () => {
      hooks.ready?.();
      this.sayReady();
      if (this.pending != null) this.move(this.pending);
      this.pending = null;
      hooks.moved();
    });
    on(audio, "error", () => this.broken());
    for (const name of ["play", "pause", "ended"]) on(audio, name, () => this.showState());
  }

  get position() {
    return this.pending ?? this.audio.currentTime;
  }

  /** @param {string | null} address */
  load(address) {
    if (address === this.source) return;
    this.source = address;
    this.pending = null;
    this.failed = this.waiting = false;
    this.unload();
    this.root.classList.remove("stt-preparing");
    this.tell("");
    this.copy.find(address);
  }

  unload() {
    if (!this.audio.hasAttribute("src")) return;
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  /** @param {number} percent */
  prepare(percent) {
    this.root.classList.add("stt-preparing");
    this.tell(tr("Preparing the sound"), `, ${percent} %`, false);
  }

  /** @param {string} address @param {boolean} failed */
  offer(address, failed) {
    this.failed = failed;
    this.root.classList.remove("stt-preparing");
    this.tell("");
    this.audio.src = address;
    if (this.waiting) this.start();
  }

  /**
   * Say something below the controls. What changes all the time, as `far` does, is not read aloud.
   * @param {string} words
   */
  tell(words, far = "", trouble = true) {
    const [spoken, silent] = this.notice.children;
    if (spoken.textContent !== words) spoken.textContent = words;
    silent.textContent = far;
    this.notice.classList.toggle("stt-trouble", trouble);
    this.notice.hidden = !words;
  }

  sayReady() {
    const original = tr(
      "The sound could not be prepared for this browser. You hear the original; its times may be off.",
    );
    this.tell(this.failed ? original : "", "", false);
  }

  broken() {
    if (!this.source) return;
    const unplayable = this.audio.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    if (this.failed) this.tell(tr("The sound could not be prepared for this browser. Download the audio to hear it."));
    else if (unplayable) this.tell(tr("This browser cannot play this recording. Download the audio to hear it."));
    else this.tell(tr("The sound cannot be loaded. Reload the page to try again."));
    this.hooks.broken?.(unplayable);
  }

  /**
   * Go to a place. Before the length is known it is kept until it can be taken.
   * @param {number} seconds
   */
  seek(seconds) {
    if (this.audio.readyState >= 1) this.move(seconds);
    else this.pending = seconds;
    this.hooks.moved();
  }

  /**
   * Chromium waits for ever when, on its way to one place, it is sent to another and then to the first again: the second
   * wish makes it drop what it has read, and the third it takes for fulfilled. So no place is asked for twice on one way.
   * @param {number} seconds
   */
  move(seconds) {
    if (!this.audio.seeking) this.requested = [];
    const aside = seconds < this.audio.duration ? 0.001 : -0.001;
    while (this.requested.some((place) => Math.abs(place - seconds) < 0.0005)) seconds += aside;
    this.requested.push(seconds);
    this.audio.currentTime = seconds;
  }

  start() {
    this.hooks.starting?.();
    this.waiting = !this.audio.hasAttribute("src");
    if (this.waiting) return;
    this.audio.play().catch((problem) => {
      if (problem.name === "NotAllowedError") this.tell(tr("Your browser blocked playback. Press Play again."));
    });
  }

  toggle() {
    if (this.waiting) this.waiting = false;
    else if (this.audio.paused) this.start();
    else this.audio.pause();
  }

  showState() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.root.classList.toggle("stt-playing", playing);
    this.play.setAttribute("aria-label", playing ? tr("Pause") : tr("Play"));
    this.hooks.state?.(playing);
  }

  close() {
    this.copy.close();
    this.audio.pause();
    this.unload();
  }
}
