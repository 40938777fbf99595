// The transcript: paragraphs as plain text at once, their words as elements only when they come near the window, so
// that 100,000 words open quickly and find-in-page, copying and screen readers have the whole text all the time.

const NEAR = "1200px 0px";

class Text {
  constructor(root, onMove) {
    this.box = root.querySelector(".stt-transcript");
    this.onMove = onMove; // told which paragraphs came near or went
    this.near = new Set();
    this.scroller = scrollerOf(root);
    this.watcher = new IntersectionObserver((changes) => {
      const moved = [];
      for (const { target, isIntersecting } of changes) {
        const paragraph = this.paragraphs[target.dataset.paragraph];
        if (paragraph?.box !== target || isIntersecting === this.near.has(paragraph)) continue;
        if (isIntersecting) this.near.add(paragraph);
        else this.near.delete(paragraph);
        if (isIntersecting) this.build(paragraph);
        moved.push(paragraph);
      }
      this.onMove(moved);
    }, { root: this.scroller === document.scrollingElement ? null : this.scroller, rootMargin: NEAR });
    this.box.oncopy = (event) => this.copy(event);
    this.box.sttText = () => this.whole(); // for the button that copies it
  }

  show(packed, doubtful, editable, timed) {
    this.watcher.disconnect();
    this.timed = timed;
    this.near.clear();
    this.doubtful = doubtful;
    this.editable = editable;
    this.words = []; // of the whole transcript: { text, start, end, confidence, paragraph, from, box }
    const voices = [...new Set(packed.map((p) => p.speaker).filter(Boolean))];
    // Paragraphs that stay keep their elements, so that a correction moves neither the window nor the keyboard.
    const before = new Map(this.paragraphs?.map((p) => [p.source(), p]));
    this.paragraphs = packed.map((p, i) => {
      const source = () => JSON.stringify([p, voices.indexOf(p.speaker) % 6, doubtful, editable]);
      const name = before.size ? source() : ""; // the text of all of it, needed only where some may stay
      const known = before.get(name);
      before.delete(name);
      return known ? this.again(known, i) : Object.assign(this.paragraph(p, i, voices), { source });
    });
    this.byStart = this.words.map((_, i) => i).sort((a, b) => this.words[a].start - this.words[b].start || a - b);
    this.doubts = this.words.filter((word) => word.confidence != null && word.confidence < doubtful);
    this.fill();
    this.box.classList.toggle("stt-voices", voices.length > 0);
    this.box.classList.toggle("stt-untimed", !timed);
    for (const paragraph of this.paragraphs) this.watcher.observe(paragraph.box);
  }

  /** The elements of the paragraphs in order, touching only those that changed. */
  fill() {
    const boxes = this.paragraphs.map((p) => p.box);
    const wanted = new Set(boxes);
    for (const box of [...this.box.children]) if (!wanted.has(box)) box.remove();
    let place = this.box.firstElementChild;
    for (const box of boxes) {
      if (box === place) place = place.nextElementSibling;
      else this.box.insertBefore(box, place);
    }
    if (this.paragraphs.length && !this.paragraphs.some((p) => p.time.tabIndex === 0)) this.tabTo(this.paragraphs[0]);
  }

  again(paragraph, index) {
    paragraph.box.dataset.paragraph = index;
    for (const word of paragraph.words) this.words.push(word);
    return paragraph;
  }

  /** Make a paragraph the one that Tab reaches: its time, then its Edit. Arrows go to the others. */
  tabTo(paragraph) {
    for (const p of this.paragraphs) if (p.time.tabIndex === 0) this.reachable(p, -1);
    this.reachable(paragraph, 0);
  }

  reachable({ time, edit }, tabIndex) {
    time.tabIndex = tabIndex;
    if (edit && this.timed) edit.tabIndex = tabIndex;
  }

