// Plays a sound: loads it, seeks, starts and pauses it, and shows a notice below the controls.

import { PlaybackCopy } from "./playback_copy.js";
import { tr } from "../texts.js";

/**
 * @typedef {{ root: HTMLElement, audio: HTMLAudioElement, play: HTMLButtonElement, notice: HTMLElement }} Parts
 * @typedef {(
 *   target: EventTarget | null | undefined, name: string, act: (event: any) => void, more?: AddEventListenerOptions
 * ) => void} Listen
 * @typedef {{
 *   moved: () => void,
 *   ready?: () => void,
 *   starting?: () => void,
 *   broken?: (final: boolean) => void,
 *   state?: (playing: boolean) => void,
 * }} Hooks callbacks. `moved`: the position has changed; `ready`: the length is known; `starting`: playback is about to
 *   start; `broken`: the sound cannot be loaded (`final`: it is gone, or the browser does not support its format);
 *   `state`: playback has started or stopped.
 */

/** Request the first byte of a sound. Return the HTTP status, 0 without a connection. @param {string} address */
async function statusOf(address) {
  const answer = await fetch(address, { headers: { Range: "bytes=0-0" } }).catch(() => null);
  await answer?.body?.cancel().catch(() => {});
  return answer?.status ?? 0;
}

export class Sound {
  /** @param {Parts} parts @param {Listen} on adds a listener that is removed with the view @param {Hooks} hooks */
  constructor({ root, audio, play, notice }, on, hooks) {
    this.root = root;
    this.audio = audio;
    this.play = play;
    this.notice = notice;
    this.hooks = hooks;
    this.source = /** @type {string | null | undefined} */ (undefined); // URL of the sound
    this.pending = /** @type {number | null} */ (null); // position in seconds to seek to once the length is known
    this.failed = false; // whether making the playback copy has failed
    this.waiting = false; // whether to play as soon as the sound is available
    this.retried = false; // whether the sound has been loaded a second time
    this.requested = /** @type {number[]} */ ([]); // positions in seconds to which seeks in progress go
    this.copy = new PlaybackCopy(
      (address, failed) => this.offer(address, failed),
      (percent) => this.prepare(percent),
    );
    on(audio, "loadedmetadata", () => {
      hooks.ready?.();
      this.noticeReady();
      if (this.pending != null) this.move(this.pending);
      this.pending = null;
      hooks.moved();
    });
    on(audio, "playing", () => this.noticeReady()); // removes the notice of blocked playback
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
    this.failed = this.waiting = this.retried = false;
    this.unload();
    this.root.classList.remove("stt-preparing");
    this.showNotice("");
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
    this.showNotice(tr("Preparing the sound"), `, ${percent} %`, false);
  }

  /** @param {string} address @param {boolean} failed */
  offer(address, failed) {
    this.failed = failed;
    this.retried = false;
    this.root.classList.remove("stt-preparing");
    this.showNotice("");
    this.audio.src = address;
    if (this.waiting) this.start();
  }

  /**
   * Show `text` and `progress` below the controls. Screen readers announce only `text`: `progress` changes too often.
   * @param {string} text
   */
  showNotice(text, progress = "", isProblem = true) {
    const [spoken, silent] = this.notice.children;
    if (spoken.textContent !== text) spoken.textContent = text;
    silent.textContent = progress;
    this.notice.classList.toggle("stt-trouble", isProblem);
    this.notice.hidden = !text;
  }

  noticeReady() {
    const original = tr(
      "The sound could not be prepared for this browser. The original recording is played, so the times of words may be inaccurate.",
    );
    this.showNotice(this.failed ? original : "", "", false);
  }

  async broken() {
    if (!this.source) return;
    const { error, src } = this.audio;
    const unplayable = error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    // Browsers report a failed first request as an unsupported format, too.
    const status = unplayable ? await statusOf(src) : 0;
    if (this.audio.error !== error) return; // meanwhile, another sound is loaded
    const gone = status === 404 || status === 410;
    const unsupported = status >= 200 && status < 300;
    if (unsupported && !this.retried) return this.retry(); // the server may have been busy only a moment ago
    if (gone) this.showNotice(tr("The audio is not available. You can still read the text."));
    else if (!unsupported) this.showNotice(tr("The sound cannot be loaded. Reload the page to try again."));
    else if (this.failed)
      this.showNotice(tr("The sound could not be prepared for this browser. Download the audio to hear it."));
    else this.showNotice(tr("This browser cannot play this recording. Download the audio to hear it."));
    this.hooks.broken?.(gone || unsupported);
  }

  /** Load the sound a second time. If the user has pressed Play meanwhile, play it. */
  retry() {
    this.retried = true;
    const playing = !this.audio.paused; // loading pauses
    this.audio.load();
    if (playing) this.start();
  }

  /**
   * Seek to a position. If the length of the sound is not known yet, seek as soon as it is.
   * @param {number} seconds
   */
  seek(seconds) {
    if (this.audio.readyState >= 1) this.move(seconds);
    else this.pending = seconds;
    this.hooks.moved();
  }

  /**
   * Seek to a position. If a seek in progress has the same target, seek to a position some milliseconds beside it:
   * Chromium never finishes seeking if a seek to B and then to A again is requested during a seek to A. When the seek
   * to B begins, Chromium drops the data read for A, and then it treats the second seek to A as already done.
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
      if (problem.name === "NotAllowedError") this.showNotice(tr("Your browser blocked playback. Press Play again."));
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
