// Converts steps to the server's format, in which they are sent, and kept in the browser until then. A kept step names
// its paragraph by the number at the last confirmed revision, or by the earlier step that makes the paragraph. So it
// finds the paragraph whether or not the steps before it are saved.

import { alike, codePoints, newId, spaced } from "../lines.js";

/**
 * @typedef {import("../lines.js").Line} Line
 * @typedef {import("./queue.js").Entry} Entry
 * @typedef {import("./store.js").Kept} Kept
 * @typedef {{ paragraph: number, of?: string }} Where `paragraph` is the number of a paragraph at the revision that the
 *   step is based on. If `of` is the key of an earlier step, `paragraph` counts the paragraphs made by that step.
 */

export const FORM = 2; // number of the present form of kept steps; the first form had no number

/**
 * Return a function from the id of a line to its place, null if it is unknown.
 * @param {Line[]} confirmed @param {Entry[]} [entries] waiting steps
 * @returns {(id: number | null | undefined) => Where | null}
 */
export function placesIn(confirmed, entries = []) {
  const places = /** @type {Map<number | null | undefined, Where>} */ (new Map());
  for (const { key, step } of entries) {
    step.ids?.forEach((id, i) => places.set(id, { paragraph: i + 1, of: key }));
    if (step.do === "revive") places.set(step.id, { paragraph: step.after == null ? 0 : 1, of: key });
  }
  confirmed.forEach(({ id }, paragraph) => places.set(id, { paragraph }));
  return (id) => places.get(id) ?? null;
}

/**
 * Return a step in the server's format.
 * @param {Entry} entry @param {number} based_on revision @param {Line[]} lines before the step
 * @param {ReturnType<typeof placesIn>} places
 * @returns {Kept}
 */
export function bodyOf({ key, step, held }, based_on, lines, places) {
  const { id, after, ids, ...rest } = step;
  void ids;
  const own = (/** @type {Record<string, unknown>} */ one) => ({ key, based_on, form: FORM, step: one });
  if (step.do === "undo" || step.do === "redo") return own({ do: step.do });
  if (step.do === "replace") {
    const only = (step.only ?? []).flatMap((place) => {
      const where = places(place.paragraph);
      return where ? [{ ...place, ...where }] : [];
    });
    return own({ ...rest, only });
  }
  if (step.do !== "revive") return own({ ...rest, ...(places(id) ?? { paragraph: 0, of: key }) });
  const place = after == null ? -1 : lines.findIndex((line) => line.id === after);
  // While the user decides, the step names no existing paragraph, so that the server refuses it.
  if (held) return own({ do: "text", paragraph: place + 1, of: key, was: step.was ?? "", text: step.text ?? "" });
  const beside = lines[Math.max(place, 0)];
  const [was, restored] = [spaced(beside?.text ?? ""), spaced(step.text ?? "")];
  const [text, at] =
    place < 0 ? [`${restored} ${was}`, codePoints(restored)] : [`${was} ${restored}`, codePoints(was) + 1];
  return own({ do: "split", ...(places(beside?.id) ?? { paragraph: 0 }), was, text, at, restored });
}

/**
 * Return the steps that a tab has kept, in the present form. In the first form, the number of a paragraph counts the
 * paragraphs after the steps that were kept before.
 * @param {Kept[]} kept
 */
export function renumbered(kept) {
  if (kept.some(({ form }) => form === FORM)) return kept;
  const places = /** @type {Where[]} */ ([]); // of the paragraphs after the steps so far; more follow unchanged
  let known = 0; // number of paragraphs at the revision that are in `places`, or were
  const at = (/** @type {number} */ number) => {
    while (places.length <= number) places.push({ paragraph: known++ });
    return places[number];
  };
  return kept.map((one) => {
    const { do: name, paragraph, only, was, from, to } = /** @type {any} */ (one.step);
    if (only) {
      const moved = only.map((/** @type {Where} */ place) => ({ ...place, ...at(place.paragraph) }));
      return { ...one, step: { ...one.step, only: moved } };
    }
    if (paragraph === undefined) return one;
    const step = { ...one.step, ...at(paragraph) };
    let made = name === "split" ? 1 : 0;
    if (name === "speaker" && to !== undefined) made = Number(from > 0) + Number(to < codePoints(was));
    if (name === "merge" || name === "delete") places.splice(paragraph, 1);
    for (let number = made; number > 0; number--) places.splice(paragraph + 1, 0, { paragraph: number, of: one.key });
    return { ...one, step };
  });
}

/** Return a kept step as it is sent: the server cannot find single hits in unsaved paragraphs. @param {Kept} kept */
export function sendable(kept) {
  const { only } = kept.step;
  if (!Array.isArray(only)) return kept;
  return { ...kept, step: { ...kept.step, only: only.filter(({ of }) => of === undefined) } };
}

/**
 * Return a kept step based on the next revision, whose only change is the confirmed step `first`.
 * @param {Kept} kept @param {Kept} first @param {import("./queue.js").Answer} answer to `first`
 */
export function rebased(kept, first, { revision, splices }) {
  if (kept.based_on !== first.based_on || revision !== first.based_on + 1) return kept;
  if (splices.some(({ removed }) => removed === null)) return kept;
  /** @param {Where} where @returns {Where | null} */
  const moved = ({ paragraph, of }) => {
    if (of !== undefined && of !== first.key) return { paragraph, of };
    const [made] = splices;
    if (of !== undefined)
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
  const { of, ...step } = /** @type {any} */ (kept.step);
  if (step.only) {
    step.only = step.only.flatMap((/** @type {any} */ { from, to, ...where }) => {
      const now = moved(where);
      return now ? [{ from, to, ...now }] : [];
    });
  } else if (step.paragraph !== undefined) {
    const now = moved({ paragraph: step.paragraph, of });
    if (!now) return kept;
    Object.assign(step, now);
  }
  return { ...kept, based_on: revision, step };
}

/**
 * Return a refused kept step as a step of a line. `id` is the line, undefined if it was removed or is unknown.
 * @param {Kept} kept @param {number} [id] @returns {import("../lines.js").Step & { id: number }}
 */
export function unpacked({ step }, id = newId()) {
  const { do: name, was, text, from, to, restored } = /** @type {any} */ (step);
  return restored === undefined ? { do: name, id, was, text, from, to } : { do: "revive", id: newId(), text: restored };
}

/**
 * Return the line with the text that a refused kept step changes; undefined if it is unknown or not unique.
 * @param {Kept} kept @param {Line[]} lines of the revision `revision` @param {number} revision
 */
export function lineOfKept({ based_on, step }, lines, revision) {
  const { was, paragraph, of } = /** @type {any} */ (step);
  if (was === undefined) return undefined;
  const there = based_on === revision && of === undefined ? lines[paragraph] : undefined;
  if (there && alike(there.text, was)) return there;
  const same = lines.filter(({ text }) => alike(text, was));
  return same.length === 1 ? same[0] : undefined;
}
