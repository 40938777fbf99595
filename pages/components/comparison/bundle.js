// Made by "npm run build" from index.js and what it imports. Do not edit.

// shared/clock.js
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// shared/dom.js
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") Object.assign(element, { [name]: value });
    else element.setAttribute(name, String(value));
  }
  return element;
}
function make(tag, className = "", content = "", attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  if (typeof content === "string") element.textContent = content;
  else element.append(...content);
  return set(element, attributes);
}
var makeButton = (className, content, onclick, attributes = {}) => make("button", className, content, { type: "button", onclick, ...attributes });
function partsOf(root, prefix) {
  function part(name, kind) {
    const found2 = root.querySelector(`.${prefix}${name}`);
    if (found2 instanceof (kind ?? HTMLElement)) return (
      /** @type {Kind} */
      found2
    );
    throw new TypeError(`There is no .${prefix}${name} of this kind`);
  }
  return part;
}
function scrollerOf(element) {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return null;
}
var pageHeader = () => document.querySelector("[data-testid=stHeader]");

// shared/sound/playback_copy.js
var FIRST_WAIT = 1e3;
var LONGEST_WAIT = 5e3;
var TRIES = 5;
var PlaybackCopy = class {
  /**
   * @param {(address: string, failed: boolean) => void} ready is called with the URL of the sound. If the server could
   *   not make the copy, `failed` is true and the URL is that of the original recording.
   * @param {(percent: number) => void} wait is called repeatedly while the server makes the copy.
   */
  constructor(ready, wait) {
    this.ready = ready;
    this.wait = wait;
    this.wanted = /** @type {string | null} */
    null;
  }
  /** @param {string | null} address */
  async find(address) {
    this.wanted = address;
    if (!address) return;
    const state = address.replace(/(?=\?|$)/, "/state");
    let unanswered = 0;
    for (let time = 0; ; time += 1) {
      const answer = await fetch(state).catch(() => null);
      const found2 = answer?.ok ? await answer.json().catch(() => null) : null;
      if (this.wanted !== address) return;
      const lost = !answer || answer.status >= 500;
      unanswered = lost ? unanswered + 1 : 0;
      if (found2?.state === "making") this.wait(found2.percent);
      else if (!lost || unanswered >= TRIES) {
        const failed = found2?.state === "failed";
        const original = `${address}${address.includes("?") ? "&" : "?"}original`;
        return this.ready(failed ? original : address, failed);
      }
      await new Promise((done) => setTimeout(done, Math.min(FIRST_WAIT * (1 + time / 10), LONGEST_WAIT)));
      if (this.wanted !== address) return;
    }
  }
  close() {
    this.wanted = null;
  }
};

