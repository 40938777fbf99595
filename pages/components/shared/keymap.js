// The table of the player's keyboard shortcuts. The player, its dialog of shortcuts and the Settings page use it.

import { composes } from "./dom.js";
import { read, write } from "./storage.js";
import { tr } from "./texts.js";

export const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
// localStorage key. Shortcuts are stored in the browser, not on the server, because they depend on the keyboard.
const STORED = "stt-keys";
const MOD = MAC ? "Meta" : "Ctrl";
const HELD = ["Ctrl", "Alt", "Shift", "Meta"];
const SIGNS = MAC ? { Ctrl: "⌃", Alt: "⌥", Shift: "⇧", Meta: "⌘" } : {};
const NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
const ALONE = ["Control", "Alt", "Shift", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified", "Fn"];
const EDITING = /^(Space|Enter|Tab|Escape|Backspace|Delete|Insert|Home|End|Page(Up|Down)|Arrow(Up|Down|Left|Right))$/;
const OF_BROWSERS = [
  ...[..."ACVXFLNPQRSTW", "Tab", "Shift+T", "Shift+N"].map((key) => `${MOD}+${key}`),
  ...["F5", "F11", "F12", "Alt+F4", "Ctrl+Tab", "Ctrl+Shift+Tab"],
];
export const MOST_KEYS = 2; // maximum number of keys that a user can choose for an action

/**
 * @typedef {"always" | "reading" | "typing" | "review"} Where where the keys of an action work. "always":
 *   everywhere; "reading": only while the caret is not in the text or a field; "typing": only while the caret is in the
 *   text; "review": only in the review of doubtful words
 * @typedef {{
 *   id: string, label: () => string, group: keyof typeof GROUPS, where: Where, keys: string[], also?: string[],
 *   shown?: string[], fixed?: boolean, needs?: "sound" | "editing" | "notes",
 * }} Action `also`: further keys, which the dialog of shortcuts does not list; `shown`: keys that the dialog lists
 *   instead of `keys`; `fixed`: the user cannot change the keys; `needs`: without this, the action is not available
 */

export const GROUPS = {
  sound: () => tr("Sound"),
  places: () => tr("Navigation"),
  text: () => tr("Text"),
  review: () => tr("Review of doubtful words"),
};

/**
 * @param {keyof typeof GROUPS} group
 * @param {Pick<Action, "where"> & Partial<Action>} usual default values of the actions' fields
 * @param {(Pick<Action, "id" | "label" | "keys"> & Partial<Action>)[]} actions
 * @returns {Action[]}
 */
const grouped = (group, usual, actions) => actions.map((action) => ({ ...usual, ...action, group }));

const SOUND = grouped("sound", { where: "always", needs: "sound" }, [
  { id: "play", label: () => tr("Go back 1.5 s and play, or pause"), keys: ["F8", `${MOD}+Enter`] },
  { id: "back", label: () => tr("3 s back"), keys: ["F2"] },
  { id: "forth", label: () => tr("3 s forward"), keys: ["F4"] },
  { id: "slower", label: () => tr("Slower"), keys: ["Shift+F2"] },
  { id: "faster", label: () => tr("Faster"), keys: ["Shift+F4"] },
  { id: "loop", label: () => tr("Repeat the paragraph, or stop repeating"), keys: ["Shift+F8"] },
  { id: "toggle", label: () => tr("Play or pause"), where: "reading", keys: ["Space"], fixed: true },
  { id: "left", label: () => tr("5 s back"), where: "reading", keys: ["ArrowLeft"], fixed: true },
  { id: "right", label: () => tr("5 s forward"), where: "reading", keys: ["ArrowRight"], fixed: true },
]);
const PARAGRAPH = MAC ? "Alt" : "Ctrl"; // modifier with which an up or down arrow key moves the caret by a paragraph
const PLACES = grouped("places", { where: "always" }, [
  { id: "previous", label: () => tr("Previous paragraph"), keys: [`${PARAGRAPH}+ArrowUp`] },
  { id: "next", label: () => tr("Next paragraph"), keys: [`${PARAGRAPH}+ArrowDown`] },
  { id: "doubt", label: () => tr("Next doubtful word"), keys: ["F9"] },
  { id: "review", label: () => tr("Review doubtful words"), keys: ["Shift+F9"], needs: "editing" },
  { id: "note", label: () => tr("Add a note"), where: "reading", keys: ["N"], fixed: true, needs: "notes" },
  { id: "sheet", label: () => tr("Show the keyboard shortcuts"), where: "reading", keys: ["?"], fixed: true },
]);
const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `${MAC ? "Ctrl" : "Alt"}+${number}`);
const toSpeaker = () => tr("Assign a speaker to the paragraph or the selected words");
const mergeAbove = () => tr("At the start of a paragraph: merge it with the one above");
const mergeBelow = () => tr("At the end of a paragraph: merge it with the one below");
const ERASING = (/** @type {string} */ key) => HELD.map((held) => `${held}+${key}`);
const REDO = MAC ? ["Shift+Meta+Z"] : ["Ctrl+Shift+Z", "Ctrl+Y"];
const REPLACE = MAC ? "Alt+Meta+F" : "Ctrl+H";
const TEXT = grouped("text", { where: "typing", fixed: true, needs: "editing" }, [
  { id: "replace", label: () => tr("Find and replace"), where: "always", keys: [REPLACE], fixed: false },
  { id: "undo", label: () => tr("Undo"), where: "always", keys: [`${MOD}+Z`] },
  { id: "redo", label: () => tr("Redo"), where: "always", keys: REDO },
  { id: "split", label: () => tr("Split the paragraph here"), keys: ["Enter"], also: ["Shift+Enter"] },
  { id: "before", label: mergeAbove, keys: ["Backspace"], also: ERASING("Backspace") },
  { id: "after", label: mergeBelow, keys: ["Delete"], also: ERASING("Delete") },
  { id: "speaker", label: toSpeaker, keys: NUMBERS, shown: [NUMBERS[0], NUMBERS[8]] },
  { id: "leave", label: () => tr("Stop editing"), keys: ["Escape"] },
]);
const REVIEW = grouped("review", { where: "review", fixed: true, needs: "editing" }, [
  { id: "right", label: () => tr("Confirm the word, or replace it with the typed text"), keys: ["Enter"] },
  { id: "reading", label: () => tr("Use a suggestion"), keys: ["1", "2", "3"], shown: ["1", "3"] },
  { id: "more", label: () => tr("Transcribe the word again, for more suggestions"), keys: ["0"], needs: "sound" },
  { id: "hear", label: () => tr("Play the word again"), keys: ["Space"], needs: "sound" },
  { id: "skip", label: () => tr("Go to the next word"), keys: ["ArrowDown"] },
  { id: "again", label: () => tr("Go to the previous word"), keys: ["ArrowUp"] },
  { id: "end", label: () => tr("End the review"), keys: ["Escape"] },
]);

