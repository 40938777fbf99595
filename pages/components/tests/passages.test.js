import { describe, expect, test, vi } from "vitest";
import { failure, passageForm, progress, result } from "../player/passages/panel.js";

/** @type {import("../player/passages/panel.js").Choices} */
const CHOICES = {
  address: "/transcripts/a/passage",
  models: [
    { id: "base", name: "Whisper base", english: false },
    { id: "tiny.en", name: "Whisper tiny.en", english: true },
  ],
  model: "base",
  languages: [
    ["en", "English"],
    ["fr", "French"],
  ],
  language: "fr",
  vocabulary: "Cyrille\n\nAnna",
  open: false,
};
/** @type {import("../player/passages/wire.js").Passage} */
const PASSAGE = {
  ...{ attempt: 1, state: "working", start: 62, end: 65, model: "base", percent: 10, stage: null, error: null },
  old: [
    { text: " Good", same: true },
    { text: " morning", same: false },
  ],
  new: [{ text: " Good", same: true }],
};

describe("a passage", () => {
  test("is requested with model, language and vocabulary; an English model has no choice of language", async () => {
    const begin = vi.fn(async () => {});
    const form = passageForm(CHOICES, PASSAGE, begin, () => {});
    document.body.replaceChildren(form);
    expect(form.querySelector("h3")?.textContent).toBe("Transcribe 1:02 to 1:05 again");
    form.requestSubmit();
    await vi.waitFor(() =>
      expect(begin).toHaveBeenCalledWith({ model: "base", language: "fr", vocabulary: ["Cyrille", "Anna"] }),
    );
    const [model, language] = form.querySelectorAll("select");
    model.value = "tiny.en";
    model.dispatchEvent(new Event("change"));
    expect([language.value, language.disabled]).toEqual(["en", true]);
  });

  test("shows why it was not started", async () => {
    const form = passageForm(CHOICES, PASSAGE, () => Promise.reject(new Error("Too long.")), () => {}); // prettier-ignore
    document.body.replaceChildren(form);
    form.requestSubmit();
    await vi.waitFor(() => expect(form.querySelector("[role=alert]")?.textContent).toBe("Too long."));
  });

  test("shows its progress and its stage", () => {
    const { box, show } = progress(PASSAGE, () => {});
    expect(box.querySelector("progress")?.value).toBe(10);
    show({ ...PASSAGE, percent: 40 });
    expect(box.querySelector(".stt-passage-far")?.textContent).toBe("40 %");
    show({ ...PASSAGE, stage: "Finding the passage" });
    expect(box.querySelector(".stt-passage-far")?.textContent).toBe("Finding the passage");
  });

  test("marks the words that differ, as text", () => {
    const acts = { take: vi.fn(), leave: vi.fn(), play: null };
    const { box } = result({ ...PASSAGE, new: [{ text: " <b>Good", same: false }] }, acts);
    expect([...box.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["morning", "<b>Good"]);
    const buttons = [...box.querySelectorAll("button")];
    expect(buttons.map((button) => button.textContent)).toEqual(["Use new words", "Discard"]);
    buttons[0].click();
    expect(acts.take).toHaveBeenCalledOnce();
  });

  test.each([
    [[{ text: " Good", same: true }], [{ text: " Good", same: true }], "The words are the same."],
    [[{ text: " Good", same: false }], [], "No speech was found in this passage."],
  ])("describes the result", (old, fresh, words) => {
    const { box } = result({ ...PASSAGE, old, new: fresh }, { take: () => {}, leave: () => {}, play: null });
    expect(box.querySelector(".stt-passage-about")?.textContent).toBe(words);
  });

  test("that failed shows the reason", () => {
    const error = { message: "The recording is no longer kept.", guidance: "" };
    const box = failure({ ...PASSAGE, state: "failed", error }, () => {});
    expect(box.querySelector("[role=alert]")?.textContent).toBe("The recording is no longer kept.");
  });
});
