// Find in the text, and the way from one doubtful word to the next.

import { clock } from "../shared/clock.js";
import { partsOf } from "../shared/dom.js";
import { tr } from "../shared/texts.js";
import { folded } from "./folding.js";
import { ranges } from "./ranges.js";
import rules from "./rules.json" with { type: "json" };
import { MOST_HITS, search } from "./search.js";

const MARKS = globalThis.CSS?.highlights
  ? { scope: mark("stt-scope", -1), all: mark("stt-hit", 0), now: mark("stt-hit-now", 1) }
  : null;

/** @param {string} name @param {number} priority */
function mark(name, priority) {
  const highlight = CSS.highlights.get(name) ?? new Highlight();
  highlight.priority = priority;
  CSS.highlights.set(name, highlight);
  return highlight;
}

/**
 * @typedef {import("./text.js").Paragraph} Paragraph
 * @typedef {import("./text.js").Word} Word
 * @typedef {{ from: number, to: number }} Place in the text of a paragraph
 * @typedef {Place & { paragraph: Paragraph }} Hit
 */

export class Finder {
  hits = /** @type {Hit[]} */ ([]);
  place = -1; // of the hit that is gone to
  doubt = /** @type {Word | null} */ (null); // that is gone to
  passed = -Infinity; // seconds, where the last one was
  hitsOf = /** @type {Map<Paragraph, Hit[]>} */ (new Map());
  told = () => {}; // is called when hits or the place among them are others
  /** Where a query is in a paragraph. @type {(paragraph: Paragraph, wanted: string) => [number, number][]} */
  spans = (paragraph, wanted) => search(paragraph.text, wanted, (text) => (paragraph.folded ??= folded(text)));
  /** The part of a paragraph that is searched, if not all. @type {(paragraph: Paragraph) => Place | undefined} */
  scope = () => undefined;
  painted = /** @type {Map<Paragraph, Range[]>} */ (new Map()); // with the ranges that mark the hits

  /**
   * @param {HTMLElement} root
   * @param {import("./text.js").Text} text
   * @param {(target: () => Range | Element | null | undefined, lazily: boolean) => void} reveal
   * @param {(word: Word) => void} goTo
   */
  constructor(root, text, reveal, goTo) {
    this.text = text;
    this.reveal = reveal;
    this.goTo = goTo;
    const part = partsOf(root, "stt-");
    this.input = part("find", HTMLInputElement);
    this.found = part("found");
    this.count = part("count");
    this.doubtButton = part("doubt");
    this.counter = part("doubts");
    this.say = part("say");
    this.input.oninput = () => this.search();
    this.input.onkeydown = (event) => {
      if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape" && this.input.value) ((this.input.value = ""), this.search());
      else return;
      event.preventDefault();
    };
    part("next").onclick = () => this.step(1);
    part("previous").onclick = () => this.step(-1);
    this.doubtButton.onclick = () => this.nextDoubt();
  }

  /** Begin anew after the text changed. */
  reset() {
    this.doubt?.box?.classList.remove("stt-looked-at");
    this.doubt = null;
    this.doubtButton.hidden = !this.text.doubts.length;
    this.counter.textContent = this.text.doubts.length.toLocaleString("en");
    const now = this.hits[this.place];
    this.search();
    if (now)
      this.go(this.hits.findIndex(({ paragraph, from }) => paragraph.id === now.paragraph.id && from === now.from));
  }

  /**
   * Look for this from the start; `going` goes to the first hit.
   * @param {string} wanted
   * @param {boolean} going
   */
  begin(wanted, going) {
    this.input.value = wanted.slice(0, rules.longest_query);
    this.search();
    if (going) this.step(1);
  }

  search() {
    const wanted = this.input.value.slice(0, rules.longest_query).trim();
    this.hits = [];
    this.hitsOf.clear();
    this.place = -1;
    if (wanted) {
      for (const paragraph of this.text.paragraphs) {
        const hits = this.spans(paragraph, wanted)
          .slice(0, MOST_HITS - this.hits.length)
          .map(([from, to]) => ({ paragraph, from, to }));
        if (hits.length) this.hitsOf.set(paragraph, hits);
        for (const hit of hits) this.hits.push(hit);
        if (this.hits.length >= MOST_HITS) break;
      }
    }
    this.found.hidden = !wanted;
    this.tell();
    this.paint();
  }

