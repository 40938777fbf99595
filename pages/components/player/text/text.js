// Shows the transcript. At first all paragraphs are plain text. The words of a paragraph become elements when the
// paragraph comes near the visible part of the page. So a transcript of 100,000 words opens quickly, and find-in-page,
// copying and screen readers still have the whole text.

import { clock } from "../../shared/clock.js";
import { make, partsOf, scrollerOf, set } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { colourOf, MOST_COLOURS } from "../colours.js";
import { caretIn, moved, placeCaret } from "../editing/caret.js";
import { alike } from "../editing/lines.js";
import { clipped } from "./ranges.js";
import { lastAtMost, spokenAt } from "../sound/spoken.js";

const NEAR = "1200px 0px";
const MORE =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5.5 12h.01M12 12h.01M18.5 12h.01" stroke-width="3"/></svg>';

/**
 * A paragraph in the format from Python. Its words are in columns: texts `t`, starts `s` and ends `e` in seconds, and
 * confidences `c`. `o` has the indexes of words during which somebody else speaks too. Without words, a
 * paragraph has `text` instead of `t`.
 * @typedef {{
 *   start: number, end: number, speaker?: string, text?: string,
 *   t?: string[], s: number[], e: number[], c?: (number | null)[], o?: number[],
 * }} Packed
 * @typedef {{
 *   text: string, start: number, end: number, confidence: number | null | undefined, overlapped?: boolean,
 *   paragraph: Paragraph, from: number, box?: HTMLElement,
 * }} Word `from`: the word's offset in the text of the paragraph, in UTF-16 units
 * @typedef {{
 *   id: number, line: Line, box: HTMLElement, head: HTMLElement, body: HTMLElement, time: HTMLButtonElement,
 *   name: HTMLElement | null, more: HTMLButtonElement | null, start: number, end: number, speaker?: string,
 *   text: string, words: Word[], built: boolean, stale: boolean, folded?: ReturnType<typeof import("../finding/folding.js").folded>,
 * }} Paragraph `built`: the words are elements; `stale`: the drawn words are not those of `line`, because the user is
 *   typing in the paragraph or the server has not sent the times of the words yet
 * @typedef {import("../editing/lines.js").Line} Line
 */

export class Text {
  paragraphs = /** @type {Paragraph[]} */ ([]);
  words = /** @type {Word[]} */ ([]); // all words of the transcript
  byStart = /** @type {number[]} */ ([]); // indexes of the words, sorted by the words' start
  doubts = /** @type {Word[]} */ ([]);
  near = /** @type {Set<Paragraph>} */ (new Set()); // paragraphs near the visible part of the page
  wordOf = /** @type {WeakMap<Element, Word>} */ (new WeakMap());
  of = /** @type {WeakMap<Element, Paragraph>} */ (new WeakMap()); // element -> its paragraph
  speakers = /** @type {string[]} */ ([]); // in the order of their colours; empty if only one person speaks
  doubtful = 0;
  editable = false;
  timed = false;

