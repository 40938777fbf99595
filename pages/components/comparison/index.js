// Shows versions of a text side by side. Each passage is drawn as plain text at first. The words of a passage become
// elements when the passage comes near the visible part of the page.

import { clock } from "../shared/clock.js";
import { make, makeButton, pageHeader, partsOf, scrollerOf, set } from "../shared/dom.js";
import { Sound } from "../shared/sound/sound.js";
import { staying } from "../shared/keeping/staying.js";
import { tr, trn } from "../shared/texts.js";

const EARLIER = 0.4; // playback starts this many seconds before a word, so that the word's beginning is audible
const NARROW = 210; // minimum width of a column, pixels; below it, the versions of a passage are stacked

export default staying(".stt-compare", (root) => new Comparison(root));

/**
 * The data from Python: see `draw_comparison` in __init__.py. A `Side` has the words of one column in a passage: texts
 * `t`, start times `s` in seconds, and in `k` one letter per word: same (s), changed (c), missing (m) or added (a),
 * compared with the first column. `w` has the first column's word for each changed word, by the changed word's index.
 * @typedef {{ t: string[], s: (number | null)[], k: string, w: Record<number, string> }} Side
 * @typedef {{ at: number | null, sides: Side[] }} Passage
 * @typedef {{ letter: string, name: string, audio: string | null }} Column
 * @typedef {{ id: string, letter: string, name: string, about: string, facts: [string, string][] }} Version
 * @typedef {{
 *   versions: Version[], labels: string[], caption: string, columns: Column[], passages: Passage[],
 *   matrix: { caption: string, letters: string[], rows: string[][] } | null,
 * }} Data
 * @typedef {{ passage: number, column: number, index: number }} Difference
 */

class Comparison {
  data = /** @type {Data} */ ({ versions: [], labels: [], caption: "", columns: [], passages: [], matrix: null });
  shown = ""; // the data drawn last, as JSON
  boxes = /** @type {HTMLElement[]} */ ([]); // the elements of the passages
  differences = /** @type {Difference[]} */ ([]);
  at = -1; // index of the selected difference, -1 for none
  selected = /** @type {HTMLElement | null} */ (null); // the element of the selected word
  // element of a passage -> elements of the passage's words, by column
  words = /** @type {WeakMap<Element, HTMLElement[][]>} */ (new WeakMap());
  // element of a word -> the word's start time in seconds, and its column
  places = /** @type {WeakMap<Element, { start: number | null, column: number }>} */ (new WeakMap());
  closing = new AbortController();
  read = /** @type {(id: string) => void} */ (() => {});

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
    /** @type {import("../shared/sound/sound.js").Listen} */
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
      (seen) =>
        seen.forEach(({ target, isIntersecting }) => isIntersecting && this.build(/** @type {HTMLElement} */ (target))),
      { root: scrollerOf(root), rootMargin: "1000px 0px" },
    );
    this.sizes = new ResizeObserver(() => this.place());
    for (const box of [root, pageHeader()]) box && this.sizes.observe(box);
  }

  /** @param {import("../shared/keeping/staying.js").Call} call */
  update(call) {
    const data = /** @type {Data} */ (call.data);
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
      ...columns.map(({ letter, name }) => make("span", "stt-cmp-head", [letterBox(letter), name])),
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
      const facts = version.facts.map(([value, more], i) =>
        make("td", "", more ? [value, small(more)] : value, { "data-label": labels[i] }),
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
    /** @type {HTMLElement} */ (this.matrix.parentElement).hidden = !matrix;
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
      const pieces = words.flatMap((word, i) => (i && /^\s/.test(side.t[i]) ? [" ", word] : [word]));
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
    const [name, description] =
      kind === "c"
        ? [tr("changed"), tr("{letter} has “{words}”", { letter, words: side.w[i] })]
        : kind === "m"
          ? [tr("missing"), tr("only in {letter}", { letter })]
          : [tr("added"), tr("not in {letter}", { letter })];
    return set(word, {
      tabindex: -1,
      role: "button",
      "aria-label": `${text}, ${name}: ${description}`,
      title: description,
    });
  }

  /** Return where each run of differing words begins, ordered by passage, then by column. */
  listDifferences() {
    return this.data.passages.flatMap(({ sides }, passage) =>
      sides.slice(1).flatMap(({ k }, i) => {
        const runs = [...k.matchAll(/[^s]+/g)];
        return runs.map(({ index }) => ({ passage, column: i + 1, index }));
      }),
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
    const found = this.differences.findLastIndex(
      ({ passage, column, index }) => passage === number && column === own && index <= place,
    );
    const differs = word.getAttribute("role") === "button";
    if (differs && found >= 0) this.at = found;
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
      hidden,
    );
    this.showCount();
  }

  // ---- the sound ---------------------------------------------------------------------------------------------------

  /** @param {MouseEvent & { target: Element }} event */
  clicked(event) {
    const time = event.target.closest(".stt-cmp-time");
    const word = /** @type {HTMLElement | null} */ (event.target.closest(".stt-cmp-word"));
    if (time) {
      const words = this.build(/** @type {HTMLElement} */ (time.parentElement)).flat();
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
}

const letterBox = (/** @type {string} */ letter) => make("span", "stt-cmp-letter", letter);
const small = (/** @type {string} */ text) => make("span", "stt-cmp-sub", text);

/** @param {HTMLTableElement} table @param {string} caption @param {string[]} labels @param {HTMLElement[]} rows */
function fill(table, caption, labels, rows) {
  const heads = labels.map((label) => (label ? make("th", "", label, { scope: "col" }) : make("td")));
  const [head, body] = [make("thead", "", [make("tr", "", heads)]), make("tbody", "", rows)];
  table.replaceChildren(make("caption", "", caption), head, body);
}
