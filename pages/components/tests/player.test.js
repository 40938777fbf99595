import { describe, expect, test } from "vitest";
import { foldOne, folded } from "../player/finding/folding.js";
import { clipped, ranges } from "../player/text/ranges.js";
import { MOST_HITS, occurrences, search } from "../player/finding/search.js";
import { lastAtMost, spokenAt } from "../player/sound/spoken.js";

describe("folding", () => {
  test.each([
    ["É", "e"],
    ["ß", "ss"],
    ["Ⅷ", "viii"],
    ["٣", "3"],
    ["\u200b", ""],
  ])("%s becomes %s", (character, plain) => expect(foldOne(character)).toBe(plain));

  test("words are separated by one space, and each character has its place in the text", () => {
    const { plain, from, to } = folded("Re\u0301,  œuf");
    expect(plain).toBe("re oeuf");
    expect(from).toEqual([0, 1, 6, 6, 6, 7, 8]);
    expect(to).toEqual([1, 3, 6, 7, 7, 8, 9]);
  });

  test("no space is put beside a script without spaces", () => expect(folded("今天 天气 ok").plain).toBe("今天天气ok"));
});

describe("search", () => {
  test.each([
    ["The Café, the cafe\u0301", "CAFE", ["Café", "cafe\u0301"]],
    ["well-known", "well known", ["well-known"]],
    ["What? Why?", "?", ["?", "?"]],
    ["aaaa", "aa", ["aa", "aa"]],
    ["か\u3099", "か", []],
    ["nothing", "else", []],
    ["nothing", "", []],
  ])("in %j for %j", (text, query, found) => {
    expect(search(text, query).map(([start, end]) => text.slice(start, end))).toEqual(found);
  });

  test("stops at the maximum number of hits", () =>
    expect(occurrences("a".repeat(MOST_HITS + 5), "a")).toHaveLength(MOST_HITS));
});

describe("the spoken word", () => {
  test.each([
    [-1, -1],
    [0, 0],
    [1.5, 0],
    [2, 2],
    [9, 3],
  ])("the last value of at most %d is at index %d", (limit, place) => {
    expect(lastAtMost([0, 2, 2, 3], (value) => value, limit)).toBe(place);
  });
  test("an empty list has no such value", () => expect(lastAtMost([], Number, 1)).toBe(-1));

  const words = [
    { text: "b", start: 1, end: 1.4 },
    { text: "a", start: 0, end: 0.5 },
    { text: "c", start: 5, end: 5.5 },
  ];
  test.each([
    [-0.1, undefined],
    [0.2, "a"],
    [0.8, "a"], // in a gap of less than a second, the word before the gap is spoken
    [1.2, "b"],
    [3, undefined],
    [5.2, "c"],
    [5.6, undefined],
  ])("at %d s it is %s", (seconds, text) => expect(spokenAt(words, [1, 0, 2], seconds)?.text).toBe(text));
});

describe("ranges", () => {
  function paragraph() {
    const box = document.createElement("p");
    box.innerHTML = "Good <span>morning</span> <span>all</span>"; // the text is "Good morning all"
    document.body.replaceChildren(box);
    return box;
  }
  const texts = (/** @type {Range[]} */ made) => made.map((range) => range.toString());

  test("span elements", () => {
    const places = [
      { from: 0, to: 4 },
      { from: 5, to: 12 },
      { from: 7, to: 16 },
    ].slice(0, 2);
    expect(texts(ranges(paragraph(), places))).toEqual(["Good", "morning"]);
    expect(texts(ranges(paragraph(), [{ from: 2, to: 16 }]))).toEqual(["od morning all"]);
  });

  test("end where the text ends", () => {
    const places = [
      { from: 13, to: 16 },
      { from: 16, to: 20 },
    ];
    expect(texts(ranges(paragraph(), places))).toEqual(["all"]);
  });

  test("are clipped to an element", () => {
    const box = paragraph();
    const range = document.createRange();
    range.selectNodeContents(document.body);
    const [first, second] = box.querySelectorAll("span");
    expect(clipped(range, first).toString()).toBe("morning");
    range.setStart(/** @type {Text} */ (second.firstChild), 1);
    expect(clipped(range, box).toString()).toBe("ll");
  });
});
