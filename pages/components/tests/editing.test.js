import { describe, expect, test } from "vitest";
import { caretIn, moved, placeCaret } from "../player/editing/caret.js";
import { adopted, applied, placeIn, renewed, spliced, splitAt, textOf, unitsOf } from "../player/editing/lines.js";
import { spans } from "../player/editing/replacing/spans.js";
import { tenths } from "../shared/clock.js";
import { ids, linesOf, packed, texts } from "./lines.js";

/** @typedef {import("../player/editing/lines.js").Step} Step */

describe("lines", () => {
  test("text of words has no leading space and no line breaks", () => {
    expect(textOf({ start: 0, end: 1, t: [" One", "\ntwo"], s: [], e: [] })).toBe("One two");
    expect(textOf({ start: 0, end: 1, text: "No words", s: [], e: [] })).toBe("No words");
  });

  test.each([
    ["One two", 3, { text: "One two", at: 3 }],
    ["One  two ", 5, { text: "One two", at: 3 }],
    ["together", 2, { text: "together", at: 2 }],
    ["👩 hello", 2, { text: "👩 hello", at: 1 }],
    ["مرحبا بكم", 6, { text: "مرحبا بكم", at: 5 }],
    ["One", 0, null],
    ["One ", 3, null],
  ])("%j is split at %d", (text, units, parts) => expect(splitAt(text, units)).toEqual(parts));

  test("an offset in code points is converted to UTF-16", () => expect(unitsOf("👩é hello", 2)).toBe(3));

  /** @type {[string, (id: number) => Step, string[]][]} */
  const steps = [
    ["text", (id) => ({ do: "text", id, text: "Zwei" }), ["One two", "Zwei", "Five"]],
    ["an empty text", (id) => ({ do: "text", id, text: "  " }), ["One two", "Five"]],
    ["a split", (id) => ({ do: "split", id, text: "Three four", at: 5, ids: [99] }), ["One two", "Three", "four", "Five"]],
    ["a merge", (id) => ({ do: "merge", id, text: "Three four" }), ["One two Three four", "Five"]],
    ["a deletion", (id) => ({ do: "delete", id }), ["One two", "Five"]],
    ["a speaker of some words", (id) => ({ do: "speaker", id, speaker: "Ann", from: 0, to: 5, ids: [98] }), ["One two", "Three", "four", "Five"]],
    ["an undo", () => ({ do: "undo" }), ["One two", "Three four", "Five"]],
  ]; // prettier-ignore
  test.each(steps)("%s", (_, step, after) => {
    const lines = linesOf("One two", "Three four", "Five");
    const before = structuredClone(lines);
    expect(texts(applied(lines, step(lines[1].id)))).toEqual(after);
    expect(lines).toEqual(before);
  });

  test("a step for a removed line changes nothing", () => {
    const lines = linesOf("One");
    expect(applied(lines, { do: "delete", id: -1 })).toBe(lines);
  });

  test("selected words are assigned to a speaker, the others keep theirs", () => {
    const [line] = linesOf("One two three");
    const made = applied([line], { do: "speaker", id: line.id, speaker: "Ann", from: 4, to: 7, ids: [71, 72] });
    expect(made.map(({ id, text, packed: { speaker } }) => [id, text, speaker])).toEqual([
      [line.id, "One", undefined],
      [71, "two", "Ann"],
      [72, "three", undefined],
    ]);
  });

  test("lines from the server take the ids of the expected lines", () => {
    const lines = linesOf("One two", "Three", "Four");
    const expected = applied(lines, { do: "split", id: lines[0].id, text: "One two", at: 3, ids: [77] });
    const splices = [{ at: 0, removed: 1, paragraphs: [packed("One"), packed("two", 1)] }];
    expect(ids(adopted(expected, spliced(lines, splices)))).toEqual([lines[0].id, 77, lines[1].id, lines[2].id]);
  });

  test("lines that are all replaced keep ids by text", () => {
    const lines = linesOf("One", "Two", "Three", "Four");
    const again = spliced(lines, [{ at: 0, removed: null, paragraphs: ["One", "New", "Three", "Four"].map((t) => packed(t)) }]); // prettier-ignore
    expect(ids(adopted(lines, again))).toEqual(ids(lines));
    const fewer = spliced(lines, [{ at: 0, removed: null, paragraphs: ["One", "Three", "x", "y", "Four"].map((t) => packed(t)) }]); // prettier-ignore
    const [one, three, x, y, four] = adopted(lines, fewer);
    expect([one.id, three.id, four.id]).toEqual([lines[0].id, lines[2].id, lines[3].id]);
    expect(ids(lines)).not.toContain(x.id);
    expect(ids(lines)).not.toContain(y.id);
  });

  test("an unchanged line is the same object", () => {
    const lines = linesOf("One", "Two");
    const again = renewed(lines, [packed("One", 0), packed("Too", 10)]);
    expect(again[0]).toBe(lines[0]);
    expect([again[1].id, again[1].text]).toEqual([lines[1].id, "Too"]);
  });
});

