// The bar, the keys, and what ties sound and text together. Streamlit calls the default export again whenever the
// data change, without clean-up: the player stays on its element, so that the sound plays on.

const STEP = 5; // seconds, for the arrow keys
const PATIENCE = 4000; // milliseconds that a reader who scrolled is left alone
const FIELDS = "input:not([type=range]), textarea, select, [contenteditable=true], [contenteditable='']";
const ROLES = ["button", "tab", "radio", "slider", "option", "menuitem", "dialog"].map((role) => `[role=${role}]`);
const OWN_KEYS = `${FIELDS}, button, a, summary, input, canvas, ${ROLES}`; // what answers to keys itself
const players = new Set();
let latest = null; // the player that keys belong to when several are on the page

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".stt-player");
  const player = (root.player ??= new Player(root));
  player.editor.send = player.link.send = setTriggerValue;
  player.update(data);
  const turn = (player.turn = (player.turn ?? 0) + 1);
  return () => {
    // A late clean-up of an earlier call must not close what a later call still shows.
    if (player.turn !== turn) return;
    player.close();
    root.player = null;
  };
}

class Player {
  constructor(root) {
    this.root = root;
    this.data = {};
    this.asked = []; // places in the sound, seconds, that were asked for since it last arrived
    const part = (name) => root.querySelector(`.stt-${name}`);
    const names = ["audio", "bar", "controls", "notice", "play", "slider", "now", "length", "speed", "follow"];
    for (const name of names) this[name] = part(name);
    this.text = new Text(root, (paragraphs) => this.finder.moved(paragraphs));
    const reveal = (target, lazily) => this.reveal(target, lazily);
    this.finder = new Finder(root, this.text, reveal, (word) => this.seek(word.start - 0.3));
    this.editor = new Editor(root, this.text, reveal);
    this.wave = new Wave(root, () => this.drawWave());
    this.copy = new PlaybackCopy((address, failed) => this.offer(address, failed), (percent) => this.prepare(percent));
    this.link = new MomentLink(root, () => this.position);
    this.closing = new AbortController();
    this.on = (target, name, act, more) => target.addEventListener(name, act, { signal: this.closing.signal, ...more });
    this.listen();
    players.add(this);
    latest ??= this;
  }

  update(data) {
    const before = this.data;
    this.data = data;
    if (data.audio !== before.audio) this.load(data.audio);
    if (data.waveform !== before.waveform) this.wave.load(data.waveform);
    this.total = data.duration;
    this.measure();
    const editable = data.version != null;
    const paragraphs = JSON.stringify([data.paragraphs, data.doubtful, editable, data.timed]);
    if (paragraphs !== this.shown) {
      this.shown = paragraphs;
      this.spoken?.box?.classList.remove("stt-spoken");
      this.current?.box.classList.remove("stt-current");
      this.spoken = this.current = null;
      this.text.show(data.paragraphs, data.doubtful, editable, data.timed);
      this.finder.reset();
    }
    if (data.find && data.find !== before.find) this.finder.begin(data.find, data.at == null);
    this.editor.update(data);
    // A link that was made here says where this is anyway.
    if (data.at != null && data.at !== before.at && data.at !== this.link.at) {
      this.seek(data.at);
      const place = this.text.spokenAt(data.at) ?? this.text.paragraphAt(data.at);
      if (place?.paragraph) this.text.build(place.paragraph);
      if (data.at > 0) this.reveal(() => place?.box, true);
    }
    this.tick();
    this.drawWave();
  }

  load(address) {
    this.pending = null;
    this.failed = this.waiting = false; // whether there is no copy; whether to play as soon as there is one
    if (this.audio.hasAttribute("src")) {
      this.audio.removeAttribute("src");
      this.audio.load();
    }
    this.controls.hidden = !address;
    this.root.classList.toggle("stt-silent", !address);
    this.root.classList.remove("stt-preparing");
    this.play.disabled = this.slider.disabled = false;
    this.tell(address ? "" : "The audio was deleted; the transcript is still available.");
    this.copy.find(address);
  }

  prepare(percent) {
    this.root.classList.add("stt-preparing");
    this.tell("Preparing the sound", `, ${percent} %`);
  }

  offer(address, failed) {
    this.failed = failed;
    this.root.classList.remove("stt-preparing");
    this.tell("");
    this.audio.src = address;
    if (this.waiting) this.start();
  }

