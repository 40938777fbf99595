import { describe, expect, test, vi } from "vitest";
import { noteForm } from "../player/notes/form.js";
import { newId, placesOf, sorted, spanOf, timesOf } from "../player/notes/model.js";

const words = ["Good", "morning", "all"].map((text, i) => ({ text, start: i, end: i + 0.6, from: [0, 5, 13][i] }));
/** @param {number} start @param {number | null} [end] */
const note = (start, end = null) => ({ id: "n", start, end, text: "", colour: null });

describe("notes", () => {
  test.each([
    ["a highlight of two words", note(0, 1.6), [{ from: 0, to: 12 }]],
    ["one that touches a word's end only", note(0.5, 1.6), [{ from: 5, to: 12 }]],
    ["none", note(5, 6), []],
    ["a moment in a word", note(1.2), [{ from: 5, to: 12 }]],
    ["a moment just after it", note(1.9), [{ from: 5, to: 12 }]],
    ["a moment in a long pause", note(9), []],
    ["a moment before the first", note(-1), []],
  ])("%s is placed at its words", (_name, one, places) => expect(placesOf(words, one)).toEqual(places));

  test("words that are not adjacent in the text are two places", () => {
    const crossed = [words[0], { ...words[1], start: 9, end: 9.5 }, { ...words[2], start: 1, end: 1.5 }];
    expect(placesOf(crossed, note(0, 2))).toEqual([
      { from: 0, to: 4 },
      { from: 13, to: 16 },
    ]);
  });

  test.each([
    [2, 7, { start: 0, end: 1.6 }],
    [4, 5, null], // only the space between two words is selected
    [13, 99, { start: 2, end: 2.6 }],
  ])("the selection from %d to %d has its time span", (from, to, span) =>
    expect(spanOf(words, from, to)).toEqual(span),
  );

  test("a highlight of a word without length ends after it starts, and is placed at the word", () => {
    const inserted = { text: "very", start: 0.8, end: 0.8, from: 5 };
    const times = timesOf({ start: inserted.start, end: inserted.end });
    expect(times.end).toBeCloseTo(0.81);
    const [good, ...rest] = words;
    expect(placesOf([good, inserted, ...rest], { ...note(0), ...times })).toEqual([{ from: 5, to: 9 }]);
    expect(timesOf({ start: 1.23456, end: 2 })).toEqual({ start: 1.235, end: 2 });
    expect(timesOf({ start: 1, end: null })).toEqual({ start: 1, end: null });
  });

  test("are sorted by time and have ids that the server takes", () => {
    expect(sorted([note(2), note(1, 3), note(1)]).map(({ start, end }) => [start, end])).toEqual([[1, null], [1, 3], [2, null]]); // prettier-ignore
    expect(newId()).toMatch(/^[a-z0-9]{24}$/);
  });
});

describe("the form", () => {
  /** @param {ReturnType<typeof note>} one @param {(note: any) => Promise<unknown>} save */
  function shown(one, save, cancel = () => {}) {
    const { form, field } = noteForm(one, "At 0:01", save, cancel);
    document.body.replaceChildren(form);
    const press = (/** @type {string} */ key, more = {}) =>
      field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
    return { form, field, press };
  }

  test("Enter saves the text, Shift+Enter does not, Escape cancels", async () => {
    const [save, cancel] = [vi.fn(async () => {}), vi.fn()];
    const { field, press } = shown(note(1), save, cancel);
    press("Enter");
    expect(save).not.toHaveBeenCalled(); // the field is empty, and a note at a moment needs a text
    field.value = "  Why? ";
    press("Enter", { shiftKey: true });
    for (const key of ["Enter", "Escape"]) {
      press(key, { isComposing: true });
      press(key, { keyCode: 229 }); // the key that ends a composition in Safari
    }
    expect(save).not.toHaveBeenCalled();
    expect(cancel).not.toHaveBeenCalled();
    press("Enter");
    await vi.waitFor(() => expect(save).toHaveBeenCalledWith({ ...note(1), text: "Why?" }));
    press("Escape");
    expect(cancel).toHaveBeenCalledOnce();
  });

  test("a highlight has a colour and needs no text; an error is shown and saving can be retried", async () => {
    const save = vi.fn(async () => {}).mockRejectedValueOnce(new Error("Not saved: no connection."));
    const { form, press } = shown(note(1, 2), save);
    /** @type {HTMLInputElement} */ (form.querySelector("[value=blue]")).checked = true;
    press("Enter");
    await vi.waitFor(() => expect(form.querySelector("[role=alert]")?.textContent).toBe("Not saved: no connection."));
    press("Enter");
    await vi.waitFor(() => expect(save).toHaveBeenCalledTimes(2));
    expect(save).toHaveBeenLastCalledWith({ ...note(1, 2), colour: "blue" });
  });
});