// shared/texts.js
var translation;
function found() {
  if (translation === void 0) {
    const holder = document.querySelector(".stt-texts");
    translation = holder instanceof HTMLElement ? JSON.parse(holder.dataset.texts ?? "null") : null;
  }
  return translation;
}
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? String(values[name]) : whole);
}
function tr(text, values = {}) {
  return filled(found()?.texts[text]?.[0] ?? text, values);
}
function trn(one, several, count, values = {}) {
  const { texts, plurals } = found() ?? { texts: (
    /** @type {Record<string, string[]>} */
    {}
  ), plurals: [] };
  const forms = texts[one];
  const form = forms ? forms[plurals[count < plurals.length ? count : 100 + count % 100]] : count === 1 ? one : several;
  return filled(form, { count, ...values });
}
var ATTRIBUTES = ["aria-label", "title", "placeholder"];
var translated = /* @__PURE__ */ new WeakSet();
function translate(root) {
  if (!found() || translated.has(root)) return;
  translated.add(root);
  const walker = document.createTreeWalker(
    /** @type {Node} */
    /** @type {unknown} */
    root,
    NodeFilter.SHOW_TEXT
  );
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.nodeValue ?? "").trim().replace(/\s+/g, " ");
    if (text) node.nodeValue = (node.nodeValue ?? "").replace(/\S(.*\S)?/s, () => tr(text));
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${name}]`))
      element.setAttribute(name, tr(element.getAttribute(name) ?? ""));
  }
}

// shared/sound/sound.js
async function statusOf(address) {
  const answer = await fetch(address, { headers: { Range: "bytes=0-0" } }).catch(() => null);
  await answer?.body?.cancel().catch(() => {
  });
  return answer?.status ?? 0;
}
var Sound = class {
  /** @param {Parts} parts @param {Listen} on adds a listener that is removed with the view @param {Hooks} hooks */
  constructor({ root, audio, play, notice }, on, hooks) {
    this.root = root;
    this.audio = audio;
    this.play = play;
    this.notice = notice;
    this.hooks = hooks;
    this.source = /** @type {string | null | undefined} */
    void 0;
    this.pending = /** @type {number | null} */
    null;
    this.failed = false;
    this.waiting = false;
    this.retried = false;
    this.requested = /** @type {number[]} */
    [];
    this.copy = new PlaybackCopy(
      (address, failed) => this.offer(address, failed),
      (percent) => this.prepare(percent)
    );
    on(audio, "loadedmetadata", () => {
      hooks.ready?.();
      this.noticeReady();
      if (this.pending != null) this.move(this.pending);
      this.pending = null;
      hooks.moved();
    });
    on(audio, "playing", () => this.noticeReady());
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
      "The sound could not be prepared for this browser. The original recording is played, so the times of words may be inaccurate."
    );
    this.showNotice(this.failed ? original : "", "", false);
  }
  async broken() {
    if (!this.source) return;
    const { error, src } = this.audio;
    const unplayable = error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    const status = unplayable ? await statusOf(src) : 0;
    if (this.audio.error !== error) return;
    const gone = status === 404 || status === 410;
    const unsupported = status >= 200 && status < 300;
    if (unsupported && !this.retried) return this.retry();
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
    const playing = !this.audio.paused;
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
    const aside = seconds < this.audio.duration ? 1e-3 : -1e-3;
    while (this.requested.some((place) => Math.abs(place - seconds) < 5e-4)) seconds += aside;
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
};

// shared/keeping/lasting.js
function lasting(name, first) {
  const all = (
    /** @type {{ sttKept?: Map<string, any> }} */
    /** @type {unknown} */
    window
  );
  all.sttKept ??= /* @__PURE__ */ new Map();
  if (!all.sttKept.has(name)) all.sttKept.set(name, first());
  return all.sttKept.get(name);
}

// shared/keeping/staying.js
var views = lasting("views", () => /* @__PURE__ */ new WeakMap());
function staying(selector, open) {
  return (call) => {
    const root = (
      /** @type {HTMLElement} */
      call.parentElement.querySelector(selector)
    );
    translate(root);
    const kept = views.get(root) ?? { view: open(root, call), turn: 0 };
    views.set(root, kept);
    kept.turn += 1;
    const { turn } = kept;
    kept.view.update(call);
    return () => {
      if (kept.turn !== turn) return;
      kept.view.close();
      views.delete(root);
    };
  };
}

// comparison/index.js
var EARLIER = 0.4;
var NARROW = 210;
var index_default = staying(".stt-compare", (root) => new Comparison(root));
var Comparison = class {
  data = (
    /** @type {Data} */
    { versions: [], labels: [], caption: "", columns: [], passages: [], matrix: null }
  );
  shown = "";
  // the data drawn last, as JSON
  boxes = (
    /** @type {HTMLElement[]} */
    []
  );
  // the elements of the passages
  differences = (
    /** @type {Difference[]} */
    []
  );
  at = -1;
  // index of the selected difference, -1 for none
  selected = (
    /** @type {HTMLElement | null} */
    null
  );
  // the element of the selected word
  // element of a passage -> elements of the passage's words, by column
  words = (
    /** @type {WeakMap<Element, HTMLElement[][]>} */
    /* @__PURE__ */ new WeakMap()
  );
  // element of a word -> the word's start time in seconds, and its column
  places = (
    /** @type {WeakMap<Element, { start: number | null, column: number }>} */
    /* @__PURE__ */ new WeakMap()
  );
  closing = new AbortController();
  read = (
    /** @type {(id: string) => void} */
    (() => {
    })
  );
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const part = partsOf(root, "stt-cmp-");
    this.audio = part("audio", HTMLAudioElement);
    this.facts = part("facts", HTMLTableElement);
    this.matrix = part("matrix", HTMLTableElement);
    this.play = part("play", HTMLButtonElement);
    this.previous = part("previous", HTMLButtonElement);
    this.next = part("next", HTMLButtonElement);
    this.filter = part("filter", HTMLInputElement);
    this.now = part("now");
    this.count = part("count");
    this.against = part("against");
    this.heads = part("heads");
    this.text = part("text");
    this.rest = part("rest");
    this.live = part("live");
    const on = (target, name, act) => target?.addEventListener(name, act, { signal: this.closing.signal });
    on(this.play, "click", () => this.sound.toggle());
    on(this.previous, "click", () => this.step(-1));
    on(this.next, "click", () => this.step(1));
    on(this.filter, "change", () => this.filterPassages());
    on(this.text, "click", (event) => this.clicked(event));
    on(this.text, "keydown", (event) => this.pressed(event));
    on(this.audio, "timeupdate", () => this.tick());
    const { audio, play } = this;
    this.sound = new Sound({ root, audio, play, notice: part("notice") }, on, { moved: () => this.tick() });
    this.watcher = new IntersectionObserver(
      (seen) => seen.forEach(({ target, isIntersecting }) => isIntersecting && this.build(
        /** @type {HTMLElement} */
        target
      )),
      { root: scrollerOf(root), rootMargin: "1000px 0px" }
    );
    this.sizes = new ResizeObserver(() => this.place());
    for (const box of [root, pageHeader()]) box && this.sizes.observe(box);
  }
  /** @param {import("../shared/keeping/staying.js").Call} call */
  update(call) {
    const data = (
      /** @type {Data} */
      call.data
    );
    this.read = (id) => call.setTriggerValue("read", id);
    const shown = JSON.stringify(data);
    if (shown === this.shown) return;
    this.shown = shown;
    this.data = data;
    this.drawFacts();
    this.drawMatrix();
    const { columns, passages } = data;
    this.root.style.setProperty("--stt-columns", String(columns.length));
    this.heads.replaceChildren(
      ...columns.map(({ letter, name }) => make("span", "stt-cmp-head", [letterBox(letter), name]))
    );
    this.against.textContent = tr("compared with {letter} {name}. Click a word to play it.", columns[0]);
    this.watcher.disconnect();
    this.boxes = passages.map((passage, number) => this.passage(passage, number));
    this.text.replaceChildren(...this.boxes);
    for (const box of this.boxes) this.watcher.observe(box);
    this.differences = this.listDifferences();
    this.at = -1;
    this.selected = null;
    this.play.disabled = !columns.some((column) => column.audio);
    if (!columns.some((column) => column.audio === this.sound.source))
      this.sound.load(columns.find((c) => c.audio)?.audio ?? null);
    this.filterPassages();
    this.place();
    this.tick();
  }
  // ---- the tables --------------------------------------------------------------------------------------------------
  drawFacts() {
    const { versions, labels, caption } = this.data;
    const rows = versions.map((version) => {
      const { id, letter, name, about } = version;
      const facts = version.facts.map(
        ([value, more], i) => make("td", "", more ? [value, small(more)] : value, { "data-label": labels[i] })
      );
      const label = { "aria-label": tr("Read {letter}, {name}", version) };
      const read = makeButton("stt-cmp-button", tr("Read"), () => this.read(id), label);
      const head = make("th", "", [letterBox(letter), name, small(about)], { scope: "row" });
      return make("tr", "", [head, ...facts, make("td", "", [read])]);
    });
    fill(this.facts, caption, [tr("Version"), ...labels, ""], rows);
  }
  drawMatrix() {
    const { matrix } = this.data;
    this.matrix.parentElement.hidden = !matrix;
    if (!matrix) return;
    const rows = matrix.rows.map((rates, i) => {
      const head = make("th", "", matrix.letters[i], { scope: "row" });
      return make("tr", "", [head, ...rates.map((rate) => make("td", "", rate))]);
    });
    fill(this.matrix, matrix.caption, [tr("Measured against"), ...matrix.letters], rows);
  }
  // ---- the text ----------------------------------------------------------------------------------------------------
  /** @param {Passage} passage @param {number} number */
  passage({ at, sides }, number) {
    const label = at == null ? "" : tr("Play from {time}", { time: clock(at) });
    const time = make("button", "stt-cmp-time", at == null ? "" : clock(at), { type: "button", "aria-label": label });
    time.hidden = at == null;
    const texts = sides.map(({ t, k }, column) => {
      const words = t.filter((_, i) => k[i] !== "m");
      const content = [letterBox(this.data.columns[column].letter), words.join("").trim()];
      return make("div", "stt-cmp-side", content, { dir: "auto" });
    });
    const equal = sides.every((side) => /^s*$/.test(side.k)) ? " stt-cmp-equal" : "";
    return make("div", `stt-cmp-passage${equal}`, [time, ...texts], { "data-number": number });
  }
  /** Turn the words of a passage into elements once; return them by column. @param {HTMLElement} box the passage */
  build(box) {
    const cached = this.words.get(box);
    if (cached) return cached;
    const { sides } = this.data.passages[Number(box.dataset.number)];
    const built = sides.map((side, column) => {
      const text = box.querySelectorAll(".stt-cmp-side")[column];
      const words = side.t.map((whole, i) => this.word(whole.trim(), side, i, column));
      const pieces = words.flatMap((word, i) => i && /^\s/.test(side.t[i]) ? [" ", word] : [word]);
      text.replaceChildren(text.children[0], ...pieces);
      return words;
    });
    this.words.set(box, built);
    return built;
  }
  /** @param {string} text @param {Side} side @param {number} i @param {number} column */
  word(text, side, i, column) {
    const kind = side.k[i];
    const word = make("span", "stt-cmp-word", text);
    this.places.set(word, { start: side.s[i], column });
    if (kind === "s") return word;
    word.dataset.start = String(side.s[i] ?? "");
    word.classList.add(column ? `stt-cmp-${kind}` : "stt-cmp-d");
    if (!column) return word;
    const { letter } = this.data.columns[0];
    const [name, description] = kind === "c" ? [tr("changed"), tr("{letter} has \u201C{words}\u201D", { letter, words: side.w[i] })] : kind === "m" ? [tr("missing"), tr("only in {letter}", { letter })] : [tr("added"), tr("not in {letter}", { letter })];
    return set(word, {
      tabindex: -1,
      role: "button",
      "aria-label": `${text}, ${name}: ${description}`,
      title: description
    });
  }
  /** Return where each run of differing words begins, ordered by passage, then by column. */
  listDifferences() {
    return this.data.passages.flatMap(
      ({ sides }, passage) => sides.slice(1).flatMap(({ k }, i) => {
        const runs = [...k.matchAll(/[^s]+/g)];
        return runs.map(({ index }) => ({ passage, column: i + 1, index }));
      })
    );
  }
  /** @param {1 | -1} by */
  step(by) {
    if (!this.differences.length) return;
    const { length } = this.differences;
    const from = this.at < 0 && by < 0 ? 0 : this.at;
    const { passage, column, index } = this.differences[(from + by + length) % length];
    const word = this.build(this.boxes[passage])[column][index];
    this.select(word);
    word.focus({ preventScroll: true });
    this.centre(word, 20);
    this.live.textContent = `${this.data.columns[column].letter}: ${word.getAttribute("aria-label")}`;
    if (!this.audio.paused) this.playWord(word);
  }
  /**
   * Scroll a word to the middle of the browser window, and repeat this in the next `frames` frames, because the heights
   * of distant passages are estimates until the browser draws them.
   * @param {HTMLElement} word
   * @param {number} frames
   */
  centre(word, frames) {
    if (word !== this.selected || !word.isConnected) return;
    word.scrollIntoView({ block: "center" });
    if (frames > 0) requestAnimationFrame(() => this.centre(word, frames - 1));
  }
  /** @param {HTMLElement} word */
  select(word) {
    this.selected?.classList.remove("stt-cmp-here");
    this.selected = word;
    word.classList.add("stt-cmp-here");
    const number = this.boxes.findIndex((box) => box.contains(word));
    const own = this.columnOf(word);
    const place = this.build(this.boxes[number])[own].indexOf(word);
    const found2 = this.differences.findLastIndex(
      ({ passage, column, index }) => passage === number && column === own && index <= place
    );
    const differs = word.getAttribute("role") === "button";
    if (differs && found2 >= 0) this.at = found2;
    this.showCount();
  }
  /** @param {Element} word */
  columnOf(word) {
    return this.places.get(word)?.column ?? 0;
  }
  showCount() {
    const { length } = this.differences;
    this.previous.disabled = this.next.disabled = length === 0;
    const total = length.toLocaleString("en");
    const all = trn("{count} difference", "{count} differences", length, { count: total });
    const place = tr("{place} of {total}", { place: (this.at + 1).toLocaleString("en"), total });
    this.count.textContent = this.at >= 0 ? place : length ? all : tr("No differences");
  }
  filterPassages() {
    const only = this.filter.checked;
    this.root.classList.toggle("stt-cmp-only-differing", only);
    const hidden = this.boxes.filter((box) => box.classList.contains("stt-cmp-equal")).length;
    this.rest.hidden = !only || hidden === 0;
    this.rest.textContent = trn(
      "{count} passage is the same in all versions.",
      "{count} passages are the same in all versions.",
      hidden
    );
    this.showCount();
  }
  // ---- the sound ---------------------------------------------------------------------------------------------------
  /** @param {MouseEvent & { target: Element }} event */
  clicked(event) {
    const time = event.target.closest(".stt-cmp-time");
    const word = (
      /** @type {HTMLElement | null} */
      event.target.closest(".stt-cmp-word")
    );
    if (time) {
      const words = this.build(
        /** @type {HTMLElement} */
        time.parentElement
      ).flat();
      const first = words.find((candidate) => this.places.get(candidate)?.start != null);
      if (first) this.playWord(first);
    } else if (word && getSelection()?.isCollapsed) {
      this.select(word);
      this.playWord(word);
    }
  }
  /** @param {KeyboardEvent & { target: Element }} event */
  pressed(event) {
    const word = event.target.closest(".stt-cmp-word");
    if (!word || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    if (this.audio.paused) this.playWord(word);
    else this.audio.pause();
  }
  /** @param {Element} word */
  playWord(word) {
    const start = this.places.get(word)?.start;
    const { audio } = this.data.columns[this.columnOf(word)];
    if (!audio) return this.sound.showNotice(tr("The audio of this version is not available."));
    if (start == null) return this.sound.showNotice(tr("This word has no time, so it cannot be played."));
    this.sound.load(audio);
    if (this.audio.readyState >= 1) this.sound.noticeReady();
    this.sound.seek(Math.max(0, start - EARLIER));
    this.sound.start();
  }
  tick() {
    this.now.textContent = clock(this.sound.position);
  }
  /** Keep the bar below Streamlit's header, and stack the columns if they are too narrow. */
  place() {
    const header = pageHeader()?.getBoundingClientRect();
    this.root.style.setProperty("--stt-top", `${Math.max(0, header?.bottom ?? 0)}px`);
    const columns = this.data.columns.length || 1;
    this.root.classList.toggle("stt-cmp-stacked", this.root.clientWidth / columns < NARROW);
  }
  close() {
    this.closing.abort();
    this.watcher.disconnect();
    this.sizes.disconnect();
    this.sound.close();
  }
};
var letterBox = (letter) => make("span", "stt-cmp-letter", letter);
var small = (text) => make("span", "stt-cmp-sub", text);
function fill(table, caption, labels, rows) {
  const heads = labels.map((label) => label ? make("th", "", label, { scope: "col" }) : make("td"));
  const [head, body] = [make("thead", "", [make("tr", "", heads)]), make("tbody", "", rows)];
  table.replaceChildren(make("caption", "", caption), head, body);
}
export {
  index_default as default
};
