// Made by "npm run build" from index.js and what it imports. Do not edit.

// shared/transcript_text.js
var ASKED = "stt-transcript-text";
function answerWithText(text, signal) {
  const answer = (event) => {
    const { detail } = (
      /** @type {CustomEvent<{ text: string }>} */
      event
    );
    detail.text ||= text();
  };
  document.addEventListener(ASKED, answer, { signal });
}

// shared/clock.js
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// shared/dom.js
function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
function partsOf(root, prefix) {
  function part(name, kind) {
    const found = root.querySelector(`.${prefix}${name}`);
    if (found instanceof (kind ?? HTMLElement)) return (
      /** @type {Kind} */
      found
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

// shared/playback_copy.js
var COPY_ASKED = 1e3;
var COPY_SELDOM = 5e3;
var COPY_TRIES = 5;
var COPY_FAILED = "The sound could not be prepared for this browser.";
var COPY_ORIGINAL = `${COPY_FAILED} You hear the original; its times may be off.`;
var COPY_SILENT = `${COPY_FAILED} Download the audio to hear it.`;
var PlaybackCopy = class {
  /**
   * @param {(address: string, failed: boolean) => void} ready is called with where the sound is: the original if there
   *   is no copy.
   * @param {(percent: number) => void} wait is called before, again and again.
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
      const found = answer?.ok ? await answer.json().catch(() => null) : null;
      if (this.wanted !== address) return;
      const lost = !answer || answer.status >= 500;
      unanswered = lost ? unanswered + 1 : 0;
      if (found?.state === "making") this.wait(found.percent);
      else if (!lost || unanswered >= COPY_TRIES) return this.offer(address, found?.state === "failed");
      await new Promise((done) => setTimeout(done, Math.min(COPY_ASKED * (1 + time / 10), COPY_SELDOM)));
      if (this.wanted !== address) return;
    }
  }
  /** @param {string} address @param {boolean} failed */
  offer(address, failed) {
    this.ready(failed ? `${address}${address.includes("?") ? "&" : "?"}original` : address, failed);
  }
  close() {
    this.wanted = null;
  }
};

// shared/sound.js
var Sound = class {
  /** @param {Parts} parts @param {Listen} on adds a listener until the view closes @param {Hooks} hooks */
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
    this.asked = /** @type {number[]} */
    [];
    this.copy = new PlaybackCopy(
      (address, failed) => this.offer(address, failed),
      (percent) => this.prepare(percent)
    );
    on(audio, "loadedmetadata", () => {
      hooks.ready?.();
      this.sayReady();
      if (this.pending != null) this.move(this.pending);
      this.pending = null;
      hooks.moved();
    });
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
    this.failed = this.waiting = false;
    this.unload();
    this.root.classList.remove("stt-preparing");
    this.tell("");
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
    this.tell("Preparing the sound", `, ${percent} %`, false);
  }
  /** @param {string} address @param {boolean} failed */
  offer(address, failed) {
    this.failed = failed;
    this.root.classList.remove("stt-preparing");
    this.tell("");
    this.audio.src = address;
    if (this.waiting) this.start();
  }
  /**
   * Say something below the controls. What changes all the time, as `far` does, is not read aloud.
   * @param {string} words
   */
  tell(words, far = "", trouble = true) {
    const [said, silent] = this.notice.children;
    if (said.textContent !== words) said.textContent = words;
    silent.textContent = far;
    this.notice.classList.toggle("stt-trouble", trouble);
    this.notice.hidden = !words;
  }
  sayReady() {
    this.tell(this.failed ? COPY_ORIGINAL : "", "", false);
  }
  broken() {
    if (!this.source) return;
    const unplayable = this.audio.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    const problem = unplayable ? "This browser cannot play this recording. Download the audio to hear it." : "The sound cannot be loaded. Reload the page to try again.";
    this.tell(this.failed ? COPY_SILENT : problem);
    this.hooks.broken?.(unplayable);
  }
  /**
   * Go to a place. Before the length is known it is kept until it can be taken.
   * @param {number} seconds
   */
  seek(seconds) {
    if (this.audio.readyState >= 1) this.move(seconds);
    else this.pending = seconds;
    this.hooks.moved();
  }
  /**
   * Chromium waits for ever when, on its way to one place, it is sent to another and then to the first again: the second
   * wish makes it drop what it has read, and the third it takes for fulfilled. So no place is asked for twice on one way.
   * @param {number} seconds
   */
  move(seconds) {
    if (!this.audio.seeking) this.asked = [];
    const aside = seconds < this.audio.duration ? 1e-3 : -1e-3;
    while (this.asked.some((place) => Math.abs(place - seconds) < 5e-4)) seconds += aside;
    this.asked.push(seconds);
    this.audio.currentTime = seconds;
  }
  start() {
    this.hooks.starting?.();
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
  showState() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.root.classList.toggle("stt-playing", playing);
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.hooks.state?.(playing);
  }
  close() {
    this.copy.close();
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }
};

// shared/lasting.js
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

// shared/staying.js
var views = lasting("views", () => /* @__PURE__ */ new WeakMap());
function staying(selector, open) {
  return (call) => {
    const root = (
      /** @type {HTMLElement} */
      call.parentElement.querySelector(selector)
    );
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

// player/editor.js
var ANSWER = 15e3;
var Editor = class {
  send = (
    /** @type {(name: string, value: unknown) => void} */
    (() => {
    })
  );
  paragraph = (
    /** @type {Paragraph | null} */
    null
  );
  // what is edited
  was = "";
  // its text before
  version = (
    /** @type {number | null} */
    null
  );
  // of the transcript that is edited
  latest = (
    /** @type {number | null} */
    null
  );
  // version of what is shown
  number = 0;
  // of what is on its way to the server; 0 if nothing is
  late = (
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    void 0
  );
  form = make("form", "stt-editor");
  field = make("textarea", "stt-field");
  problem = make("p", "stt-problem");
  button = make("button", "stt-save", "Save");
  /**
   * @param {HTMLElement} root
   * @param {import("./text.js").Text} text
   * @param {(target: () => Range | Element | null | undefined, lazily: boolean) => void} reveal
   */
  constructor(root, text, reveal) {
    this.text = text;
    this.reveal = reveal;
    this.say = partsOf(root, "stt-")("say");
    this.field.dir = "auto";
    this.problem.setAttribute("role", "alert");
    const cancel = make("button", "stt-cancel", "Cancel");
    cancel.type = "button";
    const row = make("div", "stt-editor-row");
    row.append(this.button, cancel, make("span", "stt-keys", "Ctrl+Enter saves, Esc cancels"));
    this.form.append(this.problem, this.field, row);
    cancel.onclick = () => this.cancel();
    this.field.oninput = () => this.grow();
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.save();
    };
    this.form.onkeydown = (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") this.cancel();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.save();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
  }
  /** @param {Paragraph} paragraph */
  open(paragraph) {
    if (this.paragraph) {
      if (this.paragraph === paragraph || this.changed) return this.insist(paragraph);
      this.close();
    }
    this.field.value = paragraph.text.trim();
    this.field.setAttribute("aria-label", `Text of the paragraph at ${clock(paragraph.start)}`);
    this.rest();
    this.attach(paragraph);
    this.tell("");
    this.field.focus({ preventScroll: true });
    this.reveal(() => this.form, true);
  }
  /** Whether there is something that is not saved. */
  get changed() {
    return this.paragraph !== null && spaced(this.field.value) !== spaced(this.was);
  }
  /**
   * Put the form into a paragraph in place of its text, or below it when that is `newer` than what was edited.
   * @param {Paragraph} paragraph
   */
  attach(paragraph, newer = false) {
    const active = (
      /** @type {HTMLElement | null} */
      document.activeElement
    );
    const typing = this.form.contains(active) ? active : null;
    const { selectionStart, selectionEnd } = this.field;
    if (this.paragraph) this.paragraph.body.hidden = false;
    this.paragraph = paragraph;
    this.was = paragraph.text;
    this.version = this.latest;
    paragraph.body.hidden = !newer;
    paragraph.box.append(this.form);
    this.grow();
    typing?.focus({ preventScroll: true });
    this.field.setSelectionRange(selectionStart, selectionEnd);
  }
  /**
   * Return the paragraph that stands where the edited one did.
   * @param {Paragraph} edited
   */
  nearest({ start, box }) {
    const { paragraphs, timed } = this.text;
    const known = timed && (paragraphs.find((p) => p.start === start) ?? this.text.paragraphAt(start));
    return known || paragraphs[Math.min(Number(box.dataset.paragraph), paragraphs.length - 1)];
  }
  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
  save() {
    if (this.number || !this.paragraph) return;
    if (!this.changed) return this.cancel();
    this.number = Date.now();
    this.tell("");
    this.button.textContent = "Saving";
    this.button.setAttribute("aria-disabled", "true");
    const late = "The server does not answer. Your text is still here: try again.";
    this.late = setTimeout(() => this.refuse(late), ANSWER);
    const paragraph = this.text.paragraphs.indexOf(this.paragraph);
    this.send("edit", { number: this.number, paragraph, text: this.field.value, version: this.version });
  }
  cancel() {
    if (this.number) return;
    const { paragraph } = this;
    this.close();
    paragraph?.edit?.focus({ preventScroll: true });
  }
  close() {
    this.rest();
    if (this.paragraph) this.paragraph.body.hidden = false;
    this.paragraph = null;
    this.form.remove();
  }
  /** Nothing is on its way any more. */
  rest() {
    clearTimeout(this.late);
    this.number = 0;
    this.button.textContent = "Save";
    this.button.removeAttribute("aria-disabled");
  }
  /** @param {string} words */
  tell(words) {
    this.problem.textContent = words;
    this.problem.hidden = !words;
  }
  /** @param {Paragraph} paragraph */
  insist(paragraph) {
    if (this.paragraph !== paragraph) this.tell("Save or cancel this paragraph first.");
    this.reveal(() => this.form, true);
    this.field.focus({ preventScroll: true });
  }
  /**
   * Take new data: an answer to what was sent, or a change from elsewhere.
   * @param {{
   *   version: number | null,
   *   edited: { number: number, error: string | null, conflict: boolean } | null,
   * }} data
   */
  update({ version, edited }) {
    this.latest = version;
    if (!this.paragraph) return;
    const answer = this.number && edited?.number === this.number ? edited : null;
    if (answer && !answer.error) return this.saved(this.paragraph);
    if (version == null) return;
    if (!this.text.paragraphs.length) {
      this.text.box.append(this.form);
      return this.refuse("All text was removed in another tab meanwhile. Yours is kept here to copy.");
    }
    let newer = false;
    if (version !== this.version || !this.form.isConnected) {
      const { start } = this.paragraph;
      const same = this.text.paragraphs.find((p) => p.start === start && p.text === this.was);
      newer = !same;
      this.attach(same ?? this.nearest(this.paragraph), newer);
    }
    if (!answer) {
      if (newer) this.tell("Changed meanwhile: the newer text stands above. Saving replaces it.");
      return;
    }
    const conflict = newer ? "Changed in another tab meanwhile: the newer text stands above, yours is kept here. Save again to replace it." : "Something else in this transcript was changed in another tab meanwhile. Yours is kept here: save again.";
    this.refuse(answer.conflict ? conflict : String(answer.error));
  }
  /** @param {string} words */
  refuse(words) {
    this.rest();
    this.tell(words);
    this.reveal(() => this.form, true);
    this.field.focus({ preventScroll: true });
  }
  /** @param {Paragraph} paragraph */
  saved(paragraph) {
    const place = this.nearest(paragraph);
    const busy = this.form.contains(document.activeElement) || document.activeElement === document.body;
    this.close();
    this.say.textContent = "Saved.";
    if (busy) place?.edit?.focus({ preventScroll: true });
  }
};
var spaced = (text) => text.split(/\s+/).join(" ").trim();

// player/rules.json
var rules_default = {
  folding: {
    ignored: "\xAD-\xAD\u0300-\u036F\u0483-\u0489\u0591-\u05BD\u05BF-\u05BF\u05C1-\u05C2\u05C4-\u05C5\u05C7-\u05C7\u0610-\u061A\u061C-\u061C\u0640-\u0640\u064B-\u065F\u0670-\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7-\u06E8\u06EA-\u06ED\u08D3-\u08E1\u08E3-\u08FF\u180B-\u180E\u1AB0-\u1AFF\u1DC0-\u1DFF\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\u20D0-\u20F0\uFE00-\uFE0F\uFE20-\uFE2F\uFEFF-\uFEFF\u{E0001}-\u{E0001}\u{E0020}-\u{E007F}\u{E0100}-\u{E01EF}",
    special: {
      "\u2018": "'",
      "\u2019": "'",
      "\u201A": "'",
      "\u201B": "'",
      "\u2032": "'",
      "\u2035": "'",
      "\xB4": "'",
      "\u02B9": "'",
      \u02BC: "'",
      \u02BB: "'",
      \u02BD: "'",
      \u02BE: "'",
      \u02BF: "'",
      "\u05F3": "'",
      "\u201C": '"',
      "\u201D": '"',
      "\u201E": '"',
      "\u201F": '"',
      "\u2033": '"',
      "\u2036": '"',
      "\xAB": '"',
      "\xBB": '"',
      "\u2039": '"',
      "\u203A": '"',
      "\u02BA": '"',
      "\u05F4": '"',
      "\u2010": "-",
      "\u2011": "-",
      "\u2012": "-",
      "\u2013": "-",
      "\u2014": "-",
      "\u2015": "-",
      "\u2212": "-",
      "\u2043": "-",
      "\uFE58": "-",
      "\u05BE": "-",
      \u0142: "l",
      \u00F8: "o",
      \u0111: "d",
      \u0127: "h",
      \u0167: "t",
      \u0180: "b",
      \u0253: "b",
      \u0188: "c",
      "\u023C": "c",
      \u0256: "d",
      \u0257: "d",
      "\u0247": "e",
      \u0260: "g",
      \u01E5: "g",
      \u0268: "i",
      \u0131: "i",
      "\u0249": "j",
      \u0199: "k",
      \u019A: "l",
      \u026B: "l",
      "\u2C61": "l",
      \u014B: "n",
      \u0272: "n",
      \u019E: "n",
      \u0275: "o",
      \u01A5: "p",
      "\u024D": "r",
      \u01AD: "t",
      \u0288: "t",
      "\u2C66": "t",
      \u0289: "u",
      \u028B: "v",
      "\u024F": "y",
      \u01B4: "y",
      \u01B6: "z",
      \u0225: "z",
      "\u2C65": "a",
      \u00F0: "d",
      \u0138: "k",
      \u00E6: "ae",
      \u0153: "oe",
      \u00DF: "ss",
      \u00FE: "th",
      \u03C2: "\u03C3",
      \u0649: "\u064A",
      \u06CC: "\u064A",
      \u06D2: "\u064A",
      \u06CD: "\u064A",
      \u06A9: "\u0643",
      \u06AA: "\u0643",
      \u0629: "\u0647",
      \u06C1: "\u0647",
      \u06BE: "\u0647",
      \u06D5: "\u0647",
      \u06C3: "\u0647",
      \u0671: "\u0627",
      "\u0660": "0",
      "\u0661": "1",
      "\u0662": "2",
      "\u0663": "3",
      "\u0664": "4",
      "\u0665": "5",
      "\u0666": "6",
      "\u0667": "7",
      "\u0668": "8",
      "\u0669": "9",
      "\u06F0": "0",
      "\u06F1": "1",
      "\u06F2": "2",
      "\u06F3": "3",
      "\u06F4": "4",
      "\u06F5": "5",
      "\u06F6": "6",
      "\u06F7": "7",
      "\u06F8": "8",
      "\u06F9": "9",
      "\u0966": "0",
      "\u0967": "1",
      "\u0968": "2",
      "\u0969": "3",
      "\u096A": "4",
      "\u096B": "5",
      "\u096C": "6",
      "\u096D": "7",
      "\u096E": "8",
      "\u096F": "9",
      "\u09E6": "0",
      "\u09E7": "1",
      "\u09E8": "2",
      "\u09E9": "3",
      "\u09EA": "4",
      "\u09EB": "5",
      "\u09EC": "6",
      "\u09ED": "7",
      "\u09EE": "8",
      "\u09EF": "9",
      "\u0A66": "0",
      "\u0A67": "1",
      "\u0A68": "2",
      "\u0A69": "3",
      "\u0A6A": "4",
      "\u0A6B": "5",
      "\u0A6C": "6",
      "\u0A6D": "7",
      "\u0A6E": "8",
      "\u0A6F": "9",
      "\u0AE6": "0",
      "\u0AE7": "1",
      "\u0AE8": "2",
      "\u0AE9": "3",
      "\u0AEA": "4",
      "\u0AEB": "5",
      "\u0AEC": "6",
      "\u0AED": "7",
      "\u0AEE": "8",
      "\u0AEF": "9",
      "\u0BE6": "0",
      "\u0BE7": "1",
      "\u0BE8": "2",
      "\u0BE9": "3",
      "\u0BEA": "4",
      "\u0BEB": "5",
      "\u0BEC": "6",
      "\u0BED": "7",
      "\u0BEE": "8",
      "\u0BEF": "9",
      "\u0C66": "0",
      "\u0C67": "1",
      "\u0C68": "2",
      "\u0C69": "3",
      "\u0C6A": "4",
      "\u0C6B": "5",
      "\u0C6C": "6",
      "\u0C6D": "7",
      "\u0C6E": "8",
      "\u0C6F": "9",
      "\u0CE6": "0",
      "\u0CE7": "1",
      "\u0CE8": "2",
      "\u0CE9": "3",
      "\u0CEA": "4",
      "\u0CEB": "5",
      "\u0CEC": "6",
      "\u0CED": "7",
      "\u0CEE": "8",
      "\u0CEF": "9",
      "\u0D66": "0",
      "\u0D67": "1",
      "\u0D68": "2",
      "\u0D69": "3",
      "\u0D6A": "4",
      "\u0D6B": "5",
      "\u0D6C": "6",
      "\u0D6D": "7",
      "\u0D6E": "8",
      "\u0D6F": "9",
      "\u0E50": "0",
      "\u0E51": "1",
      "\u0E52": "2",
      "\u0E53": "3",
      "\u0E54": "4",
      "\u0E55": "5",
      "\u0E56": "6",
      "\u0E57": "7",
      "\u0E58": "8",
      "\u0E59": "9",
      "\u0ED0": "0",
      "\u0ED1": "1",
      "\u0ED2": "2",
      "\u0ED3": "3",
      "\u0ED4": "4",
      "\u0ED5": "5",
      "\u0ED6": "6",
      "\u0ED7": "7",
      "\u0ED8": "8",
      "\u0ED9": "9",
      "\u1040": "0",
      "\u1041": "1",
      "\u1042": "2",
      "\u1043": "3",
      "\u1044": "4",
      "\u1045": "5",
      "\u1046": "6",
      "\u1047": "7",
      "\u1048": "8",
      "\u1049": "9",
      "\u17E0": "0",
      "\u17E1": "1",
      "\u17E2": "2",
      "\u17E3": "3",
      "\u17E4": "4",
      "\u17E5": "5",
      "\u17E6": "6",
      "\u17E7": "7",
      "\u17E8": "8",
      "\u17E9": "9"
    },
    spaceless: "\u0E01-\u0E3A\u0E40-\u0E4E\u0E50-\u0E59\u0E81-\u0E82\u0E84-\u0E84\u0E86-\u0E8A\u0E8C-\u0EA3\u0EA5-\u0EA5\u0EA7-\u0EBD\u0EC0-\u0EC4\u0EC6-\u0EC6\u0EC8-\u0ECD\u0ED0-\u0ED9\u0EDC-\u0EDF\u1000-\u1049\u1050-\u109D\u1780-\u17D3\u17D7-\u17D7\u17DC-\u17DD\u17E0-\u17E9\u17F0-\u17F9\u1950-\u196D\u1970-\u1974\u1980-\u19AB\u19B0-\u19C9\u19D0-\u19DA\u1A20-\u1A5E\u1A60-\u1A7C\u1A7F-\u1A89\u1A90-\u1A99\u1AA7-\u1AA7\u3005-\u3007\u3021-\u302F\u3031-\u3035\u3038-\u303C\u3041-\u3096\u3099-\u309A\u309D-\u309F\u30A1-\u30FA\u30FC-\u30FF\u3105-\u312F\u31A0-\u31BF\u31F0-\u31FF\uA9E0-\uA9FE\uAA60-\uAA76\uAA7A-\uAA7F\uFF66-\uFF9F\u{1AFF0}-\u{1AFF3}\u{1AFF5}-\u{1AFFB}\u{1AFFD}-\u{1AFFE}\u{1B000}-\u{1B122}\u{1B150}-\u{1B152}\u{1B164}-\u{1B167}\u{1B170}-\u{1B2FB}\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{16FE3}-\u{18DFF}\u{20000}-\u{3FFFD}"
  },
  longest_query: 200
};

// player/folding.js
var IGNORED = new RegExp(`[${rules_default.folding.ignored}]`, "gu");
var SPACELESS = new RegExp(`[${rules_default.folding.spaceless}]`, "u");
var OF_WORDS = /[\p{L}\p{M}\p{N}]/u;
var special = rules_default.folding.special;
var foldings = /* @__PURE__ */ new Map();
function foldOne(character) {
  let folded2 = foldings.get(character);
  if (folded2 === void 0) {
    const plain = character.normalize("NFKD").toLowerCase().replace(IGNORED, "");
    folded2 = Array.from(plain, (c) => special[c] ?? c).join("");
    foldings.set(character, folded2);
  }
  return folded2;
}
function folded(text) {
  let plain = "";
  const from = (
    /** @type {number[]} */
    []
  );
  const to = (
    /** @type {number[]} */
    []
  );
  let apart = false;
  let spaceless = false;
  let at = 0;
  for (const character of text) {
    const end = at + character.length;
    const become = foldOne(character);
    if (!become && to.length && !apart) to[to.length - 1] = end;
    for (const one of become) {
      if (!OF_WORDS.test(one)) {
        apart = true;
        continue;
      }
      const own = SPACELESS.test(one);
      if (apart && plain && !own && !spaceless) plain += " ", from.push(at), to.push(at);
      for (let unit = 0; unit < one.length; unit += 1) from.push(at), to.push(end);
      plain += one;
      [apart, spaceless] = [false, own];
    }
    at = end;
  }
  return { plain, from, to };
}

// player/ranges.js
function ranges(element, places) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let node = (
    /** @type {Text | null} */
    walker.nextNode()
  );
  let passed = 0;
  const place = (offset, ending) => {
    while (node && passed + node.length - (ending ? 0 : 1) < offset) {
      passed += node.length;
      node = /** @type {Text | null} */
      walker.nextNode();
    }
    return node && /** @type {[Text, number]} */
    [node, offset - passed];
  };
  const made = [];
  for (const { from, to } of places) {
    const range = document.createRange();
    const [start, end] = [place(from, false), place(to, true)];
    if (!start || !end) break;
    range.setStart(...start);
    range.setEnd(...end);
    made.push(range);
  }
  return made;
}
function clipped(range, element) {
  const whole = document.createRange();
  whole.selectNodeContents(element);
  const { startContainer, startOffset, endContainer, endOffset } = range;
  if (range.compareBoundaryPoints(Range.START_TO_START, whole) > 0) whole.setStart(startContainer, startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, whole) < 0) whole.setEnd(endContainer, endOffset);
  return whole;
}

// player/search.js
var MOST_HITS = 1e4;
var VOICED = /[\u3099\u309a]/;
function occurrences(text, wanted) {
  const found = (
    /** @type {[number, number][]} */
    []
  );
  for (let at = text.indexOf(wanted); at >= 0 && found.length < MOST_HITS; at = text.indexOf(wanted, at + wanted.length)) {
    found.push([at, at + wanted.length]);
  }
  return found;
}
function search(text, query, fold = folded) {
  const wanted = folded(query).plain;
  if (!wanted) return query ? occurrences(text, query) : [];
  const { plain, from, to } = fold(text);
  const whole = occurrences(plain, wanted).filter(([, end]) => !VOICED.test(plain[end] ?? ""));
  return whole.map(([start, end]) => (
    /** @type {[number, number]} */
    [from[start], to[end - 1]]
  ));
}

// player/finder.js
var MARKS = globalThis.CSS?.highlights ? { all: mark("stt-hit", 0), now: mark("stt-hit-now", 1) } : null;
function mark(name, priority) {
  const highlight = CSS.highlights.get(name) ?? new Highlight();
  highlight.priority = priority;
  CSS.highlights.set(name, highlight);
  return highlight;
}
var Finder = class {
  hits = (
    /** @type {Hit[]} */
    []
  );
  place = -1;
  // of the hit that is gone to
  doubt = (
    /** @type {Word | null} */
    null
  );
  // that is gone to
  hitsOf = (
    /** @type {Map<Paragraph, Hit[]>} */
    /* @__PURE__ */ new Map()
  );
  painted = (
    /** @type {Map<Paragraph, Range[]>} */
    /* @__PURE__ */ new Map()
  );
  // with the ranges that mark the hits
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
      else if (event.key === "Escape" && this.input.value) this.input.value = "", this.search();
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
  /**
   * Look for this from the start; `going` goes to the first hit.
   * @param {string} wanted
   * @param {boolean} going
   */
  begin(wanted, going) {
    this.input.value = wanted.slice(0, rules_default.longest_query);
    this.search();
    if (going) this.step(1);
  }
  search() {
    const wanted = this.input.value.slice(0, rules_default.longest_query).trim();
    this.hits = [];
    this.hitsOf.clear();
    this.place = -1;
    if (wanted) {
      for (const paragraph of this.text.paragraphs) {
        const found = search(paragraph.text, wanted, (text) => paragraph.folded ??= folded(text));
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
  /** @param {1 | -1} direction */
  step(direction) {
    if (!this.hits.length) return;
    if (this.place < 0) this.place = direction > 0 ? this.firstInSight() : 0;
    else this.place += direction;
    this.place = (this.place + this.hits.length) % this.hits.length;
    const hit = this.hits[this.place];
    this.text.build(hit.paragraph);
    this.tell();
    this.paint();
    this.reveal(() => ranges(hit.paragraph.body, [hit])[0], true);
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
  /** @param {Paragraph} paragraph */
  paintOne(paragraph) {
    const hits = this.hitsOf.get(paragraph);
    if (!MARKS || !hits) return;
    this.wipe(paragraph);
    const marked = ranges(paragraph.body, hits);
    marked.forEach((range, i) => (hits[i] === this.hits[this.place] ? MARKS.now : MARKS.all).add(range));
    this.painted.set(paragraph, marked);
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
  nextDoubt() {
    const { doubts } = this.text;
    this.doubt?.box?.classList.remove("stt-looked-at");
    const place = (this.doubt ? doubts.indexOf(this.doubt) + 1 : 0) % doubts.length;
    const doubt = this.doubt = doubts[place];
    this.text.build(doubt.paragraph);
    doubt.box?.classList.add("stt-looked-at");
    this.goTo(doubt);
    this.reveal(() => doubt.box, true);
    const confidence = Math.round((doubt.confidence ?? 0) * 100);
    this.counter.textContent = `${place + 1} of ${doubts.length.toLocaleString("en")}`;
    this.say.textContent = `${doubt.text}, confidence ${confidence} %, at ${clock(doubt.start)}`;
  }
  close() {
    for (const paragraph of [...this.painted.keys()]) this.wipe(paragraph);
  }
};

// player/colours.json
var colours_default = [
  { light: "#1a5fb4", dark: "#70bbff" },
  { light: "#b34700", dark: "#ffa04d" },
  { light: "#1b7a3d", dark: "#66d18a" },
  { light: "#8434bd", dark: "#cf9fff" },
  { light: "#c01c28", dark: "#ff8580" },
  { light: "#007a80", dark: "#35cbd6" },
  { light: "#b0207f", dark: "#ff85cb" },
  { light: "#736200", dark: "#d8c63c" },
  { light: "#3b3fa8", dark: "#8a86ff" },
  { light: "#7a4520", dark: "#d6a67c" },
  { light: "#5b6068", dark: "#b0bac6" },
  { light: "#4b7300", dark: "#a8d93a" }
];

// player/colours.js
var MOST_COLOURS = colours_default.length;
function colourOf(place) {
  const { light, dark } = colours_default[place % colours_default.length];
  return `light-dark(${light}, ${dark})`;
}

// player/spoken.js
function lastAtMost(list, value, limit) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = low + high >> 1;
    if (value(list[middle]) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
function spokenAt(words, byStart, seconds) {
  const place = lastAtMost(byStart, (i) => words[i].start, seconds);
  if (place < 0) return null;
  const word = words[byStart[place]];
  const following = words[byStart[place + 1]];
  return seconds < word.end || following && following.start - word.end < 1 ? word : null;
}

// player/lanes.js
var PARTS = 1e3;
var NEAR = 6;
var NAMED = 6;
var SVG = "http://www.w3.org/2000/svg";
function bars(turns, total) {
  const made = (
    /** @type {[number, number][]} */
    []
  );
  for (const { start, end } of turns) {
    const from = Math.min(Math.max(Math.floor(start / total * PARTS), 0), PARTS - 1);
    const to = Math.min(Math.max(Math.ceil(end / total * PARTS), from + 1), PARTS);
    const before = made.at(-1);
    if (before && from <= before[1]) before[1] = Math.max(before[1], to);
    else made.push([from, to]);
  }
  return made;
}
function meant(turns, seconds, slack) {
  const place = lastAtMost(turns, (turn) => turn.start, seconds);
  const [before, after] = [turns[place], turns[place + 1]];
  if (before && seconds <= before.end) return before.start;
  if (after && after.start - seconds <= slack) return after.start;
  return before && seconds - before.end <= slack ? before.start : seconds;
}
var Lanes = class {
  /** @param {HTMLElement} root @param {(seconds: number) => void} goTo */
  constructor(root, goTo) {
    this.box = partsOf(root, "stt-")("lanes");
    this.goTo = goTo;
  }
  /**
   * @param {string[]} speakers in the order of their colours; none if they need not be told apart
   * @param {Spoken[]} paragraphs
   * @param {number} total seconds
   */
  show(speakers, paragraphs, total) {
    const shown = total > 0 ? speakers.slice(0, MOST_COLOURS) : [];
    this.box.hidden = !shown.length;
    this.box.classList.toggle("stt-lanes-named", shown.length <= NAMED);
    this.box.replaceChildren(...shown.map((name, place) => this.lane(name, place, paragraphs, total)));
  }
  /** @param {string} name @param {number} place @param {Spoken[]} paragraphs @param {number} total */
  lane(name, place, paragraphs, total) {
    const own = paragraphs.filter((paragraph) => paragraph.speaker === name);
    const lane = make("div", "stt-lane");
    lane.style.setProperty("--stt-voice", colourOf(place));
    const track = make("div", "stt-track");
    track.title = name;
    track.setAttribute("role", "img");
    track.setAttribute("aria-label", name);
    const [drawing, path] = [document.createElementNS(SVG, "svg"), document.createElementNS(SVG, "path")];
    drawing.setAttribute("class", "stt-turns");
    drawing.setAttribute("viewBox", `0 0 ${PARTS} 1`);
    drawing.setAttribute("preserveAspectRatio", "none");
    drawing.setAttribute("aria-hidden", "true");
    const turns = own.flatMap((paragraph) => paragraph.words?.length ? paragraph.words : paragraph);
    turns.sort((a, b) => a.start - b.start);
    path.setAttribute("d", bars(turns, total).map(([from, to]) => `M${from} 0H${to}V1H${from}z`).join(""));
    drawing.append(path);
    track.append(drawing);
    track.onclick = (event) => {
      const { left, width } = track.getBoundingClientRect();
      const perPixel = total / width;
      this.goTo(meant(own, (event.clientX - left) * perPixel, NEAR * perPixel));
    };
    const label = make("span", "stt-lane-name", name);
    label.dir = "auto";
    label.setAttribute("aria-hidden", "true");
    lane.append(track, label);
    return lane;
  }
};

// shared/clipboard.js
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyThroughSelection(text);
  }
}
function copyThroughSelection(text) {
  const before = (
    /** @type {HTMLElement | null} */
    document.activeElement
  );
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  before?.focus?.({ preventScroll: true });
}

// player/moment_link.js
var CHECKED = 2e3;
var MomentLink = class {
  at = (
    /** @type {number | null} */
    null
  );
  // seconds, of the last link
  send = (
    /** @type {(name: string, value: unknown) => void} */
    (() => {
    })
  );
  timer = (
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    void 0
  );
  /** @param {HTMLElement} root @param {() => number} position */
  constructor(root, position) {
    const button = partsOf(root, "stt-")("moment", HTMLButtonElement);
    const say = partsOf(root, "stt-")("say");
    button.onclick = async () => {
      this.at = Math.round(position() * 10) / 10;
      const address = new URL(location.href);
      address.searchParams.set("at", String(this.at));
      await copyText(address.href);
      this.send("moment", this.at);
      say.textContent = `The link to ${clock(this.at)} is on the clipboard.`;
      button.classList.add("stt-done");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => button.classList.remove("stt-done"), CHECKED);
    };
  }
};

// player/text.js
var NEAR2 = "1200px 0px";
var PENCIL = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4"/></svg>';
var OVERLAPPED = "Somebody else speaks here, too";
var Text = class {
  paragraphs = (
    /** @type {Paragraph[]} */
    []
  );
  words = (
    /** @type {Word[]} */
    []
  );
  // of the whole transcript
  byStart = (
    /** @type {number[]} */
    []
  );
  // places of the words, sorted by start
  doubts = (
    /** @type {Word[]} */
    []
  );
  near = (
    /** @type {Set<Paragraph>} */
    /* @__PURE__ */ new Set()
  );
  wordOf = (
    /** @type {WeakMap<Element, Word>} */
    /* @__PURE__ */ new WeakMap()
  );
  speakers = (
    /** @type {string[]} */
    []
  );
  // in the order of their colours; none where only one speaks
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
          const paragraph = this.paragraphs[Number(
            /** @type {HTMLElement} */
            target.dataset.paragraph
          )];
          if (paragraph?.box !== target || isIntersecting === this.near.has(paragraph)) continue;
          if (isIntersecting) this.near.add(paragraph);
          else this.near.delete(paragraph);
          if (isIntersecting) this.build(paragraph);
          moved.push(paragraph);
        }
        this.onMove(moved);
      },
      { root: scroller, rootMargin: NEAR2 }
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
    const speakers = [.../* @__PURE__ */ new Set([...known.filter((name) => speaking.has(name)), ...speaking])];
    this.speakers = speakers.length > 1 ? speakers : [];
    const before = new Map(this.paragraphs.map((p) => [p.source(), p]));
    this.paragraphs = packed.map((p, i) => {
      const colour = this.speakers.indexOf(p.speaker ?? "") % MOST_COLOURS;
      const source = () => JSON.stringify([p, colour, doubtful, editable]);
      const name = before.size ? source() : "";
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
    for (
      const box of
      /** @type {HTMLElement[]} */
      [...this.box.children]
    ) if (!wanted.has(box)) box.remove();
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
    time.tabIndex = -1;
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
      edit.tabIndex = this.timed ? -1 : 0;
      edit.innerHTML = PENCIL;
      edit.title = "Edit";
      edit.setAttribute("aria-label", `Edit the paragraph at ${clock(start)}`);
      head.append(edit);
    }
    const body = make("p", "stt-words");
    body.dir = "auto";
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
          from: text.length + gap
          // its place in the paragraph's text
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
    const target = (
      /** @type {Element | null} */
      event.target
    );
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
};

// player/waveform.js
var ASK_AGAIN = 1e3;
var LAST_ASKED = 60;
var BAR = 3;
var Wave = class {
  peaks = (
    /** @type {number[]} */
    []
  );
  wanted = (
    /** @type {string | null} */
    null
  );
  drawn = (
    /** @type {number | null} */
    null
  );
  /** @param {HTMLElement} root @param {() => void} ready */
  constructor(root, ready) {
    this.box = partsOf(root, "stt-")("wave", HTMLCanvasElement);
    this.ready = ready;
  }
  /** @param {string | null} address */
  async load(address) {
    this.wanted = address;
    this.peaks = [];
    for (let time = 0; address && time < LAST_ASKED; time += 1) {
      const answer = await fetch(address).catch(() => null);
      if (this.wanted !== address) return;
      if (answer?.status !== 202 && !(answer && answer.status >= 500)) {
        this.peaks = answer?.ok ? (await answer.json()).peaks : [];
        break;
      }
      await new Promise((done) => setTimeout(done, ASK_AGAIN * Math.min(1 + time / 4, 10)));
    }
    if (this.wanted === address) this.ready();
  }
  /**
   * Draw again once the position, 0 to 1, is a pixel further.
   * @param {number} done
   */
  move(done) {
    if (this.drawn != null && Math.abs(done - this.drawn) * this.box.clientWidth > 1) this.draw(done);
  }
  /** @param {number} done */
  draw(done) {
    const { box, peaks } = this;
    box.hidden = !peaks.length;
    box.parentElement?.classList.toggle("stt-waved", !box.hidden);
    if (box.hidden || !box.clientWidth) return;
    const scale = devicePixelRatio || 1;
    const [width, height] = [box.clientWidth, box.clientHeight];
    box.width = width * scale;
    box.height = height * scale;
    const pen = (
      /** @type {CanvasRenderingContext2D} */
      box.getContext("2d")
    );
    pen.scale(scale, scale);
    const { color, accentColor } = getComputedStyle(box);
    const bars2 = Math.floor(width / BAR);
    this.drawn = done;
    for (let i = 0; i < bars2; i += 1) {
      const first = Math.floor(i * peaks.length / bars2);
      const last = Math.floor((i + 1) * peaks.length / bars2);
      const loud = Math.max(...peaks.slice(first, Math.max(last, first + 1)));
      const tall = Math.max(2, height * loud);
      pen.fillStyle = (i + 0.5) / bars2 <= done ? accentColor : color;
      pen.beginPath();
      pen.roundRect(i * BAR, (height - tall) / 2, BAR - 1, tall, 1);
      pen.fill();
    }
  }
  close() {
    this.wanted = null;
  }
};

// player/index.js
var STEP = 5;
var PATIENCE = 4e3;
var FIELDS = "input:not([type=range]), textarea, select, [contenteditable=true], [contenteditable='']";
var ROLES = ["button", "tab", "radio", "slider", "option", "menuitem", "dialog"].map((role) => `[role=${role}]`);
var OWN_KEYS = `${FIELDS}, button, a, summary, input, canvas, ${ROLES}`;
var players = (
  /** @type {Set<Player>} */
  /* @__PURE__ */ new Set()
);
var latest = (
  /** @type {Player | null} */
  null
);
var index_default = staying(".stt-player", (root) => new Player(root));
var Player = class {
  data = (
    /** @type {Partial<Data>} */
    {}
  );
  total = 0;
  // seconds
  shown = "";
  // the paragraphs, as JSON
  spoken = (
    /** @type {Word | null} */
    null
  );
  current = (
    /** @type {Paragraph | null} */
    null
  );
  drawn = NaN;
  // the position, 0 to 1
  until = (
    /** @type {number | null} */
    null
  );
  // the second at which a sample ends that plays
  frame = 0;
  header = 0;
  // pixels of Streamlit's header that lie over the page
  scrolled = -Infinity;
  // when somebody scrolled last
  closing = new AbortController();
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const part = partsOf(root, "stt-");
    this.audio = part("audio", HTMLAudioElement);
    this.play = part("play", HTMLButtonElement);
    this.follow = part("follow", HTMLButtonElement);
    this.slider = part("slider", HTMLInputElement);
    this.speed = part("speed", HTMLSelectElement);
    this.bar = part("bar");
    this.controls = part("controls");
    this.now = part("now");
    this.length = part("length");
    this.on = (target, name, act, more) => target?.addEventListener(name, act, { signal: this.closing.signal, ...more });
    this.text = new Text(root, (paragraphs) => this.finder.moved(paragraphs));
    const reveal = (target, lazily) => this.reveal(target, lazily);
    this.finder = new Finder(root, this.text, reveal, (word) => this.seek(word.start - 0.3));
    this.editor = new Editor(root, this.text, reveal);
    this.wave = new Wave(root, () => this.drawWave());
    this.lanes = new Lanes(root, (seconds) => this.seek(seconds, true));
    const { audio, play } = this;
    this.sound = new Sound({ root, audio, play, notice: part("notice") }, this.on, {
      moved: () => this.tick(),
      ready: () => this.ready(),
      starting: () => this.scrolled = -Infinity,
      broken: (unplayable) => this.play.disabled = this.slider.disabled = unplayable,
      state: (playing) => this.playing(playing)
    });
    this.link = new MomentLink(root, () => this.sound.position);
    answerWithText(() => this.text.whole(), this.closing.signal);
    this.sizes = new ResizeObserver(() => this.place());
    this.listen();
    players.add(this);
    latest ??= this;
  }
  /** @param {import("../shared/staying.js").Call} call */
  update(call) {
    const { setTriggerValue } = call;
    const data = (
      /** @type {Data} */
      call.data
    );
    this.editor.send = this.link.send = setTriggerValue;
    const before = this.data;
    this.data = data;
    if (data.audio !== before.audio) this.load(data.audio);
    if (data.waveform !== before.waveform) this.wave.load(data.waveform);
    this.total = data.duration;
    this.measure();
    const editable = data.version != null;
    const paragraphs = JSON.stringify([data.paragraphs, data.speakers, data.doubtful, editable, data.timed]);
    if (paragraphs !== this.shown) {
      this.shown = paragraphs;
      this.spoken?.box?.classList.remove("stt-spoken");
      this.current?.box.classList.remove("stt-current");
      this.spoken = this.current = null;
      this.text.show(data.paragraphs, data.speakers, data.doubtful, editable, data.timed);
      this.lanes.show(data.timed ? this.text.speakers : [], this.text.paragraphs, data.duration);
      this.finder.reset();
    }
    if (data.find && data.find !== before.find) this.finder.begin(data.find, data.at == null);
    this.editor.update(data);
    if (data.at != null && data.at !== before.at && data.at !== this.link.at) {
      this.seek(data.at);
      const word = this.text.spokenAt(data.at);
      if (word) this.text.build(word.paragraph);
      const place = word ?? this.text.paragraphAt(data.at);
      if (data.at > 0) this.reveal(() => place?.box, true);
    }
    if (data.sample && before.sample !== void 0 && data.sample[0] !== before.sample?.[0]) this.hear(data.sample);
    this.tick();
    this.drawWave();
  }
  /** @param {string | null} address */
  load(address) {
    this.controls.hidden = !address;
    this.root.classList.toggle("stt-silent", !address);
    this.play.disabled = this.slider.disabled = false;
    this.sound.load(address);
    if (!address) this.sound.tell("The sound is not kept here. The text stays.");
  }
  // ---- playing -----------------------------------------------------------------------------------------------------
  /** @param {number} seconds */
  seek(seconds, thenPlay = false) {
    if (!this.data.audio) return;
    latest = this;
    this.until = null;
    this.sound.seek(Math.min(Math.max(seconds, 0), this.total || Infinity));
    if (thenPlay) this.sound.start();
  }
  /**
   * Play from a place to another.
   * @param {[number: number, start: number, end: number]} sample
   */
  hear([, start, end]) {
    this.seek(start, true);
    this.until = end;
  }
  toggle() {
    if (!this.data.audio) return;
    latest = this;
    this.until = null;
    this.sound.toggle();
  }
  ready() {
    this.measure();
    this.play.disabled = this.slider.disabled = false;
    this.audio.playbackRate = Number(this.speed.value);
  }
  measure() {
    const { duration } = this.audio;
    if (!this.sound.failed && Number.isFinite(duration) && duration > 0) this.total = duration;
    this.slider.max = String(this.total);
    this.drawn = NaN;
    this.length.textContent = clock(this.total);
  }
  /** Show the position: slider, clock, spoken word. */
  tick() {
    const seconds = this.sound.position;
    if (this.until != null && seconds >= this.until && !this.audio.paused) {
      this.until = null;
      this.audio.pause();
    }
    const done = this.total ? Math.min(seconds / this.total, 1) : 0;
    if (!(Math.abs(done - this.drawn) < 5e-4)) {
      this.drawn = done;
      this.slider.value = String(seconds);
      for (const box of [this.slider, this.lanes.box]) box.style.setProperty("--stt-done", `${done * 100}%`);
    }
    const now = clock(seconds);
    if (this.now.textContent !== now) {
      this.now.textContent = now;
      this.slider.setAttribute("aria-valuetext", `${now} of ${clock(this.total)}`);
    }
    this.wave.move(done);
    const idle = !this.data.audio || seconds === 0 && this.audio.paused;
    const word = idle ? null : this.text.spokenAt(seconds);
    const paragraph = idle ? null : word?.paragraph ?? this.text.paragraphAt(seconds);
    if (paragraph !== this.current) {
      this.current?.box.classList.remove("stt-current");
      paragraph?.box.classList.add("stt-current");
      this.current = paragraph;
      if (!word) this.keepInView(paragraph?.box);
    }
    if (word === this.spoken && (!word || word.box)) return;
    this.spoken?.box?.classList.remove("stt-spoken");
    this.spoken = word;
    if (!word) return;
    this.text.build(word.paragraph);
    word.box?.classList.add("stt-spoken");
    this.keepInView(word.box);
  }
  run() {
    cancelAnimationFrame(this.frame);
    if (this.audio.paused) return;
    this.tick();
    this.frame = requestAnimationFrame(() => this.run());
  }
  /** @param {HTMLElement | undefined} box */
  keepInView(box) {
    const following = this.follow.getAttribute("aria-pressed") === "true";
    if (!box || !following || this.editor.paragraph || this.audio.paused || this.until != null) return;
    if (performance.now() - this.scrolled < PATIENCE) return;
    this.text.reveal(box, true, this.below());
  }
  /**
   * Show a place that the user asked for. Twice, since heights of far paragraphs are guesses until they are drawn.
   * @param {() => Range | Element | null | undefined} target
   * @param {boolean} lazily
   */
  reveal(target, lazily) {
    this.scrolled = performance.now();
    const go = () => {
      const place = target();
      if (place) this.text.reveal(place, lazily, this.below());
    };
    go();
    requestAnimationFrame(() => requestAnimationFrame(go));
  }
  /** Height in pixels that the page's header and the bar cover at the top of the scrolling box. */
  below() {
    const top = Math.max(0, this.text.scroller.getBoundingClientRect().top);
    const { bottom } = this.bar.getBoundingClientRect();
    return Math.min(bottom - top, this.header + this.bar.offsetHeight);
  }
  // ---- events ------------------------------------------------------------------------------------------------------
  listen() {
    const { audio, slider, on } = this;
    for (const name of ["seeked", "timeupdate"]) on(audio, name, () => this.tick());
    on(this.play, "click", () => this.toggle());
    on(slider, "input", () => this.seek(Number(slider.value)));
    on(this.speed, "change", () => audio.playbackRate = Number(this.speed.value));
    on(this.follow, "click", () => {
      const yes = this.follow.getAttribute("aria-pressed") !== "true";
      this.follow.setAttribute("aria-pressed", String(yes));
      this.scrolled = -Infinity;
      if (yes) this.keepInView(this.spoken?.box ?? this.current?.box);
    });
    on(this.text.box, "click", (event) => this.clicked(event));
    on(this.text.box, "mousedown", (event) => event.target.closest(".stt-time") && event.preventDefault());
    on(document, "keydown", (event) => this.pressed(event));
    on(
      document,
      "keyup",
      (event) => event.key === " " && event.target.closest?.(".stt-time") && event.preventDefault()
    );
    const away = () => this.scrolled = performance.now();
    const { scroller } = this.text;
    for (const name of ["wheel", "touchmove"]) on(scroller, name, away, { passive: true });
    on(scroller, "pointerdown", (event) => event.target === scroller && away());
    on(document, "keydown", ({ key }) => /^(Page(Up|Down)|Arrow(Up|Down)|Home|End)$/.test(key) && away());
    on(window, "beforeunload", (event) => this.editor.changed && event.preventDefault());
    for (const box of [this.root, pageHeader()]) box && this.sizes.observe(box);
    this.place();
  }
  /** @param {MouseEvent & { target: Element }} event */
  clicked(event) {
    const [time, edit, box] = [".stt-time", ".stt-edit", ".stt-word"].map((name) => event.target.closest(name));
    const timed = time && this.text.paragraphs.find((p) => p.time === time);
    const edited = edit && this.text.paragraphs.find((p) => p.edit === edit);
    const word = box && this.text.wordOf.get(box);
    if (timed) this.seek(timed.start, true);
    else if (edited) this.editor.open(edited);
    else if (word && getSelection()?.isCollapsed) this.seek(word.start, true);
  }
  /** @param {KeyboardEvent & { target: Element }} event */
  pressed(event) {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || latest !== this) return;
    const time = target.closest?.(".stt-time");
    if (time && this.root.contains(time) && this.walk(key, time)) return event.preventDefault();
    const inside = this.root.contains(target);
    const ours = inside && (time || target === this.slider);
    const taken = !ours && target.closest?.(inside && key !== " " ? FIELDS : OWN_KEYS);
    if (taken || event.shiftKey || !this.data.audio) return;
    if (key === " ") {
      if (!event.repeat) this.toggle();
    } else if (key === "ArrowLeft") this.seek(this.sound.position - STEP);
    else if (key === "ArrowRight") this.seek(this.sound.position + STEP);
    else return;
    event.preventDefault();
  }
  /**
   * Go with arrows, Home and End from one paragraph's time to another's.
   * @param {string} key
   * @param {Element} time
   */
  walk(key, time) {
    const { paragraphs } = this.text;
    const place = paragraphs.findIndex((p) => p.time === time);
    const targets = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: paragraphs.length - 1 };
    const target = paragraphs[targets[key]];
    if (!target) return false;
    this.text.tabTo(target);
    const following = target.time;
    following.focus({ preventScroll: true });
    this.reveal(() => following, true);
    return true;
  }
  /** @param {boolean} yes */
  playing(yes) {
    if (yes) {
      for (const other of players) if (other !== this) other.audio.pause();
    }
    if (yes) latest = this;
    this.run();
  }
  // ---- looks -------------------------------------------------------------------------------------------------------
  /** Keep the bar below Streamlit's header, which lies over the page. */
  place() {
    const header = pageHeader()?.getBoundingClientRect();
    const top = Math.max(0, this.text.scroller.getBoundingClientRect().top);
    this.header = header && this.text.scroller.contains(this.root) ? Math.max(0, header.bottom - top) : 0;
    this.root.style.setProperty("--stt-top", `${this.header}px`);
    this.drawWave();
  }
  drawWave() {
    this.wave.draw(this.total ? Math.min(this.sound.position / this.total, 1) : 0);
  }
  close() {
    players.delete(this);
    if (latest === this) latest = [...players].at(-1) ?? null;
    this.closing.abort();
    cancelAnimationFrame(this.frame);
    this.sizes.disconnect();
    this.wave.close();
    this.sound.close();
    this.finder.close();
    this.editor.close();
    this.text.close();
  }
};
export {
  index_default as default
};