  paragraph(packed, index, voices) {
    const { start, end, speaker } = packed;
    const box = make("div", "stt-paragraph");
    const time = make("button", "stt-time", clock(start));
    time.type = "button";
    time.tabIndex = -1; // see tabTo
    time.dataset.start = start;
    time.setAttribute("aria-label", `Play from ${clock(start)}`);
    const head = make("div", "stt-head");
    head.append(time);
    if (speaker) {
      const name = make("span", "stt-speaker", speaker);
      name.dir = "auto";
      name.dataset.voice = voices.indexOf(speaker) % 6;
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
    const paragraph = { box, body, time, edit, start, end, speaker, built: false, words: [] };
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
      for (const word of paragraph.words) this.words.push(word);
    }
    paragraph.text = text;
    body.textContent = text;
    box.dataset.paragraph = index;
    box.append(head, body);
    // A fair guess of the height keeps the scroll bar steady: 70 letters a line of 1.8 rem.
    box.style.containIntrinsicBlockSize = `auto ${Math.ceil(text.length / 68) * 1.8 + 1.9}rem`;
    return paragraph;
  }

  build(paragraph) {
    if (paragraph.built || !paragraph.words.length) return;
    paragraph.built = true;
    const parts = document.createDocumentFragment();
    let done = 0;
    for (const word of paragraph.words) {
      if (word.from > done) parts.append(paragraph.text.slice(done, word.from));
      done = word.from + word.text.length;
      word.box = make("span", "stt-word", word.text);
      word.box.dataset.start = word.start;
      word.box.word = word;
      if (word.confidence != null && word.confidence < this.doubtful) {
        word.box.classList.add("stt-doubtful");
        word.box.title = `Confidence ${Math.round(word.confidence * 100)} %`;
      }
      parts.append(word.box);
    }
    paragraph.body.replaceChildren(parts);
  }

  /** The word spoken at `seconds`, or null in a pause. */
  spokenAt(seconds) {
    const place = lastAtMost(this.byStart, (i) => this.words[i].start, seconds);
    if (place < 0) return null;
    const word = this.words[this.byStart[place]];
    const following = this.words[this.byStart[place + 1]];
    return seconds < word.end || (following && following.start - word.end < 1) ? word : null;
  }

  paragraphAt(seconds) {
    if (!this.timed) return null;
    const place = lastAtMost(this.paragraphs, (p) => p.start, seconds);
    return place < 0 ? null : this.paragraphs[place];
  }

  /** Ranges over stretches `{ from, to }` of a paragraph's characters, in order, wherever those lie by now. */
  ranges(paragraph, stretches) {
    const walker = document.createTreeWalker(paragraph.body, NodeFilter.SHOW_TEXT);
    let node = walker.nextNode();
    let passed = 0;
    const place = (offset, ending) => {
      while (node && passed + node.length - (ending ? 0 : 1) < offset) {
        passed += node.length;
        node = walker.nextNode();
      }
      return node && [node, offset - passed];
    };
    const ranges = [];
    for (const { from, to } of stretches) {
      const range = document.createRange();
      const [start, end] = [place(from, false), place(to, true)];
      if (!start || !end) break;
      range.setStart(...start);
      range.setEnd(...end);
      ranges.push(range);
    }
    return ranges;
  }

  /** Bring a range or an element to the upper third of the window; `lazily`: only if it is not in sight. */
  reveal(target, lazily, below) {
    const whole = this.scroller === document.scrollingElement;
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

  /** Copied text is the words alone: no times, a line for each paragraph, names only where several people speak. */
  copy(event) {
    const selection = getSelection();
    if (selection.isCollapsed || !event.clipboardData || event.target.closest?.(".stt-editor")) return;
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

function clipped(range, box) {
  const whole = document.createRange();
  whole.selectNodeContents(box);
  const { startContainer, startOffset, endContainer, endOffset } = range;
  if (range.compareBoundaryPoints(Range.START_TO_START, whole) > 0) whole.setStart(startContainer, startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, whole) < 0) whole.setEnd(endContainer, endOffset);
  return whole;
}

/** The last place of a list, sorted by `value`, whose value is at most `limit`; -1 if there is none. */
function lastAtMost(list, value, limit) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(list[middle]) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function scrollerOf(element) {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return document.scrollingElement;
}

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Seconds as 0:05, 12:34 or 1:02:03. */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}` : `${m}:${String(s).padStart(2, "0")}`;
}
