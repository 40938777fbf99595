// The transcript: paragraphs as plain text at once, their words as elements only when they come near the window, so
// that 100,000 words open quickly and find-in-page, copying and screen readers have the whole text all the time.

import { clock } from "../shared/clock.js";
import { make, partsOf, scrollerOf } from "../shared/dom.js";
import { colourOf, MOST_COLOURS } from "./colours.js";
import { clipped } from "./ranges.js";
import { lastAtMost, spokenAt } from "./spoken.js";

const NEAR = "1200px 0px";
const PENCIL = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4"/></svg>';

const OVERLAPPED = "Somebody else speaks here, too";

/**
 * A paragraph as it comes from Python, its words by column: texts, starts, ends and confidences; `o` has the places of
 * those during which somebody else speaks.
 * @typedef {{
 *   start: number, end: number, speaker?: string, text?: string,
 *   t?: string[], s: number[], e: number[], c?: (number | null)[], o?: number[],
 * }} Packed
 * @typedef {{
 *   text: string, start: number, end: number, confidence: number | null | undefined, overlapped?: boolean,
 *   paragraph: Paragraph, from: number, box?: HTMLElement,
 * }} Word `from` is its place in the text of the paragraph
 * @typedef {{
 *   box: HTMLElement, body: HTMLElement, time: HTMLButtonElement, edit: HTMLButtonElement | null,
 *   start: number, end: number, speaker?: string, text: string, words: Word[], built: boolean, source: () => string,
 *   folded?: ReturnType<typeof import("./folding.js").folded>,
 * }} Paragraph
 */

export class Text {
  paragraphs = /** @type {Paragraph[]} */ ([]);
  words = /** @type {Word[]} */ ([]); // of the whole transcript
  byStart = /** @type {number[]} */ ([]); // places of the words, sorted by start
  doubts = /** @type {Word[]} */ ([]);
  near = /** @type {Set<Paragraph>} */ (new Set());
  wordOf = /** @type {WeakMap<Element, Word>} */ (new WeakMap());
  speakers = /** @type {string[]} */ ([]); // in the order of their colours; none where only one speaks
  doubtful = 0;
  editable = false;
  timed = false;

  /** @param {HTMLElement} root @param {(paragraphs: Paragraph[]) => void} onMove is told which came near or went */
  constructor(root, onMove) {
    this.box = partsOf(root, "stt-")("transcript");
    this.onMove = onMove;
    const scroller = scrollerOf(root);
    this.scroller = scroller ?? document.documentElement;
    this.watcher = new IntersectionObserver(
      (changes) => {
        const moved = [];
        for (const { target, isIntersecting } of changes) {
          const paragraph = this.paragraphs[Number(/** @type {HTMLElement} */ (target).dataset.paragraph)];
          if (paragraph?.box !== target || isIntersecting === this.near.has(paragraph)) continue;
          if (isIntersecting) this.near.add(paragraph);
          else this.near.delete(paragraph);
          if (isIntersecting) this.build(paragraph);
          moved.push(paragraph);
        }
        this.onMove(moved);
      },
      { root: scroller, rootMargin: NEAR },
    );
    this.box.oncopy = (event) => this.copy(event);
  }

  /**
   * @param {Packed[]} packed
   * @param {string[]} known the speakers in the order of their colours; others come after them
   * @param {number} doubtful
   * @param {boolean} editable
   * @param {boolean} timed
   */
  show(packed, known, doubtful, editable, timed) {
    this.watcher.disconnect();
    this.timed = timed;
    this.near.clear();
    this.doubtful = doubtful;
    this.editable = editable;
    this.words = [];
    const speaking = new Set(packed.flatMap((p) => p.speaker || []));
    const speakers = [...new Set([...known.filter((name) => speaking.has(name)), ...speaking])];
    this.speakers = speakers.length > 1 ? speakers : [];
    // Paragraphs that stay keep their elements, so that a correction moves neither the window nor the keyboard.
    const before = new Map(this.paragraphs.map((p) => [p.source(), p]));
    this.paragraphs = packed.map((p, i) => {
      const colour = this.speakers.indexOf(p.speaker ?? "") % MOST_COLOURS; // -1 for none
      const source = () => JSON.stringify([p, colour, doubtful, editable]);
      const name = before.size ? source() : ""; // the text of all of it, needed only where some may stay
      const stays = before.get(name);
      before.delete(name);
      return stays ? this.again(stays, i) : this.paragraph(p, i, colour, source);
    });
    this.byStart = this.words.map((_, i) => i).sort((a, b) => this.words[a].start - this.words[b].start || a - b);
    this.doubts = this.words.filter((word) => word.confidence != null && word.confidence < doubtful);
    this.fill();
    this.box.classList.toggle("stt-untimed", !timed);
    for (const paragraph of this.paragraphs) this.watcher.observe(paragraph.box);
  }

