// Texts side by side. Passages hold plain text at once and their words as elements only when they come near the window.
// Streamlit calls the default export again whenever the data change: the view stays on its element, and the sound plays on.

const EARLIER = 0.4; // seconds before a word, so that its beginning is heard
const NARROW = 210; // pixels a column needs; with less the versions of a passage stand below each other
const NAMES = { c: "changed", m: "missing", a: "added" };

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".stt-compare");
  const view = (root.view ??= new Comparison(root));
  view.read = (id) => setTriggerValue("read", id);
  view.update(data);
  const turn = (view.turn = (view.turn ?? 0) + 1);
  return () => {
    // A late clean-up of an earlier call must not close what a later call still shows.
    if (view.turn !== turn) return;
    view.close();
    root.view = null;
  };
}

class Comparison {
  constructor(root) {
    this.root = root;
    const part = (name) => root.querySelector(`.stt-cmp-${name}`);
    const names = "facts matrix bar audio play now previous count next filter against notice heads text rest live";
    for (const name of names.split(" ")) this[name] = part(name);
    this.copy = new PlaybackCopy((address, failed) => this.offer(address, failed), (percent) => this.prepare(percent));
    this.closing = new AbortController();
    const on = (target, name, act) => target.addEventListener(name, act, { signal: this.closing.signal });
    on(this.play, "click", () => this.toggle());
    on(this.previous, "click", () => this.step(-1));
    on(this.next, "click", () => this.step(1));
    on(this.filter, "change", () => this.sift());
    on(this.text, "click", (event) => this.clicked(event));
    on(this.text, "keydown", (event) => this.pressed(event));
    on(this.audio, "loadedmetadata", () => {
      this.tell(this.failed ? COPY_ORIGINAL : "", "", false);
      this.take();
    });
    on(this.audio, "timeupdate", () => this.tick());
    on(this.audio, "error", () => this.source && this.tell(this.failed ? COPY_SILENT : "The sound cannot be loaded. Reload the page to try again."));
    for (const name of ["play", "pause", "ended"]) on(this.audio, name, () => this.showState());
    this.watcher = new IntersectionObserver(
      (seen) => seen.forEach(({ target, isIntersecting }) => isIntersecting && this.build(target)),
      { root: scrollerOf(root), rootMargin: "1000px 0px" },
    );
    this.sizes = new ResizeObserver(() => this.place());
    for (const box of [root, document.querySelector("[data-testid=stHeader]")]) box && this.sizes.observe(box);
  }

  update(data) {
    const shown = JSON.stringify(data);
    if (shown === this.shown) return;
    this.shown = shown;
    this.data = data;
    this.drawFacts();
    this.drawMatrix();
    const { columns, passages } = data;
    this.root.style.setProperty("--stt-columns", columns.length);
    this.heads.replaceChildren(...columns.map((column) => this.head(column)));
    this.against.textContent = `compared with ${columns[0].letter} ${columns[0].name}. Click a word to hear it.`;
    this.watcher.disconnect();
    this.boxes = passages.map((passage, number) => this.passage(passage, number));
    this.text.replaceChildren(...this.boxes);
    for (const box of this.boxes) this.watcher.observe(box);
    this.differences = this.listDifferences();
    this.at = -1;
    this.here = null;
    this.play.disabled = !columns.some((column) => column.audio);
    if (!columns.some((column) => column.audio === this.source)) this.load(columns.find((c) => c.audio)?.audio ?? null);
    this.sift();
    this.place();
    this.tick();
  }

  // ---- the tables --------------------------------------------------------------------------------------------------

  drawFacts() {
    const { versions, labels, caption } = this.data;
    const head = make("tr");
    head.append(...["Version", ...labels, ""].map((label) => columnHead(label)));
    const rows = versions.map((version) => {
      const row = make("tr");
      const name = make("th");
      name.scope = "row";
      name.append(make("span", "stt-cmp-letter", version.letter), version.name, make("span", "stt-cmp-sub", version.about));
      row.append(name);
      version.facts.forEach(([value, more], i) => {
        const cell = make("td", "", value);
        cell.dataset.label = labels[i];
        if (more) cell.append(make("span", "stt-cmp-sub", more));
        row.append(cell);
      });
      const read = make("button", "stt-cmp-button", "Read");
      read.type = "button";
      read.setAttribute("aria-label", `Read ${version.letter}, ${version.name}`);
      read.onclick = () => this.read(version.id);
      row.append(make("td"));
      row.lastChild.append(read);
      return row;
    });
    fill(this.facts, caption, head, rows);
  }

