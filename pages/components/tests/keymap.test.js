import { beforeEach, describe, expect, test } from "vitest";
import { ACTIONS, CHANGEABLE, choose, chordOf, chosen, Keymap, written } from "../shared/keymap.js";

beforeEach(() => localStorage.clear());

/** @param {string} key @param {KeyboardEventInit} [more] */
const pressed = (key, more) => new KeyboardEvent("keydown", { key, ...more });

describe("the table of keys", () => {
  test("has no key for two actions in the same place", () => {
    const used = /** @type {Map<string, string>} */ (new Map());
    for (const { id, keys, also = [], where } of ACTIONS) {
      for (const place of where === "always" ? ["reading", "typing"] : [where]) {
        for (const key of [...keys, ...also]) {
          expect([key, place, used.get(`${key} ${place}`) ?? id]).toEqual([key, place, id]);
          used.set(`${key} ${place}`, id);
        }
      }
    }
  });

  test("has no key that could not be chosen on Settings", () => {
    const keymap = new Keymap({});
    for (const { id, keys } of CHANGEABLE)
      for (const key of keys) expect([key, keymap.refusal(id, key)]).toEqual([key, ""]);
  });
});

/** @type {[string, KeyboardEventInit, string][]} */
const chords = [
  ["F8", {}, "F8"],
  ["F13", { shiftKey: true }, "Shift+F13"],
  ["h", { code: "KeyH", ctrlKey: true }, "Ctrl+H"],
  ["р", { code: "KeyH", ctrlKey: true }, "Ctrl+H"],
  ["!", { code: "Digit1", shiftKey: true, altKey: true }, "Alt+Shift+1"],
  ["?", { code: "Minus", shiftKey: true }, "?"],
  ["+", { code: "Equal", ctrlKey: true, shiftKey: true }, "Ctrl+Plus"],
  [" ", { code: "Space" }, "Space"],
  ["€", { code: "KeyE", ctrlKey: true, altKey: true, modifierAltGraph: true }, ""],
  ["Control", { ctrlKey: true }, ""],
  ["é", { code: "Digit2" }, "é"], // a French keyboard
  ["2", { code: "Digit2", shiftKey: true }, "2"],
  ["&", { code: "Digit1", altKey: true }, "Alt+1"],
  ["1", { code: "Digit1", altKey: true, shiftKey: true }, "Alt+Shift+1"],
  ["+", { code: "Digit1", altKey: true }, "Alt+1"], // a Czech keyboard
  ["+", { code: "Digit1" }, "Plus"],
  ["?", { code: "KeyM", shiftKey: true }, "?"],
  ["N", { code: "KeyN", shiftKey: true }, "Shift+N"],
  ["т", { code: "KeyN" }, "N"], // a Russian keyboard
  ["۲", { code: "Digit2" }, "2"], // a Persian keyboard
  ["๑", { code: "Digit2", shiftKey: true }, "๑"], // the digit 1 on a Thai keyboard
  ["ื", { code: "KeyN" }, "N"], // a vowel sign on Thai and Lao keyboards
  ["1", { code: "Numpad1" }, "1"],
];
test.each(chords)("%j with %j is %j", (key, more, chord) => expect(chordOf(pressed(key, more))).toBe(chord));

test("a key is found in the place where it works", () => {
  const keymap = new Keymap({});
  const found = (/** @type {string} */ key, /** @type {boolean} */ typing) =>
    keymap.find(pressed(key), typing ? "typing" : "reading");
  expect([found("F8", true), found("F8", false)]).toEqual(["play", "play"]);
  expect([found(" ", true), found(" ", false)]).toEqual([null, "toggle"]);
  expect([found("Enter", true), found("Enter", false)]).toEqual(["split", null]);
  expect(keymap.find(pressed("F8", { isComposing: true }), "typing")).toBeNull();
});

test("chosen keys replace those of an action and are stored", () => {
  expect(choose({ play: ["F13", "F14"] })).toBe(true);
  const keymap = new Keymap(chosen());
  expect([keymap.find(pressed("F13"), "typing"), keymap.find(pressed("F8"), "typing")]).toEqual(["play", null]);
  expect(keymap.hint("play")).toBe("F13");
  choose({});
  expect(localStorage.length).toBe(0);
});

test.each(["[]", "nonsense", '{"play": 5, "undo": ["F1"], "gone": ["F2"]}'])("stored value %s is ignored", (kept) => {
  localStorage.setItem("stt-keys", kept);
  expect(chosen()).toEqual({});
});

test.each([
  ["F2", "F2 is already the shortcut for “3 s back”. Choose another key, or change that shortcut first."],
  ["Ctrl+Z", "Ctrl+Z is already the shortcut for “Undo”. Choose another key, or change that shortcut first."],
  ["A", "A is used for typing. Combine it with Ctrl, or choose a key such as F8."],
  ["Shift+ArrowUp", "Shift+↑ is used for typing. Combine it with Ctrl, or choose a key such as F8."],
  ["Ctrl+W", "Ctrl+W belongs to your browser. Choose another key."],
  ["F8", ""],
  ["F24", ""],
  ["Ctrl+Space", ""],
])("choosing %s for playing is answered with %j", (key, answer) =>
  expect(new Keymap({}).refusal("play", key)).toBe(answer),
);

test("keys are written with symbols", () => expect(written("Ctrl+ArrowUp")).toBe("Ctrl+↑"));
