import { expect, test } from "vitest";
import { grouped, timeLeft, wellFormed } from "../uploader/progress.js";

const marks = [
  { at: 0, sent: 0 },
  { at: 2000, sent: 1000 },
]; // 500 bytes per second

test.each([
  [2000, ""],
  [21_000, ", 40 s left"],
  [100_000, ", 4 min left"],
  [3_596_000, ", 2 h 0 min left"],
  [4_000_000, ", 2 h 14 min left"],
])("an upload of %d bytes shows %j", (size, text) => expect(timeLeft({ size }, 1000, marks)).toBe(text));

test("no time is shown in the first second or while nothing is sent", () => {
  expect(timeLeft({ size: 9000 }, 10, [marks[0], { at: 900, sent: 10 }])).toBe("");
  expect(timeLeft({ size: 9000 }, 0, [marks[0], { at: 5000, sent: 0 }])).toBe("");
  expect(timeLeft({ size: 9000 }, 0, [])).toBe("");
});

test("half an emoji in a name becomes the replacement character", () => {
  expect(wellFormed("a\ud83db 😀.mp3")).toBe("a\ufffdb 😀.mp3");
  expect(() => encodeURIComponent(wellFormed("\ude00"))).not.toThrow();
});

test("transcripts are sent in groups of limited size and number", () => {
  const sizes = (/** @type {number[]} */ all) =>
    grouped(
      all.map((size) => ({ size })),
      10,
      3,
    ).map((group) => group.map((file) => file.size));
  expect(sizes([])).toEqual([]);
  expect(sizes([10, 4, 6, 1])).toEqual([[10], [4, 6], [1]]);
  expect(sizes([1, 1, 1, 1])).toEqual([[1, 1, 1], [1]]);
});