  drawMatrix() {
    const { matrix } = this.data;
    this.matrix.parentElement.hidden = !matrix;
    if (!matrix) return;
    const head = make("tr");
    head.append(...["Measured against", ...matrix.letters].map((label) => columnHead(label)));
    const rows = matrix.rows.map((rates, i) => {
      const row = make("tr");
      const name = make("th", "", matrix.letters[i]);
      name.scope = "row";
      row.append(name, ...rates.map((rate) => make("td", "", rate)));
      return row;
    });
    fill(this.matrix, matrix.caption, head, rows);
  }

  head({ letter, name }) {
    const box = make("span", "stt-cmp-head");
    box.append(make("span", "stt-cmp-letter", letter), name);
    return box;
  }

  // ---- the text ----------------------------------------------------------------------------------------------------

  passage({ at, sides }, number) {
    const box = make("div", "stt-cmp-passage");
    const time = make("button", "stt-cmp-time", at == null ? "" : clock(at));
    time.type = "button";
    time.hidden = at == null;
    time.setAttribute("aria-label", at == null ? "" : `Play from ${clock(at)}`);
    box.append(time);
    sides.forEach((side, column) => {
      const text = make("div", "stt-cmp-side");
      text.dir = "auto";
      const plain = side.t.filter((_, i) => side.k[i] !== "m").join("").trim();
      text.append(make("span", "stt-cmp-letter", this.data.columns[column].letter), plain);
      box.append(text);
    });
    box.dataset.number = number;
    box.classList.toggle("stt-cmp-equal", sides.every((side) => /^s*$/.test(side.k)));
    return box;
  }

  build(box) {
    if (box.words) return box.words;
    const { sides } = this.data.passages[box.dataset.number];
    box.words = sides.map((side, column) => {
      const text = box.querySelectorAll(".stt-cmp-side")[column];
      const words = side.t.map((whole, i) => this.word(whole.trim(), side, i, column));
      const pieces = words.flatMap((word, i) => (i && /^\s/.test(side.t[i]) ? [" ", word] : [word]));
      text.replaceChildren(text.firstChild, ...pieces);
      return words;
    });
    return box.words;
  }

  word(text, side, i, column) {
    const kind = side.k[i];
    const word = make("span", "stt-cmp-word", text);
    Object.assign(word, { start: side.s[i], column });
    if (kind === "s") return word;
    word.classList.add(column ? `stt-cmp-${kind}` : "stt-cmp-d");
    if (!column) return word;
    const base = this.data.columns[0];
    const says = kind === "c" ? `${base.letter} has “${side.w[i]}”` : kind === "m" ? `only ${base.letter} has it` : `not in ${base.letter}`;
    word.tabIndex = -1;
    word.setAttribute("role", "button");
    word.setAttribute("aria-label", `${text}, ${NAMES[kind]}: ${says}`);
    word.title = says;
    return word;
  }

  /** Every run of words that differ, in the order of reading. */
  listDifferences() {
    const found = [];
    this.data.passages.forEach(({ sides }, passage) => {
      sides.slice(1).forEach(({ k }, i) => {
        for (const { index } of k.matchAll(/[^s]+/g)) found.push({ passage, column: i + 1, index });
      });
    });
    return found;
  }

  step(by) {
    if (!this.differences.length) return;
    const { length } = this.differences;
    const from = this.at < 0 && by < 0 ? 0 : this.at;
    this.select(this.wordOf(this.differences[(from + by + length) % length]));
    this.here.focus({ preventScroll: true });
    this.centre(this.here, 20);
    this.live.textContent = `${this.data.columns[this.here.column].letter}: ${this.here.getAttribute("aria-label")}`;
    if (!this.audio.paused) this.hear(this.here);
  }

  /** Bring a word to the middle. Again for some frames, since heights of far passages are guesses until they are drawn. */
  centre(word, frames) {
    if (word !== this.here || !word.isConnected) return;
    word.scrollIntoView({ block: "center" });
    if (frames > 0) requestAnimationFrame(() => this.centre(word, frames - 1));
  }

  wordOf({ passage, column, index }) {
    return this.build(this.boxes[passage])[column][index];
  }

  select(word) {
    this.here?.classList.remove("stt-cmp-here");
    this.here = word;
    word.classList.add("stt-cmp-here");
    const number = Number(word.closest(".stt-cmp-passage").dataset.number);
    const place = this.build(this.boxes[number])[word.column].indexOf(word);
    const found = this.differences.findLastIndex(
      ({ passage, column, index }) => passage === number && column === word.column && index <= place,
    );
    const differs = word.getAttribute("role") === "button";
    if (differs && found >= 0) this.at = found;
    this.showCount();
  }

