// Find in the text, and the way from one doubtful word to the next.

const MOST_HITS = 10_000;
const VOICED = /[\u3099\u309a]/; // makes another kana of the one before it

const MARKS = globalThis.CSS?.highlights ? { all: mark("stt-hit", 0), now: mark("stt-hit-now", 1) } : null;

function mark(name, priority) {
  const highlight = CSS.highlights.get(name) ?? new Highlight();
  highlight.priority = priority;
  CSS.highlights.set(name, highlight);
  return highlight;
}

/** Where `wanted` is in a text, each from its end on: [start, end]. */
function occurrences(text, wanted) {
  const found = [];
  for (let at = text.indexOf(wanted); at >= 0 && found.length < MOST_HITS; at = text.indexOf(wanted, at + wanted.length)) {
    found.push([at, at + wanted.length]);
  }
  return found;
}

class Finder {
  constructor(root, text, reveal, goTo) {
    Object.assign(this, { text, reveal, goTo, hits: [], place: -1, doubt: null });
    this.hitsOf = new Map(); // paragraph -> its hits
    this.painted = new Map(); // paragraph -> the ranges that mark them
    const part = (name) => root.querySelector(`.stt-${name}`);
    [this.input, this.found, this.count] = ["find", "found", "count"].map(part);
    [this.doubtButton, this.counter, this.say] = ["doubt", "doubts", "say"].map(part);
    this.input.oninput = () => this.search();
    this.input.onkeydown = (event) => {
      if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
      else if (event.key === "Escape" && this.input.value) (this.input.value = ""), this.search();
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
    this.search();
  }

  /** Look for this from the start; `going` goes to the first hit. */
  begin(wanted, going) {
    this.input.value = wanted.slice(0, LONGEST_QUERY);
    this.search();
    if (going) this.step(1);
  }

  search() {
    const wanted = this.input.value.slice(0, LONGEST_QUERY).trim();
    this.hits = [];
    this.hitsOf.clear();
    this.place = -1;
    // Signs alone, such as "?", are looked for as they are.
    const { plain } = folded(wanted);
    if (wanted) {
      for (const paragraph of this.text.paragraphs) {
        const found = plain ? this.hitsIn(paragraph, plain) : occurrences(paragraph.text, wanted);
        const hits = found.slice(0, MOST_HITS - this.hits.length).map(([from, to]) => ({ paragraph, from, to }));
        if (hits.length) this.hitsOf.set(paragraph, hits);
        for (const hit of hits) this.hits.push(hit);
        if (this.hits.length >= MOST_HITS) break;
      }
    }
    this.found.hidden = !wanted;
    this.tell();
    this.paint();
  }

  /** Where a folded text is in a paragraph, as places in the paragraph's own text. */
  hitsIn(paragraph, wanted) {
    const { plain, from, to } = (paragraph.folded ??= folded(paragraph.text));
    const whole = occurrences(plain, wanted).filter(([, end]) => !VOICED.test(plain[end] ?? ""));
    return whole.map(([start, end]) => [from[start], to[end - 1]]);
  }

  step(direction) {
    if (!this.hits.length) return;
    if (this.place < 0) this.place = direction > 0 ? this.firstInSight() : 0;
    else this.place += direction;
    this.place = (this.place + this.hits.length) % this.hits.length;
    const hit = this.hits[this.place];
    this.text.build(hit.paragraph);
    this.tell();
    this.paint();
    this.reveal(() => this.text.ranges(hit.paragraph, [hit])[0], true);
  }

  /** The first hit at or below the top of the window, so that the first step does not leap to the beginning. */
  firstInSight() {
    const shown = new Set([...this.text.near].filter((p) => p.box.getBoundingClientRect().bottom > 0));
    const place = this.hits.findIndex((hit) => shown.has(hit.paragraph));
    return Math.max(place, 0);
  }

  tell() {
    const total = this.hits.length.toLocaleString("en") + (this.hits.length < MOST_HITS ? "" : "+");
    const found = this.place < 0 ? `${total} found` : `${(this.place + 1).toLocaleString("en")} of ${total}`;
    this.count.textContent = this.hits.length ? found : "None";
  }

  /** Mark the hits near the window; the others get their marks when they come near. */
  paint() {
    if (!MARKS) return;
    for (const paragraph of [...this.painted.keys()]) this.wipe(paragraph);
    for (const paragraph of this.text.near) this.paintOne(paragraph);
    if (this.hits[this.place]) this.paintOne(this.hits[this.place].paragraph);
  }

  paintOne(paragraph) {
    const hits = this.hitsOf.get(paragraph);
    if (!MARKS || !hits) return;
    this.wipe(paragraph);
    const ranges = this.text.ranges(paragraph, hits);
    ranges.forEach((range, i) => (hits[i] === this.hits[this.place] ? MARKS.now : MARKS.all).add(range));
    this.painted.set(paragraph, ranges);
  }

  wipe(paragraph) {
    for (const range of this.painted.get(paragraph) ?? []) MARKS.all.delete(range), MARKS.now.delete(range);
    this.painted.delete(paragraph);
  }

  moved(paragraphs) {
    for (const paragraph of paragraphs) {
      if (this.text.near.has(paragraph)) this.paintOne(paragraph);
      else if (MARKS) this.wipe(paragraph);
    }
  }

  nextDoubt() {
    const { doubts } = this.text;
    this.doubt?.box?.classList.remove("stt-looked-at");
    const place = (doubts.indexOf(this.doubt) + 1) % doubts.length;
    this.doubt = doubts[place];
    this.text.build(this.doubt.paragraph);
    this.doubt.box.classList.add("stt-looked-at");
    this.goTo(this.doubt);
    this.reveal(() => this.doubt.box, true);
    const confidence = Math.round(this.doubt.confidence * 100);
    this.counter.textContent = `${place + 1} of ${doubts.length.toLocaleString("en")}`;
    this.say.textContent = `${this.doubt.text}, confidence ${confidence} %, at ${clock(this.doubt.start)}`;
  }

  close() {
    for (const paragraph of [...this.painted.keys()]) this.wipe(paragraph);
  }
}