  /** The elements of the paragraphs in order, touching only those that changed. */
  fill() {
    const boxes = this.paragraphs.map((p) => p.box);
    const wanted = new Set(boxes);
    for (const box of /** @type {HTMLElement[]} */ ([...this.box.children])) if (!wanted.has(box)) box.remove();
    let place = this.box.firstElementChild;
    for (const box of boxes) {
      if (box === place) place = place.nextElementSibling;
      else this.box.insertBefore(box, place);
    }
    if (this.paragraphs.length && !this.paragraphs.some((p) => p.time.tabIndex === 0)) this.tabTo(this.paragraphs[0]);
  }

  /** @param {Paragraph} paragraph @param {number} index */
  again(paragraph, index) {
    paragraph.box.dataset.paragraph = String(index);
    for (const word of paragraph.words) this.words.push(word);
    return paragraph;
  }

  /**
   * Make a paragraph the one that Tab reaches: its time, then its Edit. Arrows go to the others.
   * @param {Paragraph} paragraph
   */
  tabTo(paragraph) {
    for (const p of this.paragraphs) if (p.time.tabIndex === 0) this.reachable(p, -1);
    this.reachable(paragraph, 0);
  }

  /** @param {Paragraph} paragraph @param {number} tabIndex */
  reachable({ time, edit }, tabIndex) {
    time.tabIndex = tabIndex;
    if (edit && this.timed) edit.tabIndex = tabIndex;
  }

  /** @param {Packed} packed @param {number} index @param {number} colour @param {() => string} source */
  paragraph(packed, index, colour, source) {
    const { start, end, speaker } = packed;
    const box = make("div", "stt-paragraph");
    const time = make("button", "stt-time", clock(start));
    time.type = "button";
    time.tabIndex = -1; // see tabTo
    time.dataset.start = String(start);
    time.setAttribute("aria-label", `Play from ${clock(start)}`);
    const head = make("div", "stt-head");
    head.append(time);
    if (speaker && colour >= 0) {
      const name = make("span", "stt-speaker", speaker);
      name.dir = "auto";
      name.style.setProperty("--stt-voice", colourOf(colour));
      head.append(name);
    }
    const edit = this.editable ? make("button", "stt-edit") : null;
    if (edit) {
      edit.type = "button";
      edit.tabIndex = this.timed ? -1 : 0; // without times nothing leads from one to the next
      edit.innerHTML = PENCIL;
      edit.title = "Edit";
      edit.setAttribute("aria-label", `Edit the paragraph at ${clock(start)}`);
      head.append(edit);
    }
    const body = make("p", "stt-words");
    body.dir = "auto";
    /** @type {Paragraph} */
    const paragraph = { box, body, time, edit, start, end, speaker, text: "", built: false, words: [], source };
    let text = packed.text ?? "";
    if (packed.t) {
      text = "";
      packed.t.forEach((t, i) => {
        const word = (i === 0 ? t.trimStart() : t).replace(/\n/g, " ");
        const gap = word.length - word.trimStart().length;
        paragraph.words.push({
          text: word.slice(gap),
          start: packed.s[i],
          end: packed.e[i],
          confidence: packed.c?.[i],
          paragraph,
          from: text.length + gap, // its place in the paragraph's text
        });
        text += word;
      });
      for (const place of packed.o ?? []) paragraph.words[place].overlapped = true;
      for (const word of paragraph.words) this.words.push(word);
    }
    paragraph.text = text;
    body.textContent = text;
    box.dataset.paragraph = String(index);
    box.append(head, body);
    // A fair guess of the height keeps the scroll bar steady: 70 letters a line of 1.8 rem.
    box.style.containIntrinsicBlockSize = `auto ${Math.ceil(text.length / 68) * 1.8 + 1.9}rem`;
    return paragraph;
  }