export const ACTIONS = [...SOUND, ...PLACES, ...TEXT, ...REVIEW];
export const CHANGEABLE = ACTIONS.filter(({ fixed }) => !fixed);

/**
 * Return the letter or digit that is meant by a key that types another character. Without Ctrl, Alt or Meta (`bare`),
 * only a letter, vowel sign or digit of another script means one: "é", which is on the key of the digit 2 on a French
 * keyboard, does not. Nor does a digit typed with Shift: "๑", the Thai 1, is on the key of the digit 2. With Ctrl, Alt
 * or Meta, the place of the key counts.
 * @param {KeyboardEvent} event @param {boolean} bare
 */
function meant({ key, code, shiftKey }, bare) {
  const [, letter, digit] = /^(?:Key([A-Z])|Digit(\d))$/.exec(code) ?? [];
  if (!bare) return letter ?? digit;
  return /^[\p{L}\p{M}]$/u.test(key) ? letter : !shiftKey && /^\p{Nd}$/u.test(key) ? digit : undefined;
}

/**
 * Return the pressed key with its modifiers, such as "Ctrl+Shift+F8". Return "" for keys that cannot be a shortcut: a
 * modifier or a dead key alone, and characters typed with AltGr.
 * @param {KeyboardEvent} event
 */
export function chordOf(event) {
  const { key, code } = event;
  if (!key || ALONE.includes(key) || event.getModifierState("AltGraph")) return "";
  const bare = !event.ctrlKey && !event.altKey && !event.metaKey;
  const plain = /^[a-z\d]$/i.test(key) ? key.toUpperCase() : meant(event, bare);
  const name = plain ?? { " ": "Space", "+": "Plus" }[key] ?? key;
  // Shift is part of typing a sign such as "?", or a digit on a French keyboard, so it is not reported as held.
  const sign = (/^[^A-Z]$/.test(name) || name === "Plus") && (bare || !code.startsWith("Digit"));
  const held = { Ctrl: event.ctrlKey, Alt: event.altKey, Shift: event.shiftKey && !sign, Meta: event.metaKey };
  return [...HELD.filter((one) => held[/** @type {keyof typeof held} */ (one)]), name].join("+");
}

/** Return a key as it is shown to users: "⌘Z" for "Meta+Z" on a Mac. @param {string} chord a result of `chordOf` */
export function written(chord) {
  const parts = chord
    .split("+")
    .map((part) => /** @type {Record<string, string>} */ ({ ...NAMES, ...SIGNS })[part] ?? part);
  return parts.join(MAC ? "" : "+");
}

/** Return the keys that the user has chosen, by action id. @returns {Record<string, string[]>} */
export function chosen() {
  try {
    const saved = JSON.parse(read(STORED) ?? "{}");
    const changed = CHANGEABLE.filter(({ id }) => Array.isArray(saved?.[id]));
    return Object.fromEntries(changed.map(({ id }) => [id, saved[id].map(String).slice(0, MOST_KEYS)]));
  } catch {
    return {};
  }
}

/** Store the chosen keys. Return whether this succeeded. @param {Record<string, string[]>} keys by action id */
export const choose = (keys) => write(STORED, Object.keys(keys).length ? JSON.stringify(keys) : null);

export class Keymap {
  /** @param {Record<string, string[]>} keys that the user has chosen, by action id */
  constructor(keys = chosen()) {
    this.actions = ACTIONS.map((action) => ({ ...action, keys: keys[action.id] ?? action.keys }));
    this.byKey = /** @type {Map<string, Action[]>} */ (new Map());
    for (const action of this.actions) {
      for (const key of [...action.keys, ...(action.also ?? [])]) {
        this.byKey.set(key, [...(this.byKey.get(key) ?? []), action]);
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
    const found = this.byKey.get(chordOf(event))?.find(({ where }) => where === "always" || where === here);
    return found?.id ?? null;
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
    if (types || (EDITING.test(key) && !held.some((one) => one !== "Shift")))
      return tr("{key} is used for typing. Combine it with Ctrl, or choose a key such as F8.", { key: written(chord) });
    if (OF_BROWSERS.includes(chord))
      return tr("{key} belongs to your browser. Choose another key.", { key: written(chord) });
    const other = (this.byKey.get(chord) ?? []).find((action) => action.id !== id);
    if (!other) return "";
    const used = { key: written(chord), action: other.label() };
    return tr("{key} is already the shortcut for “{action}”. Choose another key, or change that shortcut first.", used);
  }
}
