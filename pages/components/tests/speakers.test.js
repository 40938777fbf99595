import { describe, expect, test } from "vitest";
import { colourOf, MOST_COLOURS } from "../player/colours.js";
import colours from "../player/colours.json" with { type: "json" };
import { bars, Lanes, targetOf } from "../player/sound/lanes.js";
import { lineOf } from "../player/editing/lines.js";
import { Text } from "../player/text/text.js";

const BACKGROUNDS = {
  light: ["#ffffff", "#fdfcfa", "#f3f1ec"], // the backgrounds of Streamlit, of this app, and of this app's fields
  dark: ["#0e1117", "#161715", "#20221f"],
};

/** @param {string} colour @returns the linear intensities of red, green and blue, 0 to 1 */
function linear(colour) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  return parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
}

/** @param {string} colour */
function luminance(colour) {
  const [red, green, blue] = linear(colour);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Return the contrast ratio of two colours by WCAG 2.2. @param {string} one @param {string} two */
function contrast(one, two) {
  const [dark, light] = [luminance(one), luminance(two)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** @param {string} colour @returns the colour's coordinates in CIELAB: L*, a* and b* */
function lab(colour) {
  const [red, green, blue] = linear(colour);
  const [x, y, z] = [
    (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
    0.2126 * red + 0.7152 * green + 0.0722 * blue,
    (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
  ].map((value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe("colours of speakers", () => {
  test("contrast is computed as in WCAG", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
    expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
  });

  test.each(/** @type {const} */ (["light", "dark"]))("names are readable in the %s theme", (theme) => {
    const least = colours.map((of) => Math.min(...BACKGROUNDS[theme].map((behind) => contrast(of[theme], behind))));
    expect(Math.min(...least)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(/** @type {const} */ (["light", "dark"]))("twelve colours are distinct in the %s theme", (theme) => {
    const places = colours.map((of) => lab(of[theme]));
    const apart = places.flatMap((one, i) => places.slice(i + 1).map((two) => Math.hypot(...one.map((v, k) => v - two[k])))); // prettier-ignore
    expect(colours).toHaveLength(12);
    expect(Math.min(...apart)).toBeGreaterThan(20);
  });

  test("the first colour follows the last", () => {
    expect(colourOf(MOST_COLOURS)).toBe(colourOf(0));
    expect(colourOf(1)).toBe(`light-dark(${colours[1].light}, ${colours[1].dark})`);
  });
});

describe("lanes", () => {
  const turns = [
    { start: 10, end: 20 },
    { start: 50, end: 60 },
  ];

  test("bars have the length of turns, in thousandths", () => {
    expect(bars(turns, 100)).toEqual([
      [100, 200],
      [500, 600],
    ]);
  });

  test.each([
    ["words without a gap are one bar", [{ start: 0, end: 1 }, { start: 1, end: 2 }], [[0, 20]]],
    ["a word of no length is visible", [{ start: 5, end: 5 }], [[50, 51]]],
    ["a turn after the end is at the end", [{ start: 150, end: 160 }], [[999, 1000]]],
    ["no speech has no bars", [], []],
  ])("%s", (_, said, drawn) => expect(bars(said, 100)).toEqual(drawn)); // prettier-ignore

  test.each([
    ["in a turn, its start", 15, 10],
    ["a little before one, its start", 48, 50],
    ["a little after one, its start", 22, 10],
    ["far from any, the place itself", 35, 35],
    ["before the first", 1, 1],
    ["after the last", 99, 99],
  ])("a click seeks to: %s", (_, clicked, seconds) => expect(targetOf(turns, clicked, 3)).toBe(seconds));
});

describe("speakers of a text", () => {
  globalThis.IntersectionObserver ??= /** @type {any} */ (
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    }
  );

  /** @param {string[]} said the speaker of each paragraph @param {string[]} [known] */
  function shown(said, known = []) {
    document.body.innerHTML = '<div><div class="stt-transcript"></div><div class="stt-lanes" hidden></div></div>';
    const root = /** @type {HTMLElement} */ (document.body.firstElementChild);
    const text = new Text(root, () => {});
    const packed = said.map((speaker, i) => ({ start: i, end: i + 1, speaker, t: ["One", " two"], s: [i, i + 0.5], e: [i + 0.4, i + 1], o: [1] })); // prettier-ignore
    text.show(packed.map((one) => lineOf(one)), known, 0.5, false, true); // prettier-ignore
    const places = /** @type {number[]} */ ([]);
    const lanes = new Lanes(root, (seconds) => places.push(seconds));
    lanes.show(text.speakers, text.paragraphs, said.length);
    const all = (/** @type {string} */ name) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(name)]);
    return { text, all, places };
  }

  test("are named in their colours, in the given order", () => {
    const { all } = shown(["Ann", "Ben", "Ann"], ["Ben", "Ann"]);
    expect(all(".stt-speaker").map((name) => name.textContent)).toEqual(["Ann", "Ben", "Ann"]);
    const painted = all(".stt-speaker").map((name) => name.style.getPropertyValue("--stt-voice"));
    expect(painted).toEqual([colourOf(1), colourOf(0), colourOf(1)]);
    expect(all(".stt-track").map((track) => track.ariaLabel ?? track.getAttribute("aria-label"))).toEqual([
      "Ben",
      "Ann",
    ]);
  });

  test("a single speaker has no name and no lane", () => {
    const { all } = shown(["Ann", "Ann"], ["Ann"]);
    expect(all(".stt-speaker")).toHaveLength(0);
    expect(all(".stt-lane")).toHaveLength(0);
    expect(all(".stt-lanes")[0].hidden).toBe(true);
  });

  test("have twelve lanes at most, and names beside them where there is room", () => {
    const many = Array.from({ length: 15 }, (_, i) => `Speaker ${i + 1}`);
    expect(shown(many).all(".stt-lane")).toHaveLength(12);
    expect(shown(many).all(".stt-lanes-named")).toHaveLength(0);
    expect(shown(many.slice(0, 6)).all(".stt-lanes-named")).toHaveLength(1);
  });

  test("a word that overlaps with another speaker is marked", () => {
    const { text, all } = shown(["Ann", "Ben"]);
    text.build(text.paragraphs[0]);
    expect(all(".stt-overlapped").map((word) => [word.textContent, word.title])).toEqual([
      ["two", "Somebody else speaks here, too"],
    ]);
  });

  test("a click on a lane seeks to the turn", () => {
    const { all, places } = shown(["Ann", "Ben", "Ann", "Ben"]);
    const [, ben] = all(".stt-track");
    ben.getBoundingClientRect = () => new DOMRect(100, 0, 400, 10);
    ben.dispatchEvent(new MouseEvent("click", { clientX: 100 + 360 }));
    expect(places).toEqual([3]);
  });
});
