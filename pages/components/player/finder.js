// Find in the text, and the way from one doubtful word to the next.

import { clock } from "../shared/clock.js";
import { partsOf } from "../shared/dom.js";
import { tr } from "../shared/texts.js";
import { folded } from "./folding.js";
import { highlight, Marks, SUPPORTED } from "./marks.js";
import { ranges } from "./ranges.js";
import rules from "./rules.json" with { type: "json" };
import { MOST_HITS, search } from "./search.js";

const MARKS = SUPPORTED && {
  scope: highlight("stt-scope", -1),
  all: highlight("stt-hit", 0),
  now: highlight("stt-hit-now", 1),
};

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

  /** @param {import("./index.js").Player} player */
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
        const hits = this.spansIn(paragraph, wanted)
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

  /** Return where a query is in a paragraph. @param {Paragraph} paragraph @param {string} wanted */
  spansIn(paragraph, wanted) {
    const { replace } = this.player;
    if (replace.shown) return replace.spans(paragraph, wanted);
    return search(paragraph.text, wanted, (text) => (paragraph.folded ??= folded(text)));
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
    this.player.reveal(() => ranges(hit.paragraph.body, [hit])[0]);
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
    this.player.seek(doubt.start - 0.3);
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
    this.player.reveal(() => doubt.box);
  }
}
