// Made by "npm run build" from index.js and what it imports. Do not edit.

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
var composes = (event) => event.isComposing || event.keyCode === 229;

// shared/storage.js
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
  const parts = chord.split("+").map((part) => (
    /** @type {Record<string, string>} */
    { ...NAMES, ...SIGNS }[part] ?? part
  ));
  return parts.join(MAC ? "" : "+");
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
var choose = (keys) => write(STORED, Object.keys(keys).length ? JSON.stringify(keys) : null);
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

// key_choice/index.js
var index_default = staying(".stt-key-choice", (root) => new KeyChoice(root));
var KeyChoice = class {
  waiting = (
    /** @type {{ id: string, place: number, button: HTMLButtonElement } | null} */
    null
  );
  closing = new AbortController();
  /** @param {HTMLElement} root */
  constructor(root) {
    const part = partsOf(root, "stt-key-");
    this.rows = part("rows");
    this.trouble = part("trouble");
    this.live = part("live");
    this.reset = part("reset", HTMLButtonElement);
    const { signal } = this.closing;
    this.reset.addEventListener("click", () => this.restore(), { signal });
    window.addEventListener("storage", () => this.waiting || this.draw(), { signal });
    this.draw();
  }
  update() {
  }
  draw() {
    const keymap = new Keymap();
    const focused = this.rows.contains(document.activeElement) && document.activeElement?.getAttribute("aria-label");
    const rows = CHANGEABLE.map(({ id, label }) => {
      const keys = keymap.keysOf(id);
      const cells = Array.from(
        { length: MOST_KEYS },
        (_, place) => make("td", "", [this.button(id, label(), place, keys[place] ?? "")])
      );
      return make("tr", "", [make("th", "stt-key-name", label(), { scope: "row" }), ...cells]);
    });
    this.rows.replaceChildren(...rows);
    this.reset.hidden = !Object.keys(chosen()).length;
    if (focused) [...this.rows.querySelectorAll("button")].find((one) => one.name === this.last)?.focus();
  }
  last = "";
  // name of the button that was clicked last
  /** @param {string} id @param {string} label @param {number} place @param {string} chord */
  button(id, label, place, chord) {
    const values = { action: label, key: chord ? written(chord) : tr("none") };
    const look = chord ? "stt-key-button" : "stt-key-button stt-key-none";
    const text = chord ? written(chord) : tr("None");
    const button = makeButton(look, text, () => this.wait(id, place, button), {
      name: `${id}-${place}`,
      "aria-label": place ? tr("{action}, another key: {key}", values) : tr("{action}, key: {key}", values),
      onblur: () => this.waiting?.button === button && this.end(),
      onkeydown: (event) => this.pressed(event)
    });
    return button;
  }
  /** @param {string} id @param {number} place @param {HTMLButtonElement} button */
  wait(id, place, button) {
    this.last = button.name;
    this.waiting = { id, place, button };
    this.trouble.textContent = "";
    button.textContent = tr("Press a key\u2026");
    button.classList.add("stt-key-waiting");
    this.live.textContent = tr("Press a key. Backspace removes the shortcut, Escape keeps it.");
  }
  end() {
    this.waiting = null;
    this.live.textContent = "";
    this.draw();
  }
  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (!this.waiting) return;
    const chord = chordOf(event);
    event.stopPropagation();
    if (chord === "Tab" || chord === "Shift+Tab") return;
    event.preventDefault();
    if (!chord) return;
    if (chord === "Escape") return this.end();
    const { id, place } = this.waiting;
    const removes = chord === "Backspace" || chord === "Delete";
    const keymap = new Keymap();
    const keys = [...keymap.keysOf(id)];
    const refusal = removes ? "" : keymap.refusal(id, chord);
    if (refusal) return void (this.trouble.textContent = refusal);
    if (!removes) keys[Math.min(place, keys.length)] = chord;
    else keys.splice(place, 1);
    this.keep(id, [...new Set(keys)]);
  }
  /** @param {string} id @param {string[]} keys */
  keep(id, keys) {
    const others = chosen();
    delete others[id];
    const usual = CHANGEABLE.find((action) => action.id === id)?.keys ?? [];
    const kept = choose(keys.join() === usual.join() ? others : { ...others, [id]: keys });
    this.end();
    this.trouble.textContent = kept ? "" : tr("Your browser does not store data for this site. Allow it, then try again.");
    this.live.textContent = kept ? tr("Saved.") : "";
  }
  restore() {
    choose({});
    this.trouble.textContent = "";
    this.end();
    this.live.textContent = tr("The default shortcuts are restored.");
    this.rows.querySelector("button")?.focus();
  }
  close() {
    this.closing.abort();
  }
};
export {
  index_default as default
};