  showCount() {
    const { length } = this.differences;
    this.previous.disabled = this.next.disabled = length === 0;
    const all = length === 1 ? "1 difference" : `${length.toLocaleString("en")} differences`;
    const place = `${(this.at + 1).toLocaleString("en")} of ${length.toLocaleString("en")}`;
    this.count.textContent = this.at >= 0 ? place : length ? all : "No differences";
  }

  sift() {
    const only = this.filter.checked;
    this.root.classList.toggle("stt-cmp-only-differing", only);
    const hidden = this.boxes.filter((box) => box.classList.contains("stt-cmp-equal")).length;
    this.rest.hidden = !only || hidden === 0;
    this.rest.textContent = hidden === 1 ? "1 passage is the same everywhere." : `${hidden} passages are the same everywhere.`;
    this.showCount();
  }

  // ---- the sound ---------------------------------------------------------------------------------------------------

  clicked(event) {
    const time = event.target.closest(".stt-cmp-time");
    const word = event.target.closest(".stt-cmp-word");
    if (time) {
      const words = this.build(time.parentElement).flat();
      const first = words.find((candidate) => candidate.start != null);
      if (first) this.hear(first);
    } else if (word && getSelection().isCollapsed) {
      this.select(word);
      this.hear(word);
    }
  }

  pressed(event) {
    const word = event.target.closest(".stt-cmp-word");
    if (!word || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    if (this.audio.paused) this.hear(word);
    else this.audio.pause();
  }

  hear(word) {
    const { audio } = this.data.columns[word.column];
    if (!audio) return this.tell("The sound of this version is not kept here.");
    if (word.start == null) return this.tell("No time is known for this word.");
    this.load(audio);
    if (this.audio.readyState >= 1) this.tell(this.failed ? COPY_ORIGINAL : "", "", false);
    this.pending = Math.max(0, word.start - EARLIER);
    this.take();
    this.start();
  }

  load(address) {
    if (address === this.source) return;
    this.source = address;
    this.pending = null;
    this.failed = this.waiting = false; // whether there is no copy; whether to play as soon as there is one
    if (this.audio.hasAttribute("src")) {
      this.audio.removeAttribute("src");
      this.audio.load();
    }
    this.tell("");
    this.copy.find(address);
  }

  prepare(percent) {
    this.tell("Preparing the sound", `, ${percent} %`, false);
  }

  offer(address, failed) {
    this.failed = failed;
    this.tell("");
    this.audio.src = address;
    if (this.waiting) this.start();
  }

  /** Before the length is known a position is kept until it can be taken. */
  take() {
    if (this.pending == null || this.audio.readyState < 1) return;
    this.audio.currentTime = this.pending;
    this.pending = null;
    this.tick();
  }

  start() {
    this.waiting = !this.audio.hasAttribute("src");
    if (this.waiting) return;
    this.audio.play().catch((problem) => {
      if (problem.name === "NotAllowedError") this.tell("Your browser blocked playback. Press Play again.");
    });
  }

  toggle() {
    if (this.waiting) this.waiting = false;
    else if (this.audio.paused) this.start();
    else this.audio.pause();
  }

  tick() {
    this.now.textContent = clock(this.pending ?? this.audio.currentTime);
  }

  showState() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.root.classList.toggle("stt-cmp-playing", playing);
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
  }

  /** Say something below the controls. What changes all the time, as `far` does, is not read aloud. */
  tell(words, far = "", trouble = true) {
    const [said, silent] = this.notice.children;
    if (said.textContent !== words) said.textContent = words;
    silent.textContent = far;
    this.notice.classList.toggle("stt-cmp-trouble", trouble);
    this.notice.hidden = !words;
  }

  /** Keep the bar below Streamlit's header, and the columns as wide as words need. */
  place() {
    const header = document.querySelector("[data-testid=stHeader]")?.getBoundingClientRect();
    this.root.style.setProperty("--stt-top", `${Math.max(0, header?.bottom ?? 0)}px`);
    const columns = this.data?.columns.length ?? 1;
    this.root.classList.toggle("stt-cmp-stacked", this.root.clientWidth / columns < NARROW);
  }

  close() {
    this.closing.abort();
    this.watcher.disconnect();
    this.sizes.disconnect();
    this.copy.close();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }
}

function fill(table, caption, head, rows) {
  const [top, body] = [make("thead"), make("tbody")];
  top.append(head);
  body.append(...rows);
  table.replaceChildren(make("caption", "", caption), top, body);
}

function columnHead(label) {
  const cell = make(label ? "th" : "td", "", label);
  if (label) cell.scope = "col";
  return cell;
}

/** The box that scrolls; null is the window, whose margin would not reach into such a box. */
function scrollerOf(box) {
  for (let at = box.parentElement; at && at !== document.body; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  }
  return null;
}

function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
