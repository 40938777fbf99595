// Finds text in the transcript, and goes from one doubtful word to the next.

import { clock } from "../../shared/clock.js";
import { composes, partsOf } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { folded } from "./folding.js";
import { highlight, Marks, SUPPORTED } from "./marks.js";
import { ranges } from "../text/ranges.js";
import rules from "./rules.json" with { type: "json" };
import { MOST_HITS, search } from "./search.js";

const MARKS = SUPPORTED && {
  scope: highlight("stt-scope", -1),
  all: highlight("stt-hit", 0),
  now: highlight("stt-hit-now", 1),
};

/**
 * @typedef {import("../text/text.js").Paragraph} Paragraph
 * @typedef {import("../text/text.js").Word} Word
 * @typedef {{ from: number, to: number }} Place offsets in the text of a paragraph
 * @typedef {Place & { paragraph: Paragraph }} Hit
 */

/** Return the folded text of a paragraph, cached until the text changes. @param {Paragraph} paragraph */
const foldedOf = (paragraph) => (paragraph.folded ??= folded(paragraph.text));

export class Finder {
  hits = /** @type {Hit[]} */ ([]);
  place = -1; // index of the selected hit, -1 for none
  doubt = /** @type {Word | null} */ (null); // the doubtful word selected last
  passed = -Infinity; // seconds; the search for the next doubtful word starts after this position
  hitsOf = /** @type {Map<Paragraph, Hit[]>} */ (new Map());
  folding = 0; // id of the idle callback that `foldAhead` has requested

  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    this.text = player.text;
    this.marks = new Marks(player.text, (paragraph) => this.marksOf(paragraph));
    const part = partsOf(player.root, "stt-");
    this.input = part("find", HTMLInputElement);
    this.found = part("found");
    this.count = part("count");
    this.doubtButton = part("doubt");
    this.counter = part("doubts");
    this.live = part("say");
    this.input.oninput = () => this.search();
    this.input.onkeydown = (event) => {
      if (composes(event)) return;
      if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape" && this.input.value) ((this.input.value = ""), this.search());
      else return;
      event.preventDefault();
    };
    part("next").onclick = () => this.step(1);
    part("previous").onclick = () => this.step(-1);
    this.doubtButton.onclick = () => this.nextDoubt();
  }

  /** Search again after the text has changed. */
  reset() {
    this.doubt?.box?.classList.remove("stt-looked-at");
    this.doubt = null;
    this.doubtButton.hidden = !this.text.doubts.length;
    this.counter.textContent = this.text.doubts.length.toLocaleString("en");
    const now = this.hits[this.place];
    this.search();
    this.foldAhead();
    if (now)
      this.go(this.hits.findIndex(({ paragraph, from }) => paragraph.id === now.paragraph.id && from === now.from));
  }

  /**
   * Put `wanted` into the find box and search for it. If `going` is true, go to a hit, as the Enter key does.
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
        const hits = this.spansIn(paragraph, wanted)
          .slice(0, MOST_HITS - this.hits.length)
          .map(([from, to]) => ({ paragraph, from, to }));
        if (hits.length) this.hitsOf.set(paragraph, hits);
        for (const hit of hits) this.hits.push(hit);
        if (this.hits.length >= MOST_HITS) break;
      }
    }
    this.found.hidden = !wanted;
    this.showCount();
    this.paint();
  }

  /**
   * Return the hits in a paragraph as [from, to], offsets in its text. The options of the replace form apply while the
   * form is open.
   * @param {Paragraph} paragraph @param {string} wanted
   */
  spansIn(paragraph, wanted) {
    const { replace } = this.player;
    if (replace.shown) return replace.spans(paragraph, wanted);
    return search(paragraph.text, wanted, () => foldedOf(paragraph));
  }

  /** Fold the paragraphs while the browser is idle, so that the first search of a long transcript is quick too. */
  foldAhead() {
    if (!window.requestIdleCallback) return; // without idle callbacks (Safari), the first search folds the paragraphs
    cancelIdleCallback(this.folding);
    let next = 0;
    const fold = (/** @type {IdleDeadline} */ deadline) => {
      const { paragraphs } = this.text;
      while (next < paragraphs.length && deadline.timeRemaining() > 1) foldedOf(paragraphs[next++]);
      if (next < paragraphs.length) this.folding = requestIdleCallback(fold);
    };
    this.folding = requestIdleCallback(fold);
  }

  /** @param {1 | -1} direction */
  step(direction) {
    if (!this.hits.length) return;
    if (this.place < 0) this.place = direction > 0 ? this.firstInSight() : 0;
    else this.place += direction;
    this.show((this.place + this.hits.length) % this.hits.length);
  }

  /** Select a hit and scroll to it. @param {number} place the index of the hit */
  show(place) {
    this.go(place);
    const hit = this.hits[place];
    this.player.reveal(() => ranges(hit.paragraph.body, [hit])[0]);
  }

  /** Select a hit. @param {number} place the index of the hit, -1 for none */
  go(place) {
    this.place = place;
    if (place >= 0) this.text.build(this.hits[place].paragraph);
    this.showCount();
    this.paint();
  }

  /**
   * Return the index of the first hit in or shortly below the visible part of the page, 0 if there is none. The search
   * begins with this hit, so that it does not jump to the start of the transcript.
   */
  firstInSight() {
    const shown = new Set([...this.text.near].filter((p) => p.box.getBoundingClientRect().bottom > 0));
    const place = this.hits.findIndex((hit) => shown.has(hit.paragraph));
    return Math.max(place, 0);
  }

  showCount() {
    const total = this.hits.length.toLocaleString("en") + (this.hits.length < MOST_HITS ? "" : "+");
    const place = (this.place + 1).toLocaleString("en");
    const found = this.place < 0 ? tr("{total} found", { total }) : tr("{place} of {total}", { place, total });
    this.count.textContent = this.hits.length ? found : tr("None");
    this.player.replace.show();
  }

  paint() {
    this.marks.paint();
    const now = this.hits[this.place];
    if (now) this.marks.paintOne(now.paragraph);
  }

  /** @param {Paragraph} paragraph @returns {import("./marks.js").Mark[]} */
  marksOf(paragraph) {
    if (!MARKS) return [];
    const hits = this.hitsOf.get(paragraph) ?? [];
    const scope = this.player.replace.scope(paragraph);
    const now = this.hits[this.place];
    const marks = /** @type {import("./marks.js").Mark[]} */ ([]);
    ranges(paragraph.body, hits).forEach((range, i) => marks.push([hits[i] === now ? MARKS.now : MARKS.all, range]));
    for (const range of ranges(paragraph.body, scope ? [scope] : [])) marks.push([MARKS.scope, range]);
    return marks;
  }

  /** Let the next call of `nextDoubt` select the first doubtful word after `seconds`. @param {number} seconds */
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
    this.player.seek(doubt.start - 0.3);
    const confidence = Math.round((doubt.confidence ?? 0) * 100);
    const total = doubts.length.toLocaleString("en");
    this.counter.textContent = tr("{place} of {total}", { place: place + 1, total });
    const values = { word: doubt.text, confidence, time: clock(doubt.start) };
    this.live.textContent = tr("{word}, confidence {confidence} %, at {time}", values);
    return doubt;
  }

  /** Mark a doubtful word and scroll to it. @param {Word} doubt */
  lookAt(doubt) {
    this.from(doubt.start);
    this.doubt = doubt;
    this.text.build(doubt.paragraph);
    doubt.box?.classList.add("stt-looked-at");
    this.player.reveal(() => doubt.box);
  }
}
