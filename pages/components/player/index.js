// The player. This module handles the player's bar and connects the sound with the text.

import { answerWithText } from "../shared/transcript_text.js";
import { clock } from "../shared/clock.js";
import { pageHeader, partsOf } from "../shared/dom.js";
import { Sound } from "../shared/sound/sound.js";
import { staying } from "../shared/keeping/staying.js";
import { tr } from "../shared/texts.js";
import { Commands } from "./shortcuts/commands.js";
import { Editor } from "./editing/editor.js";
import { renewed } from "./editing/lines.js";
import { Review } from "./editing/review/review.js";
import { Replace } from "./editing/replacing/replace.js";
import { Finder } from "./finding/finder.js";
import { Keyboard } from "./shortcuts/keyboard.js";
import { Lanes } from "./sound/lanes.js";
import { MomentLink } from "./sound/moment_link.js";
import { Notes } from "./notes/notes.js";
import { Passages } from "./passages/passages.js";
import { Text } from "./text/text.js";
import { Wave } from "./sound/waveform.js";

const LANES = 500; // milliseconds from a change of the text until the lanes are redrawn, which is slow
const FOLLOW_AGAIN = 4000; // milliseconds after the user has scrolled until the text is scrolled with the sound again
const players = /** @type {Set<Player>} */ (new Set());
let latest = /** @type {Player | null} */ (null); // the player that handles keys if there are several on the page

export default staying(".stt-player", (root) => new Player(root));

/**
 * @typedef {import("./data.js").Data} Data
 * @typedef {import("./text/text.js").Paragraph} Paragraph
 * @typedef {import("./text/text.js").Word} Word
 */

