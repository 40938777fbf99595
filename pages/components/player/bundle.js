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
function tenths(seconds) {
  const all = Math.round(seconds * 10);
  return `${clock(all / 10)}.${all % 10}`;
}

// shared/dom.js
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") Object.assign(element, { [name]: value });
    else element.setAttribute(name, String(value));
  }
  return element;
}
function make(tag, className = "", content = "", attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  if (typeof content === "string") element.textContent = content;
  else element.append(...content);
  return set(element, attributes);
}
var makeButton = (className, content, onclick, attributes = {}) => make("button", className, content, { type: "button", onclick, ...attributes });
function partsOf(root, prefix) {
  function part(name, kind) {
    const found2 = root.querySelector(`.${prefix}${name}`);
    if (found2 instanceof (kind ?? HTMLElement)) return (
      /** @type {Kind} */
      found2
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
var composes = (event) => event.isComposing || event.keyCode === 229;
var pageHeader = () => document.querySelector("[data-testid=stHeader]");

// shared/sound/playback_copy.js
var FIRST_WAIT = 1e3;
var LONGEST_WAIT = 5e3;
var TRIES = 5;
var PlaybackCopy = class {
  /**
   * @param {(address: string, failed: boolean) => void} ready is called with the URL of the sound. If the server could
   *   not make the copy, `failed` is true and the URL is that of the original recording.
   * @param {(percent: number) => void} wait is called repeatedly while the server makes the copy.
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
      const found2 = answer?.ok ? await answer.json().catch(() => null) : null;
      if (this.wanted !== address) return;
      const lost = !answer || answer.status >= 500;
      unanswered = lost ? unanswered + 1 : 0;
      if (found2?.state === "making") this.wait(found2.percent);
      else if (!lost || unanswered >= TRIES) {
        const failed = found2?.state === "failed";
        const original = `${address}${address.includes("?") ? "&" : "?"}original`;
        return this.ready(failed ? original : address, failed);
      }
      await new Promise((done) => setTimeout(done, Math.min(FIRST_WAIT * (1 + time / 10), LONGEST_WAIT)));
      if (this.wanted !== address) return;
    }
  }
  close() {
    this.wanted = null;
  }
};

// shared/texts.js
var translation;
function found() {
  if (translation === void 0) {
    const holder = document.querySelector(".stt-texts");
    translation = holder instanceof HTMLElement ? JSON.parse(holder.dataset.texts ?? "null") : null;
  }
  return translation;
}
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? String(values[name]) : whole);
}
function tr(text, values = {}) {
  return filled(found()?.texts[text]?.[0] ?? text, values);
}
var ATTRIBUTES = ["aria-label", "title", "placeholder"];
var translated = /* @__PURE__ */ new WeakSet();
function translate(root) {
  if (!found() || translated.has(root)) return;
  translated.add(root);
  const walker = document.createTreeWalker(
    /** @type {Node} */
    /** @type {unknown} */
    root,
    NodeFilter.SHOW_TEXT
  );
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.nodeValue ?? "").trim().replace(/\s+/g, " ");
    if (text) node.nodeValue = (node.nodeValue ?? "").replace(/\S(.*\S)?/s, () => tr(text));
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${name}]`))
      element.setAttribute(name, tr(element.getAttribute(name) ?? ""));
  }
}

// shared/sound/sound.js
async function statusOf(address) {
  const answer = await fetch(address, { headers: { Range: "bytes=0-0" } }).catch(() => null);
  await answer?.body?.cancel().catch(() => {
  });
  return answer?.status ?? 0;
}
var Sound = class {
  /** @param {Parts} parts @param {Listen} on adds a listener that is removed with the view @param {Hooks} hooks */
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
    this.retried = false;
    this.requested = /** @type {number[]} */
    [];
    this.copy = new PlaybackCopy(
      (address, failed) => this.offer(address, failed),
      (percent) => this.prepare(percent)
    );
    on(audio, "loadedmetadata", () => {
      hooks.ready?.();
      this.noticeReady();
      if (this.pending != null) this.move(this.pending);
      this.pending = null;
      hooks.moved();
    });
    on(audio, "playing", () => this.noticeReady());
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
    this.failed = this.waiting = this.retried = false;
    this.unload();
    this.root.classList.remove("stt-preparing");
    this.showNotice("");
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
    this.showNotice(tr("Preparing the sound"), `, ${percent} %`, false);
  }
  /** @param {string} address @param {boolean} failed */
  offer(address, failed) {
    this.failed = failed;
    this.retried = false;
    this.root.classList.remove("stt-preparing");
    this.showNotice("");
    this.audio.src = address;
    if (this.waiting) this.start();
  }
  /**
   * Show `text` and `progress` below the controls. Screen readers announce only `text`: `progress` changes too often.
   * @param {string} text
   */
  showNotice(text, progress2 = "", isProblem = true) {
    const [spoken, silent] = this.notice.children;
    if (spoken.textContent !== text) spoken.textContent = text;
    silent.textContent = progress2;
    this.notice.classList.toggle("stt-trouble", isProblem);
    this.notice.hidden = !text;
  }
  noticeReady() {
    const original = tr(
      "The sound could not be prepared for this browser. The original recording is played, so the times of words may be inaccurate."
    );
    this.showNotice(this.failed ? original : "", "", false);
  }
  async broken() {
    if (!this.source) return;
    const { error, src } = this.audio;
    const unplayable = error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    const status = unplayable ? await statusOf(src) : 0;
    if (this.audio.error !== error) return;
    const gone = status === 404 || status === 410;
    const unsupported = status >= 200 && status < 300;
    if (unsupported && !this.retried) return this.retry();
    if (gone) this.showNotice(tr("The audio is not available. You can still read the text."));
    else if (!unsupported) this.showNotice(tr("The sound cannot be loaded. Reload the page to try again."));
    else if (this.failed)
      this.showNotice(tr("The sound could not be prepared for this browser. Download the audio to hear it."));
    else this.showNotice(tr("This browser cannot play this recording. Download the audio to hear it."));
    this.hooks.broken?.(gone || unsupported);
  }
  /** Load the sound a second time. If the user has pressed Play meanwhile, play it. */
  retry() {
    this.retried = true;
    const playing = !this.audio.paused;
    this.audio.load();
    if (playing) this.start();
  }
  /**
   * Seek to a position. If the length of the sound is not known yet, seek as soon as it is.
   * @param {number} seconds
   */
  seek(seconds) {
    if (this.audio.readyState >= 1) this.move(seconds);
    else this.pending = seconds;
    this.hooks.moved();
  }
  /**
   * Seek to a position. If a seek in progress has the same target, seek to a position some milliseconds beside it:
   * Chromium never finishes seeking if a seek to B and then to A again is requested during a seek to A. When the seek
   * to B begins, Chromium drops the data read for A, and then it treats the second seek to A as already done.
   * @param {number} seconds
   */
  move(seconds) {
    if (!this.audio.seeking) this.requested = [];
    const aside = seconds < this.audio.duration ? 1e-3 : -1e-3;
    while (this.requested.some((place) => Math.abs(place - seconds) < 5e-4)) seconds += aside;
    this.requested.push(seconds);
    this.audio.currentTime = seconds;
  }
  start() {
    this.hooks.starting?.();
    this.waiting = !this.audio.hasAttribute("src");
    if (this.waiting) return;
    this.audio.play().catch((problem) => {
      if (problem.name === "NotAllowedError") this.showNotice(tr("Your browser blocked playback. Press Play again."));
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
    this.play.setAttribute("aria-label", playing ? tr("Pause") : tr("Play"));
    this.hooks.state?.(playing);
  }
  close() {
    this.copy.close();
    this.audio.pause();
    this.unload();
  }
};

// shared/keeping/lasting.js
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

// shared/keeping/staying.js
var views = lasting("views", () => /* @__PURE__ */ new WeakMap());
function staying(selector, open) {
  return (call) => {
    const root = (
      /** @type {HTMLElement} */
      call.parentElement.querySelector(selector)
    );
    translate(root);
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

// shared/storage.js
function browserStorage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
function write(name, text) {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

// shared/keymap.js
var MAC = /Mac|iPhone|iPad/.test(navigator.platform);
var STORED = "stt-keys";
var MOD = MAC ? "Meta" : "Ctrl";
var HELD = ["Ctrl", "Alt", "Shift", "Meta"];
var SIGNS = MAC ? { Ctrl: "\u2303", Alt: "\u2325", Shift: "\u21E7", Meta: "\u2318" } : {};
var NAMES = { ArrowUp: "\u2191", ArrowDown: "\u2193", ArrowLeft: "\u2190", ArrowRight: "\u2192" };
var ALONE = ["Control", "Alt", "Shift", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified", "Fn"];
var EDITING = /^(Space|Enter|Tab|Escape|Backspace|Delete|Insert|Home|End|Page(Up|Down)|Arrow(Up|Down|Left|Right))$/;
var OF_BROWSERS = [
  ...[..."ACVXFLNPQRSTW", "Tab", "Shift+T", "Shift+N"].map((key) => `${MOD}+${key}`),
  ...["F5", "F11", "F12", "Alt+F4", "Ctrl+Tab", "Ctrl+Shift+Tab"]
];
var MOST_KEYS = 2;
var GROUPS = {
  sound: () => tr("Sound"),
  places: () => tr("Navigation"),
  text: () => tr("Text"),
  review: () => tr("Review of doubtful words")
};
var grouped = (group, usual, actions) => actions.map((action) => ({ ...usual, ...action, group }));
var SOUND = grouped("sound", { where: "always", needs: "sound" }, [
  { id: "play", label: () => tr("Go back 1.5 s and play, or pause"), keys: ["F8", `${MOD}+Enter`] },
  { id: "back", label: () => tr("3 s back"), keys: ["F2"] },
  { id: "forth", label: () => tr("3 s forward"), keys: ["F4"] },
  { id: "slower", label: () => tr("Slower"), keys: ["Shift+F2"] },
  { id: "faster", label: () => tr("Faster"), keys: ["Shift+F4"] },
  { id: "loop", label: () => tr("Repeat the paragraph, or stop repeating"), keys: ["Shift+F8"] },
  { id: "toggle", label: () => tr("Play or pause"), where: "reading", keys: ["Space"], fixed: true },
  { id: "left", label: () => tr("5 s back"), where: "reading", keys: ["ArrowLeft"], fixed: true },
  { id: "right", label: () => tr("5 s forward"), where: "reading", keys: ["ArrowRight"], fixed: true }
]);
var PARAGRAPH = MAC ? "Alt" : "Ctrl";
var PLACES = grouped("places", { where: "always" }, [
  { id: "previous", label: () => tr("Previous paragraph"), keys: [`${PARAGRAPH}+ArrowUp`] },
  { id: "next", label: () => tr("Next paragraph"), keys: [`${PARAGRAPH}+ArrowDown`] },
  { id: "doubt", label: () => tr("Next doubtful word"), keys: ["F9"] },
  { id: "review", label: () => tr("Review doubtful words"), keys: ["Shift+F9"], needs: "editing" },
  { id: "note", label: () => tr("Add a note"), where: "reading", keys: ["N"], fixed: true, needs: "notes" },
  { id: "sheet", label: () => tr("Show the keyboard shortcuts"), where: "reading", keys: ["?"], fixed: true }
]);
var NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `${MAC ? "Ctrl" : "Alt"}+${number}`);
var toSpeaker = () => tr("Assign a speaker to the paragraph or the selected words");
var mergeAbove = () => tr("At the start of a paragraph: merge it with the one above");
var mergeBelow = () => tr("At the end of a paragraph: merge it with the one below");
var ERASING = (key) => HELD.map((held) => `${held}+${key}`);
var REDO = MAC ? ["Shift+Meta+Z"] : ["Ctrl+Shift+Z", "Ctrl+Y"];
var REPLACE = MAC ? "Alt+Meta+F" : "Ctrl+H";
var TEXT = grouped("text", { where: "typing", fixed: true, needs: "editing" }, [
  { id: "replace", label: () => tr("Find and replace"), where: "always", keys: [REPLACE], fixed: false },
  { id: "undo", label: () => tr("Undo"), where: "always", keys: [`${MOD}+Z`] },
  { id: "redo", label: () => tr("Redo"), where: "always", keys: REDO },
  { id: "split", label: () => tr("Split the paragraph here"), keys: ["Enter"], also: ["Shift+Enter"] },
  { id: "before", label: mergeAbove, keys: ["Backspace"], also: ERASING("Backspace") },
  { id: "after", label: mergeBelow, keys: ["Delete"], also: ERASING("Delete") },
  { id: "speaker", label: toSpeaker, keys: NUMBERS, shown: [NUMBERS[0], NUMBERS[8]] },
  { id: "leave", label: () => tr("Stop editing"), keys: ["Escape"] }
]);
var REVIEW = grouped("review", { where: "review", fixed: true, needs: "editing" }, [
  { id: "right", label: () => tr("Confirm the word, or replace it with the typed text"), keys: ["Enter"] },
  { id: "reading", label: () => tr("Use a suggestion"), keys: ["1", "2", "3"], shown: ["1", "3"] },
  { id: "more", label: () => tr("Transcribe the word again, for more suggestions"), keys: ["0"], needs: "sound" },
  { id: "hear", label: () => tr("Play the word again"), keys: ["Space"], needs: "sound" },
  { id: "skip", label: () => tr("Go to the next word"), keys: ["ArrowDown"] },
  { id: "again", label: () => tr("Go to the previous word"), keys: ["ArrowUp"] },
  { id: "end", label: () => tr("End the review"), keys: ["Escape"] }
]);
var ACTIONS = [...SOUND, ...PLACES, ...TEXT, ...REVIEW];
var CHANGEABLE = ACTIONS.filter(({ fixed }) => !fixed);
function meant({ key, code, shiftKey }, bare) {
  const [, letter, digit] = /^(?:Key([A-Z])|Digit(\d))$/.exec(code) ?? [];
  if (!bare) return letter ?? digit;
  return /^[\p{L}\p{M}]$/u.test(key) ? letter : !shiftKey && /^\p{Nd}$/u.test(key) ? digit : void 0;
}
function chordOf(event) {
  const { key, code } = event;
  if (!key || ALONE.includes(key) || event.getModifierState("AltGraph")) return "";
  const bare = !event.ctrlKey && !event.altKey && !event.metaKey;
  const plain = /^[a-z\d]$/i.test(key) ? key.toUpperCase() : meant(event, bare);
  const name = plain ?? { " ": "Space", "+": "Plus" }[key] ?? key;
  const sign = (/^[^A-Z]$/.test(name) || name === "Plus") && (bare || !code.startsWith("Digit"));
  const held = { Ctrl: event.ctrlKey, Alt: event.altKey, Shift: event.shiftKey && !sign, Meta: event.metaKey };
  return [...HELD.filter((one) => held[
    /** @type {keyof typeof held} */
    one
  ]), name].join("+");
}
function written(chord) {
  const parts2 = chord.split("+").map((part) => (
    /** @type {Record<string, string>} */
    { ...NAMES, ...SIGNS }[part] ?? part
  ));
  return parts2.join(MAC ? "" : "+");
}
function chosen() {
  try {
    const saved = JSON.parse(read(STORED) ?? "{}");
    const changed = CHANGEABLE.filter(({ id }) => Array.isArray(saved?.[id]));
    return Object.fromEntries(changed.map(({ id }) => [id, saved[id].map(String).slice(0, MOST_KEYS)]));
  } catch {
    return {};
  }
}
var Keymap = class {
  /** @param {Record<string, string[]>} keys that the user has chosen, by action id */
  constructor(keys = chosen()) {
    this.actions = ACTIONS.map((action) => ({ ...action, keys: keys[action.id] ?? action.keys }));
    this.byKey = /** @type {Map<string, Action[]>} */
    /* @__PURE__ */ new Map();
    for (const action of this.actions) {
      for (const key of [...action.keys, ...action.also ?? []]) {
        this.byKey.set(key, [...this.byKey.get(key) ?? [], action]);
      }
    }
  }
  /**
   * Return the id of the action that a pressed key starts, null if there is none.
   * @param {KeyboardEvent} event
   * @param {Where} here the context in which the key is pressed
   */
  find(event, here) {
    if (composes(event)) return null;
    const found2 = this.byKey.get(chordOf(event))?.find(({ where }) => where === "always" || where === here);
    return found2?.id ?? null;
  }
  /** Return the first key of an action as users see it, "" if it has none. @param {string} id of the action */
  hint(id) {
    const [key] = this.keysOf(id);
    return key ? written(key) : "";
  }
  /** @param {string} id */
  keysOf(id) {
    return this.actions.find((action) => action.id === id)?.keys ?? [];
  }
  /**
   * Return a message that says why a key cannot become the shortcut of an action, "" if it can.
   * @param {string} id
   * @param {string} chord
   */
  refusal(id, chord) {
    const held = chord.split("+");
    const key = held.pop() ?? "";
    const character = [...key].length === 1 || key === "Plus";
    const types = character && !held.includes("Ctrl") && !held.includes("Meta") && (MAC || !held.includes("Alt"));
    if (types || EDITING.test(key) && !held.some((one) => one !== "Shift"))
      return tr("{key} is used for typing. Combine it with Ctrl, or choose a key such as F8.", { key: written(chord) });
    if (OF_BROWSERS.includes(chord))
      return tr("{key} belongs to your browser. Choose another key.", { key: written(chord) });
    const other = (this.byKey.get(chord) ?? []).find((action) => action.id !== id);
    if (!other) return "";
    const used = { key: written(chord), action: other.label() };
    return tr("{key} is already the shortcut for \u201C{action}\u201D. Choose another key, or change that shortcut first.", used);
  }
};

// player/text/ranges.js
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
function textBefore(element, range) {
  const before = document.createRange();
  before.selectNodeContents(element);
  before.setEnd(range.startContainer, range.startOffset);
  return before.toString().length;
}

// player/editing/caret.js
function caretIn(element) {
  const selection = getSelection();
  if (!selection?.rangeCount) return null;
  const range = selection.getRangeAt(0);
  if (!element.contains(range.startContainer) || !element.contains(range.endContainer)) return null;
  const from = textBefore(element, range);
  return { from, to: from + range.toString().length };
}
function placeOf(element, offset) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let left = offset;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { length: length2 } = (
      /** @type {Text} */
      node
    );
    if (left <= length2) return [node, left];
    left -= length2;
  }
  return [element, element.childNodes.length];
}
function placeCaret(element, from, to = from) {
  const [start, end] = [placeOf(element, from), placeOf(element, to)];
  getSelection()?.setBaseAndExtent(...start, ...end);
}
function moved(before, after, at) {
  const most = Math.min(before.length, after.length);
  let first = 0;
  while (first < most && before[first] === after[first]) first += 1;
  if (at <= first) return at;
  let last2 = 0;
  while (last2 < most - first && before.at(-1 - last2) === after.at(-1 - last2)) last2 += 1;
  return at >= before.length - last2 ? at + after.length - before.length : after.length - last2;
}
function caretBox(element) {
  const range = getSelection()?.getRangeAt(0);
  const box = [...range?.getClientRects() ?? []].at(-1);
  return box ?? element.getBoundingClientRect();
}
function placeAcross(element, x, last2 = false) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const lines = [...range.getClientRects()].filter((box) => box.width);
  const line = last2 ? lines.at(-1) : lines[0];
  const y = line ? (line.top + line.bottom) / 2 : 0;
  const inside2 = line ? Math.min(Math.max(x, line.left + 1), line.right - 1) : 0;
  const found2 = document.caretPositionFromPoint?.(line ? Math.min(Math.max(x, 0), innerWidth) : 0, y);
  const place = found2 && element.contains(found2.offsetNode) ? found2 : document.caretPositionFromPoint?.(inside2, y);
  if (place && element.contains(place.offsetNode)) getSelection()?.collapse(place.offsetNode, place.offset);
  else placeCaret(element, last2 ? (element.textContent ?? "").length : 0);
}
var PLAIN = plaintextOnly();
function plaintextOnly() {
  const trial = document.createElement("p");
  try {
    trial.contentEditable = "plaintext-only";
    return "plaintext-only";
  } catch {
    return "true";
  }
}

// player/sound/loop.js
var SLACK = 0.05;
var Loop = class {
  id = (
    /** @type {number | null} */
    null
  );
  // id of the repeated paragraph
  /**
   * @param {HTMLElement} root
   * @param {import("../text/text.js").Text} text
   * @param {(seconds: number) => void} seek
   */
  constructor(root, text, seek) {
    this.button = partsOf(root, "stt-")("loop", HTMLButtonElement);
    this.text = text;
    this.seek = seek;
  }
  /** The repeated paragraph with its current times, null if none is repeated. */
  get paragraph() {
    return this.id === null ? null : this.text.byId(this.id) ?? null;
  }
  /** @param {import("../text/text.js").Paragraph | null} paragraph */
  set(paragraph) {
    this.id = paragraph?.id ?? null;
    this.button.setAttribute("aria-pressed", String(this.id !== null));
  }
  /**
   * Go back to the start of the repeated paragraph if playback has reached its end.
   * @param {number} seconds the position of the sound @param {HTMLAudioElement} audio
   */
  check(seconds, audio) {
    const { paragraph } = this;
    if (!paragraph || audio.paused && !audio.ended || seconds < paragraph.end && !audio.ended) return;
    this.seek(paragraph.start);
    if (audio.ended) void audio.play();
  }
  /** Stop repeating if a seek goes outside the repeated paragraph. @param {number} seconds target of the seek */
  endOutside(seconds) {
    const { paragraph } = this;
    if (!paragraph || seconds < paragraph.start - SLACK || seconds > paragraph.end) this.set(null);
  }
};

// player/shortcuts/sheet.js
var Sheet = class {
  /**
   * @param {HTMLElement} root
   * @param {import("../../shared/sound/sound.js").Listen} on
   * @param {() => import("../../shared/keymap.js").Keymap} keymap
   * @param {(needs: import("../../shared/keymap.js").Action["needs"]) => boolean} can
   *   whether the player has what an action needs
   */
  constructor(root, on, keymap, can) {
    this.keymap = keymap;
    this.can = can;
    this.box = make("dialog", "stt-sheet", "", { "aria-label": tr("Keyboard shortcuts") });
    on(this.box, "click", (event) => event.target === this.box && this.box.close());
    on(this.box, "keydown", (event) => {
      if (event.key !== "?") return;
      event.preventDefault();
      this.box.close();
    });
    root.append(this.box);
  }
  open() {
    const close = makeButton("stt-menu-button", tr("Close"), () => this.box.close());
    const head = make("div", "stt-sheet-head", [make("h2", "stt-sheet-title", tr("Keyboard shortcuts")), close]);
    const actions = this.keymap().actions.filter(({ keys, needs }) => keys.length && this.can(needs));
    const groups = [...new Set(actions.map(({ group }) => group))];
    const parts2 = groups.map((group) => this.group(group, actions.filter((action) => action.group === group)));
    const [before, after] = tr("These keys also work while you type. Change them on the {page}.").split("{page}");
    const link = make("a", "", tr("Settings page"), { href: "settings" });
    const more = make("p", "stt-sheet-more", [mark(), ` ${before}`, link, after ?? ""]);
    this.box.replaceChildren(head, ...parts2, more);
    if (!this.box.open) this.box.showModal();
  }
  /** @param {keyof typeof GROUPS} group @param {import("../../shared/keymap.js").Action[]} actions */
  group(group, actions) {
    const rows = actions.map(({ label, where, keys, shown }) => {
      const ends = { first: "", last: "" };
      const between = shown ? tr("{first} to {last}", ends) : tr("{first} or {last}", ends);
      const chords = (shown ?? keys).map((key) => make("kbd", "stt-sheet-key", written(key)));
      const parts2 = chords.flatMap((chord, place) => place ? [between, chord] : [chord]);
      const name = make("dt", "stt-sheet-name", where === "always" ? [label(), mark()] : label());
      return make("div", "stt-sheet-row", [name, make("dd", "stt-sheet-keys", parts2)]);
    });
    const title2 = make("h3", "stt-sheet-subtitle", GROUPS[group]());
    return make("section", "stt-sheet-group", [title2, make("dl", "stt-sheet-list", rows)]);
  }
  close() {
    this.box.remove();
  }
};
var mark = () => make("span", "stt-sheet-mark", "\u2022", { role: "img", "aria-label": tr("also while you type") });

// player/sound/spoken.js
function lastAtMost(list2, value, limit) {
  let low = 0;
  let high = list2.length;
  while (low < high) {
    const middle = low + high >> 1;
    if (value(list2[middle]) <= limit) low = middle + 1;
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

// player/shortcuts/commands.js
var BEFORE = 1.5;
var STEP = 3;
var LONG_STEP = 5;
var ONCE = ["toggle", "play", "loop", "note"];
var Commands = class {
  keymap = new Keymap();
  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, on } = player;
    const part = partsOf(root, "stt-");
    this.live = part("say");
    this.loop = new Loop(root, player.text, (seconds) => player.seek(seconds));
    this.sheet = new Sheet(root, on, () => this.keymap, (needs) => this.can(needs));
    on(part("loop"), "click", () => this.run("loop"));
    on(part("loop"), "mousedown", (event) => event.preventDefault());
    on(part("keys"), "click", () => this.run("sheet"));
    on(window, "storage", () => this.read());
    this.titles = /** @type {const} */
    [
      [part("undo"), tr("Undo"), "undo"],
      [part("redo"), tr("Redo"), "redo"],
      [part("replacing"), tr("Find and replace"), "replace"],
      [part("note"), tr("Add a note"), "note"],
      [part("loop"), tr("Repeat this paragraph"), "loop"],
      [part("keys"), tr("Keyboard shortcuts"), "sheet"],
      [part("review-open"), tr("Review doubtful words"), "review"],
      [part("doubt"), tr("Go to the next doubtful word"), "doubt"]
    ];
    this.acts = /** @type {Record<string, () => void>} */
    {
      play: () => this.play(),
      toggle: () => player.toggle(),
      back: () => this.skip(-STEP),
      forth: () => this.skip(STEP),
      left: () => this.skip(-LONG_STEP),
      right: () => this.skip(LONG_STEP),
      slower: () => this.pace(-1),
      faster: () => this.pace(1),
      loop: () => this.repeat(),
      previous: () => this.walk(-1),
      next: () => this.walk(1),
      doubt: () => this.doubt(),
      review: () => player.review.toggle(),
      sheet: () => this.sheet.open(),
      note: () => player.notes.add(),
      replace: () => player.replace.open(true),
      undo: () => player.editor.undoRedo("undo"),
      redo: () => player.editor.undoRedo("redo")
    };
    this.name();
  }
  /** Load the keyboard shortcuts again after they were changed in another tab. */
  read() {
    this.keymap = new Keymap();
    this.name();
  }
  /** Show the key of each action in the tooltip of its button. */
  name() {
    for (const [button2, title2, id] of this.titles) {
      const hint = this.keymap.hint(id);
      button2.title = hint ? `${title2} (${hint})` : title2;
    }
  }
  /** @param {import("../../shared/keymap.js").Action["needs"]} needs */
  can(needs) {
    if (needs === "notes") return Boolean(this.player.notes.address);
    if (needs === "sound") return Boolean(this.player.data.audio);
    return needs !== "editing" || this.player.editor.editable;
  }
  /** Run an action if it is possible now. Return whether the key press is handled. @param {string} id of the action */
  run(id, repeated = false) {
    if (repeated && ONCE.includes(id)) return true;
    const action = this.keymap.actions.find((one) => one.id === id);
    const act = this.acts[id];
    if (!action || !act || !this.can(action.needs)) return false;
    act();
    return true;
  }
  // ---- sound -------------------------------------------------------------------------------------------------------
  /** Pause the sound. If it is paused already, start playback BEFORE seconds before the current position. */
  play() {
    const { player } = this;
    const first = this.loop.paragraph?.start ?? 0;
    if (player.audio.paused && !player.sound.waiting) player.seek(Math.max(player.sound.position - BEFORE, first));
    player.toggle();
  }
  /** @param {number} seconds */
  skip(seconds) {
    this.player.seek(this.player.sound.position + seconds);
  }
  /** @param {1 | -1} direction */
  pace(direction) {
    const { speed, audio } = this.player;
    const place = Math.min(Math.max(speed.selectedIndex + direction, 0), speed.options.length - 1);
    speed.selectedIndex = place;
    audio.playbackRate = Number(speed.value);
    this.live.textContent = tr("Speed {speed}", { speed: speed.options[place].text });
  }
  /** The paragraph with the caret; if the caret is not in the text, the paragraph at the position of the sound. */
  get here() {
    const { editor, current, text } = this.player;
    return editor.active ?? current ?? text.paragraphAt(this.player.sound.position) ?? text.paragraphs[0];
  }
  repeat() {
    const paragraph = this.loop.paragraph ? null : this.here;
    if (paragraph) {
      const { position } = this.player.sound;
      if (position < paragraph.start || position >= paragraph.end) this.player.seek(paragraph.start);
    }
    this.loop.set(paragraph);
    this.live.textContent = paragraph ? tr("This paragraph is repeated.") : tr("Repeating has stopped.");
  }
  // ---- moving ------------------------------------------------------------------------------------------------------
  /** @param {1 | -1} direction */
  walk(direction) {
    const { player } = this;
    const { text, editor } = player;
    const target = text.paragraphs[text.paragraphs.indexOf(this.here) + direction];
    if (!target) return;
    const looping = this.loop.paragraph;
    if (this.can("sound") && text.timed) player.seek(target.start);
    if (looping) this.loop.set(target);
    if (editor.active) editor.enter(target, 0);
    else if (text.timed && document.activeElement?.closest(".stt-time")) target.time.focus({ preventScroll: true });
    player.reveal(() => target.box);
  }
  /**
   * Go to the first doubtful word after the caret. If the caret is not in the text, go to the first after the doubtful
   * word that was selected last.
   */
  doubt() {
    const { finder, editor } = this.player;
    const { active } = editor;
    if (!this.player.text.doubts.length) return void (this.live.textContent = tr("No word is doubtful."));
    const caret = active && caretIn(active.body);
    if (active && caret) {
      const place = lastAtMost(active.words, (word) => word.from, caret.from);
      finder.from(active.words[place]?.start ?? active.start - 1e-3);
    }
    const doubt = finder.nextDoubt();
    if (active) editor.enter(doubt.paragraph, doubt.from, doubt.from + doubt.text.length);
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

// player/sound/waveform.js
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
   * Draw the waveform again if the position has moved by more than a pixel since the last drawing.
   * @param {number} done the position of the sound as a fraction of its length, 0 to 1
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
    const [width, height] = [box.clientWidth, box.clientHeight];
    const pen = penOf(box, width, height);
    const { color, accentColor } = getComputedStyle(box);
    const bars2 = Math.floor(width / BAR);
    this.drawn = done;
    for (let i = 0; i < bars2; i += 1) {
      const first = Math.floor(i * peaks.length / bars2);
      const last2 = Math.floor((i + 1) * peaks.length / bars2);
      const loud = Math.max(...peaks.slice(first, Math.max(last2, first + 1)));
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
function penOf(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  Object.assign(canvas, { width: width * scale, height: height * scale });
  const pen = (
    /** @type {CanvasRenderingContext2D} */
    canvas.getContext("2d")
  );
  pen.scale(scale, scale);
  return pen;
}

// player/editing/borders.js
var AROUND = 2;
var FINE = 10;
var Borders = class {
  /**
   * @param {Times} times the caller updates this object when the times change
   * @param {Waveform} waveform
   * @param {(name: Name, seconds: number) => void} change
   */
  constructor(times, waveform, change) {
    this.times = times;
    this.waveform = waveform;
    this.change = change;
    this.first = Math.max(0, times.start - AROUND);
    this.last = Math.min(waveform.total, times.end + AROUND);
    this.wave = make("canvas", "stt-borders-wave", "", { "aria-hidden": "true" });
    this.handles = {
      start: this.handle("start", tr("Start, on the waveform")),
      end: this.handle("end", tr("End, on the waveform"))
    };
    this.box = make("div", "stt-borders", [this.wave, this.handles.start, this.handles.end]);
    new ResizeObserver(() => this.draw()).observe(this.box);
  }
  /** @param {Name} name @param {string} label */
  handle(name, label) {
    const range = { "aria-valuemin": this.first, "aria-valuemax": this.last };
    const handle = make("div", "stt-border", "", { tabindex: 0, role: "slider", "aria-label": label, ...range });
    handle.onpointerdown = (event) => {
      event.preventDefault();
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
    };
    handle.onpointermove = (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const { left, width } = this.box.getBoundingClientRect();
      this.move(name, this.first + (event.clientX - left) / width * (this.last - this.first));
    };
    handle.onkeydown = (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      this.move(name, this.times[name] + way / FINE);
    };
    return handle;
  }
  /** @param {Name} name @param {number} seconds */
  move(name, seconds) {
    const { times, first, last: last2 } = this;
    const lowest = name === "start" ? first : times.start + 1 / FINE;
    const highest = name === "start" ? times.end - 1 / FINE : last2;
    this.change(name, Math.min(Math.max(seconds, lowest), highest));
  }
  draw() {
    const { box, wave, times, first, last: last2 } = this;
    const length2 = last2 - first;
    for (
      const name of
      /** @type {const} */
      ["start", "end"]
    ) {
      const handle = this.handles[name];
      handle.style.left = `${100 * (times[name] - first) / length2}%`;
      set(handle, { "aria-valuenow": times[name], "aria-valuetext": tenths(times[name]) });
    }
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (!width) return;
    const pen = penOf(wave, width, height);
    const { color, accentColor } = getComputedStyle(wave);
    for (let x = 0; x < width; x += 3) {
      const at = first + (x + 1) / width * length2;
      const loud = loudness(this.waveform, at);
      const tall = Math.max(2, height * loud);
      pen.fillStyle = at >= times.start && at < times.end ? accentColor : color;
      pen.fillRect(x, (height - tall) / 2, 2, tall);
    }
  }
};
function loudness({ peaks, total }, seconds) {
  return peaks[Math.min(peaks.length - 1, Math.floor(seconds / total * peaks.length))] ?? 0;
}

// player/editing/menu.js
var GAP = 4;
var Menu = class {
  box = make("div", "stt-menu");
  anchor = (
    /** @type {HTMLElement | null} */
    null
  );
  /** @param {HTMLElement} root */
  constructor(root) {
    this.box.popover = "auto";
    this.box.onkeydown = (event) => this.pressed(event);
    this.box.addEventListener("toggle", (event) => {
      if (
        /** @type {ToggleEvent} */
        event.newState !== "closed"
      ) return;
      this.anchor?.setAttribute("aria-expanded", "false");
      this.closed();
    });
    root.append(this.box);
  }
  closed = () => {
  };
  /**
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {Item[]} items
   */
  offer(anchor, label, items) {
    const rows = items.map(({ label: label2, hint, colour, checked, act }) => {
      const name = make("span", "stt-menu-name", label2, { dir: "auto" });
      if (colour) name.style.setProperty("--stt-voice", colour);
      const row = makeButton("stt-menu-item", [name], () => act(), { tabindex: -1, role: "menuitem" });
      if (checked !== void 0) set(row, { role: "menuitemradio", "aria-checked": String(checked) });
      if (hint)
        set(row, { "aria-keyshortcuts": hint }).append(make("kbd", "stt-menu-hint", hint, { "aria-hidden": "true" }));
      return row;
    });
    this.open(anchor, label, "menu", rows);
    (rows.find((row) => row.getAttribute("aria-checked") === "true") ?? rows[0])?.focus({ preventScroll: true });
  }
  /**
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {string} role
   * @param {HTMLElement[]} content
   */
  open(anchor, label, role, content) {
    this.anchor = anchor;
    anchor.setAttribute("aria-expanded", "true");
    set(this.box, { role, "aria-label": label });
    this.box.replaceChildren(...content);
    if (!this.box.matches(":popover-open")) this.box.showPopover();
    const { left, bottom, top } = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.box;
    const below = bottom + GAP + height <= innerHeight || top < height;
    this.box.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
    this.box.style.top = `${Math.max(GAP, below ? bottom + GAP : top - GAP - height)}px`;
  }
  close() {
    if (this.box.matches(":popover-open")) this.box.hidePopover();
  }
  /** @param {KeyboardEvent} event */
  pressed(event) {
    event.stopPropagation();
    if (composes(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
      this.anchor?.focus({ preventScroll: true });
      return;
    }
    if (this.box.getAttribute("role") !== "menu") return;
    const rows = (
      /** @type {HTMLElement[]} */
      [...this.box.children]
    );
    const place = rows.findIndex((row) => row === document.activeElement);
    const places = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 };
    if (event.key === "Tab") return this.close();
    if (!(event.key in places)) return;
    event.preventDefault();
    const target = places[
      /** @type {keyof typeof places} */
      event.key
    ];
    rows.at(target % rows.length)?.focus({ preventScroll: true });
  }
  /**
   * Show a field for the name of a new speaker, in place of the menu.
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {(name: string) => void} done
   */
  ask(anchor, label, done) {
    const hints = { "aria-label": label, placeholder: label, maxlength: 100, dir: "auto" };
    const field = make("input", "stt-menu-field", "", hints);
    const form = make("form", "stt-menu-form", [field, make("button", "stt-menu-button", tr("Assign"))]);
    form.onsubmit = (event) => {
      event.preventDefault();
      const name = field.value.trim();
      if (name) done(name);
      else field.focus();
    };
    this.open(anchor, label, "dialog", [form]);
    field.focus({ preventScroll: true });
  }
  /**
   * Show the start and the end time of a paragraph, with buttons and a waveform to change them.
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {{ start: number, end: number }} times
   * @param {() => number | null} now returns the position of the sound in seconds, null without a sound
   * @param {import("./borders.js").Waveform | null} waveform
   * @param {(change: { start?: number, end?: number }) => void} change
   */
  times(anchor, label, times, now, waveform, change) {
    const names2 = (
      /** @type {const} */
      ["start", "end"]
    );
    const [first, last2] = names2.map(
      (name) => make("output", "stt-times-value", tenths(times[name]), { "aria-live": "polite" })
    );
    const values = { start: first, end: last2 };
    const move = (name, seconds) => {
      times[name] = Math.max(0, Math.round(seconds * 10) / 10);
      values[name].textContent = tenths(times[name]);
      borders?.draw();
      change({ [name]: times[name] });
    };
    const borders = waveform?.peaks.length ? new Borders(times, waveform, move) : null;
    const rows = names2.map((name) => {
      const [title2, earlier, later, toNow] = name === "start" ? [tr("Start"), tr("Start 0.1 s earlier"), tr("Start 0.1 s later"), tr("Set the start to now")] : [tr("End"), tr("End 0.1 s earlier"), tr("End 0.1 s later"), tr("Set the end to now")];
      const button2 = (text, label2, seconds) => makeButton("stt-menu-button", text, () => move(name, seconds()), { "aria-label": label2 });
      const parts2 = [
        make("span", "stt-times-name", title2),
        button2(tr("\u22120.1 s"), earlier, () => times[name] - 0.1),
        values[name],
        button2(tr("+0.1 s"), later, () => times[name] + 0.1)
      ];
      if (now() !== null) parts2.push(button2(tr("Set to now"), toNow, () => now() ?? times[name]));
      return make("div", "stt-times-row", parts2, { role: "group", "aria-label": title2 });
    });
    this.open(anchor, label, "dialog", borders ? [borders.box, ...rows] : rows);
    this.box.querySelector("button")?.focus({ preventScroll: true });
  }
};

// player/editing/choices.js
var SPEAKER_KEY = MAC ? "Control+" : "Alt+";
var LAST_NUMBER = 9;
var NUDGED = 700;
var Choices = class {
  /** @param {HTMLElement} root @param {import("./editor.js").Editor} editor */
  constructor(root, editor) {
    this.editor = editor;
    this.menu = new Menu(root);
  }
  /** The names of the speakers. Alt+1 (on a Mac Control+1) assigns the first, Alt+2 the second, and so on. */
  get speakers() {
    const { text, pageSpeakers } = this.editor;
    return [.../* @__PURE__ */ new Set([...pageSpeakers, ...text.speakers, ...text.paragraphs.flatMap((p) => p.speaker || [])])];
  }
  /** @param {Paragraph} paragraph @param {HTMLElement} anchor */
  speaker(paragraph, anchor) {
    const { editor } = this;
    const range = editor.chosen?.id === paragraph.id ? editor.chosen : null;
    const giving = (name) => {
      this.menu.close();
      editor.give(paragraph, name, range);
      (paragraph.name ?? paragraph.more)?.focus({ preventScroll: true });
    };
    const items = this.speakers.map((name, place) => ({
      label: name,
      hint: place < LAST_NUMBER ? `${SPEAKER_KEY}${place + 1}` : "",
      colour: colourOf(Math.max(editor.text.speakers.indexOf(name), 0)),
      checked: name === paragraph.speaker,
      act: () => giving(name)
    }));
    const fresh = {
      label: tr("New speaker\u2026"),
      act: () => this.menu.ask(anchor, tr("Name of the new speaker"), giving)
    };
    const some = range && range.to > range.from;
    const label = some ? tr("Speaker of the selected words") : tr("Speaker of this paragraph");
    this.menu.offer(anchor, label, [...items, fresh]);
  }
  /** @param {Paragraph} paragraph @param {HTMLElement} anchor */
  more(paragraph, anchor) {
    const { editor } = this;
    const then = (act) => () => {
      this.menu.close();
      act();
    };
    const items = [{ label: tr("Speaker\u2026"), act: () => this.speaker(paragraph, anchor) }];
    if (editor.text.timed) items.push({ label: tr("Times\u2026"), act: () => this.times(paragraph, anchor) });
    const { passages } = editor.player;
    if (passages.choices) {
      items.push({ label: tr("Transcribe this passage again\u2026"), act: then(() => passages.offer(paragraph)) });
    }
    if (editor.place(paragraph) > 0) {
      items.push({ label: tr("Merge with the paragraph above"), act: then(() => editor.merge(paragraph)) });
    }
    items.push({ label: tr("Delete paragraph"), act: then(() => editor.remove(paragraph)) });
    this.menu.offer(anchor, tr("This paragraph"), items);
  }
  /** @param {Paragraph} paragraph @param {HTMLElement} anchor */
  times(paragraph, anchor) {
    let wanted = (
      /** @type {{ start?: number, end?: number }} */
      {}
    );
    let timer = (
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      void 0
    );
    const send = () => {
      clearTimeout(timer);
      this.menu.closed = () => {
      };
      if (Object.keys(wanted).length) this.editor.step(paragraph, { do: "times", ...wanted });
      wanted = {};
    };
    const { start, end } = paragraph;
    const { player } = this.editor;
    this.menu.times(
      anchor,
      tr("Times of this paragraph"),
      { start, end },
      () => player.data.audio ? player.sound.position : null,
      player.total ? { peaks: player.wave.peaks, total: player.total } : null,
      (change) => {
        Object.assign(wanted, change);
        clearTimeout(timer);
        this.menu.closed = send;
        timer = setTimeout(send, NUDGED);
      }
    );
  }
};

// player/editing/conflicts.js
var Conflicts = class {
  panels = (
    /** @type {Map<string, { box: HTMLElement, mine: HTMLElement, other: HTMLElement }>} */
    /* @__PURE__ */ new Map()
  );
  /** @param {import("./saving/queue.js").Queue} queue @param {import("../text/text.js").Text} text */
  constructor(queue, text) {
    this.queue = queue;
    this.text = text;
  }
  /** Show a panel for each step that waits for a decision between two texts, and remove the panels of other steps. */
  show() {
    const held = this.queue.held;
    for (const [key, { box }] of this.panels) {
      if (held.some((entry) => entry.key === key)) continue;
      box.remove();
      this.panels.delete(key);
    }
    for (const entry of held) {
      const paragraph = this.text.byId(entry.step.id);
      if (!paragraph) continue;
      const panel = this.panels.get(entry.key) ?? this.panel(entry);
      this.panels.set(entry.key, panel);
      const other = this.queue.confirmed.find(({ id }) => id === entry.step.id);
      panel.mine.textContent = entry.step.text ?? "";
      panel.other.textContent = other ? other.text : tr("This paragraph was removed.");
      panel.other.classList.toggle("stt-conflict-gone", !other);
      if (panel.box.parentElement !== paragraph.box) paragraph.box.append(panel.box);
    }
  }
  /** @param {Entry} entry */
  panel(entry) {
    const text = () => make("p", "stt-conflict-text", "", { dir: "auto", translate: "no" });
    const [mine, other] = [text(), text()];
    const now = () => (
      /** @type {Entry} */
      this.queue.held.find(({ key }) => key === entry.key)
    );
    const keepMine = makeButton("stt-menu-button", tr("Keep mine"), () => this.queue.keepMine(now()));
    const keepOther = makeButton("stt-menu-button", tr("Keep the other"), () => this.queue.keepOther(now()));
    const content = [
      make("p", "stt-conflict-reason", entry.held?.reason ?? "", { role: "alert" }),
      make("div", "stt-conflict-side", [make("h4", "stt-conflict-title", tr("Your text")), mine, keepMine]),
      make("div", "stt-conflict-side", [make("h4", "stt-conflict-title", tr("The other text")), other, keepOther])
    ];
    const box = make("div", "stt-conflict", content, {
      role: "group",
      "aria-label": tr("Two texts of this paragraph")
    });
    return { box, mine, other };
  }
};

// player/editing/lines.js
var last = 0;
var newId = () => last += 1;
function textOf({ t, text = "" }) {
  if (!t) return text;
  return (t[0]?.trimStart() ?? "").concat(...t.slice(1)).replace(/\n/g, " ");
}
var lineOf = (packed, id = newId()) => ({ id, text: textOf(packed), packed });
var spaced = (text) => text.split(/\s+/).join(" ").trim();
var alike = (one, other) => one === other || spaced(one) === spaced(other);
var codePoints = (text) => Array.from(text).length;
var unitsOf = (text, at) => Array.from(text).slice(0, at).join("").length;
function placeIn(text, units) {
  const before = text.slice(0, units);
  const head = spaced(before);
  return codePoints(head) + (head && /\s$/.test(before) ? 1 : 0);
}
function splitAt(text, units) {
  const [head, tail] = [spaced(text.slice(0, units)), spaced(text.slice(units))];
  if (!head || !tail) return null;
  const apart = /\s$/.test(text.slice(0, units)) || /^\s/.test(text.slice(units));
  return { text: apart ? `${head} ${tail}` : head + tail, at: codePoints(head) };
}
function retyped(line, text) {
  if (alike(line.text, text)) return line;
  const { start, end, speaker } = line.packed;
  return { id: line.id, text, packed: { start, end, speaker, text, s: [], e: [] }, provisional: true };
}
function cut(line, text, places, ids) {
  const points = Array.from(text);
  const { start, end, speaker } = line.packed;
  const when2 = (at) => start + (end - start) * at / Math.max(points.length, 1);
  const bounds = [0, ...places, points.length];
  const free = [line.id, ...ids];
  return bounds.slice(0, -1).flatMap((from, i) => {
    const part = points.slice(from, bounds[i + 1]).join("").trim();
    if (!part) return [];
    const packed = { start: when2(from), end: when2(bounds[i + 1]), speaker, text: part, s: [], e: [] };
    return [
      /** @type {Line} */
      { id: free.shift() ?? newId(), text: part, packed, provisional: true }
    ];
  });
}
var spokenBy = (line, speaker) => ({ ...line, packed: { ...line.packed, speaker } });
function applied(lines, step) {
  if (step.do === "revive") return revived(lines, step);
  if (step.do === "replace") return replaced(lines, step);
  const at = step.id == null ? -1 : lines.findIndex((line2) => line2.id === step.id);
  const line = lines[at];
  if (!line) return lines;
  const text = step.text ?? line.text;
  const changed = (first, removed, ...made) => lines.toSpliced(first, removed, ...made);
  switch (step.do) {
    case "text":
      return changed(at, 1, ...spaced(text) ? [retyped(line, text)] : []);
    case "split":
      return changed(at, 1, ...cut(line, text, [step.at ?? 0], step.ids ?? []));
    case "delete":
      return changed(at, 1);
    case "merge":
      if (!at) return lines;
      return changed(at - 1, 2, merged(lines[at - 1], line, text));
    case "speaker": {
      if (step.from == null || step.to == null) return changed(at, 1, spokenBy(line, step.speaker));
      const parts2 = cut(line, line.text, [step.from, step.to], step.ids ?? []);
      const whose = step.from > 0 ? 1 : 0;
      return changed(at, 1, ...parts2.map((part, i) => i === whose ? spokenBy(part, step.speaker) : part));
    }
    case "word":
      return changed(at, 1, ...settled(line, step));
    case "times": {
      const { start = line.packed.start, end = line.packed.end } = step;
      return changed(at, 1, { ...line, packed: { ...line.packed, start, end } });
    }
    default:
      return lines;
  }
}
function settled(line, { from = 0, to = 0, text = "" }) {
  const points = Array.from(line.text);
  const whole = spaced(points.slice(0, from).join("") + text + points.slice(to).join(""));
  const { t, c } = line.packed;
  let end = 0;
  const place = (t ?? []).findIndex((word2, i) => {
    end += codePoints(i ? word2 : word2.trimStart());
    return end >= to;
  });
  const word = t?.[place] ?? "";
  if (!t || !spaced(text) || codePoints(word.trim()) !== to - from || end !== to)
    return whole ? [retyped(line, whole)] : [];
  const lead = word.slice(0, word.length - word.trimStart().length);
  const packed = { ...line.packed, t: t.with(place, lead + spaced(text)), c: c?.with(place, null) };
  return [{ ...line, text: textOf(packed), packed }];
}
function replaced(lines, { only = [], with: by = "" }) {
  const places = (
    /** @type {Map<number, Place[]>} */
    /* @__PURE__ */ new Map()
  );
  for (const place of only) places.set(place.paragraph, [...places.get(place.paragraph) ?? [], place]);
  return lines.flatMap((line) => {
    const own = places.get(line.id);
    if (!own) return [line];
    const points = Array.from(line.text);
    for (const { from, to } of own.sort((a, b) => b.from - a.from)) points.splice(from, to - from, by);
    const text = spaced(points.join(""));
    return text ? [retyped(line, text)] : [];
  });
}
function revived(lines, { id = newId(), text = "", after }) {
  const place = after == null ? 0 : lines.findIndex((line) => line.id === after) + 1;
  const beside = lines[Math.max(place - 1, 0)]?.packed;
  const packed = { start: beside?.end ?? 0, end: beside?.end ?? 0, speaker: beside?.speaker, text, s: [], e: [] };
  return lines.toSpliced(place, 0, { id, text, packed, provisional: true });
}
function merged(upper, lower, text) {
  const whole = [spaced(upper.text), spaced(text)].filter(Boolean).join(" ");
  const packed = { ...upper.packed, end: Math.max(upper.packed.end, lower.packed.end), text: whole, s: [], e: [] };
  for (
    const column of
    /** @type {const} */
    ["t", "c", "o"]
  ) delete packed[column];
  return { id: upper.id, text: whole, packed, provisional: true };
}
function spliced(lines, splices) {
  const made = [...lines];
  for (const { at, removed, paragraphs } of splices) {
    made.splice(at, removed ?? Infinity, ...paragraphs.map((packed) => lineOf(packed)));
  }
  return made;
}
function adopted(expected, lines) {
  const known = new Map(expected.map((line, place) => [line.id, place]));
  const common = new Set(lines.map((line) => line.id).filter((id) => known.has(id)));
  const made = (
    /** @type {Line[]} */
    []
  );
  let at = 0;
  for (let i = 0; i < lines.length; ) {
    if (common.has(lines[i].id)) {
      at = Math.max(
        at,
        /** @type {number} */
        known.get(lines[i].id) + 1
      );
      made.push(lines[i]);
      i += 1;
      continue;
    }
    let end = i;
    while (end < lines.length && !common.has(lines[end].id)) end += 1;
    let until = at;
    while (until < expected.length && !common.has(expected[until].id)) until += 1;
    for (const line of matched(expected.slice(at, until), lines.slice(i, end))) made.push(line);
    at = until;
    i = end;
  }
  return made;
}
function matched(expected, lines) {
  const same = (one, other) => alike(one.text, other.text);
  const ids = (
    /** @type {(number | undefined)[]} */
    []
  );
  let first = 0;
  let [rest, others] = [lines.length, expected.length];
  for (; first < rest && first < others && same(lines[first], expected[first]); first += 1)
    ids[first] = expected[first].id;
  for (; rest > first && others > first && same(lines[rest - 1], expected[others - 1]); ) {
    ids[rest -= 1] = expected[others -= 1].id;
  }
  if (rest - first === others - first) for (let i = first; i < rest; i += 1) ids[i] = expected[i].id;
  else {
    const places = /* @__PURE__ */ new Map();
    for (let i = first; i < others; i += 1) {
      const text = spaced(expected[i].text);
      places.set(text, [...places.get(text) ?? [], i]);
    }
    let after = first - 1;
    for (let i = first; i < rest; i += 1) {
      const place = places.get(spaced(lines[i].text))?.find((found2) => found2 > after);
      if (place === void 0) continue;
      ids[i] = expected[place].id;
      after = place;
    }
  }
  return lines.map((line, i) => ids[i] === void 0 ? line : { ...line, id: (
    /** @type {number} */
    ids[i]
  ) });
}
function renewed(before, packed) {
  const known = new Map(before.map((line) => [line.id, line]));
  const lines = adopted(
    before,
    packed.map((one) => lineOf(one))
  );
  return lines.map((line) => {
    const old = known.get(line.id);
    return old && JSON.stringify(old.packed) === JSON.stringify(line.packed) ? old : line;
  });
}

// player/editing/keys.js
var Keys = class {
  pointing = false;
  // true while a mouse button or a finger is down
  /** @param {import("./editor.js").Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.text = editor.text;
    const { box } = editor.text;
    const { on } = editor.player;
    on(document, "pointerdown", () => this.pointing = true, { capture: true });
    for (const name of ["pointerup", "pointercancel"]) {
      on(document, name, () => this.pointing = false, { capture: true });
    }
    on(box, "focusin", (event) => this.focusIn(event));
    on(box, "focusout", (event) => this.focusOut(event));
    on(box, "keydown", (event) => this.pressed(event));
    on(box, "beforeinput", (event) => this.beforeInput(event));
    on(box, "input", () => editor.typed());
    on(box, "paste", (event) => this.pasted(event));
    on(box, "contextmenu", (event) => this.openTimes(event));
    on(box, "compositionstart", () => editor.composing = true);
    on(box, "compositionend", () => {
      editor.composing = false;
      editor.typed();
    });
    const hidden = () => document.visibilityState === "hidden";
    on(document, "visibilitychange", () => hidden() ? this.leavePage() : editor.queue?.refresh());
    on(window, "pagehide", () => this.leavePage());
    on(window, "focus", () => editor.queue?.refresh());
    on(window, "online", () => editor.queue?.run());
  }
  /** Send the typed text at once, because the page is hidden and may close. */
  leavePage() {
    clearTimeout(this.editor.timers.save);
    this.editor.timers.save = void 0;
    this.editor.queue?.leave();
  }
  /** @param {FocusEvent & { target: Element }} event */
  focusIn({ target }) {
    const paragraph = this.text.of.get(target);
    if (!paragraph || paragraph.body !== target || this.editor.active === paragraph || this.pointing) return;
    this.editor.enter(paragraph, caretIn(paragraph.body)?.from ?? 0);
  }
  /** @param {FocusEvent} event */
  focusOut({ target }) {
    if (target !== this.editor.active?.body || this.editor.drawing) return;
    if (document.hasFocus()) this.editor.leave();
    else this.editor.save();
  }
  /**
   * Open the menu of the clicked button, or put the caret at the clicked position. Return whether a button was clicked.
   * @param {Element} target
   */
  clicked(target) {
    const button2 = (
      /** @type {HTMLElement | null} */
      target.closest("button.stt-speaker, .stt-more")
    );
    const paragraph = this.text.of.get(button2 ?? target.closest(".stt-words") ?? target);
    if (!paragraph) return false;
    if (button2) {
      if (button2 === paragraph.more) this.editor.choices.more(paragraph, button2);
      else this.editor.choices.speaker(paragraph, button2);
      return true;
    }
    const caret = caretIn(paragraph.body);
    if (caret && this.editor.active !== paragraph) this.editor.enter(paragraph, caret.from, caret.to);
    return false;
  }
  /** After a right-click on a time, open the box to change it. @param {MouseEvent & { target: Element }} event */
  openTimes(event) {
    const time = (
      /** @type {HTMLElement | null} */
      event.target.closest(".stt-time")
    );
    const paragraph = time && this.text.of.get(time);
    if (!time || !paragraph || !this.editor.editable) return;
    event.preventDefault();
    this.editor.choices.times(paragraph, time);
  }
  // ---- keys --------------------------------------------------------------------------------------------------------
  /** @param {KeyboardEvent} event */
  pressed(event) {
    const paragraph = this.editor.active;
    if (!paragraph || event.target !== paragraph.body) return;
    event.stopPropagation();
    if (composes(event)) return;
    if (this.act(event, paragraph)) event.preventDefault();
  }
  /** @param {KeyboardEvent} event @param {Paragraph} paragraph */
  act(event, paragraph) {
    const { commands } = this.editor.player;
    const id = commands.keymap.find(event, "typing");
    const acts = {
      leave: () => this.escape(paragraph),
      split: () => this.editor.split(),
      before: () => this.deletes(paragraph, false),
      after: () => this.deletes(paragraph, true),
      speaker: () => this.assign(event, paragraph)
    };
    if (id && acts[id]) return acts[id]() !== false;
    if (id) return commands.run(id, event.repeat);
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    return this.walks(event.key, paragraph);
  }
  /**
   * Assign the speaker of the pressed digit to the paragraph, or to the selected words in it.
   * @param {KeyboardEvent} event
   * @param {Paragraph} paragraph
   */
  assign(event, paragraph) {
    const speaker = this.editor.choices.speakers[Number(chordOf(event).at(-1)) - 1];
    if (speaker) this.editor.give(paragraph, speaker, caretIn(paragraph.body));
  }
  /** @param {Paragraph} paragraph */
  escape(paragraph) {
    this.editor.leave();
    if (this.text.timed) paragraph.time.focus({ preventScroll: true });
  }
  /**
   * Merge a paragraph with the one above if the user deletes backward at its start, or with the one below if the user
   * deletes forward at its end. Delete the paragraph if all its text is selected. Return false for other deletions,
   * which the browser performs.
   * @param {Paragraph} paragraph
   * @param {boolean} forward true for the Delete key, false for Backspace
   */
  deletes(paragraph, forward) {
    const caret = caretIn(paragraph.body);
    const { length: length2 } = paragraph.body.textContent ?? "";
    if (!caret) return false;
    const place = this.editor.place(paragraph);
    const [above, below] = [this.text.paragraphs[place - 1], this.text.paragraphs[place + 1]];
    if (!length2 && !forward && above) this.editor.delete(paragraph, above);
    else if (caret.from === 0 && caret.to === length2) this.editor.remove(paragraph);
    else if (caret.from !== caret.to || caret.from !== (forward ? length2 : 0)) return false;
    else if (!forward) this.editor.merge(paragraph);
    else if (below) this.editor.merge(below);
    return true;
  }
  /**
   * Move the caret with an arrow key out of the first line into the paragraph above, or out of the last line into the
   * paragraph below. Return whether the caret was moved.
   * @param {string} key
   * @param {Paragraph} paragraph
   */
  walks(key, paragraph) {
    const { body } = paragraph;
    const caret = caretIn(body);
    if (!caret || caret.from !== caret.to || !key.startsWith("Arrow")) return false;
    const [at, { length: length2 }] = [caret.from, body.textContent ?? ""];
    const onward = getComputedStyle(body).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const sideways = key === "ArrowLeft" || key === "ArrowRight";
    const forward = sideways ? key === onward : key === "ArrowDown";
    const target = this.text.paragraphs[this.editor.place(paragraph) + (forward ? 1 : -1)];
    if (!target) return false;
    if (sideways) {
      if (at !== (forward ? length2 : 0)) return false;
      this.editor.enter(target, forward ? 0 : Infinity);
    } else {
      const [box, whole] = [caretBox(body), body.getBoundingClientRect()];
      if (forward ? whole.bottom - box.bottom > box.height * 0.8 : box.top - whole.top > box.height * 0.8) return false;
      const { left } = box;
      this.editor.enter(target, forward ? 0 : Infinity);
      placeAcross(target.body, left, !forward);
    }
    this.editor.player.reveal(() => target.box);
    return true;
  }
  // ---- input events ------------------------------------------------------------------------------------------------
  /** @param {InputEvent} event */
  beforeInput(event) {
    const paragraph = this.editor.active;
    const { inputType: type } = event;
    if (!paragraph || event.isComposing) return;
    const way = /^delete\w*(Backward|Forward)$/.exec(type)?.[1];
    if (/^insert(Paragraph|LineBreak)$/.test(type)) this.editor.split();
    else if (type === "historyUndo") this.editor.undoRedo("undo");
    else if (type === "historyRedo") this.editor.undoRedo("redo");
    else if (type === "insertFromDrop") this.dropped(event);
    else if (!type.startsWith("format") && !(way && this.deletes(paragraph, way === "Forward"))) return;
    event.preventDefault();
  }
  /** @param {ClipboardEvent} event */
  pasted(event) {
    if (!this.editor.active) return;
    event.preventDefault();
    insert(event.clipboardData?.getData("text/plain") ?? "");
  }
  /** @param {InputEvent} event */
  dropped(event) {
    const [range] = event.getTargetRanges();
    const text = event.dataTransfer?.getData("text/plain") ?? "";
    if (!range) return;
    getSelection()?.setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset);
    insert(text);
  }
};
function insert(text) {
  const line = text.replace(/\s+/g, " ");
  if (line) document.execCommand("insertText", false, line);
}

// shared/request.js
var LONGEST = 3e4;
async function request(address, options, longest = LONGEST) {
  try {
    const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(longest) });
    return { status: answer.status, answer: await answer.json().catch(() => null) };
  } catch {
    return { status: 0, answer: null };
  }
}
var withJson = (method, body) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body)
});
async function ask(address, options, explain3) {
  const { status, answer } = await request(address, options);
  if (status >= 200 && status < 300) return answer;
  throw new Error(explain3(explained(answer?.error), status));
}
var explained = (problem, title2) => [problem?.message, problem?.guidance].filter((part) => part && part !== title2).join(" ");

// player/editing/saving/kept.js
var FORM = 2;
function placesIn(confirmed, entries = []) {
  const places = (
    /** @type {Map<number | null | undefined, Where>} */
    /* @__PURE__ */ new Map()
  );
  for (const { key, step } of entries) {
    step.ids?.forEach((id, i) => places.set(id, { paragraph: i + 1, of: key }));
    if (step.do === "revive") places.set(step.id, { paragraph: step.after == null ? 0 : 1, of: key });
  }
  confirmed.forEach(({ id }, paragraph) => places.set(id, { paragraph }));
  return (id) => places.get(id) ?? null;
}
function bodyOf({ key, step, held }, based_on, lines, places) {
  const { id, after, ids, ...rest } = step;
  void ids;
  const own = (one) => ({ key, based_on, form: FORM, step: one });
  if (step.do === "undo" || step.do === "redo") return own({ do: step.do });
  if (step.do === "replace") {
    const only = (step.only ?? []).flatMap((place2) => {
      const where = places(place2.paragraph);
      return where ? [{ ...place2, ...where }] : [];
    });
    return own({ ...rest, only });
  }
  if (step.do !== "revive") return own({ ...rest, ...places(id) ?? { paragraph: 0, of: key } });
  const place = after == null ? -1 : lines.findIndex((line) => line.id === after);
  if (held) return own({ do: "text", paragraph: place + 1, of: key, was: step.was ?? "", text: step.text ?? "" });
  const beside = lines[Math.max(place, 0)];
  const [was, restored] = [spaced(beside?.text ?? ""), spaced(step.text ?? "")];
  const [text, at] = place < 0 ? [`${restored} ${was}`, codePoints(restored)] : [`${was} ${restored}`, codePoints(was) + 1];
  return own({ do: "split", ...places(beside?.id) ?? { paragraph: 0 }, was, text, at, restored });
}
function renumbered(kept) {
  if (kept.some(({ form }) => form === FORM)) return kept;
  const places = (
    /** @type {Where[]} */
    []
  );
  let known = 0;
  const at = (number) => {
    while (places.length <= number) places.push({ paragraph: known++ });
    return places[number];
  };
  return kept.map((one) => {
    const { do: name, paragraph, only, was, from, to } = (
      /** @type {any} */
      one.step
    );
    if (only) {
      const moved2 = only.map((place) => ({ ...place, ...at(place.paragraph) }));
      return { ...one, step: { ...one.step, only: moved2 } };
    }
    if (paragraph === void 0) return one;
    const step = { ...one.step, ...at(paragraph) };
    let made = name === "split" ? 1 : 0;
    if (name === "speaker" && to !== void 0) made = Number(from > 0) + Number(to < codePoints(was));
    if (name === "merge" || name === "delete") places.splice(paragraph, 1);
    for (let number = made; number > 0; number--) places.splice(paragraph + 1, 0, { paragraph: number, of: one.key });
    return { ...one, step };
  });
}
function sendable(kept) {
  const { only } = kept.step;
  if (!Array.isArray(only)) return kept;
  return { ...kept, step: { ...kept.step, only: only.filter(({ of }) => of === void 0) } };
}
function rebased(kept, first, { revision, splices }) {
  if (kept.based_on !== first.based_on || revision !== first.based_on + 1) return kept;
  if (splices.some(({ removed }) => removed === null)) return kept;
  const moved2 = ({ paragraph, of: of2 }) => {
    if (of2 !== void 0 && of2 !== first.key) return { paragraph, of: of2 };
    const [made] = splices;
    if (of2 !== void 0)
      return splices.length === 1 && paragraph < made.paragraphs.length ? { paragraph: made.at + paragraph } : null;
    let number = paragraph;
    for (const { at, removed, paragraphs } of splices) {
      const after = at + (removed ?? 0);
      if (number >= after) number += paragraphs.length + at - after;
      else if (number >= at && !paragraphs.length) return null;
      else if (number >= at) number = Math.min(number, at + paragraphs.length - 1);
    }
    return { paragraph: number };
  };
  const { of, ...step } = (
    /** @type {any} */
    kept.step
  );
  if (step.only) {
    step.only = step.only.flatMap(({ from, to, ...where }) => {
      const now = moved2(where);
      return now ? [{ from, to, ...now }] : [];
    });
  } else if (step.paragraph !== void 0) {
    const now = moved2({ paragraph: step.paragraph, of });
    if (!now) return kept;
    Object.assign(step, now);
  }
  return { ...kept, based_on: revision, step };
}
function unpacked({ step }, id = newId()) {
  const { do: name, was, text, from, to, restored } = (
    /** @type {any} */
    step
  );
  return restored === void 0 ? { do: name, id, was, text, from, to } : { do: "revive", id: newId(), text: restored };
}
function lineOfKept({ based_on, step }, lines, revision) {
  const { was, paragraph, of } = (
    /** @type {any} */
    step
  );
  if (was === void 0) return void 0;
  const there = based_on === revision && of === void 0 ? lines[paragraph] : void 0;
  if (there && alike(there.text, was)) return there;
  const same = lines.filter(({ text }) => alike(text, was));
  return same.length === 1 ? same[0] : void 0;
}

// player/editing/saving/wire.js
function sender(address) {
  return (body, since, lasting2) => body ? request(address, { ...withJson("POST", body), keepalive: lasting2 }) : request(`${address}?since=${since}`);
}
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = bytes[6] & 15 | 64;
  bytes[8] = bytes[8] & 63 | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

// player/editing/saving/queue.js
var RETRIES = [1e3, 2e3, 4e3, 8e3, 15e3];
var STOPPING = [401, 403, 404];
var KEEPING = 300;
var changedElsewhere = () => tr("Changed in another tab meanwhile.");
var notAccepted = () => tr("The server did not accept this change.");
var MOST_KEPT_ALIVE = 6e4;
var Queue = class {
  revision = -1;
  confirmed = (
    /** @type {Line[]} */
    []
  );
  entries = (
    /** @type {Entry[]} */
    []
  );
  undo = 0;
  redo = 0;
  busy = (
    /** @type {Promise<void> | null} */
    null
  );
  failures = 0;
  // consecutive failed requests
  stopped = "";
  // why no more steps are sent; "" while steps are sent
  behind = false;
  // whether a later revision of the page was not loaded, because a step was underway
  saved = false;
  // whether the server has saved any step
  closed = false;
  // whether the view has closed; a request in progress is still completed
  unkept = false;
  // whether the steps could not be stored in the browser: its storage is full or blocked
  timer = (
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    void 0
  );
  /** @param {Send} send @param {import("./store.js").Store} store @param {Hooks} hooks */
  constructor(send, store, hooks) {
    this.send = send;
    this.store = store;
    this.hooks = hooks;
  }
  /** The confirmed lines with all waiting steps applied. */
  get lines() {
    return this.entries.reduce((lines, { step }) => applied(lines, step), this.confirmed);
  }
  /** Whether all steps are saved, except those that wait for a decision. */
  get settled() {
    return this.entries.every((entry) => entry.held);
  }
  /** The steps that wait until the user decides between two texts. */
  get held() {
    return this.entries.filter((entry) => entry.held);
  }
  /** Whether a step was sent without a response, so it is unknown whether the server has saved it. */
  get underway() {
    return this.entries.some((entry) => entry.based !== void 0);
  }
  /**
   * Load the page's transcript of a revision, unless the queue has this revision or a later one, or the response to a
   * step is missing. Return whether the transcript was loaded.
   * @param {number} revision @param {import("../lines.js").Packed[]} packed @param {number} undo @param {number} redo
   */
  load(revision, packed, undo, redo) {
    if (revision <= this.revision) return false;
    if (this.underway) return !(this.behind = true);
    const first = this.revision < 0;
    this.confirmed = renewed(this.confirmed, packed);
    Object.assign(this, { revision, undo, redo });
    if (first) void this.resume();
    this.hooks.state();
    return true;
  }
  /** Load and send the steps that a closed tab or an earlier visit has left in the browser's storage. */
  async resume() {
    const left = await this.store.takeLeft();
    if (!left.length) return;
    const raws = left.map((raw) => ({ key: raw.key, step: { do: (
      /** @type {const} */
      "undo"
    ) }, raw }));
    this.entries.splice(this.entries.findIndex(({ based }) => based !== void 0) + 1, 0, ...raws);
    if (this.keep()) this.store.forget();
    this.run();
  }
  /** @param {Step} step */
  add(step) {
    this.close();
    this.push(step, false);
    this.keep();
    this.run();
  }
  /** @param {Step} step @param {boolean} open @returns {Entry} */
  push(step, open) {
    const entry = { key: newKey(), step, open };
    const index = (lines) => lines.findIndex(({ id }) => id === step.id);
    if (step.id !== void 0) this.place.set(step.id, Math.max(index(this.confirmed), 0) || index(this.lines));
    this.entries.push(entry);
    return entry;
  }
  /**
   * Put the typed text of a paragraph into its held step or into the open step, which is added if needed. `close` sends
   * the open step with all text typed until then.
   * @param {number} id @param {string} text @param {string} typing steps with the same name are undone together
   */
  typed(id, text, typing) {
    let entry = this.held.findLast(({ step }) => step.id === id) ?? this.open;
    if (entry?.step.id !== id || entry.open && entry.step.typing !== typing) {
      this.close();
      const was = this.lines.find((line) => line.id === id)?.text ?? "";
      entry = this.push({ do: "text", id, was, text, typing }, true);
    }
    entry.step.text = text;
    this.keeping ??= setTimeout(() => this.keep(), KEEPING);
  }
  /** Drop the open step of an emptied paragraph: a "delete" step follows when the caret leaves. @param {number} id */
  drop(id) {
    if (this.open?.step.id !== id) return;
    this.entries.pop();
    this.keep();
  }
  keeping = (
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    void 0
  );
  /** The step that typing still changes. */
  get open() {
    const entry = this.entries.at(-1);
    return entry?.open ? entry : null;
  }
  /** Close the open step and send it, or drop it if its text is the same as before. */
  close() {
    const { open } = this;
    if (!open) return;
    open.open = false;
    if (alike(open.step.text ?? "", open.step.was ?? "")) this.entries.pop();
    this.keep();
    this.run();
  }
  /** Store the waiting steps in the browser. Return whether this succeeded. */
  keep() {
    clearTimeout(this.keeping);
    this.keeping = void 0;
    if (this.closed && !this.store.has()) return true;
    const places = placesIn(this.confirmed, this.entries);
    let lines = this.confirmed;
    const kept = this.entries.map((entry) => {
      const before = lines;
      if (!entry.held) lines = applied(lines, entry.step);
      return entry.raw ?? bodyOf(entry, entry.based ?? this.revision, before, places);
    });
    this.unkept = !this.store.keep(kept);
    return !this.unkept;
  }
  // ---- sending -----------------------------------------------------------------------------------------------------
  /** Send the next waiting step, unless a request is in progress. */
  run() {
    this.hooks.state();
    clearTimeout(this.timer);
    if (this.busy || this.stopped) return this.busy;
    const entry = this.entries.find((one) => !one.held);
    if (!entry || entry.open) return null;
    this.busy = this.deliver(entry).finally(() => {
      this.busy = null;
      if (this.failures) this.later();
      else if (this.behind && !this.underway) this.behind = false, this.refresh();
      else this.run();
    });
    return this.busy;
  }
  later() {
    this.hooks.state();
    if (this.stopped || this.closed) return;
    const wait = RETRIES[Math.min(this.failures, RETRIES.length) - 1];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run(), wait);
  }
  /** Send the next step at once, because the page may close. */
  leave() {
    this.close();
    if (!this.busy) this.run();
  }
  /** @param {Entry} entry */
  async deliver(entry) {
    if (!entry.raw && entry.based === void 0 && this.clashes(entry)) return this.hold(entry, changedElsewhere());
    entry.based ??= this.revision;
    const { confirmed } = this;
    const body = entry.raw ? sendable(entry.raw) : bodyOf(entry, entry.based, confirmed, placesIn(confirmed));
    const lasting2 = new TextEncoder().encode(JSON.stringify(body)).length < MOST_KEPT_ALIVE;
    const { status, answer } = await this.send(body, this.revision, lasting2);
    if (status === 200 && answer) return this.done(entry, answer);
    if (status === 409 && answer?.splices) return this.refuted(entry, answer);
    const words = explained(answer?.error);
    if (STOPPING.includes(status) && words) return void (this.failures += 1, this.stopped = words);
    if (status < 400 || status >= 500 || [...STOPPING, 408, 429].includes(status)) return void (this.failures += 1);
    this.failures = 0;
    if (entry.raw) this.unpack(entry, entry.raw, lineOfKept(entry.raw, confirmed, this.revision));
    this.hold(entry, words || notAccepted());
  }
  /** @param {Entry} entry @param {Answer} answer */
  async done(entry, answer) {
    this.failures = 0;
    this.saved = true;
    const known = entry.raw ? entry.raw.based_on : entry.based;
    this.entries = this.entries.filter((one) => one !== entry);
    for (const one of this.entries) if (one.raw && entry.raw) one.raw = rebased(one.raw, entry.raw, answer);
    if (known === this.revision) this.take(answer, entry.raw ? null : entry.step);
    else await this.catchUp(entry.raw ? null : entry.step);
    this.keep();
    if (answer.replaced !== void 0) return this.hooks.changed(null, answer.replaced);
    const moves = !entry.raw && ["undo", "redo"].includes(entry.step.do) && !this.entries.length;
    const line = moves && answer.caret && this.confirmed[answer.caret.paragraph];
    this.hooks.changed(line ? { id: line.id, at: answer.caret?.at ?? 0 } : null);
  }
  /** @param {Answer} answer @param {Step | null} own the step that the answer confirms, null for none */
  take(answer, own) {
    const before = this.confirmed;
    const expected = own ? applied(before, own) : before;
    this.confirmed = adopted(expected, spliced(before, answer.splices));
    const { revision, undo, redo } = answer;
    Object.assign(this, { revision, undo, redo });
    if (!own) return;
    const texts = new Map(this.confirmed.map((line) => [line.id, line.text]));
    const untouched = new Set(before);
    for (const { id, text } of expected.filter((line) => !untouched.has(line))) {
      const following = this.entries.find(({ step }) => step.id === id);
      const now = texts.get(id);
      if (following && now !== void 0 && alike(following.step.was ?? "", text)) following.step.was = now;
    }
  }
  /** Request the changes since the revision of this queue, and apply them. @param {Step | null} [own] as in `take` */
  async catchUp(own = null) {
    const { status, answer } = await this.send(null, this.revision, false);
    if (status === 200 && answer && answer.revision >= this.revision) this.take(answer, own);
  }
  /** Load the changes that were made elsewhere, such as in another tab, unless a request is in progress. */
  refresh() {
    if (this.busy || this.stopped || this.underway || this.revision < 0) return;
    const before = this.revision;
    this.busy = this.catchUp().finally(() => {
      this.busy = null;
      if (this.revision !== before) this.hooks.changed();
      this.run();
    });
  }
  // ---- conflicts ---------------------------------------------------------------------------------------------------
  /** Return whether the paragraph of a step was changed or removed in another tab. @param {Entry} entry */
  clashes({ step }) {
    if (step.id === void 0 || step.do === "revive") return false;
    const line = this.confirmed.find(({ id }) => id === step.id);
    return !line || !alike(line.text, step.was ?? "");
  }
  /** @param {Entry} entry @param {Answer} answer */
  async refuted(entry, answer) {
    this.failures = 0;
    const known = entry.raw ? entry.raw.based_on : entry.based;
    if (known === this.revision) this.take(answer, null);
    else await this.catchUp();
    if (this.revision < answer.revision) return void (this.failures += 1);
    const { paragraph = null, text = "", near = null } = answer.conflict ?? {};
    const there = paragraph === null ? void 0 : this.confirmed[paragraph];
    if (entry.raw) this.unpack(entry, entry.raw, there && alike(there.text, text) ? there : void 0, near);
    else if (there && entry.step.do !== "revive") this.rename(entry.step.id, there.id);
    return this.hold(entry, changedElsewhere());
  }
  /** Replace the id of a line in all steps. @param {number | undefined} old @param {number} id */
  rename(old, id) {
    for (const { step } of this.entries) if (step.id === old) step.id = id;
  }
  /** @param {Entry} entry refused @param {Kept} raw @param {Line} [there] its line @param {number | null} [near] its index */
  unpack(entry, raw, there, near = null) {
    entry.raw = void 0;
    entry.step = unpacked(raw, there?.id);
    const place = there ? this.confirmed.indexOf(there) + 1 : near ?? Number(raw.step.paragraph ?? 0);
    this.place.set(Number(entry.step.id), place);
  }
  /**
   * Replace a refused step and the later steps of the same paragraph by one step, which waits until the user decides
   * between two texts. If there is no typed text to keep, drop the steps and show the reason.
   * @param {Entry} entry @param {string} reason
   */
  hold(entry, reason) {
    if (this.closed) return;
    const { id = newId(), was = "" } = entry.step;
    const family = /* @__PURE__ */ new Set([id, ...entry.step.ids ?? []]);
    const own = [entry];
    for (const one of this.entries.slice(this.entries.indexOf(entry) + 1)) {
      if (one.step.id === void 0 || !family.has(one.step.id)) continue;
      own.push(one);
      for (const made of one.step.ids ?? []) family.add(made);
    }
    const alone = [{ id, text: was, packed: { start: 0, end: 0, text: was, s: [], e: [] } }];
    const typed = own.reduce(
      (lines, { step }) => applied(lines, step),
      /** @type {Line[]} */
      alone
    );
    const text = entry.step.do === "revive" ? entry.step.text ?? "" : own.some(({ step }) => step.do === "merge") ? own.findLast(({ step }) => step.text !== void 0)?.step.text ?? was : typed.map((line) => line.text).join(" ");
    const rest = this.entries.filter((one) => !own.includes(one));
    const gone = !this.confirmed.some((line) => line.id === id);
    const now = this.confirmed.find((line) => line.id === id)?.text ?? "";
    if (!spaced(text) || alike(text, was) || alike(text, now)) {
      this.entries = rest;
      if (!alike(text, now) || entry.step.do !== "text") this.hooks.announce(reason);
    } else {
      const first = rest.find(
        ({ step: step2, held }) => held && (gone ? held.gone : step2.id === id) && alike(step2.text ?? "", was)
      );
      const base = first?.step ?? { id, was };
      const step = gone ? this.revival(base.id ?? id, text, base.was ?? "") : { do: (
        /** @type {const} */
        "text"
      ), id, was: base.was, text };
      const before = rest.filter((one) => one.held && one !== first);
      this.entries = [...before, { key: entry.key, step, held: { reason, gone } }, ...rest.filter((one) => !one.held)];
    }
    this.keep();
    this.hooks.changed();
  }
  /** @param {number} id @param {string} text @param {string} was @returns {Step} */
  revival(id, text, was) {
    const place = Math.min(this.place.get(id) ?? Infinity, this.confirmed.length);
    return { do: "revive", id, text, was, after: this.confirmed[place - 1]?.id ?? null };
  }
  place = (
    /** @type {Map<number, number>} */
    /* @__PURE__ */ new Map()
  );
  // id of a line -> its index when its last step was added
  /** Let the text typed here replace the text from another tab. @param {Entry} entry */
  keepMine(entry) {
    const line = this.confirmed.find(({ id }) => id === entry.step.id);
    if (line) entry.step = { do: "text", id: line.id, was: line.text, text: entry.step.text };
    this.entries = [...this.entries.filter((one) => one !== entry), { key: newKey(), step: entry.step }];
    this.keep();
    this.hooks.changed();
    this.run();
  }
  /** @param {Entry} entry */
  keepOther(entry) {
    this.saved = true;
    this.entries = this.entries.filter((one) => one !== entry);
    this.keep();
    this.hooks.changed();
    this.run();
  }
  shut() {
    this.keep();
    this.closed = true;
    clearTimeout(this.timer);
    this.store.close();
  }
};

// player/editing/saving/store.js
var EDITING2 = "stt-editing";
var ALIVE = 400;
var Store = class {
  /**
   * @param {string} name of the transcript
   * @param {Storage | null} [storage] null if the browser blocks it; then nothing is stored
   * @param {string} [tab] name of this tab
   */
  constructor(name, storage = browserStorage(), tab = crypto.getRandomValues(new Uint32Array(2)).join("")) {
    this.prefix = `stt-edits:${name}:`;
    this.own = this.prefix + tab;
    this.storage = storage;
    this.channel = channelOf(this.prefix);
    this.alive = /** @type {Set<string>} */
    /* @__PURE__ */ new Set();
    if (!this.channel) return;
    this.channel.onmessage = ({ data }) => {
      if (data === "who") this.channel?.postMessage(this.own);
      else this.alive.add(data);
    };
  }
  /**
   * Store these steps in place of those that this tab stored before. Return whether this succeeded.
   * @param {Kept[]} entries
   */
  keep(entries) {
    if (!this.storage) return false;
    try {
      if (entries.length) this.storage.setItem(this.own, JSON.stringify(entries));
      else this.storage.removeItem(this.own);
      return true;
    } catch {
      return false;
    }
  }
  /** Return whether steps of this tab are stored. */
  has() {
    return (this.storage?.getItem(this.own) ?? null) !== null;
  }
  /** Return the storage keys of other tabs with stored steps. */
  others() {
    try {
      const names2 = Object.keys(this.storage ?? {}).filter((name) => name.startsWith(this.prefix) && name !== this.own);
      return names2.sort();
    } catch {
      return [];
    }
  }
  /** Return the steps that tabs stored before they were closed. @returns {Promise<Kept[]>} */
  async takeLeft() {
    if (!this.others().length) return [];
    this.alive.clear();
    this.channel?.postMessage("who");
    if (this.channel) await new Promise((done) => setTimeout(done, ALIVE));
    const found2 = (
      /** @type {Kept[]} */
      []
    );
    for (const name of this.others().filter((other) => !this.alive.has(other))) {
      try {
        found2.push(...renumbered(JSON.parse(this.storage?.getItem(name) ?? "[]")));
      } catch {
      }
      this.taken.push(name);
    }
    return found2;
  }
  taken = (
    /** @type {string[]} */
    []
  );
  // storage keys whose steps were taken over
  /** Delete the steps that `takeLeft` has returned, after the tab has stored them under its own key. */
  forget() {
    for (const name of this.taken.splice(0)) this.storage?.removeItem(name);
  }
  close() {
    this.channel?.close();
  }
};
function channelOf(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}
function editingChoice(choice2) {
  if (choice2 !== void 0 && !write(EDITING2, choice2 ? "on" : "off")) return choice2;
  const stored = read(EDITING2);
  return stored ? stored === "on" : null;
}

// player/editing/editor.js
var SAVING = 3e3;
var PAUSE = 3e3;
var RESTING = 1500;
var RESTED = 2500;
var Editor = class {
  queue = (
    /** @type {Queue | null} */
    null
  );
  address = "";
  allowed = false;
  // whether the shown transcript can be edited
  active = (
    /** @type {Paragraph | null} */
    null
  );
  // the paragraph with the caret
  chosen = (
    /** @type {{ id: number, from: number, to: number } | null} */
    null
  );
  // selection when the caret left
  pageSpeakers = (
    /** @type {string[]} */
    []
  );
  composing = false;
  // whether an input method (IME) composes text
  drawing = false;
  // true while the text is drawn: a `focusout` event is then not caused by the user
  notice = "";
  // why the last step was not done
  typing = { name: "", id: 0, at: -Infinity };
  followed = -1;
  // the revision with which the page was last rerun; Infinity: no more reruns
  /** @type {Record<string, ReturnType<typeof setTimeout> | undefined>} */
  timers = {};
  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, text, on } = player;
    this.text = text;
    const part = partsOf(root, "stt-");
    this.tools = part("editing");
    this.toggle = part("edit", HTMLButtonElement);
    this.undoButton = part("undo", HTMLButtonElement);
    this.redoButton = part("redo", HTMLButtonElement);
    this.status = part("saving");
    this.live = part("say");
    this.choices = new Choices(root, this);
    this.wanted = editingChoice() ?? !matchMedia("(hover: none)").matches;
    on(this.toggle, "click", () => this.switch());
    for (
      const [button2, act] of
      /** @type {const} */
      [
        [this.undoButton, "undo"],
        [this.redoButton, "redo"]
      ]
    ) {
      on(button2, "click", () => button2.getAttribute("aria-disabled") === "true" || this.undoRedo(act));
      on(button2, "mousedown", (event) => event.preventDefault());
    }
    this.keys = new Keys(this);
  }
  // ---- the page ----------------------------------------------------------------------------------------------------
  /** Whether paragraphs can be edited now. */
  get editable() {
    return this.allowed && this.wanted;
  }
  /** The lines to show; null if the shown transcript cannot be edited. */
  get lines() {
    return this.allowed && this.queue ? this.queue.lines : null;
  }
  /** Load the page's data. Return the lines to show; null if the transcript cannot be edited. @param {Data} data */
  load(data) {
    this.pageSpeakers = data.speakers;
    if (data.edits && data.edits !== this.address) this.open(data.edits);
    this.tools.hidden = !data.edits;
    if (!data.edits || !this.queue) {
      this.leave();
      this.allowed = false;
      this.player.replace.fit();
      return null;
    }
    this.allowed = true;
    this.queue.load(data.version ?? 0, data.paragraphs, data.undo, data.redo);
    if (this.followed < Infinity) this.followed = Math.max(this.followed, data.version ?? 0);
    this.show();
    return this.lines;
  }
  /** @param {string} address */
  open(address) {
    this.queue?.shut();
    this.address = address;
    this.followed = -1;
    const store = new Store(address);
    this.queue = new Queue(sender(address), store, {
      changed: (caret, replaced2) => this.changed(caret, replaced2),
      state: () => this.show(),
      announce: (words) => this.showNotice(words)
    });
    this.conflicts = new Conflicts(this.queue, this.text);
  }
  switch() {
    this.wanted = Boolean(editingChoice(!this.wanted));
    this.leave();
    this.draw();
  }
  draw() {
    this.drawing = true;
    this.player.draw(this.lines ?? this.player.lines);
    this.drawing = false;
    if (this.active && !this.text.paragraphs.includes(this.active)) this.active = null;
    this.conflicts?.show();
    this.show();
  }
  /**
   * Draw the lines after the server has responded to a step.
   * @param {{ id: number, at: number } | null} [caret] where to put the caret: in line `id`, `at` in code points
   * @param {number} [replaced] number of hits that the server has replaced
   */
  changed(caret, replaced2) {
    this.draw();
    const paragraph = caret && this.text.byId(caret.id);
    if (paragraph && caret && !this.player.review.open) {
      const at = unitsOf(paragraph.text, caret.at);
      this.enter(paragraph, at);
      this.player.reveal(() => paragraph.box);
    }
    this.rest();
    if (replaced2 !== void 0) this.player.replace.showOutcome(replaced2);
  }
  /** Show whether everything is saved, and whether there are steps to undo and redo. */
  show() {
    const { queue } = this;
    if (!queue) return;
    this.toggle.setAttribute("aria-pressed", String(this.wanted));
    this.player.replace.fit();
    const waiting = queue.entries.some((entry) => !entry.held);
    const able = this.wanted && !queue.failures;
    this.enable(this.undoButton, able && (queue.undo > 0 || waiting));
    this.enable(this.redoButton, able && queue.redo > 0 && !waiting);
    clearTimeout(this.timers.state);
    if (queue.stopped && this.followed !== Infinity) this.reportRevision(Infinity);
    if (queue.stopped)
      this.state(tr("Not saved. {reason} Your text is kept in this browser.", { reason: queue.stopped }), true);
    else if (queue.failures) this.state(queue.unkept ? keepOpen() : keptHere(), true);
    else if (this.notice) this.state(this.notice, true);
    else if (queue.held.length) this.state(tr("Choose which text to keep."), true);
    else if (waiting) this.timers.state = setTimeout(() => this.state(tr("Saving")), 600);
    else this.state(queue.saved ? tr("Saved") : "");
  }
  /** @param {string} words */
  state(words, trouble = false) {
    if (this.status.textContent !== words) this.status.textContent = words;
    this.status.classList.toggle("stt-unsaved", trouble);
  }
  /** @param {HTMLButtonElement} button @param {boolean} yes */
  enable(button2, yes) {
    button2.setAttribute("aria-disabled", String(!yes));
  }
  /** Show why a step was not done. @param {string} words */
  showNotice(words) {
    this.notice = words;
    this.show();
  }
  /**
   * Start two timers. After RESTING milliseconds without typing, draw the words of the paragraph with the caret again.
   * After RESTED milliseconds, rerun the page if the caret has left the text and everything is saved.
   */
  rest() {
    clearTimeout(this.timers.rest);
    clearTimeout(this.timers.rested);
    this.timers.rest = setTimeout(() => {
      const { active } = this;
      if (active && !this.composing && alike(active.body.textContent ?? "", active.line.text))
        this.text.freshen(active);
    }, RESTING);
    this.timers.rested = setTimeout(() => {
      const { queue } = this;
      if (this.active || !queue?.settled || queue.stopped || queue.busy || queue.revision === this.followed) return;
      this.reportRevision(queue.revision);
    }, RESTED);
  }
  /** Rerun the page, so that it shows the counts and facts of a revision. @param {number} revision */
  reportRevision(revision) {
    this.followed = revision;
    this.player.send("rested", revision);
  }
  // ---- the caret ---------------------------------------------------------------------------------------------------
  /** Put the caret into a paragraph. @param {Paragraph} paragraph @param {number} from */
  enter(paragraph, from, to = from) {
    if (!this.editable) return;
    const { body } = paragraph;
    if (this.active !== paragraph) {
      this.leave();
      this.active = paragraph;
      body.contentEditable = PLAIN;
      paragraph.box.classList.add("stt-edited");
      this.text.tabTo(paragraph);
    }
    if (document.activeElement !== body) body.focus({ preventScroll: true });
    placeCaret(body, Math.min(from, length(body)), Math.min(to, length(body)));
  }
  /** Remove the caret from the text, and send the typed text. If the paragraph is empty, delete it. */
  leave() {
    const { active } = this;
    if (!active) return;
    const caret = caretIn(active.body);
    this.chosen = caret && { id: active.id, ...caret };
    this.active = null;
    this.composing = false;
    active.body.removeAttribute("contenteditable");
    active.box.classList.remove("stt-edited");
    if (active.body === document.activeElement) active.body.blur();
    if (!active.box.isConnected) return;
    if (!spaced(active.body.textContent ?? "")) this.delete(active);
    else if (active.stale) {
      this.save();
      this.draw();
      this.text.freshen(active);
    }
    this.rest();
  }
  /** Send the typed text now. */
  save() {
    clearTimeout(this.timers.save);
    this.timers.save = void 0;
    this.queue?.close();
  }
  typed() {
    const { active, queue } = this;
    if (!active || !queue) return;
    const text = active.body.textContent ?? "";
    this.notice = "";
    active.text = text;
    active.folded = void 0;
    active.stale = true;
    this.rest();
    if (!spaced(text)) return queue.drop(active.id);
    const now = performance.now();
    if (this.typing.id !== active.id || now - this.typing.at > PAUSE) this.typing.name = newKey();
    Object.assign(this.typing, { id: active.id, at: now });
    queue.typed(active.id, text, this.typing.name);
    this.show();
    this.conflicts?.show();
    this.timers.save ??= setTimeout(() => {
      this.timers.save = void 0;
      if (this.composing) this.timers.save = setTimeout(() => this.save(), SAVING);
      else this.save();
    }, SAVING);
  }
  // ---- steps -------------------------------------------------------------------------------------------------------
  /** Send the typed text before another step is added to the queue. */
  beginStep() {
    this.save();
    this.typing.id = 0;
    this.notice = "";
  }
  /** Send the typed text, then add a step that changes a paragraph. @param {Paragraph} paragraph @param {Step} step */
  step(paragraph, step) {
    const { queue } = this;
    if (!queue) return;
    this.beginStep();
    const was = queue.lines.find(({ id }) => id === paragraph.id)?.text ?? paragraph.text;
    queue.add({ ...step, id: paragraph.id, was });
    this.draw();
    this.rest();
  }
  /** @param {Step} step that replaces hits in any number of paragraphs */
  replace(step) {
    this.beginStep();
    this.queue?.add(step);
    this.draw();
    this.rest();
  }
  /** @param {Paragraph} paragraph */
  place(paragraph) {
    return this.text.paragraphs.indexOf(paragraph);
  }
  split() {
    const { active } = this;
    const caret = active && caretIn(active.body);
    if (!active || !caret) return;
    const whole = active.body.textContent ?? "";
    const text = whole.slice(0, caret.from) + whole.slice(caret.to);
    const parts2 = splitAt(text, caret.from);
    if (!parts2) {
      const following = this.text.paragraphs[this.place(active) + 1];
      if (!spaced(text.slice(caret.from)) && following) this.enter(following, 0);
      return;
    }
    const id = newId();
    this.step(active, { do: "split", ...parts2, ids: [id] });
    const made = this.text.byId(id);
    if (made) this.enter(made, 0);
    if (made) this.player.reveal(() => made.box);
  }
  /** Merge a paragraph with the paragraph above. @param {Paragraph} paragraph */
  merge(paragraph) {
    const upper = this.text.paragraphs[this.place(paragraph) - 1];
    if (!upper) return;
    const text = spaced(paragraph.body.textContent ?? "");
    const before = spaced(upper.body.textContent ?? "");
    if (!text) return this.delete(paragraph, upper);
    this.step(paragraph, { do: "merge", text });
    this.enter(upper, before.length + (before ? 1 : 0));
  }
  /** @param {Paragraph} paragraph @param {Paragraph} [then] the paragraph that gets the caret */
  delete(paragraph, then) {
    if (this.active === paragraph) {
      this.active = null;
      paragraph.body.removeAttribute("contenteditable");
    }
    this.queue?.drop(paragraph.id);
    this.step(paragraph, { do: "delete" });
    if (then) this.enter(then, this.place(then) < 0 ? 0 : length(then.body));
  }
  /**
   * Delete a paragraph, and put the caret into the paragraph below; if there is none, into the paragraph above.
   * @param {Paragraph} paragraph
   */
  remove(paragraph) {
    const place = this.place(paragraph);
    const below = this.text.paragraphs[place + 1];
    this.delete(paragraph, below ?? this.text.paragraphs[place - 1]);
    if (below) this.enter(below, 0);
  }
  /** @param {"undo" | "redo"} name */
  undoRedo(name) {
    const { queue } = this;
    if (!queue || !this.editable || queue.failures || !(queue[name] || queue.entries.length)) return;
    this.beginStep();
    queue.add({ do: name });
  }
  /**
   * Assign a speaker to the words that `range` touches, or to the whole paragraph if it touches none or all of them.
   * @param {Paragraph} paragraph
   * @param {string} speaker
   * @param {{ from: number, to: number } | null} [range] the selection in the paragraph, in UTF-16 units
   */
  give(paragraph, speaker, range) {
    const text = spaced(paragraph.body.textContent ?? "");
    let [from, to] = [range?.from ?? 0, range?.to ?? 0];
    while (from > 0 && /\S/.test(text[from - 1])) from -= 1;
    while (to < text.length && /\S/.test(text[to])) to += 1;
    while (from < to && /\s/.test(text[from])) from += 1;
    while (to > from && /\s/.test(text[to - 1])) to -= 1;
    const part = range && range.to > range.from && to > from && to - from < text.length;
    const [start, end] = [text.slice(0, from), text.slice(0, to)].map(codePoints);
    const inside2 = this.active === paragraph;
    const ids = [newId(), newId()];
    this.step(paragraph, { do: "speaker", speaker, ...part ? { from: start, to: end, ids } : {} });
    const whose = part && from > 0 ? this.text.byId(ids[0]) : paragraph;
    if (inside2 && whose) this.enter(whose, part ? length(whose.body) : range?.from ?? 0);
    this.live.textContent = tr("Assigned to {speaker}.", { speaker });
  }
  close() {
    this.save();
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.queue?.shut();
    this.choices.menu.box.remove();
  }
};
var keptHere = () => tr("Not saved yet: no connection. Your text is kept in this browser.");
var keepOpen = () => tr("Not saved yet: no connection. Keep this page open.");
var length = (body) => (body.textContent ?? "").length;

// player/editing/review/readings.js
var AT_ONCE = 20;
var MOST = 3;
var LONGEST2 = 9e4;
var spanOf = ({ start, end }) => `${start.toFixed(2)}-${Math.max(end, start + 0.01).toFixed(2)}`;
var Readings = class {
  known = (
    /** @type {Map<string, string[]>} */
    /* @__PURE__ */ new Map()
  );
  // loaded readings by the result of `spanOf`
  pending = (
    /** @type {Map<string, Promise<void>>} */
    /* @__PURE__ */ new Map()
  );
  /** @param {string} address */
  constructor(address) {
    this.address = address;
  }
  /**
   * Return other readings of a word. The request for them also loads the readings of the `following` words in advance.
   * @param {Timed} word
   * @param {Timed[]} following
   */
  async of(word, following) {
    const span = spanOf(word);
    if (!this.known.has(span)) {
      if (!this.pending.has(span)) this.load([span, ...following.map(spanOf)]);
      await this.pending.get(span);
    }
    return (this.known.get(span) ?? []).filter((text) => text !== word.text).slice(0, MOST);
  }
  /**
   * Let the server decode a word again. Return the readings of the word, including the new ones. Throws an Error with a
   * message for users if the request fails.
   * @param {Timed} word
   */
  async more(word) {
    const span = spanOf(word);
    const { status, answer } = await request(`${this.address}?spans=${span}`, { method: "POST" }, LONGEST2);
    if (status !== 200) throw new Error(answer?.error?.message ?? tr("The server does not answer."));
    this.known.set(span, [.../* @__PURE__ */ new Set([...this.known.get(span) ?? [], ...answer.readings[0]])]);
    return this.of(word, []);
  }
  /** @param {string[]} spans */
  load(spans2) {
    const wanted = [...new Set(spans2)].filter((span) => !this.known.has(span) && !this.pending.has(span)).slice(0, AT_ONCE);
    const loading = this.fetch(wanted).finally(() => wanted.forEach((span) => this.pending.delete(span)));
    for (const span of wanted) this.pending.set(span, loading);
  }
  /** @param {string[]} spans */
  async fetch(spans2) {
    const { status, answer } = await request(`${this.address}?spans=${spans2.join()}`, {}, LONGEST2);
    if (status !== 200) return;
    spans2.forEach((span, i) => this.known.set(span, answer.readings[i]));
  }
};

// player/editing/review/review.js
var BEFORE2 = 2;
var PAUSE2 = 3;
var AFTER = 0.2;
var Review = class {
  open = false;
  word = (
    /** @type {Word | null} */
    null
  );
  // the word under review
  at = -Infinity;
  // position in seconds from which the next doubtful word is searched
  done = (
    /** @type {number[]} */
    []
  );
  // start times of the reviewed words, seconds
  offered = (
    /** @type {string[]} */
    []
  );
  // readings on the buttons
  readings = (
    /** @type {Readings | null} */
    null
  );
  /** @param {import("../../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, on } = player;
    const part = partsOf(root, "stt-");
    this.opener = part("review-open", HTMLButtonElement);
    this.count = part("review-count");
    this.form = part("review", HTMLFormElement);
    this.progress = part("review-progress");
    this.name = part("review-word");
    this.field = part("review-field", HTMLInputElement);
    this.right = part("review-right", HTMLButtonElement);
    this.choices = part("review-readings");
    this.moreButton = part("review-more", HTMLButtonElement);
    this.live = part("say");
    this.outcome = part("review-outcome");
    on(this.opener, "click", () => this.toggle());
    on(this.form, "submit", (event) => {
      event.preventDefault();
      this.decide(this.field.value.trim() || this.word?.text || "");
    });
    on(this.form, "keydown", (event) => this.pressed(event));
    on(this.field, "input", () => this.label());
    for (const id of ["hear", "skip", "again", "end"]) {
      on(part(`review-${id}`), "click", () => {
        this.run(id);
        this.focus();
      });
    }
  }
  /** Update the review after the text has changed. */
  refresh() {
    const { doubts } = this.player.text;
    const { editable } = this.player.editor;
    this.opener.hidden = !editable || !doubts.length && !this.open;
    this.player.finder.doubtButton.hidden = editable || !doubts.length;
    this.count.textContent = doubts.length.toLocaleString("en");
    if (!this.open) return;
    if (!editable) this.end();
    else {
      const same = doubts.find((doubt) => this.decides(doubt));
      if (same) this.mark(same);
      else this.next(this.at);
    }
  }
  /** Return whether a word is the word under review, also if redrawing has made a new object. @param {Word} word */
  decides(word) {
    const now = this.word;
    return now?.start === word.start && now.text === word.text && now.paragraph.id === word.paragraph.id;
  }
  // ---- going from word to word -------------------------------------------------------------------------------------
  toggle() {
    if (this.open) this.end();
    else this.begin();
  }
  begin() {
    const { text, editor, sound } = this.player;
    const from = editor.active?.start ?? sound.position;
    editor.leave();
    const address = editor.address.replace(/edits$/, "readings");
    if (this.readings?.address !== address) this.readings = new Readings(address);
    if (!text.doubts.length || !editor.editable) return void (this.live.textContent = tr("No word is doubtful."));
    this.open = true;
    this.done = [];
    this.form.hidden = false;
    this.opener.setAttribute("aria-expanded", "true");
    this.next(from);
    this.focus();
  }
  end() {
    this.open = false;
    this.word = null;
    this.form.hidden = true;
    this.opener.setAttribute("aria-expanded", "false");
    this.player.finder.from(this.at);
    if (this.player.until != null) this.player.audio.pause();
    this.player.until = null;
    this.refresh();
    (this.opener.hidden ? this.player.finder.input : this.opener).focus({ preventScroll: true });
  }
  /**
   * Go to the first doubtful word at or after `seconds`; if there is none, to the first one in the transcript.
   * If no doubtful word is left, end the review.
   * @param {number} seconds
   */
  next(seconds) {
    const { doubts } = this.player.text;
    const word = doubts.find(({ start }) => start >= seconds - 1e-3) ?? doubts[0];
    if (word) return this.go(word);
    const count = this.done.length.toLocaleString("en");
    this.end();
    this.live.textContent = tr("No word is doubtful any more. {count} reviewed.", { count });
  }
  /** @param {1 | -1} direction */
  step(direction) {
    const { doubts } = this.player.text;
    const place = this.word ? doubts.indexOf(this.word) : -1;
    this.go(doubts[(place + direction + doubts.length) % doubts.length]);
  }
  /** @param {Word} word */
  go(word) {
    this.at = word.start;
    this.field.value = "";
    this.offer([]);
    this.mark(word);
    this.playWord();
    const { doubts } = this.player.text;
    const following = doubts.slice(doubts.indexOf(word) + 1);
    void this.readings?.of(word, following).then((found2) => this.decides(word) && this.offer(found2));
  }
  /** Show which word is under review. @param {Word} word */
  mark(word) {
    const { doubts } = this.player.text;
    this.word = word;
    this.player.finder.lookAt(word);
    const [before, rest] = [this.done.length, doubts.length];
    const place = (before + doubts.indexOf(word) + 1).toLocaleString("en");
    this.progress.textContent = tr("{place} of {total}", { place, total: (before + rest).toLocaleString("en") });
    const confidence = Math.round((word.confidence ?? 0) * 100);
    this.name.textContent = word.text;
    this.name.title = tr("Confidence {confidence} %, at {time}", { confidence, time: clock(word.start) });
    this.field.placeholder = word.text;
    this.label();
  }
  /** Label the button with the effect of the Enter key: replace or confirm the word. */
  label() {
    this.right.textContent = this.field.value.trim() ? tr("Replace") : tr("Confirm");
  }
  /** @param {string[]} readings */
  offer(readings) {
    this.showOutcome("");
    this.offered = readings;
    const buttons = readings.map((text, place) => {
      const content = [make("kbd", "stt-sheet-key", String(place + 1)), make("span", "", text)];
      const label = { dir: "auto", "aria-label": tr("Use \u201C{text}\u201D", { text }) };
      return makeButton("stt-menu-button stt-review-reading", content, () => this.decide(text), label);
    });
    this.choices.replaceChildren(...buttons);
    this.choices.hidden = !readings.length;
    const { audio } = this.player.data;
    this.moreButton.hidden = !audio || readings.length >= MOST;
    if (readings.length) this.live.textContent = readings.map((text, place) => `${place + 1}: ${text}`).join(", ");
  }
  /** Let the server decode the word under review again, and show the new readings. */
  async more() {
    const { word, readings } = this;
    if (!word || !readings || this.moreButton.hidden || this.moreButton.getAttribute("aria-disabled") === "true")
      return;
    this.moreButton.setAttribute("aria-disabled", "true");
    this.live.textContent = tr("Transcribing the word again");
    try {
      const found2 = await readings.more(word);
      if (!this.decides(word)) return;
      const before = this.offered.length;
      this.offer(found2);
      if (found2.length === before) this.showOutcome(tr("No other suggestion was found."));
    } catch (error) {
      if (this.decides(word)) this.showOutcome(
        /** @type {Error} */
        error.message
      );
    } finally {
      this.moreButton.removeAttribute("aria-disabled");
    }
  }
  /** @param {string} words */
  showOutcome(words) {
    this.outcome.textContent = words;
  }
  /** Play the word under review together with up to BEFORE words before it. */
  playWord() {
    const { word, player } = this;
    if (!word || !player.data.audio) return;
    const { words } = player.text;
    const place = words.indexOf(word);
    const near = words.slice(Math.max(0, place - BEFORE2), place).filter(({ end }) => word.start - end < PAUSE2);
    const start = Math.min(word.start, ...near.map((one) => one.start));
    player.playSpan(start, word.end + AFTER);
  }
  // ---- keys --------------------------------------------------------------------------------------------------------
  /** Focus the field, but not on a phone, where the on-screen keyboard would cover the text. */
  focus() {
    if (this.open && !matchMedia("(hover: none)").matches) this.field.focus({ preventScroll: true });
  }
  /** @param {KeyboardEvent} event */
  pressed(event) {
    const id = this.player.commands.keymap.find(event, "review");
    const typing = event.target === this.field && this.field.value !== "";
    if (!id || typing && ["hear", "reading", "more", "undo", "redo"].includes(id)) return;
    if ((id === "right" || id === "hear") && event.target !== this.field) return;
    if (id === "reading" ? !this.take(Number(chordOf(event))) : !this.run(id)) return;
    event.preventDefault();
    event.stopPropagation();
  }
  /** @param {number} number */
  take(number) {
    const text = this.offered[number - 1];
    if (text) this.decide(text);
    return Boolean(text);
  }
  /** Run the action of a key or a button. Return whether the action exists. @param {string} id of the action */
  run(id) {
    const acts = {
      right: () => this.form.requestSubmit(),
      hear: () => this.playWord(),
      more: () => this.more(),
      skip: () => this.step(1),
      again: () => this.step(-1),
      end: () => this.end(),
      undo: () => this.undo()
    };
    acts[id]?.();
    return id in acts;
  }
  /** Save `text` as the right text of the word under review, and go to the next doubtful word. @param {string} text */
  decide(text) {
    const { word, player } = this;
    if (!word) return;
    const { paragraph } = word;
    const [from, to] = [word.from, word.from + word.text.length].map((at) => placeIn(paragraph.text, at));
    this.done.push(word.start);
    this.word = null;
    this.at = word.start + 2e-3;
    player.editor.step(paragraph, { do: "word", from, to, text });
    this.focus();
  }
  /** Undo the last decision, and go back to its word. */
  undo() {
    const before = this.done.pop();
    if (before === void 0) return;
    this.at = before;
    this.word = null;
    this.player.editor.undoRedo("undo");
  }
};

// player/notes/model.js
var COLOURS = ["yellow", "green", "blue", "pink"];
var LONGEST_TEXT = 5e3;
var SHORTEST = 0.01;
var PAUSE3 = 1;
var sorted = (notes) => [...notes].sort((a, b) => a.start - b.start || (a.end ?? 0) - (b.end ?? 0));
var newId2 = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");
function wordsOf(words, { start, end }) {
  if (end !== null) {
    return words.filter((word2) => {
      const middle = (word2.start + word2.end) / 2;
      return middle >= start && middle <= end;
    });
  }
  const word = words.findLast((one) => one.start <= start);
  return word && start <= word.end + PAUSE3 ? [word] : [];
}
function placesOf(words, note) {
  const own = new Set(wordsOf(words, note));
  const made = (
    /** @type {{ from: number, to: number }[]} */
    []
  );
  words.forEach((word, i) => {
    if (!own.has(word)) return;
    const to = word.from + word.text.length;
    const last2 = made.at(-1);
    if (last2 && own.has(words[i - 1])) last2.to = to;
    else made.push({ from: word.from, to });
  });
  return made;
}
function spanOf2(words, from, to) {
  const own = words.filter((word) => word.from < to && word.from + word.text.length > from);
  if (!own.length) return null;
  return { start: Math.min(...own.map((word) => word.start)), end: Math.max(...own.map((word) => word.end)) };
}
function timesOf({ start, end }) {
  const from = Math.round(start * 1e3) / 1e3;
  return { start: from, end: end === null ? null : Math.max(end, from + SHORTEST) };
}

// player/text/selection.js
function partsOfRange(range, paragraphs) {
  const touched = paragraphs.filter(({ body }) => range.intersectsNode(body));
  return touched.map((paragraph) => {
    const part = clipped(range, paragraph.body);
    const from = textBefore(paragraph.body, part);
    return { paragraph, from, to: from + part.toString().length };
  });
}
function selectedSpan(paragraphs) {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const parts2 = partsOfRange(selection.getRangeAt(0), paragraphs);
  const spans2 = parts2.flatMap(({ paragraph, from, to }) => spanOf2(paragraph.words, from, to) ?? []);
  if (!spans2.length) return null;
  return { start: Math.min(...spans2.map((span) => span.start)), end: Math.max(...spans2.map((span) => span.end)) };
}

// player/finding/rules.json
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

// player/finding/folding.js
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
var parts = /* @__PURE__ */ new Map();
function partsOf2(character) {
  let found2 = parts.get(character);
  if (found2 === void 0) {
    found2 = Array.from(foldOne(character), (one) => ({ one, ofWord: OF_WORDS.test(one), own: SPACELESS.test(one) }));
    parts.set(character, found2);
  }
  return found2;
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
    const become = partsOf2(character);
    if (!become.length && to.length && !apart) to[to.length - 1] = end;
    for (const { one, ofWord, own } of become) {
      if (!ofWord) {
        apart = true;
        continue;
      }
      if (apart && plain && !own && !spaceless) plain += " ", from.push(at), to.push(at);
      for (let unit = 0; unit < one.length; unit += 1) from.push(at), to.push(end);
      plain += one;
      [apart, spaceless] = [false, own];
    }
    at = end;
  }
  return { plain, from, to };
}

// player/finding/search.js
var MOST_HITS = 1e4;
var VOICED = /[\u3099\u309a]/;
function occurrences(text, wanted) {
  const found2 = (
    /** @type {[number, number][]} */
    []
  );
  for (let at = text.indexOf(wanted); at >= 0 && found2.length < MOST_HITS; at = text.indexOf(wanted, at + wanted.length)) {
    found2.push([at, at + wanted.length]);
  }
  return found2;
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

// player/editing/replacing/spans.js
var VOICED2 = /[\u3099\u309a]/;
function literal(text) {
  let plain = "";
  const from = (
    /** @type {number[]} */
    []
  );
  const to = (
    /** @type {number[]} */
    []
  );
  let at = 0;
  for (const character of text) {
    const end = at + character.length;
    const become = foldOne(character);
    if (!become || VOICED2.test(become[0])) {
      for (let place = to.length - 1, own = from[place]; place >= 0 && from[place] === own; place -= 1) to[place] = end;
    }
    const begin = VOICED2.test(become[0] ?? "") ? from.at(-1) ?? at : at;
    for (let unit = 0; unit < become.length; unit += 1) from.push(begin), to.push(end);
    plain += become;
    at = end;
  }
  return { plain, from, to };
}
function spans(text, wanted, { exact = false, whole = false }, fold = literal) {
  const found2 = exact ? occurrences(text, wanted) : alike2(text, wanted, fold);
  return whole ? found2.filter(([start, end]) => !inside(text, start) && !inside(text, end)) : found2;
}
function alike2(text, wanted, fold) {
  const { plain } = literal(wanted);
  const { plain: whole, from, to } = fold(text);
  const found2 = (
    /** @type {[number, number][]} */
    []
  );
  for (let at = plain ? whole.indexOf(plain) : -1; at >= 0; ) {
    const end = at + plain.length;
    const clean = from[at - 1] !== from[at] && from[end - 1] !== from[end];
    if (clean) found2.push([from[at], to[end - 1]]);
    at = whole.indexOf(plain, clean ? end : at + 1);
  }
  return found2;
}
function inside(text, at) {
  const before = Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? "";
  const after = String.fromCodePoint(text.codePointAt(at) ?? 32);
  return [before, after].every((character) => OF_WORDS.test(character) && !SPACELESS.test(character));
}

// player/editing/replacing/replace.js
var AROUND2 = 24;
var SHOWN = 3;
var LONGEST_WORDS = 60;
var Replace = class {
  marked = (
    /** @type {Map<number, Marked>} */
    /* @__PURE__ */ new Map()
  );
  // paragraph id -> the part selected last
  folded = (
    /** @type {WeakMap<Paragraph, { text: string, folded: ReturnType<typeof literal> }>} */
    /* @__PURE__ */ new WeakMap()
  );
  done = false;
  // whether the last action was a replacement, which Ctrl+Z in the field then undoes
  /** @param {import("../../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, editor, finder, on } = player;
    this.editor = editor;
    this.finder = finder;
    const part = partsOf(root, "stt-");
    this.text = part("transcript");
    this.form = part("replace", HTMLFormElement);
    this.opener = part("replacing", HTMLButtonElement);
    this.field = part("with", HTMLInputElement);
    this.exact = part("exact", HTMLInputElement);
    this.whole = part("whole", HTMLInputElement);
    this.some = part("some", HTMLInputElement);
    this.one = part("one", HTMLButtonElement);
    this.all = part("all", HTMLButtonElement);
    this.preview = part("preview");
    this.outcome = part("outcome");
    on(this.opener, "click", () => this.open(this.form.hidden === true));
    on(this.form, "submit", (event) => {
      event.preventDefault();
      this.replaceOne();
    });
    on(this.all, "click", () => this.replaceAll());
    on(this.field, "input", () => this.show());
    for (const box of [this.exact, this.whole, this.some]) on(box, "change", () => finder.search());
    on(this.form, "input", () => this.done = false);
    on(this.form, "keydown", (event) => this.pressed(event));
    on(part("hide", HTMLButtonElement), "click", () => this.open(false));
    on(document, "selectionchange", () => this.select());
  }
  /** Whether the replace form is in use. While it is, the find box searches with the options of the form. */
  get shown() {
    return !this.form.hidden && this.editor.editable;
  }
  /** Show the button that opens the form if the text can be edited; otherwise hide the button and close the form. */
  fit() {
    const { editable } = this.editor;
    if (this.opener.hidden === !editable) return;
    this.opener.hidden = !editable;
    if (!editable && !this.form.hidden) this.open(false);
  }
  /** @param {boolean} yes */
  open(yes) {
    if (yes) this.begin();
    this.form.hidden = !yes;
    this.opener.setAttribute("aria-expanded", String(yes));
    this.outcome.textContent = "";
    this.finder.search();
    if (yes) (this.finder.input.value ? this.field : this.finder.input).focus();
    else this.opener.focus();
  }
  /** Put a short selection into the find box, or limit the search to a longer selection. */
  begin() {
    this.select();
    const [first, ...others] = [...this.marked.values()];
    const words = first && !others.length ? spaced(first.text.slice(first.from, first.to)) : "";
    if (words && words.length <= LONGEST_WORDS) this.finder.input.value = words;
    this.some.checked = Boolean(first) && !(words && words.length <= LONGEST_WORDS);
  }
  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (composes(event)) return;
    const id = this.player.commands.keymap.find(event, "reading");
    if (event.key === "Escape") this.open(false);
    else if (this.done && event.target === this.field && (id === "undo" || id === "redo")) this.editor.undoRedo(id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  // ---- the searched part -------------------------------------------------------------------------------------------
  /** Store the selection in the text, because the browser drops it when a field gets the focus. */
  select() {
    const selection = getSelection();
    if (!selection?.rangeCount || !this.text.contains(selection.anchorNode)) return;
    const range = selection.getRangeAt(0);
    const before = this.marked.size;
    this.marked = /* @__PURE__ */ new Map();
    if (!selection.isCollapsed) {
      for (const { paragraph, from, to } of partsOfRange(range, this.editor.text.paragraphs)) {
        if (to > from) this.marked.set(paragraph.id, { from, to, text: paragraph.text });
      }
    }
    if (!this.shown || !before && !this.marked.size) return;
    if (!this.marked.size) this.some.checked = false;
    this.finder.search();
  }
  /** Return the stored selection in a paragraph, adapted to the current text. @param {Paragraph} paragraph */
  place({ id, text }) {
    const marked = this.marked.get(id);
    if (!marked) return void 0;
    if (marked.text !== text) {
      const [from, to] = [marked.from, marked.to].map((at) => moved(marked.text, text, at));
      this.marked.set(id, { from, to, text });
    }
    return this.marked.get(id);
  }
  /** Return the part of a paragraph that is searched, undefined if all of it is. @param {Paragraph} paragraph */
  scope(paragraph) {
    return this.shown && this.some.checked ? this.place(paragraph) : void 0;
  }
  /** @param {Paragraph} paragraph @param {string} wanted @returns {[number, number][]} */
  spans(paragraph, wanted) {
    const only = this.some.checked ? this.place(paragraph) : { from: 0, to: Infinity };
    if (!only) return [];
    const fold = (text) => {
      const known = this.folded.get(paragraph);
      if (known?.text === text) return known.folded;
      const folded2 = literal(text);
      this.folded.set(paragraph, { text, folded: folded2 });
      return folded2;
    };
    const how = { exact: this.exact.checked, whole: this.whole.checked };
    return spans(paragraph.text, spaced(wanted), how, fold).filter(([from, to]) => from >= only.from && to <= only.to);
  }
  // ---- the preview -------------------------------------------------------------------------------------------------
  show() {
    if (!this.shown) return;
    const { hits, place } = this.finder;
    this.some.disabled = !this.marked.size;
    for (const button2 of [this.one, this.all]) button2.setAttribute("aria-disabled", String(!hits.length));
    this.all.textContent = hits.length > 1 ? tr("Replace all {count}", { count: hits.length.toLocaleString("en") }) : tr("Replace all");
    const first = Math.max(place, 0);
    const next = Array.from({ length: Math.min(SHOWN, hits.length) }, (_, i) => hits[(first + i) % hits.length]);
    this.preview.hidden = !next.length;
    this.preview.replaceChildren(...next.map((hit) => this.line(hit)));
  }
  /** @param {Hit} hit */
  line({ paragraph: { text }, from, to }) {
    const before = text.slice(Math.max(0, from - AROUND2), from);
    const after = text.slice(to, to + AROUND2);
    const made = make("ins", "", this.field.value.trim());
    const old = make("del", "", text.slice(from, to));
    const [begin, end] = [from > AROUND2 ? "\u2026" : "", to + AROUND2 < text.length ? "\u2026" : ""];
    const content = [begin, before, old, made.textContent ? " \u2192 " : "", made, after, end];
    return make("li", "stt-preview-line", content, { dir: "auto" });
  }
  // ---- replacing ---------------------------------------------------------------------------------------------------
  /** @param {Hit[]} hits */
  replace(hits) {
    this.done = true;
    const only = hits.map(({ paragraph: { id, text }, ...hit }) => {
      const [from, to] = [hit.from, hit.to].map((at) => placeIn(text, at));
      return { paragraph: id, from, to };
    });
    const find = spaced(this.finder.input.value);
    this.outcome.textContent = "";
    this.editor.replace({ do: "replace", find, with: this.field.value.trim(), case: this.exact.checked, only });
  }
  /** Replace the selected hit, and go to the next hit. If no hit is selected, only go to the next hit. */
  replaceOne() {
    const { finder } = this;
    if (finder.place < 0) return finder.step(1);
    const { paragraph, from } = finder.hits[finder.place];
    const places = new Map(this.editor.text.paragraphs.map(({ id }, place) => [id, place]));
    const order = ({ id }) => places.get(id) ?? -1;
    this.replace([finder.hits[finder.place]]);
    const after = from + this.field.value.trim().length;
    const next = finder.hits.findIndex(
      (hit) => order(hit.paragraph) > order(paragraph) || hit.paragraph.id === paragraph.id && hit.from >= after
    );
    if (finder.hits.length) finder.show(Math.max(next, 0));
  }
  replaceAll() {
    if (this.finder.hits.length) this.replace(this.finder.hits);
  }
  /** @param {number} count */
  showOutcome(count) {
    const values = { count: count.toLocaleString("en"), key: this.player.commands.keymap.hint("undo") };
    this.outcome.textContent = count ? tr("{count} replaced. Press {key} to undo.", values) : tr("Nothing was replaced: the text was changed in another tab meanwhile.");
  }
};

// player/finding/marks.js
var SUPPORTED = Boolean(globalThis.CSS?.highlights);
function highlight(name, priority) {
  const found2 = CSS.highlights.get(name) ?? new Highlight();
  found2.priority = priority;
  CSS.highlights.set(name, found2);
  return found2;
}
var Marks = class {
  painted = (
    /** @type {Map<Paragraph, Mark[]>} */
    /* @__PURE__ */ new Map()
  );
  /**
   * @param {import("../text/text.js").Text} text
   * @param {(paragraph: Paragraph) => Mark[]} marksOf
   * @param {(paragraph: Paragraph) => boolean} keeps returns true for a paragraph whose marks must stay as they are
   */
  constructor(text, marksOf, keeps = () => false) {
    this.text = text;
    this.marksOf = marksOf;
    this.keeps = keeps;
  }
  paint() {
    for (const paragraph of [...this.painted.keys()]) if (!this.keeps(paragraph)) this.wipe(paragraph);
    for (const paragraph of this.text.near) this.paintOne(paragraph);
  }
  /** @param {Paragraph} paragraph */
  paintOne(paragraph) {
    if (!SUPPORTED || this.keeps(paragraph)) return;
    this.wipe(paragraph);
    const marks = this.marksOf(paragraph);
    for (const [mark2, range] of marks) mark2.add(range);
    if (marks.length) this.painted.set(paragraph, marks);
  }
  /** @param {Paragraph[]} paragraphs as in `onMove` of `Text` */
  moved(paragraphs) {
    for (const paragraph of paragraphs) {
      if (this.text.near.has(paragraph)) this.paintOne(paragraph);
      else this.wipe(paragraph);
    }
  }
  /** @param {Paragraph} paragraph */
  wipe(paragraph) {
    for (const [mark2, range] of this.painted.get(paragraph) ?? []) mark2.delete(range);
    this.painted.delete(paragraph);
  }
  close() {
    for (const paragraph of [...this.painted.keys()]) this.wipe(paragraph);
  }
};

// player/finding/finder.js
var MARKS = SUPPORTED && {
  scope: highlight("stt-scope", -1),
  all: highlight("stt-hit", 0),
  now: highlight("stt-hit-now", 1)
};
var foldedOf = (paragraph) => paragraph.folded ??= folded(paragraph.text);
var Finder = class {
  hits = (
    /** @type {Hit[]} */
    []
  );
  place = -1;
  // index of the selected hit, -1 for none
  doubt = (
    /** @type {Word | null} */
    null
  );
  // the doubtful word selected last
  passed = -Infinity;
  // seconds; the search for the next doubtful word starts after this position
  hitsOf = (
    /** @type {Map<Paragraph, Hit[]>} */
    /* @__PURE__ */ new Map()
  );
  folding = 0;
  // id of the idle callback that `foldAhead` has requested
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
      else if (event.key === "Escape" && this.input.value) this.input.value = "", this.search();
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
        const hits = this.spansIn(paragraph, wanted).slice(0, MOST_HITS - this.hits.length).map(([from, to]) => ({ paragraph, from, to }));
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
    if (!window.requestIdleCallback) return;
    cancelIdleCallback(this.folding);
    let next = 0;
    const fold = (deadline) => {
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
    const found2 = this.place < 0 ? tr("{total} found", { total }) : tr("{place} of {total}", { place, total });
    this.count.textContent = this.hits.length ? found2 : tr("None");
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
    const marks = (
      /** @type {import("./marks.js").Mark[]} */
      []
    );
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
};

// player/shortcuts/keyboard.js
var FIELDS = "input:not([type=range]), textarea, select, [contenteditable]";
var ROLES = ["button", "tab", "radio", "slider", "option", "menuitem", "dialog"].map((role) => `[role=${role}]`);
var OWN_KEYS = `${FIELDS}, button, a, summary, input, canvas, ${ROLES}`;
var LETTERS = `${FIELDS}, [role=dialog], [role=menu]`;
var OF_LETTERS = ["sheet", "note"];
var OF_FIELDS = ["undo", "redo"];
var Keyboard = class {
  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    this.root = player.root;
    const { on } = player;
    on(document, "keydown", (event) => this.pressed(event));
    on(
      document,
      "keyup",
      (event) => event.key === " " && event.target.closest?.(".stt-time") && event.preventDefault()
    );
  }
  /** @param {KeyboardEvent & { target: Element }} event */
  pressed(event) {
    const { key, target, repeat } = event;
    if (event.defaultPrevented || !this.player.latest) return;
    const time = target.closest?.(".stt-time");
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (plain && time && this.root.contains(time) && this.walk(key, time)) return event.preventDefault();
    const { commands } = this.player;
    const id = commands.keymap.find(event, "reading");
    const always = commands.keymap.actions.some((action) => action.id === id && action.where === "always");
    if (!id || (always ? this.belongsToField(id, target) : this.belongsToTarget(id, target))) return;
    if (commands.run(id, repeat)) event.preventDefault();
  }
  /**
   * Return whether the focused field, not the player, handles the key of an action that also works during typing.
   * @param {string} id of the action @param {Element} target
   */
  belongsToField(id, target) {
    const field = target.closest?.(FIELDS);
    return Boolean(field) && (!this.root.contains(field) || OF_FIELDS.includes(id));
  }
  /**
   * Return whether the focused element, not the player, handles the key of an action that does not work during typing.
   * @param {string} id of the action @param {Element} target
   */
  belongsToTarget(id, target) {
    const inside2 = this.root.contains(target);
    if (inside2 && (target === this.player.slider || target.closest?.(".stt-time"))) return false;
    if (OF_LETTERS.includes(id)) return Boolean(target.closest?.(LETTERS));
    return Boolean(target.closest?.(inside2 && id !== "toggle" ? FIELDS : OWN_KEYS));
  }
  /**
   * Move the focus from the time of a paragraph to the time of another if `key` is an up or down arrow key, Home or
   * End. Return whether the focus was moved.
   * @param {string} key
   * @param {Element} time
   */
  walk(key, time) {
    const { paragraphs } = this.player.text;
    const place = paragraphs.findIndex((p) => p.time === time);
    const targets = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: paragraphs.length - 1 };
    const target = paragraphs[targets[key]];
    if (!target) return false;
    this.player.text.tabTo(target);
    target.time.focus({ preventScroll: true });
    this.player.reveal(() => target.time);
    return true;
  }
};

// player/sound/lanes.js
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
function targetOf(turns, seconds, slack) {
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
   * @param {string[]} speakers in the order of their colours; empty if only one person speaks
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
    const turns = own.flatMap((paragraph) => paragraph.words?.length ? paragraph.words : paragraph);
    turns.sort((a, b) => a.start - b.start);
    const [drawing, path] = [document.createElementNS(SVG, "svg"), document.createElementNS(SVG, "path")];
    const box = { class: "stt-turns", viewBox: `0 0 ${PARTS} 1`, preserveAspectRatio: "none" };
    set(drawing, { ...box, "aria-hidden": "true" }).append(path);
    path.setAttribute("d", bars(turns, total).map(([from, to]) => `M${from} 0H${to}V1H${from}z`).join(""));
    const track = make("div", "stt-track", [drawing], { title: name, role: "img", "aria-label": name });
    track.onclick = (event) => {
      const { left, width } = track.getBoundingClientRect();
      const perPixel = total / width;
      this.goTo(targetOf(own, (event.clientX - left) * perPixel, NEAR * perPixel));
    };
    const label = make("span", "stt-lane-name", name, { dir: "auto", "aria-hidden": "true" });
    const lane = make("div", "stt-lane", [track, label]);
    lane.style.setProperty("--stt-voice", colourOf(place));
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

// player/sound/moment_link.js
var CHECKED = 2e3;
var MomentLink = class {
  at = (
    /** @type {number | null} */
    null
  );
  // position in the link made last, seconds
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
    const button2 = partsOf(root, "stt-")("moment", HTMLButtonElement);
    const live = partsOf(root, "stt-")("say");
    button2.onclick = async () => {
      this.at = Math.round(position() * 10) / 10;
      const address = new URL(location.href);
      address.searchParams.set("at", String(this.at));
      await copyText(address.href);
      this.send("moment", this.at);
      live.textContent = tr("The link to {time} is on the clipboard.", { time: clock(this.at) });
      button2.classList.add("stt-done");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => button2.classList.remove("stt-done"), CHECKED);
    };
  }
};

// player/form.js
var troubleLine = (text = "") => make("p", "stt-notes-trouble", text, { role: "alert" });
function sendingForm({ look: look2, label, content, beside = [], save: save2 }, send, cancel) {
  const trouble = troubleLine();
  const start = make("button", "stt-menu-button stt-notes-save", save2);
  const row = make("div", "stt-notes-row", [...beside, start, makeButton("stt-menu-button", tr("Cancel"), cancel)]);
  const form = make("form", look2, [...content, row, trouble], { "aria-label": label });
  form.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key !== "Escape" || composes(event)) return;
    event.preventDefault();
    cancel();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const sent = start.disabled ? null : send();
    if (!sent) return;
    start.disabled = true;
    trouble.textContent = "";
    await sent.catch((error) => {
      trouble.textContent = error.message;
      start.disabled = false;
    });
  };
  return form;
}

// player/notes/form.js
var names = () => [tr("Yellow"), tr("Green"), tr("Blue"), tr("Pink")];
var forms = 0;
function noteForm(note, about, save2, cancel) {
  const { id, start, end } = note;
  const field = make("textarea", "stt-notes-field", "", {
    rows: 2,
    maxlength: LONGEST_TEXT,
    dir: "auto",
    placeholder: end === null ? tr("Write a note") : tr("Write a note, or only highlight"),
    "aria-label": tr("Text of the note"),
    "aria-keyshortcuts": "Enter"
  });
  field.value = note.text;
  const colours = end === null ? null : choice(note.colour ?? COLOURS[0]);
  const content = [make("p", "stt-notes-about", about, { dir: "auto" }), field];
  const parts2 = {
    look: "stt-notes-form",
    label: tr("Note"),
    content,
    beside: colours ? [colours.box] : [],
    save: tr("Save")
  };
  const send = () => {
    const text = field.value.trim();
    if (text || colours) return save2({ id, start, end, text, colour: colours?.value() ?? null });
    field.focus();
    return null;
  };
  const form = sendingForm(parts2, send, cancel);
  field.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
    event.preventDefault();
    form.requestSubmit();
  };
  return { form, field };
}
function choice(chosen2) {
  const name = `stt-note-colour-${forms += 1}`;
  const inputs = COLOURS.map((value) => make("input", "", "", { type: "radio", name, value }));
  const labels = inputs.map((input, i) => {
    input.checked = input.value === chosen2;
    const content = [input, make("span", "stt-say", names()[i])];
    return make("label", `stt-notes-colour stt-notes-${input.value}`, content, { title: names()[i] });
  });
  const legend = make("legend", "stt-say", tr("Colour of the highlight"));
  const box = make("fieldset", "stt-notes-colours", [legend, ...labels]);
  return { box, value: () => inputs.find((input) => input.checked)?.value ?? COLOURS[0] };
}

// player/notes/painter.js
var MOMENT = "moment";
var MARKS2 = new Map(SUPPORTED ? [...COLOURS, MOMENT].map((name) => [name, highlight(`stt-note-${name}`, -1)]) : []);
var look = ({ end, colour }) => end === null ? MOMENT : colour ?? COLOURS[0];
var Painter = class {
  notes = (
    /** @type {Note[]} */
    []
  );
  /** @param {HTMLElement} line time line @param {import("../text/text.js").Text} text @param {(note: Note) => void} goTo */
  constructor(line, text, goTo) {
    this.line = line;
    this.marks = new Marks(
      text,
      (paragraph) => this.marksOf(paragraph),
      ({ stale, box }) => stale && box.isConnected
    );
    this.goTo = goTo;
  }
  /** @param {Note[]} notes @param {number} total seconds */
  show(notes, total) {
    this.notes = notes;
    const marks = total > 0 ? notes : [];
    this.line.replaceChildren(
      ...marks.map((note) => {
        const title2 = `${clock(note.start)} ${note.text}`.trim();
        const box = make("div", `stt-mark stt-mark-${look(note)}`, "", { title: title2, onclick: () => this.goTo(note) });
        box.style.left = `${Math.min(note.start / total, 1) * 100}%`;
        box.style.width = `${Math.max(0, (note.end ?? note.start) - note.start) / total * 100}%`;
        return box;
      })
    );
    this.marks.paint();
  }
  /** @param {Paragraph} paragraph @returns {import("../finding/marks.js").Mark[]} */
  marksOf({ start, end, body, words }) {
    const near = this.notes.filter((note) => note.start <= end && (note.end ?? note.start + 1) >= start);
    return near.flatMap((note) => {
      const mark2 = (
        /** @type {Highlight} */
        MARKS2.get(look(note))
      );
      return ranges(body, placesOf(words, note)).map((range) => (
        /** @type {[Highlight, Range]} */
        [mark2, range]
      ));
    });
  }
};

// player/notes/wire.js
var explain = (reason) => reason ? tr("Not saved. {reason}", { reason }) : tr("Not saved: no connection. Try again.");
var list = async (address) => (await ask(address, void 0, explain)).notes;
var save = (address, { id, ...note }) => ask(`${address}/${id}`, withJson("PUT", note), explain);
var remove = (address, { id }) => ask(`${address}/${id}`, { method: "DELETE" }, explain);

// player/notes/notes.js
var LONGEST_QUOTE = 140;
var Notes = class {
  notes = (
    /** @type {Note[]} */
    []
  );
  address = (
    /** @type {string | null} */
    null
  );
  // URL to which notes are sent; null if notes cannot be made
  page = "";
  // JSON of the notes, the URL and the duration that were loaded last
  drawn = "";
  // what `shown` returned when the notes were drawn last
  busy = 0;
  // number of changes that are being sent
  newest = 0;
  // number of the newest request; a list that was requested earlier is out of date
  edited = (
    /** @type {Note | null} */
    null
  );
  // the note in the form
  form = (
    /** @type {{ form: HTMLFormElement, field: HTMLTextAreaElement } | null} */
    null
  );
  deleted = (
    /** @type {Note | null} */
    null
  );
  // the note deleted last, which can be restored
  rows = (
    /** @type {Map<string, HTMLElement>} */
    /* @__PURE__ */ new Map()
  );
  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, text, on } = player;
    this.text = text;
    const part = partsOf(root, "stt-");
    this.adder = part("note", HTMLButtonElement);
    this.toggle = part("notes-toggle", HTMLButtonElement);
    this.counter = part("notes-count");
    this.panel = part("notes");
    this.live = part("say");
    this.painter = new Painter(part("marks"), text, (note) => this.goTo(note));
    on(this.adder, "mousedown", (event) => event.preventDefault());
    on(this.adder, "click", () => this.add());
    on(this.toggle, "click", () => this.open(Boolean(this.panel.hidden)));
    on(window, "focus", () => this.refresh());
  }
  /** @param {{ notes?: Note[], noting?: string | null, audio: string | null, timed: boolean }} data */
  load({ notes = [], noting = null, audio, timed }) {
    this.address = noting && (audio || timed) ? noting : null;
    this.adder.hidden = !this.address;
    const page = JSON.stringify([notes, this.address, this.player.total]);
    if (this.busy) return;
    if (page !== this.page) this.notes = sorted(notes);
    else if (this.shown() === this.drawn) return;
    this.page = page;
    this.draw();
  }
  /** Load all notes again, to show those made in other tabs, unless a note is being edited or sent. */
  async refresh() {
    if (!this.address || this.busy || this.edited) return;
    const number = this.newest += 1;
    const found2 = await list(this.address).catch(() => null);
    if (!found2 || number !== this.newest || this.busy || this.edited) return;
    this.notes = sorted(found2);
    if (this.shown() !== this.drawn) this.draw();
  }
  // ---- the panel ---------------------------------------------------------------------------------------------------
  /** @param {boolean} yes */
  open(yes) {
    this.panel.hidden = !yes;
    this.toggle.setAttribute("aria-expanded", String(yes));
    if (yes || !this.deleted) return;
    this.deleted = null;
    this.draw();
  }
  /** Return the notes, the words that they quote and the duration as JSON. */
  shown() {
    return JSON.stringify([this.notes, this.notes.map((note) => this.quote(note)), this.player.total]);
  }
  draw() {
    const { notes, edited, deleted } = this;
    this.drawn = this.shown();
    const fresh = edited && !notes.some(({ id }) => id === edited.id) ? [edited] : [];
    const all = sorted([...notes, ...fresh, ...deleted ? [deleted] : []]);
    this.counter.textContent = notes.length.toLocaleString("en");
    this.toggle.hidden = !all.length;
    if (!all.length) this.open(false);
    const focused = document.activeElement;
    const [focusedNote] = [...this.rows].find(([, row]) => row.contains(focused)) ?? [];
    this.rows = new Map(all.map((note) => [note.id, make("li", "stt-notes-item", this.row(note))]));
    this.panel.replaceChildren(make("ol", "stt-notes-list", [...this.rows.values()], { role: "list" }));
    if (focusedNote && focused instanceof HTMLElement) this.focusAgain(focusedNote, focused);
    this.painter.show(notes, this.player.total);
  }
  /**
   * After drawing, give the focus back to an element of the form or to the button with the same name. If the note is
   * gone, focus the button of the panel.
   * @param {string} id of the note whose row had the focus @param {HTMLElement} focused the element that had it
   */
  focusAgain(id, focused) {
    const row = this.rows.get(id);
    const name = focused.getAttribute("aria-label");
    const buttons = [...row?.querySelectorAll("button") ?? []];
    const same = buttons.find((button2) => button2.getAttribute("aria-label") === name);
    const instead = this.toggle.hidden ? this.adder : this.toggle;
    (row?.contains(focused) ? focused : row ? same : instead)?.focus({ preventScroll: true });
  }
  /** @param {Note} note */
  row(note) {
    const time = clock(note.start);
    const button2 = (look2, content, act, label) => makeButton(look2, content, act, { "aria-label": label });
    if (note.id === this.edited?.id && this.form) return [this.form.form];
    if (note.id === this.deleted?.id) {
      const label = tr("Undo: restore the note at {time}", { time });
      const undo = button2("stt-menu-button", tr("Undo"), () => this.restore(note), label);
      return [make("span", "stt-notes-gone", tr("Deleted the note at {time}.", { time })), undo];
    }
    const mark2 = note.end === null ? "" : ` stt-notes-mark stt-notes-${note.colour}`;
    const shown = [make("span", `stt-notes-time${mark2}`, time)];
    const go = button2("stt-notes-go", shown, () => this.goTo(note), tr("Go to {time}", { time }));
    const quote = this.quote(note);
    const lines = [];
    if (quote) lines.push(make("p", "stt-notes-quote", `\u201C${quote}\u201D`, { dir: "auto" }));
    if (note.text) lines.push(make("p", "stt-notes-text", note.text, { dir: "auto" }));
    const body = make("div", "stt-notes-body", lines);
    if (!this.address) return [go, body];
    const tool = "stt-tool stt-notes-tool";
    const edit = button2(tool, tr("Edit"), () => this.edit(note), tr("Edit the note at {time}", { time }));
    const remove2 = button2(tool, tr("Delete"), () => this.delete(note), tr("Delete the note at {time}", { time }));
    return [go, body, edit, remove2];
  }
  /** Return the words that a note is about, shortened. @param {Note} note */
  quote(note) {
    if (note.end === null) return "";
    const words = this.text.paragraphs.flatMap(
      (p) => p.start <= (note.end ?? 0) && p.end >= note.start ? wordsOf(p.words, note) : []
    );
    const whole = words.map((word) => word.text).join(" ");
    return whole.length > LONGEST_QUOTE ? `${whole.slice(0, LONGEST_QUOTE)}\u2026` : whole;
  }
  /** @param {Note} note */
  goTo(note) {
    this.player.seek(note.start);
    const near = this.text.paragraphs.filter((p) => p.end >= note.start);
    const word = near.flatMap((p) => wordsOf(p.words, note))[0];
    if (word) this.text.build(word.paragraph);
    const place = word ?? this.text.placeAt(note.start);
    this.player.reveal(() => place?.box);
  }
  // ---- changes -----------------------------------------------------------------------------------------------------
  /** Open the form of a new note about the selected words; without a selection, about the current position. */
  add() {
    if (!this.address) return;
    if (this.edited) {
      this.open(true);
      return this.form?.field.focus();
    }
    const { data, sound, editor } = this.player;
    const now = data.audio ? sound.position : editor.active?.start ?? 0;
    const span = selectedSpan(this.text.paragraphs) ?? { start: now, end: null };
    this.edit({ id: newId2(), ...timesOf(span), text: "", colour: null });
  }
  /** @param {Note | null} note */
  edit(note) {
    const before = this.edited;
    this.edited = note;
    this.form = null;
    if (note) {
      const quote = this.quote(note);
      const about = quote ? `${clock(note.start)} \u201C${quote}\u201D` : tr("At {time}", { time: clock(note.start) });
      const cancel = () => {
        this.edit(null);
        (this.focusOf(note) ?? this.adder).focus({ preventScroll: true });
      };
      this.form = noteForm(note, about, (changed) => this.save(changed), cancel);
      this.open(true);
    }
    if (note || before) this.draw();
    this.form?.field.focus({ preventScroll: true });
    this.form?.form.scrollIntoView({ block: "nearest" });
  }
  /** @param {Note} note */
  focusOf(note) {
    return this.rows.get(note.id)?.querySelector("button");
  }
  /** @param {Note} note */
  async save(note) {
    const stored = await this.busyWhile(() => save(this.address ?? "", note));
    this.notes = sorted([...this.notes.filter(({ id }) => id !== note.id), stored]);
    const own = this.edited?.id === note.id;
    if (own) this.edited = this.form = null;
    if (this.deleted?.id === note.id) this.deleted = null;
    this.draw();
    if (own) this.focusOf(stored)?.focus({ preventScroll: true });
    this.live.textContent = tr("Saved the note at {time}.", { time: clock(note.start) });
  }
  /** @param {Note} note */
  async delete(note) {
    try {
      await this.busyWhile(() => remove(this.address ?? "", note));
    } catch (error) {
      this.live.textContent = this.trouble(note, error);
      return;
    }
    this.notes = this.notes.filter(({ id }) => id !== note.id);
    this.deleted = note;
    this.draw();
    this.focusOf(note)?.focus({ preventScroll: true });
  }
  /** @param {Note} note */
  async restore(note) {
    await this.save(note).catch((error) => this.live.textContent = this.trouble(note, error));
    this.focusOf(note)?.focus({ preventScroll: true });
  }
  /** Show an error in the row of a note. Return its message. @param {Note} note @param {unknown} error */
  trouble(note, error) {
    const words = error instanceof Error ? error.message : String(error);
    this.rows.get(note.id)?.append(make("p", "stt-notes-trouble", words));
    return words;
  }
  /** @template Answer @param {() => Promise<Answer>} act */
  async busyWhile(act) {
    this.busy += 1;
    this.newest += 1;
    try {
      return await act();
    } finally {
      this.busy -= 1;
    }
  }
};

// player/passages/panel.js
var when = ({ start, end }) => tr("{start} to {end}", { start: clock(start), end: clock(end) });
function passageForm(choices, span, begin, cancel) {
  const model = select(tr("Model"), choices.models.map(({ id, name }) => [id, name]), choices.model);
  const language = select(tr("Language"), [["", tr("Detect")], ...choices.languages], choices.language);
  const english = () => {
    const only = choices.models.find(({ id }) => id === model.field.value)?.english ?? false;
    language.field.disabled = only;
    if (only) language.field.value = "en";
  };
  model.field.onchange = english;
  english();
  const label = tr("Vocabulary: one name or term per line");
  const hint = { rows: 3, placeholder: tr("One name or term per line"), "aria-label": label };
  const terms = make("textarea", "stt-notes-field", "", hint);
  terms.value = choices.vocabulary;
  const details = make("details", "stt-passage-more", [make("summary", "", tr("Vocabulary")), terms]);
  const parts2 = {
    look: "stt-passage-form",
    label: tr("Transcribe a passage again"),
    content: [title(tr("Transcribe {span} again", { span: when(span) })), model.label, language.label, details],
    save: tr("Transcribe")
  };
  const send = () => {
    const vocabulary = terms.value.split("\n").filter((line) => line.trim());
    return begin({ model: model.field.value, language: language.field.value, vocabulary });
  };
  return sendingForm(parts2, send, cancel);
}
function progress(passage, cancel) {
  const bar = make("progress", "stt-passage-bar", "", { max: 100, "aria-label": tr("Progress of the passage") });
  const far = make("span", "stt-passage-far");
  const show = (now) => {
    bar.value = now.percent;
    far.textContent = now.stage ?? (now.state === "queued" ? tr("Queued") : `${now.percent} %`);
  };
  show(passage);
  const head = title(tr("Transcribing {span} again", { span: when(passage) }));
  return { box: make("div", "stt-passage-working", [head, bar, far, button(tr("Cancel"), cancel)]), show };
}
function result(passage, { take, leave, play }) {
  const [old, fresh] = [passage.old ?? [], passage.new ?? []];
  const same = [...old, ...fresh].every((run) => run.same);
  const about = same ? tr("The words are the same.") : fresh.length ? "" : tr("No speech was found in this passage.");
  const buttons = [button(tr("Use new words"), take, "stt-notes-save"), button(tr("Discard"), leave)];
  if (play) buttons.push(button(tr("Play"), play));
  const trouble = troubleLine();
  const box = make("div", "stt-passage-result", [
    title(tr("{span}, transcribed again", { span: when(passage) })),
    make("p", "stt-passage-about", about),
    make("div", "stt-passage-sides", [side(tr("Current"), old), side(tr("New"), fresh)]),
    make("div", "stt-notes-row", buttons),
    trouble
  ]);
  return { box, trouble };
}
function failure(passage, close) {
  const head = title(tr("{span} could not be transcribed", { span: when(passage) }));
  const reason = troubleLine(explained(passage.error) || tr("Something went wrong."));
  return make("div", "stt-passage-result", [head, reason, button(tr("Close"), close)]);
}
function side(name, runs) {
  const words = runs.flatMap(({ text: text2, same }) => {
    const space = text2.length - text2.trimStart().length;
    return same ? [text2] : [text2.slice(0, space), make("mark", "", text2.slice(space))];
  });
  const text = make("p", "stt-passage-text", words, { dir: "auto", translate: "no" });
  const content = [make("h4", "stt-passage-name", name), text];
  return make("div", "stt-passage-side", content, { role: "group", "aria-label": name });
}
var button = (label, act, look2 = "") => makeButton(`stt-menu-button ${look2}`.trim(), label, act);
var title = (text) => make("h3", "stt-passage-title", text, { tabindex: -1 });
function select(name, choices, chosen2) {
  const field = make("select", "stt-passage-select", choices.map(([value, text]) => new Option(text, value)));
  field.value = chosen2;
  return { label: make("label", "stt-passage-label", [name, field]), field };
}

// player/passages/wire.js
function explain2(reason, status) {
  if (reason) return reason;
  return status ? tr("The server does not answer. Try again.") : tr("No connection. Try again.");
}
var askPassage = (address, options) => ask(address, options, explain2);

// player/passages/passages.js
var POLLING = 700;
var RETRYING = 3e3;
var Passages = class {
  choices = (
    /** @type {Choices | null} */
    null
  );
  // null if no passage can be transcribed again
  shown = "";
  // attempt number and state of the passage in the panel; "form" while the form is shown
  working = (
    /** @type {ReturnType<typeof progress> | null} */
    null
  );
  timer = (
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    void 0
  );
  newest = 0;
  // number of the newest request; responses to older requests are ignored
  closed = false;
  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, text, on } = player;
    const part = partsOf(root, "stt-");
    this.panel = part("passage");
    this.live = part("say");
    on(text.box, "mousedown", (event) => event.target.closest(".stt-more") && event.preventDefault());
  }
  /** @param {{ passages?: Choices | null, edits: string | null, timed: boolean, audio: string | null }} data */
  load({ passages = null, edits, timed, audio }) {
    const before = this.choices?.address;
    this.choices = passages && edits && timed && audio ? passages : null;
    if (!this.choices) return this.hide();
    if (this.choices.open && this.choices.address !== before) void this.poll();
  }
  /**
   * Open the form for transcribing the selected words again, or the whole paragraph if none of its words are selected.
   * @param {import("../text/text.js").Paragraph} paragraph
   */
  offer(paragraph) {
    const { choices } = this;
    if (!choices) return;
    if (this.working) return this.focus();
    const span = this.spanOf(paragraph);
    const begin = async (chosen2) => {
      const answer = await askPassage(choices.address, withJson("POST", { ...span, ...chosen2 }));
      if (this.shown === "form") this.take(answer);
      else await this.cancel();
    };
    this.show(
      passageForm(choices, span, begin, () => this.hide()),
      "form"
    );
    this.panel.querySelector("select")?.focus({ preventScroll: true });
  }
  /** @param {import("../text/text.js").Paragraph} paragraph @returns {Span} */
  spanOf(paragraph) {
    const { text, editor } = this.player;
    const { chosen: chosen2 } = editor;
    const own = chosen2?.id === paragraph.id && chosen2.to > chosen2.from;
    const selected = selectedSpan(text.paragraphs) ?? (own && spanOf2(paragraph.words, chosen2.from, chosen2.to));
    const { start, end } = paragraph;
    return selected && selected.start < end && selected.end > start ? selected : { start, end };
  }
  // ---- progress and result -----------------------------------------------------------------------------------------
  async poll() {
    clearTimeout(this.timer);
    if (!this.choices || this.closed) return;
    const number = this.newest += 1;
    try {
      const answer = await askPassage(this.choices.address);
      if (number === this.newest && !this.closed) this.take(answer);
    } catch {
      if (number === this.newest && !this.closed) this.timer = setTimeout(() => this.poll(), RETRYING);
    }
  }
  /** @param {{ passage: Passage | null }} answer */
  take({ passage }) {
    clearTimeout(this.timer);
    if (!passage) return this.hide();
    const looks = `${passage.attempt} ${passage.state}`;
    const open = passage.state === "queued" || passage.state === "working";
    if (open) {
      if (this.working) this.working.show(passage);
      else {
        const made = progress(passage, () => this.cancel());
        this.show(made.box, looks);
        this.working = made;
        this.announce(tr("Transcribing {span} again.", { span: when(passage) }));
      }
      this.timer = setTimeout(() => this.poll(), POLLING);
    } else if (looks !== this.shown) {
      if (passage.state === "done") this.offerResult(passage, looks);
      else this.show(failure(passage, () => this.cancel()), looks);
    }
  }
  /** @param {Passage} passage @param {string} looks */
  offerResult(passage, looks) {
    const { box, trouble } = result(passage, {
      take: () => void this.accept(passage, trouble),
      leave: () => this.cancel(),
      play: () => this.player.playSpan(passage.start, passage.end)
    });
    this.show(box, looks);
    this.announce(
      tr("{span} has been transcribed again. Use the new words, or discard them.", { span: when(passage) })
    );
  }
  /** Let the server store the new words as one editing step. @param {Passage} passage @param {HTMLElement} trouble */
  async accept(passage, trouble) {
    const { choices } = this;
    const { editor } = this.player;
    const { queue } = editor;
    if (!choices || !queue) return;
    editor.leave();
    editor.save();
    if (!queue.settled) {
      trouble.textContent = tr("Your text is being saved. Try again in a moment.");
      return;
    }
    try {
      const body = { attempt: passage.attempt, based_on: Math.max(0, queue.revision) };
      await askPassage(`${choices.address}/take`, withJson("POST", body));
    } catch (error) {
      trouble.textContent = error instanceof Error ? error.message : String(error);
      return;
    }
    this.hide();
    queue.refresh();
    this.announce(tr("The transcript now has the new words from {span}.", { span: when(passage) }));
  }
  /** Cancel the transcription of the passage, or discard its result. */
  async cancel() {
    this.newest += 1;
    clearTimeout(this.timer);
    const { choices } = this;
    if (!choices) return;
    try {
      await askPassage(choices.address, { method: "DELETE" });
      this.hide();
    } catch {
      void this.poll();
    }
  }
  // ---- the panel ---------------------------------------------------------------------------------------------------
  /** @param {HTMLElement} content @param {string} looks */
  show(content, looks) {
    const inside2 = this.panel.contains(document.activeElement);
    this.working = null;
    this.shown = looks;
    this.panel.replaceChildren(content);
    this.panel.hidden = false;
    if (inside2) this.focus();
  }
  focus() {
    this.panel.querySelector("h3")?.focus({ preventScroll: true });
  }
  hide() {
    clearTimeout(this.timer);
    this.newest += 1;
    this.working = null;
    this.shown = "";
    this.panel.hidden = true;
    this.panel.replaceChildren();
  }
  /** @param {string} words */
  announce(words) {
    this.live.textContent = words;
  }
  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
};

// player/text/text.js
var NEAR2 = "1200px 0px";
var MORE = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5.5 12h.01M12 12h.01M18.5 12h.01" stroke-width="3"/></svg>';
var Text = class {
  paragraphs = (
    /** @type {Paragraph[]} */
    []
  );
  words = (
    /** @type {Word[]} */
    []
  );
  // all words of the transcript
  byStart = (
    /** @type {number[]} */
    []
  );
  // indexes of the words, sorted by the words' start
  doubts = (
    /** @type {Word[]} */
    []
  );
  near = (
    /** @type {Set<Paragraph>} */
    /* @__PURE__ */ new Set()
  );
  // paragraphs near the visible part of the page
  wordOf = (
    /** @type {WeakMap<Element, Word>} */
    /* @__PURE__ */ new WeakMap()
  );
  of = (
    /** @type {WeakMap<Element, Paragraph>} */
    /* @__PURE__ */ new WeakMap()
  );
  // element -> its paragraph
  speakers = (
    /** @type {string[]} */
    []
  );
  // in the order of their colours; empty if only one person speaks
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
        const moved2 = [];
        for (const { target, isIntersecting } of changes) {
          const paragraph = this.of.get(target);
          if (!paragraph || isIntersecting === this.near.has(paragraph)) continue;
          if (isIntersecting) this.near.add(paragraph);
          else this.near.delete(paragraph);
          if (isIntersecting) this.build(paragraph);
          moved2.push(paragraph);
        }
        this.onMove(moved2);
      },
      { root: scroller, rootMargin: NEAR2 }
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
    const speakers = [.../* @__PURE__ */ new Set([...known.filter((name) => speaking.has(name)), ...speaking])];
    this.speakers = speakers.length > 1 ? speakers : [];
    const before = new Map(this.paragraphs.map((p) => [p.id, p]));
    const made = (
      /** @type {Paragraph[]} */
      []
    );
    this.paragraphs = lines.map((line) => {
      const stays = anew ? void 0 : before.get(line.id);
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
      if (typing || (here || line.provisional) && alike(body.textContent ?? "", line.text)) paragraph.stale = true;
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
    this.onMove([paragraph]);
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
    if (this.editable) {
      for (const part of [name, more, body]) if (part) part.tabIndex = tabIndex;
    }
  }
  /** @param {Line} line */
  paragraph(line) {
    const untabbed = { type: "button", tabindex: -1 };
    const time = make("button", "stt-time", "", untabbed);
    const menu = { ...untabbed, title: tr("Speaker, times and more"), "aria-haspopup": "menu" };
    const more = this.editable ? make("button", "stt-more", "", menu) : null;
    if (more) more.innerHTML = MORE;
    const head = make("div", "stt-head", more ? [time, more] : [time]);
    const body = make("p", "stt-words", line.text, { dir: "auto" });
    const asItIs = { tabindex: -1, role: "textbox", "aria-multiline": "true", translate: "no" };
    if (this.editable) set(body, asItIs);
    const box = make("div", "stt-paragraph", [head, body]);
    const paragraph = {
      ...{ id: line.id, line, box, head, body, time, name: null, more, start: 0, end: 0, text: "", words: [] },
      ...{ built: false, stale: false }
    };
    this.give(paragraph, line);
    this.label(paragraph);
    for (const element of [box, time, body, more]) if (element) this.of.set(element, paragraph);
    box.style.containIntrinsicBlockSize = `auto ${Math.ceil(line.text.length / 68) * 1.8 + 1.9}rem`;
    return paragraph;
  }
  /** Set a paragraph's words, times, speaker and text from a line. @param {Paragraph} paragraph @param {Line} line */
  give(paragraph, line) {
    const { packed } = line;
    const words = (
      /** @type {Word[]} */
      []
    );
    let length2 = 0;
    packed.t?.forEach((t, i) => {
      const word = (i === 0 ? t.trimStart() : t).replace(/\n/g, " ");
      const gap = word.length - word.trimStart().length;
      words.push({
        text: word.slice(gap),
        start: packed.s[i],
        end: packed.e[i],
        confidence: packed.c?.[i],
        paragraph,
        from: length2 + gap
        // offset in the paragraph's text
      });
      length2 += word.length;
    });
    for (const place of packed.o ?? []) words[place].overlapped = true;
    const { start, end, speaker } = packed;
    Object.assign(paragraph, { line, words, start, end, speaker, text: line.text, folded: void 0 });
  }
  /** Show the time and the speaker of a paragraph. @param {Paragraph} paragraph */
  label(paragraph) {
    const { start, speaker, time, more, body } = paragraph;
    const when2 = clock(start);
    if (time.dataset.start !== String(start)) {
      time.textContent = when2;
      time.dataset.start = String(start);
      time.setAttribute("aria-label", tr("Play from {time}", { time: when2 }));
      more?.setAttribute("aria-label", tr("Speaker, times and more of the paragraph at {time}", { time: when2 }));
      if (this.editable) body.setAttribute("aria-label", tr("Text of the paragraph at {time}", { time: when2 }));
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
    const parts2 = document.createDocumentFragment();
    let done = 0;
    for (const word of paragraph.words) {
      if (word.from > done) parts2.append(paragraph.text.slice(done, word.from));
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
      parts2.append(word.box);
    }
    paragraph.body.replaceChildren(parts2);
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
    const target = (
      /** @type {Element | null} */
      event.target
    );
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
};

// player/index.js
var LANES = 500;
var FOLLOW_AGAIN = 4e3;
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
  shown = (
    /** @type {unknown} */
    null
  );
  // JSON of the drawn paragraphs if they cannot be edited, else null
  lines = (
    /** @type {import("./editing/lines.js").Line[]} */
    []
  );
  spoken = (
    /** @type {Word | null} */
    null
  );
  current = (
    /** @type {Paragraph | null} */
    null
  );
  drawn = NaN;
  // the position that the slider shows, as a fraction of the length, 0 to 1
  until = (
    /** @type {number | null} */
    null
  );
  // the position in seconds where `playSpan` stops playing
  frame = 0;
  appearance = "";
  // settings with which the text was drawn, as JSON
  drawing = (
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    void 0
  );
  // timer that redraws the lanes
  send = (
    /** @type {(name: string, value: unknown) => void} */
    (() => {
    })
  );
  header = 0;
  // pixels of the scrolling element that Streamlit's header covers
  scrolled = -Infinity;
  // when the user last scrolled: `performance.now()`, milliseconds
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
    this.text = new Text(root, (paragraphs) => {
      for (const { marks } of [this.finder, this.notes.painter]) marks.moved(paragraphs);
    });
    this.finder = new Finder(this);
    this.editor = new Editor(this);
    this.notes = new Notes(this);
    this.passages = new Passages(this);
    this.replace = new Replace(this);
    this.wave = new Wave(root, () => this.drawWave());
    this.lanes = new Lanes(root, (seconds) => this.seek(seconds, true));
    const { audio, play } = this;
    this.sound = new Sound({ root, audio, play, notice: part("notice") }, this.on, {
      moved: () => this.tick(),
      ready: () => this.ready(),
      starting: () => this.scrolled = -Infinity,
      broken: (final) => this.play.disabled = this.slider.disabled = final,
      state: (playing) => this.playing(playing)
    });
    this.review = new Review(this);
    this.commands = new Commands(this);
    this.keyboard = new Keyboard(this);
    this.link = new MomentLink(root, () => this.sound.position);
    answerWithText(() => this.text.whole(), this.closing.signal);
    this.sizes = new ResizeObserver(() => this.place());
    this.listen();
    players.add(this);
    latest ??= this;
  }
  /** @param {import("../shared/keeping/staying.js").Call} call */
  update(call) {
    const { setTriggerValue } = call;
    const data = (
      /** @type {Data} */
      call.data
    );
    this.send = this.link.send = setTriggerValue;
    const before = this.data;
    this.data = data;
    if (data.audio !== before.audio) this.load(data.audio);
    if (data.waveform !== before.waveform) this.wave.load(data.waveform);
    this.total = data.duration;
    this.measure();
    const editable = this.editor.load(data);
    if (editable) this.shown = null;
    this.draw(editable ?? this.fixed(data));
    this.editor.conflicts?.show();
    this.notes.load(data);
    this.passages.load(data);
    if (data.find && data.find !== before.find) this.finder.begin(data.find, data.at == null);
    if (data.at != null && data.at !== before.at && data.at !== this.link.at) {
      this.seek(data.at);
      const place = this.text.placeAt(data.at);
      if (data.at > 0) this.reveal(() => place?.box);
    }
    const [number, start, end] = data.sample ?? [null, 0, 0];
    if (number !== null && before.sample !== void 0 && number !== before.sample?.[0]) this.playSpan(start, end);
    this.tick();
    this.drawWave();
  }
  /** Return the lines of a transcript that cannot be edited. @param {Data} data */
  fixed(data) {
    const paragraphs = JSON.stringify(data.paragraphs);
    const same = paragraphs === this.shown;
    this.shown = paragraphs;
    return same ? this.lines : renewed(this.lines, data.paragraphs);
  }
  /** @param {import("./editing/lines.js").Line[]} lines */
  draw(lines) {
    const { speakers = [], doubtful = 0, timed = true, duration = 0 } = this.data;
    const appearance = JSON.stringify([speakers, doubtful, timed, duration, this.editor.editable]);
    const same = lines.length === this.lines.length && lines.every((line, i) => line === this.lines[i]);
    if (same && appearance === this.appearance) return;
    const first = !this.appearance;
    Object.assign(this, { lines, appearance });
    this.spoken?.box?.classList.remove("stt-spoken");
    this.current?.box.classList.remove("stt-current");
    this.spoken = this.current = null;
    this.text.show(lines, speakers, doubtful, this.editor.editable, timed);
    clearTimeout(this.drawing);
    const lanes = () => this.lanes.show(timed ? this.text.speakers : [], this.text.paragraphs, duration);
    if (first) lanes();
    else this.drawing = setTimeout(lanes, LANES);
    this.finder.reset();
    this.notes.painter.marks.paint();
    this.review.refresh();
    this.tick();
  }
  /** @param {string | null} address */
  load(address) {
    this.controls.hidden = !address;
    this.root.classList.toggle("stt-silent", !address);
    this.play.disabled = this.slider.disabled = false;
    this.sound.load(address);
    if (!address) this.sound.showNotice(tr("The audio is not available. You can still read the text."));
  }
  // ---- playing -----------------------------------------------------------------------------------------------------
  /** @param {number} seconds */
  seek(seconds, thenPlay = false) {
    if (!this.data.audio) return;
    latest = this;
    this.until = null;
    this.commands.loop.endOutside(seconds);
    this.sound.seek(Math.min(Math.max(seconds, 0), this.total || Infinity));
    if (thenPlay) this.sound.start();
  }
  /** Play from `start` to `end`, in seconds. @param {number} start @param {number} end */
  playSpan(start, end) {
    this.seek(start, true);
    this.until = end;
  }
  /** Whether this player handles keys. */
  get latest() {
    return latest === this;
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
  /**
   * Show the position of the sound on the slider, the clock and the waveform, and mark the spoken word. Also repeat the
   * looped paragraph at its end, and pause at the end of a span (see `playSpan`).
   */
  tick() {
    const seconds = this.sound.position;
    this.commands.loop.check(seconds, this.audio);
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
      this.slider.setAttribute("aria-valuetext", tr("{place} of {total}", { place: now, total: clock(this.total) }));
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
    if (!box || !following || this.editor.active || this.audio.paused || this.until != null) return;
    if (performance.now() - this.scrolled < FOLLOW_AGAIN) return;
    this.text.reveal(box, this.below());
  }
  /**
   * Scroll to the element or the range of text to which an action of the user leads. Scroll twice, because the heights
   * of distant paragraphs are estimates until these paragraphs are drawn.
   * @param {() => Range | Element | null | undefined} target
   */
  reveal(target) {
    this.scrolled = performance.now();
    const go = () => {
      const place = target();
      if (place) this.text.reveal(place, this.below());
    };
    go();
    requestAnimationFrame(() => requestAnimationFrame(go));
  }
  /** Return how many pixels the page's header and the bar cover at the top of the scrolling element. */
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
    const scrolledByHand = () => this.scrolled = performance.now();
    const { scroller } = this.text;
    for (const name of ["wheel", "touchmove"]) on(scroller, name, scrolledByHand, { passive: true });
    on(scroller, "pointerdown", (event) => event.target === scroller && scrolledByHand());
    on(document, "keydown", ({ key }) => /^(Page(Up|Down)|Arrow(Up|Down)|Home|End)$/.test(key) && scrolledByHand());
    for (const box of [this.root, pageHeader()]) box && this.sizes.observe(box);
    this.place();
  }
  /** @param {MouseEvent & { target: Element }} event */
  clicked(event) {
    const { target } = event;
    const [time, box] = [".stt-time", ".stt-word"].map((name) => target.closest(name));
    const timed = time && this.text.of.get(time);
    const word = box && this.text.wordOf.get(box);
    const before = this.editor.active;
    if (timed) return this.seek(timed.start, true);
    if (this.editor.editable && this.editor.keys.clicked(target)) return;
    if (word && getSelection()?.isCollapsed) this.seek(word.start, !before || before !== this.editor.active);
  }
  /** @param {boolean} yes */
  playing(yes) {
    if (yes) {
      for (const other of players) if (other !== this) other.audio.pause();
    }
    if (yes) latest = this;
    this.run();
  }
  // ---- layout ------------------------------------------------------------------------------------------------------
  /** Keep the bar below Streamlit's header, which covers the top of the page. */
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
    clearTimeout(this.drawing);
    this.sizes.disconnect();
    this.wave.close();
    this.sound.close();
    this.finder.marks.close();
    this.notes.painter.marks.close();
    this.passages.close();
    this.commands.sheet.close();
    this.editor.close();
    this.text.close();
  }
};
export {
  Player,
  index_default as default
};