  /**
   * @param {HTMLElement} root
   * @param {(paragraphs: Paragraph[]) => void} onMove is called with paragraphs that came near the visible part of the
   *   page, went away from it, or were redrawn
   */
  constructor(root, onMove) {
    this.box = partsOf(root, "stt-")("transcript");
    this.onMove = onMove;
    const scroller = scrollerOf(root);
    this.scroller = scroller ?? document.documentElement;
    this.watcher = new IntersectionObserver(
      (changes) => {
        const moved = [];
        for (const { target, isIntersecting } of changes) {
          const paragraph = this.of.get(target);
          if (!paragraph || isIntersecting === this.near.has(paragraph)) continue;
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
   * Show these lines. A line whose id was already shown keeps its elements, so the scroll position and the focus stay,
   * unless `doubtful` or `editable` has changed.
   * @param {Line[]} lines
   * @param {string[]} known speakers in the order of their colours; other speakers get the colours that follow
   * @param {number} doubtful the confidence below which a word is marked as doubtful
   * @param {boolean} editable
   * @param {boolean} timed
   */
  show(lines, known, doubtful, editable, timed) {
    const anew = doubtful !== this.doubtful || editable !== this.editable;
    Object.assign(this, { doubtful, editable, timed });
    const speaking = new Set(lines.flatMap(({ packed }) => packed.speaker || []));
    const speakers = [...new Set([...known.filter((name) => speaking.has(name)), ...speaking])];
    this.speakers = speakers.length > 1 ? speakers : [];
    const before = new Map(this.paragraphs.map((p) => [p.id, p]));
    const made = /** @type {Paragraph[]} */ ([]);
    this.paragraphs = lines.map((line) => {
      const stays = anew ? undefined : before.get(line.id);
      if (stays) {
        before.delete(line.id);
        return this.renew(stays, line);
      }
      const paragraph = this.paragraph(line);
      made.push(paragraph);
      return paragraph;
    });
    this.words = this.paragraphs.flatMap((p) => p.words);
    this.byStart = this.words.map((_, i) => i).sort((a, b) => this.words[a].start - this.words[b].start || a - b);
    this.doubts = this.words.filter((word) => word.confidence != null && word.confidence < doubtful);
    for (const removed of before.values()) {
      this.watcher.unobserve(removed.box);
      this.near.delete(removed);
    }
    this.fill();
    this.box.classList.toggle("stt-untimed", !timed);
    for (const paragraph of made) this.watcher.observe(paragraph.box);
  }

  /** Put the elements of the paragraphs in order. Elements that are in order already are not moved. */
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

  /**
   * Give an existing paragraph its new line, and redraw its words if they have changed. If the text is the same as
   * before, and the caret is in the paragraph or the line is provisional, only mark the paragraph as stale.
   * @param {Paragraph} paragraph
   * @param {Line} line
   */
  renew(paragraph, line) {
    const { line: old, body } = paragraph;
    if (old.packed !== line.packed || old.text !== line.text) {
      this.give(paragraph, line);
      const here = body === document.activeElement;
      const typing = here && !body.textContent;
      if (typing || ((here || line.provisional) && alike(body.textContent ?? "", line.text))) paragraph.stale = true;
      else this.redraw(paragraph);
    } else paragraph.line = line;
    this.label(paragraph);
    return paragraph;
  }

  /** Draw the words of a paragraph again. The caret stays between the same letters. @param {Paragraph} paragraph */
  redraw(paragraph) {
    const { body, line } = paragraph;
    const before = body.textContent ?? "";
    const caret = body === document.activeElement ? caretIn(body) : null;
    paragraph.built = paragraph.stale = false;
    body.textContent = paragraph.text = line.text;
    if (this.near.has(paragraph)) this.build(paragraph);
    this.onMove([paragraph]); // the callback redraws the highlights
    if (!caret) return;
    const [from, to] = [caret.from, caret.to].map((at) => moved(before, line.text, at));
    placeCaret(body, from, to);
  }

  /** After typing, redraw a stale paragraph if the times of its words are known. @param {Paragraph} paragraph */
  freshen(paragraph) {
    if (paragraph.stale && !paragraph.line.provisional) this.redraw(paragraph);
  }

  /**
   * Let the Tab key reach only one paragraph: its time and, if the text can be edited, its speaker, its menu and its
   * text. The other paragraphs are reached with the arrow keys, which move from one time to the next, and from the
   * first or last line of a text to the paragraph above or below.
   * @param {Paragraph} paragraph
   */
  tabTo(paragraph) {
    for (const p of this.paragraphs) if (p !== paragraph && p.time.tabIndex === 0) this.reachable(p, -1);
    this.reachable(paragraph, 0);
  }

  /** @param {Paragraph} paragraph @param {number} tabIndex */
  reachable({ time, name, more, body }, tabIndex) {
    time.tabIndex = tabIndex;
    if (this.editable) for (const part of [name, more, body]) if (part) part.tabIndex = tabIndex;
  }

  /** @param {Line} line */
  paragraph(line) {
    const untabbed = { type: "button", tabindex: -1 }; // until `tabTo` changes it
    const time = make("button", "stt-time", "", untabbed);
    const menu = { ...untabbed, title: tr("Speaker, times and more"), "aria-haspopup": "menu" };
    const more = this.editable ? make("button", "stt-more", "", menu) : null;
    if (more) more.innerHTML = MORE;
    const head = make("div", "stt-head", more ? [time, more] : [time]);
    const body = make("p", "stt-words", line.text, { dir: "auto" });
    // The browser's translation of the page must not change a text that is saved as it is shown.
    const asItIs = { tabindex: -1, role: "textbox", "aria-multiline": "true", translate: "no" };
    if (this.editable) set(body, asItIs);
    const box = make("div", "stt-paragraph", [head, body]);
    /** @type {Paragraph} */
    const paragraph = {
      ...{ id: line.id, line, box, head, body, time, name: null, more, start: 0, end: 0, text: "", words: [] },
      ...{ built: false, stale: false },
    };
    this.give(paragraph, line);
    this.label(paragraph);
    for (const element of [box, time, body, more]) if (element) this.of.set(element, paragraph);
    // The browser uses this estimated height until it draws the paragraph: about 68 letters per line of 1.8 rem.
    box.style.containIntrinsicBlockSize = `auto ${Math.ceil(line.text.length / 68) * 1.8 + 1.9}rem`;
    return paragraph;
  }

  /** Set a paragraph's words, times, speaker and text from a line. @param {Paragraph} paragraph @param {Line} line */
  give(paragraph, line) {
    const { packed } = line;
    const words = /** @type {Word[]} */ ([]);
    let length = 0;
    packed.t?.forEach((t, i) => {
      const word = (i === 0 ? t.trimStart() : t).replace(/\n/g, " ");
      const gap = word.length - word.trimStart().length;
      words.push({
        text: word.slice(gap),
        start: packed.s[i],
        end: packed.e[i],
        confidence: packed.c?.[i],
        paragraph,
        from: length + gap, // offset in the paragraph's text
      });
      length += word.length;
    });
    for (const place of packed.o ?? []) words[place].overlapped = true;
    const { start, end, speaker } = packed;
    Object.assign(paragraph, { line, words, start, end, speaker, text: line.text, folded: undefined });
  }

  /** Show the time and the speaker of a paragraph. @param {Paragraph} paragraph */
  label(paragraph) {
    const { start, speaker, time, more, body } = paragraph;
    const when = clock(start);
    if (time.dataset.start !== String(start)) {
      time.textContent = when;
      time.dataset.start = String(start);
      time.setAttribute("aria-label", tr("Play from {time}", { time: when }));
      more?.setAttribute("aria-label", tr("Speaker, times and more of the paragraph at {time}", { time: when }));
      if (this.editable) body.setAttribute("aria-label", tr("Text of the paragraph at {time}", { time: when }));
    }
    const colour = this.speakers.indexOf(speaker ?? "");
    if (colour < 0) {
      paragraph.name?.remove();
      paragraph.name = null;
      return;
    }
    paragraph.name ??= this.nameOf(paragraph);
    if (paragraph.name.textContent !== speaker) paragraph.name.textContent = speaker ?? "";
    paragraph.name.style.setProperty("--stt-voice", colourOf(colour % MOST_COLOURS));
  }

  /** @param {Paragraph} paragraph */
  nameOf(paragraph) {
    const name = make(this.editable ? "button" : "span", "stt-speaker", "", { dir: "auto" });
    if (this.editable) set(name, { type: "button", tabindex: paragraph.time.tabIndex, "aria-haspopup": "menu" });
    this.of.set(name, paragraph);
    paragraph.time.after(name);
    return name;
  }

  /** @param {Paragraph} paragraph */
  build(paragraph) {
    if (paragraph.built || paragraph.stale || !paragraph.words.length) return;
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
        word.box.title = tr("Confidence {confidence} %", { confidence: Math.round(word.confidence * 100) });
      }
      if (word.overlapped) {
        word.box.classList.add("stt-overlapped");
        const overlapped = tr("Somebody else speaks here, too");
        word.box.title = word.box.title ? `${word.box.title}. ${overlapped}` : overlapped;
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

  /** Return the word spoken at `seconds` after making its element; in a pause the paragraph. @param {number} seconds */
  placeAt(seconds) {
    const word = this.spokenAt(seconds);
    if (word) this.build(word.paragraph);
    return word ?? this.paragraphAt(seconds);
  }

  /** @param {number | undefined} id */
  byId(id) {
    return this.paragraphs.find((paragraph) => paragraph.id === id);
  }

  /**
   * Scroll a range or an element to the upper third of the visible area, unless it is visible and not near the bottom.
   * @param {Range | Element} target
   * @param {number} below pixels that header and bar cover at the top of the visible area
   */
  reveal(target, below) {
    const whole = this.scroller === document.documentElement;
    const view = whole ? { top: 0, height: innerHeight } : this.scroller.getBoundingClientRect();
    const top = view.top + below + 12;
    const bottom = view.top + view.height;
    const box = target.getBoundingClientRect();
    if (box.top >= top && box.bottom <= bottom - view.height * 0.12) return;
    const distance = box.top - (top + (bottom - top) * 0.3);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || Math.abs(distance) > view.height * 1.5;
    this.scroller.scrollBy({ top: distance, behavior: calm ? "instant" : "smooth" });
  }

  /** Return the text of the transcript, with the speaker's name before each paragraph and empty lines between them. */
  whole() {
    const lines = this.paragraphs.map((p) => (p.speaker ? `${p.speaker}: ` : "") + p.text.trim());
    return lines.join("\n\n") + (lines.length ? "\n" : "");
  }

  /**
   * Copy the selected words to the clipboard, without the times, and with an empty line between paragraphs. The names
   * of speakers are included only if several people speak in the selection.
   * @param {ClipboardEvent} event
   */
  copy(event) {
    const selection = getSelection();
    const target = /** @type {Element | null} */ (event.target);
    if (!selection || selection.isCollapsed || !event.clipboardData || target?.closest?.(".stt-conflict")) return;
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