export class Player {
  data = /** @type {Partial<Data>} */ ({});
  total = 0; // seconds
  shown = /** @type {unknown} */ (null); // JSON of the drawn paragraphs if they cannot be edited, else null
  lines = /** @type {import("./editing/lines.js").Line[]} */ ([]);
  spoken = /** @type {Word | null} */ (null);
  current = /** @type {Paragraph | null} */ (null);
  drawn = NaN; // the position that the slider shows, as a fraction of the length, 0 to 1
  until = /** @type {number | null} */ (null); // the position in seconds where `playSpan` stops playing
  frame = 0;
  appearance = ""; // settings with which the text was drawn, as JSON
  drawing = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined); // timer that redraws the lanes
  send = /** @type {(name: string, value: unknown) => void} */ (() => {});
  header = 0; // pixels of the scrolling element that Streamlit's header covers
  scrolled = -Infinity; // when the user last scrolled: `performance.now()`, milliseconds
  closing = new AbortController();

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const part = partsOf(root, "stt-");
    this.audio = part("audio", HTMLAudioElement);
    this.play = part("play", HTMLButtonElement);
    this.follow = part("follow", HTMLButtonElement);
    this.slider = part("slider", HTMLInputElement);
    this.speed = part("speed", HTMLSelectElement);
    this.bar = part("bar");
    this.controls = part("controls");
    this.now = part("now");
    this.length = part("length");
    /** @type {import("../shared/sound/sound.js").Listen} */
    this.on = (target, name, act, more) =>
      target?.addEventListener(name, act, { signal: this.closing.signal, ...more });
    this.text = new Text(root, (paragraphs) => {
      for (const { marks } of [this.finder, this.notes.painter]) marks.moved(paragraphs);
    });
    this.finder = new Finder(this);
    this.editor = new Editor(this);
    this.notes = new Notes(this);
    this.passages = new Passages(this);
    this.replace = new Replace(this);
    this.wave = new Wave(root, () => this.drawWave());
    this.lanes = new Lanes(root, (seconds) => this.seek(seconds, true));
    const { audio, play } = this;
    this.sound = new Sound({ root, audio, play, notice: part("notice") }, this.on, {
      moved: () => this.tick(),
      ready: () => this.ready(),
      starting: () => (this.scrolled = -Infinity),
      broken: (final) => (this.play.disabled = this.slider.disabled = final),
      state: (playing) => this.playing(playing),
    });
    this.review = new Review(this);
    this.commands = new Commands(this);
    this.keyboard = new Keyboard(this);
    this.link = new MomentLink(root, () => this.sound.position);
    answerWithText(() => this.text.whole(), this.closing.signal);
    this.sizes = new ResizeObserver(() => this.place());
    this.listen();
    players.add(this);
    latest ??= this;
  }

  /** @param {import("../shared/keeping/staying.js").Call} call */
  update(call) {
    const { setTriggerValue } = call;
    const data = /** @type {Data} */ (call.data);
    this.send = this.link.send = setTriggerValue;
    const before = this.data;
    this.data = data;
    if (data.audio !== before.audio) this.load(data.audio);
    if (data.waveform !== before.waveform) this.wave.load(data.waveform);
    this.total = data.duration;
    this.measure();
    const editable = this.editor.load(data);
    if (editable) this.shown = null;
    this.draw(editable ?? this.fixed(data));
    this.editor.conflicts?.show();
    this.notes.load(data);
    this.passages.load(data);
    if (data.find && data.find !== before.find) this.finder.begin(data.find, data.at == null);
    // `at` is the position in the page's URL. Do not seek if this player has put it there by making a link.
    if (data.at != null && data.at !== before.at && data.at !== this.link.at) {
      this.seek(data.at);
      const place = this.text.placeAt(data.at);
      if (data.at > 0) this.reveal(() => place?.box);
    }
    // Play a sample if its number has changed since the last update. The first update plays none.
    const [number, start, end] = data.sample ?? [null, 0, 0];
    if (number !== null && before.sample !== undefined && number !== before.sample?.[0]) this.playSpan(start, end);
    this.tick();
    this.drawWave();
  }

  /** Return the lines of a transcript that cannot be edited. @param {Data} data */
  fixed(data) {
    const paragraphs = JSON.stringify(data.paragraphs);
    const same = paragraphs === this.shown;
    this.shown = paragraphs;
    return same ? this.lines : renewed(this.lines, data.paragraphs);
  }

  /** @param {import("./editing/lines.js").Line[]} lines */
  draw(lines) {
    const { speakers = [], doubtful = 0, timed = true, duration = 0 } = this.data;
    const appearance = JSON.stringify([speakers, doubtful, timed, duration, this.editor.editable]);
    const same = lines.length === this.lines.length && lines.every((line, i) => line === this.lines[i]);
    if (same && appearance === this.appearance) return;
    const first = !this.appearance;
    Object.assign(this, { lines, appearance });
    this.spoken?.box?.classList.remove("stt-spoken");
    this.current?.box.classList.remove("stt-current");
    this.spoken = this.current = null;
    this.text.show(lines, speakers, doubtful, this.editor.editable, timed);
    clearTimeout(this.drawing);
    const lanes = () => this.lanes.show(timed ? this.text.speakers : [], this.text.paragraphs, duration);
    if (first) lanes();
    else this.drawing = setTimeout(lanes, LANES);
    this.finder.reset();
    this.notes.painter.marks.paint();
    this.review.refresh();
    this.tick();
  }

  /** @param {string | null} address */
  load(address) {
    this.controls.hidden = !address;
    this.root.classList.toggle("stt-silent", !address);
    this.play.disabled = this.slider.disabled = false;
    this.sound.load(address);
    if (!address) this.sound.showNotice(tr("The audio is not available. You can still read the text."));
  }

  // ---- playing -----------------------------------------------------------------------------------------------------

  /** @param {number} seconds */
  seek(seconds, thenPlay = false) {
    if (!this.data.audio) return;
    latest = this;
    this.until = null;
    this.commands.loop.endOutside(seconds);
    this.sound.seek(Math.min(Math.max(seconds, 0), this.total || Infinity));
    if (thenPlay) this.sound.start();
  }

  /** Play from `start` to `end`, in seconds. @param {number} start @param {number} end */
  playSpan(start, end) {
    this.seek(start, true);
    this.until = end;
  }

  /** Whether this player handles keys. */
  get latest() {
    return latest === this;
  }

  toggle() {
    if (!this.data.audio) return;
    latest = this;
    this.until = null;
    this.sound.toggle();
  }

  ready() {
    this.measure();
    this.play.disabled = this.slider.disabled = false;
    this.audio.playbackRate = Number(this.speed.value);
  }

  measure() {
    const { duration } = this.audio;
    if (!this.sound.failed && Number.isFinite(duration) && duration > 0) this.total = duration;
    this.slider.max = String(this.total);
    this.drawn = NaN;
    this.length.textContent = clock(this.total);
  }

  /**
   * Show the position of the sound on the slider, the clock and the waveform, and mark the spoken word. Also repeat the
   * looped paragraph at its end, and pause at the end of a span (see `playSpan`).
   */
  tick() {
    const seconds = this.sound.position;
    this.commands.loop.check(seconds, this.audio);
    if (this.until != null && seconds >= this.until && !this.audio.paused) {
      this.until = null;
      this.audio.pause();
    }
    const done = this.total ? Math.min(seconds / this.total, 1) : 0;
    if (!(Math.abs(done - this.drawn) < 0.0005)) {
      this.drawn = done;
      this.slider.value = String(seconds);
      for (const box of [this.slider, this.lanes.box]) box.style.setProperty("--stt-done", `${done * 100}%`);
    }
    const now = clock(seconds);
    if (this.now.textContent !== now) {
      this.now.textContent = now;
      this.slider.setAttribute("aria-valuetext", tr("{place} of {total}", { place: now, total: clock(this.total) }));
    }
    this.wave.move(done);
    const idle = !this.data.audio || (seconds === 0 && this.audio.paused);
    const word = idle ? null : this.text.spokenAt(seconds);
    const paragraph = idle ? null : (word?.paragraph ?? this.text.paragraphAt(seconds));
    if (paragraph !== this.current) {
      this.current?.box.classList.remove("stt-current");
      paragraph?.box.classList.add("stt-current");
      this.current = paragraph;
      if (!word) this.keepInView(paragraph?.box);
    }
    if (word === this.spoken && (!word || word.box)) return;
    this.spoken?.box?.classList.remove("stt-spoken");
    this.spoken = word;
    if (!word) return;
    this.text.build(word.paragraph);
    word.box?.classList.add("stt-spoken");
    this.keepInView(word.box);
  }

  run() {
    cancelAnimationFrame(this.frame);
    if (this.audio.paused) return;
    this.tick();
    this.frame = requestAnimationFrame(() => this.run());
  }

  /** @param {HTMLElement | undefined} box */
  keepInView(box) {
    const following = this.follow.getAttribute("aria-pressed") === "true";
    if (!box || !following || this.editor.active || this.audio.paused || this.until != null) return;
    if (performance.now() - this.scrolled < FOLLOW_AGAIN) return;
    this.text.reveal(box, this.below());
  }

  /**
   * Scroll to the element or the range of text to which an action of the user leads. Scroll twice, because the heights
   * of distant paragraphs are estimates until these paragraphs are drawn.
   * @param {() => Range | Element | null | undefined} target
   */
  reveal(target) {
    this.scrolled = performance.now();
    const go = () => {
      const place = target();
      if (place) this.text.reveal(place, this.below());
    };
    go();
    requestAnimationFrame(() => requestAnimationFrame(go));
  }

  /** Return how many pixels the page's header and the bar cover at the top of the scrolling element. */
  below() {
    const top = Math.max(0, this.text.scroller.getBoundingClientRect().top);
    const { bottom } = this.bar.getBoundingClientRect();
    return Math.min(bottom - top, this.header + this.bar.offsetHeight);
  }

  // ---- events ------------------------------------------------------------------------------------------------------

  listen() {
    const { audio, slider, on } = this;
    for (const name of ["seeked", "timeupdate"]) on(audio, name, () => this.tick());
    on(this.play, "click", () => this.toggle());
    on(slider, "input", () => this.seek(Number(slider.value)));
    on(this.speed, "change", () => (audio.playbackRate = Number(this.speed.value)));
    on(this.follow, "click", () => {
      const yes = this.follow.getAttribute("aria-pressed") !== "true";
      this.follow.setAttribute("aria-pressed", String(yes));
      this.scrolled = -Infinity;
      if (yes) this.keepInView(this.spoken?.box ?? this.current?.box);
    });

    on(this.text.box, "click", (event) => this.clicked(event));
    // A click on a time does not move the focus, so that Space then pauses and does not press the time's button again.
    on(this.text.box, "mousedown", (event) => event.target.closest(".stt-time") && event.preventDefault());

    const scrolledByHand = () => (this.scrolled = performance.now());
    const { scroller } = this.text;
    for (const name of ["wheel", "touchmove"]) on(scroller, name, scrolledByHand, { passive: true });
    on(scroller, "pointerdown", (event) => event.target === scroller && scrolledByHand()); // the scroll bar was pressed
    on(document, "keydown", ({ key }) => /^(Page(Up|Down)|Arrow(Up|Down)|Home|End)$/.test(key) && scrolledByHand());

    for (const box of [this.root, pageHeader()]) box && this.sizes.observe(box);
    this.place();
  }

  /** @param {MouseEvent & { target: Element }} event */
  clicked(event) {
    const { target } = event;
    const [time, box] = [".stt-time", ".stt-word"].map((name) => target.closest(name));
    const timed = time && this.text.of.get(time);
    const word = box && this.text.wordOf.get(box);
    const before = this.editor.active;
    if (timed) return this.seek(timed.start, true);
    if (this.editor.editable && this.editor.keys.clicked(target)) return;
    // A click into the edited paragraph moves the position of the sound but does not start playback.
    if (word && getSelection()?.isCollapsed) this.seek(word.start, !before || before !== this.editor.active);
  }

  /** @param {boolean} yes */
  playing(yes) {
    if (yes) for (const other of players) if (other !== this) other.audio.pause();
    if (yes) latest = this;
    this.run();
  }

  // ---- layout ------------------------------------------------------------------------------------------------------

  /** Keep the bar below Streamlit's header, which covers the top of the page. */
  place() {
    const header = pageHeader()?.getBoundingClientRect();
    const top = Math.max(0, this.text.scroller.getBoundingClientRect().top);
    this.header = header && this.text.scroller.contains(this.root) ? Math.max(0, header.bottom - top) : 0;
    this.root.style.setProperty("--stt-top", `${this.header}px`);
    this.drawWave();
  }

  drawWave() {
    this.wave.draw(this.total ? Math.min(this.sound.position / this.total, 1) : 0);
  }

  close() {
    players.delete(this);
    if (latest === this) latest = [...players].at(-1) ?? null;
    this.closing.abort();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.drawing);
    this.sizes.disconnect();
    this.wave.close();
    this.sound.close();
    this.finder.marks.close();
    this.notes.painter.marks.close();
    this.passages.close();
    this.commands.sheet.close();
    this.editor.close();
    this.text.close();
  }
}