  /** Say something below the controls. What changes all the time, as `far` does, is not read aloud. */
  tell(words, far = "") {
    const [said, silent] = this.notice.children;
    if (said.textContent !== words) said.textContent = words;
    silent.textContent = far;
    this.notice.hidden = !words;
  }

  // ---- playing -----------------------------------------------------------------------------------------------------

  get position() {
    return this.pending ?? this.audio.currentTime;
  }

  seek(seconds, thenPlay = false) {
    if (!this.data.audio) return;
    const target = Math.min(Math.max(seconds, 0), this.total || Infinity);
    latest = this;
    // Before the length is known a position is kept until it can be taken.
    if (this.audio.readyState >= 1) this.move(target);
    else this.pending = target;
    if (thenPlay) this.start();
    this.tick();
  }

  /**
   * Chromium waits for ever when, on its way to one place, it is sent to another and then to the first again: the second
   * wish makes it drop what it has read, and the third it takes for fulfilled. So no place is asked for twice on one way.
   */
  move(seconds) {
    if (!this.audio.seeking) this.asked = [];
    const aside = seconds < this.total ? 0.001 : -0.001;
    while (this.asked.some((place) => Math.abs(place - seconds) < 0.0005)) seconds += aside;
    this.asked.push(seconds);
    this.audio.currentTime = seconds;
  }

  start() {
    this.scrolled = -Infinity;
    this.waiting = !this.audio.hasAttribute("src");
    if (this.waiting) return;
    this.audio.play().catch((problem) => {
      if (problem.name === "NotAllowedError") this.tell("Your browser blocked playback. Press Play again.");
    });
  }

  toggle() {
    if (!this.data.audio) return;
    latest = this;
    if (this.waiting) this.waiting = false;
    else if (this.audio.paused) this.start();
    else this.audio.pause();
  }

  measure() {
    const { duration } = this.audio;
    if (!this.failed && Number.isFinite(duration) && duration > 0) this.total = duration;
    this.slider.max = this.total;
    this.drawn = NaN;
    this.length.textContent = clock(this.total);
  }

  /** Show the position: slider, clock, spoken word. */
  tick() {
    const seconds = this.position;
    const done = this.total ? Math.min(seconds / this.total, 1) : 0;
    if (!(Math.abs(done - this.drawn) < 0.0005)) {
      this.drawn = done;
      this.slider.value = seconds;
      this.slider.style.setProperty("--stt-done", `${done * 100}%`);
    }
    const now = clock(seconds);
    if (this.now.textContent !== now) {
      this.now.textContent = now;
      this.slider.setAttribute("aria-valuetext", `${now} of ${clock(this.total)}`);
    }
    this.wave.move(done);
    if (!this.text.paragraphs) return;
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
    word.box.classList.add("stt-spoken");
    this.keepInView(word.box);
  }

  run() {
    cancelAnimationFrame(this.frame);
    if (this.audio.paused) return;
    this.tick();
    this.frame = requestAnimationFrame(() => this.run());
  }

  keepInView(box) {
    const following = this.follow.getAttribute("aria-pressed") === "true";
    if (!box || !following || this.editor.form || this.audio.paused || performance.now() - this.scrolled < PATIENCE) return;
    this.text.reveal(box, true, this.below());
  }

  /** Show a place that the user asked for. Twice, since heights of far paragraphs are guesses until they are drawn. */
  reveal(target, lazily) {
    this.scrolled = performance.now();
    const go = () => {
      const place = target();
      if (place) this.text.reveal(place, lazily, this.below());
    };
    go();
    requestAnimationFrame(() => requestAnimationFrame(go));
  }

  /** Height in pixels that the page's header and the bar cover at the top of the scrolling box. */
  below() {
    const top = Math.max(0, this.text.scroller.getBoundingClientRect().top);
    const { bottom } = this.bar.getBoundingClientRect();
    return Math.min(bottom - top, this.header + this.bar.offsetHeight);
  }

  // ---- events ------------------------------------------------------------------------------------------------------