describe("the caret", () => {
  function paragraph() {
    const box = document.createElement("p");
    box.innerHTML = "<span>One</span> <span>two</span>";
    document.body.replaceChildren(box);
    return box;
  }

  test.each([
    [0, 0],
    [2, 5],
    [7, 7],
  ])("is placed at %d–%d and read back", (from, to) => {
    const box = paragraph();
    placeCaret(box, from, to);
    expect(caretIn(box)).toEqual({ from, to });
  });

  test("is in no paragraph when a part of the selection is outside", () => {
    const box = paragraph();
    document.body.append("more");
    getSelection()?.setBaseAndExtent(box, 0, document.body, 2);
    expect(caretIn(box)).toBeNull();
  });

  test.each([
    ["One two", "One new two", 2, 2],
    ["One two", "One new two", 7, 11],
    ["One old two", "One two", 6, 4],
  ])("in %j moves with the text to %j", (before, after, at, then) => expect(moved(before, after, at)).toBe(then));
});

test.each([
  [0, "0:00.0"],
  [62.34, "1:02.3"],
  [59.96, "1:00.0"],
  [3723.5, "1:02:03.5"],
])("%d seconds are %s", (seconds, text) => expect(tenths(seconds)).toBe(text));

describe("find and replace", () => {
  /** @type {[string, string, import("../player/editing/replacing/spans.js").How, [number, number][]][]} */
  const cases = [
    ["strasse", "Die Straße.", {}, [[4, 10]]],
    ["ss", "Straße", {}, [[4, 5]]],
    ["s", "ß", {}, []],
    ["é", "cafe\u0301 CAFÉ", {}, [[3, 5], [9, 10]]],
    ["um,", "um, um", {}, [[0, 3]]],
    ["Um", "um Um", { exact: true }, [[3, 5]]],
    ["um", "um, umbra um", { whole: true }, [[0, 2], [10, 12]]],
    ["天", "今天天气", { whole: true }, [[1, 2], [2, 3]]],
    ["か", "がか\u3099か", {}, [[3, 4]]],
    ["👩", "a 👩 b", {}, [[2, 4]]],
    ["", "a", {}, []],
  ]; // prettier-ignore
  test.each(cases)("%j is found in %j with %j", (wanted, text, how, places) =>
    expect(spans(text, wanted, how)).toEqual(places),
  );

  test("a confirmed word is not doubtful, and the others are unchanged", () => {
    const [line] = linesOf("one two three");
    line.packed.c = [0.9, 0.2, 0.9];
    const known = (/** @type {Partial<Step>} */ step) =>
      applied([line], { do: "word", id: line.id, from: 4, to: 7, ...step });
    expect(known({ text: "two" })[0].packed).toEqual({ ...line.packed, c: [0.9, null, 0.9] });
    expect(known({ text: "zwei" })[0].packed).toMatchObject({ t: [" one", " zwei", " three"], s: line.packed.s });
    expect(known({ text: "zwei" })[0].text).toBe("one zwei three");
    expect(known({ text: "" })).toMatchObject([{ text: "one three", provisional: true }]);
    expect(known({ to: 9, text: "x" })).toMatchObject([{ text: "one xhree", provisional: true }]);
    expect(applied(known({ text: "" }), { do: "word", id: line.id, from: 0, to: 9, text: "" })).toEqual([]);
    expect(line.packed.c).toEqual([0.9, 0.2, 0.9]);
  });

  test("an offset is counted as on the server, without double spaces", () => {
    expect([0, 4, 5, 8].map((at) => placeIn(" 👩 x  yz", at))).toEqual([0, 2, 3, 5]);
  });

  test("chosen places are replaced in their lines, and an empty line is removed", () => {
    const lines = linesOf("um one 👩 um", "um", "um");
    const places = [[0, 0, 2], [0, 9, 11], [1, 0, 2]]; // prettier-ignore
    const only = places.map(([line, from, to]) => ({ paragraph: lines[line].id, from, to }));
    const made = applied(lines, { do: "replace", find: "um", with: "", only });
    expect(texts(made)).toEqual(["one 👩", "um"]);
    expect(ids(made)).toEqual([lines[0].id, lines[2].id]);
  });
});