  /** @param {Paragraph} paragraph */
  build(paragraph) {
    if (paragraph.built || !paragraph.words.length) return;
    paragraph.built = true;
    const parts = document.createDocumentFragment();
    let done = 0;
    for (const word of paragraph.words) {
      if (word.from > done) parts.append(paragraph.text.slice(done, word.from));
      done = word.from + word.text.length;
      word.box = make("span", "stt-word", word.text);
      word.box.dataset.start = String(word.start);
      this.wordOf.set(word.box, word);
      if (word.confidence != null && word.confidence < this.doubtful) {
        word.box.classList.add("stt-doubtful");
        word.box.title = `Confidence ${Math.round(word.confidence * 100)} %`;
      }
      if (word.overlapped) {
        word.box.classList.add("stt-overlapped");
        word.box.title = word.box.title ? `${word.box.title}. ${OVERLAPPED}` : OVERLAPPED;
      }
      parts.append(word.box);
    }
    paragraph.body.replaceChildren(parts);
  }

  /**
   * Return the word spoken at `seconds`, or null in a pause.
   * @param {number} seconds
   */
  spokenAt(seconds) {
    return spokenAt(this.words, this.byStart, seconds);
  }

  /** @param {number} seconds */
  paragraphAt(seconds) {
    if (!this.timed) return null;
    const place = lastAtMost(this.paragraphs, (p) => p.start, seconds);
    return place < 0 ? null : this.paragraphs[place];
  }

  /**
   * Bring a range or an element to the upper third of the window; `lazily`: only if it is not in sight.
   * @param {Range | Element} target
   * @param {boolean} lazily
   * @param {number} below height in pixels that is covered at the top
   */
  reveal(target, lazily, below) {
    const whole = this.scroller === document.documentElement;
    const view = whole ? { top: 0, height: innerHeight } : this.scroller.getBoundingClientRect();
    const top = view.top + below + 12;
    const bottom = view.top + view.height;
    const box = target.getBoundingClientRect();
    if (lazily && box.top >= top && box.bottom <= bottom - view.height * 0.12) return;
    const distance = box.top - (top + (bottom - top) * 0.3);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || Math.abs(distance) > view.height * 1.5;
    this.scroller.scrollBy({ top: distance, behavior: calm ? "instant" : "smooth" });
  }

  /** The words of all paragraphs, an empty line between, with the names of speakers. */
  whole() {
    const lines = this.paragraphs.map((p) => (p.speaker ? `${p.speaker}: ` : "") + p.text.trim());
    return lines.join("\n\n") + (lines.length ? "\n" : "");
  }

  /**
   * Put the words alone on the clipboard: no times, a line for each paragraph, names only where several people speak.
   * @param {ClipboardEvent} event
   */
  copy(event) {
    const selection = getSelection();
    const target = /** @type {Element | null} */ (event.target);
    if (!selection || selection.isCollapsed || !event.clipboardData || target?.closest?.(".stt-editor")) return;
    const range = selection.getRangeAt(0);
    const touched = this.paragraphs.filter((p) => range.intersectsNode(p.body));
    const several = touched.length > 1 && new Set(touched.map((p) => p.speaker)).size > 1;
    const lines = touched.map((p) => {
      const words = clipped(range, p.body).toString().trim();
      return words && several && p.speaker ? `${p.speaker}: ${words}` : words;
    });
    const text = lines.filter(Boolean).join("\n\n");
    if (!text) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  }

  close() {
    this.watcher.disconnect();
  }
}