  listen() {
    const { audio, slider, on } = this;
    this.scrolled = -Infinity;
    on(audio, "loadedmetadata", () => {
      this.measure();
      this.tell(this.failed ? COPY_ORIGINAL : "");
      this.play.disabled = this.slider.disabled = false;
      if (this.pending != null) this.move(this.pending);
      this.pending = null;
      audio.playbackRate = Number(this.speed.value);
      this.tick();
    });
    on(audio, "error", () => {
      const strange = audio.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
      const problem = this.failed
        ? COPY_SILENT
        : strange
        ? "This browser cannot play this recording. Download the audio to hear it."
        : "The sound cannot be loaded. Reload the page to try again.";
      if (!this.data.audio) return;
      this.tell(problem);
      this.play.disabled = this.slider.disabled = strange;
    });
    on(audio, "seeked", () => this.tick());
    for (const name of ["play", "pause", "ended"]) on(audio, name, () => this.showState());
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
    // A click keeps the keyboard where it was, so that Space then pauses instead of pressing the time once more.
    on(this.text.box, "mousedown", (event) => event.target.closest(".stt-time") && event.preventDefault());
    on(document, "keydown", (event) => this.pressed(event));
    on(document, "keyup", (event) => event.key === " " && event.target.closest?.(".stt-time") && event.preventDefault());

    const away = () => (this.scrolled = performance.now());
    const { scroller } = this.text;
    for (const name of ["wheel", "touchmove"]) on(scroller, name, away, { passive: true });
    on(scroller, "pointerdown", (event) => event.target === scroller && away()); // its scroll bar
    on(document, "keydown", ({ key }) => /^(Page(Up|Down)|Arrow(Up|Down)|Home|End)$/.test(key) && away());

    on(window, "beforeunload", (event) => this.editor.form && this.editor.changed && event.preventDefault());

    this.sizes = new ResizeObserver(() => this.place());
    for (const box of [this.root, document.querySelector("[data-testid=stHeader]")]) box && this.sizes.observe(box);
    this.place();
  }

  clicked(event) {
    const time = event.target.closest(".stt-time");
    if (time) return this.seek(Number(time.dataset.start), true);
    const edit = event.target.closest(".stt-edit");
    if (edit) return this.editor.open(this.text.paragraphs.find((p) => p.edit === edit));
    const word = event.target.closest(".stt-word")?.word;
    if (word && getSelection().isCollapsed) this.seek(word.start, true);
  }

  pressed(event) {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || latest !== this) return;
    const time = target.closest?.(".stt-time");
    if (time && this.root.contains(time) && this.walk(key, time)) return event.preventDefault();
    const inside = this.root.contains(target);
    const ours = inside && (time || target === this.slider);
    const taken = !ours && target.closest?.(inside && key !== " " ? FIELDS : OWN_KEYS);
    if (taken || event.shiftKey || !this.data.audio) return;
    if (key === " ") {
      if (!event.repeat) this.toggle();
    } else if (key === "ArrowLeft") this.seek(this.position - STEP);
    else if (key === "ArrowRight") this.seek(this.position + STEP);
    else return;
    event.preventDefault();
  }

  /** Arrows, Home and End from one paragraph's time to another's. */
  walk(key, time) {
    const { paragraphs } = this.text;
    const place = paragraphs.findIndex((p) => p.time === time);
    const target = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: paragraphs.length - 1 }[key];
    if (target === undefined || !paragraphs[target]) return false;
    this.text.tabTo(paragraphs[target]);
    const following = paragraphs[target].time;
    following.focus({ preventScroll: true });
    this.reveal(() => following, true);
    return true;
  }

  showState() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.root.classList.toggle("stt-playing", playing);
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    if (playing) for (const other of players) if (other !== this) other.audio.pause();
    if (playing) latest = this;
    this.run();
  }

  // ---- looks -------------------------------------------------------------------------------------------------------

  /** Keep the bar below Streamlit's header, which lies over the page. */
  place() {
    const header = document.querySelector("[data-testid=stHeader]")?.getBoundingClientRect();
    const top = Math.max(0, this.text.scroller.getBoundingClientRect().top);
    this.header = header && this.text.scroller.contains(this.root) ? Math.max(0, header.bottom - top) : 0;
    this.root.style.setProperty("--stt-top", `${this.header}px`);
    this.drawWave();
  }

  drawWave() {
    this.wave.draw(this.total ? Math.min(this.position / this.total, 1) : 0);
  }

  close() {
    players.delete(this);
    if (latest === this) latest = [...players].at(-1) ?? null;
    this.closing.abort();
    cancelAnimationFrame(this.frame);
    this.sizes.disconnect();
    this.wave.close();
    this.copy.close();
    this.finder.close();
    this.editor.close();
    this.text.close();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }
}