  /** @param {1 | -1} direction */
  step(direction) {
    if (!this.hits.length) return;
    if (this.place < 0) this.place = direction > 0 ? this.firstInSight() : 0;
    else this.place += direction;
    this.show((this.place + this.hits.length) % this.hits.length);
  }

  /** Go to a hit and bring it in sight. @param {number} place */
  show(place) {
    this.go(place);
    const hit = this.hits[place];
    this.reveal(() => ranges(hit.paragraph.body, [hit])[0], true);
  }

  /** Make a hit the one that is gone to; -1 is none. @param {number} place */
  go(place) {
    this.place = place;
    if (place >= 0) this.text.build(this.hits[place].paragraph);
    this.tell();
    this.paint();
  }

  /** The first hit at or below the top of the window, so that the first step does not leap to the beginning. */
  firstInSight() {
    const shown = new Set([...this.text.near].filter((p) => p.box.getBoundingClientRect().bottom > 0));
    const place = this.hits.findIndex((hit) => shown.has(hit.paragraph));
    return Math.max(place, 0);
  }

  tell() {
    const total = this.hits.length.toLocaleString("en") + (this.hits.length < MOST_HITS ? "" : "+");
    const place = (this.place + 1).toLocaleString("en");
    const found = this.place < 0 ? tr("{total} found", { total }) : tr("{place} of {total}", { place, total });
    this.count.textContent = this.hits.length ? found : tr("None");
    this.told();
  }

  /** Mark the hits near the window; the others get their marks when they come near. */
  paint() {
    if (!MARKS) return;
    for (const paragraph of [...this.painted.keys()]) this.wipe(paragraph);
    for (const paragraph of this.text.near) this.paintOne(paragraph);
    if (this.hits[this.place]) this.paintOne(this.hits[this.place].paragraph);
  }

  /** @param {Paragraph} paragraph */
  paintOne(paragraph) {
    const hits = this.hitsOf.get(paragraph) ?? [];
    const scope = this.scope(paragraph);
    if (!MARKS || (!hits.length && !scope)) return;
    this.wipe(paragraph);
    const marked = ranges(paragraph.body, hits);
    marked.forEach((range, i) => (hits[i] === this.hits[this.place] ? MARKS.now : MARKS.all).add(range));
    const whole = scope ? ranges(paragraph.body, [scope]) : [];
    for (const range of whole) MARKS.scope.add(range);
    this.painted.set(paragraph, [...marked, ...whole]);
  }

  /** @param {Paragraph} paragraph */
  wipe(paragraph) {
    for (const range of this.painted.get(paragraph) ?? [])
      for (const set of Object.values(MARKS ?? {})) set.delete(range);
    this.painted.delete(paragraph);
  }

  /** @param {Paragraph[]} paragraphs that came near or went */
  moved(paragraphs) {
    for (const paragraph of paragraphs) {
      if (this.text.near.has(paragraph)) this.paintOne(paragraph);
      else if (MARKS) this.wipe(paragraph);
    }
  }

  /** Let the next doubtful word be the first after a place. @param {number} seconds */
  from(seconds) {
    this.doubt?.box?.classList.remove("stt-looked-at");
    this.doubt = null;
    this.passed = seconds;
  }

  nextDoubt() {
    const { doubts } = this.text;
    const next = doubts.findIndex((word) => word.start > this.passed);
    const place = this.doubt ? (doubts.indexOf(this.doubt) + 1) % doubts.length : Math.max(next, 0);
    const doubt = doubts[place];
    this.lookAt(doubt);
    this.goTo(doubt);
    const confidence = Math.round((doubt.confidence ?? 0) * 100);
    const total = doubts.length.toLocaleString("en");
    this.counter.textContent = tr("{place} of {total}", { place: place + 1, total });
    const says = { word: doubt.text, confidence, time: clock(doubt.start) };
    this.say.textContent = tr("{word}, confidence {confidence} %, at {time}", says);
    return doubt;
  }

  /** Mark a doubtful word and bring it in sight. @param {Word} doubt */
  lookAt(doubt) {
    this.from(doubt.start);
    this.doubt = doubt;
    this.text.build(doubt.paragraph);
    doubt.box?.classList.add("stt-looked-at");
    this.reveal(() => doubt.box, true);
  }

  close() {
    for (const paragraph of [...this.painted.keys()]) this.wipe(paragraph);
  }
}
