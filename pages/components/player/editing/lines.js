// Represents the text as a list of lines, one per paragraph, and applies editing steps to the list. The functions
// return a new list and do not change the old one. So if the server refuses a step, the other steps are applied
// to the old list without it.

/**
 * @typedef {import("../text/text.js").Packed} Packed
 * @typedef {{ id: number, text: string, packed: Packed, provisional?: boolean }} Line `provisional`: the times of the
 *   line's words are unknown until the server responds. The `id` of a line does not change when its text changes.
 * @typedef {{ at: number, removed: number | null, paragraphs: Packed[] }} Splice replaces `removed` lines from index
 *   `at` on with `paragraphs`; if `removed` is null, all lines from `at` on
 * @typedef {{
 *   do: "text" | "split" | "merge" | "delete" | "speaker" | "times" | "undo" | "redo" | "revive" | "replace" | "word",
 *   id?: number, was?: string, text?: string, at?: number, ids?: number[], typing?: string,
 *   speaker?: string, from?: number, to?: number, start?: number, end?: number, after?: number | null,
 *   find?: string, with?: string, case?: boolean, only?: Place[],
 * }} Step `id` is the id of the changed line, `ids` are those of the lines that the step adds. `at`, `from`, `to` are
 *   offsets in `text` or `was`, in code points. "revive" restores a line that another tab has
 *   removed; `after` is the id of the line above it, null at the start
 * @typedef {{ paragraph: number, from: number, to: number }} Place a part of the line with the id `paragraph`, in code
 *   points
 */

let last = 0;
/** Return an unused id for a line. */
export const newId = () => (last += 1);

/**
 * Return the text of a packed paragraph as the player shows it.
 * @param {Packed} packed
 */
export function textOf({ t, text = "" }) {
  if (!t) return text;
  return (t[0]?.trimStart() ?? "").concat(...t.slice(1)).replace(/\n/g, " ");
}

/** @param {Packed} packed @param {number} [id] @returns {Line} */
export const lineOf = (packed, id = newId()) => ({ id, text: textOf(packed), packed });

/**
 * Return a text as the server stores it: each run of white space becomes one space, and white space at the start and
 * the end is removed.
 * @param {string} text
 */
export const spaced = (text) => text.split(/\s+/).join(" ").trim();

/** @param {string} one @param {string} other */
export const alike = (one, other) => one === other || spaced(one) === spaced(other);

/** @param {string} text */
export const codePoints = (text) => Array.from(text).length;

/**
 * Convert an offset in code points to an offset in UTF-16 units.
 * @param {string} text
 * @param {number} at
 */
export const unitsOf = (text, at) => Array.from(text).slice(0, at).join("").length;

/**
 * Convert an offset in `text` to the corresponding offset in the stored text (see `spaced`), in code points.
 * @param {string} text
 * @param {number} units the offset in UTF-16 units
 */
export function placeIn(text, units) {
  const before = text.slice(0, units);
  const head = spaced(before);
  return codePoints(head) + (head && /\s$/.test(before) ? 1 : 0);
}

/**
 * Return the values of a "split" step: the text with single spaces, and the offset `at` in code points. Return null if
 * one half would be empty.
 * @param {string} text
 * @param {number} units the offset in UTF-16 units
 */
export function splitAt(text, units) {
  const [head, tail] = [spaced(text.slice(0, units)), spaced(text.slice(units))];
  if (!head || !tail) return null;
  const apart = /\s$/.test(text.slice(0, units)) || /^\s/.test(text.slice(units));
  return { text: apart ? `${head} ${tail}` : head + tail, at: codePoints(head) };
}

/** Return a line with a new text, without word times. @param {Line} line @param {string} text @returns {Line} */
function retyped(line, text) {
  if (alike(line.text, text)) return line;
  const { start, end, speaker } = line.packed;
  return { id: line.id, text, packed: { start, end, speaker, text, s: [], e: [] }, provisional: true };
}

/**
 * Give a line the text `text` and cut it at `places`. Return the parts that are not empty. The first of them keeps the
 * id of the line, the others get the ids in `ids`.
 * @param {Line} line
 * @param {string} text
 * @param {number[]} places offsets in `text` in code points
 * @param {number[]} ids
 */
function cut(line, text, places, ids) {
  const points = Array.from(text);
  const { start, end, speaker } = line.packed;
  const when = (/** @type {number} */ at) => start + ((end - start) * at) / Math.max(points.length, 1);
  const bounds = [0, ...places, points.length];
  const free = [line.id, ...ids];
  return bounds.slice(0, -1).flatMap((from, i) => {
    const part = points
      .slice(from, bounds[i + 1])
      .join("")
      .trim();
    if (!part) return [];
    const packed = { start: when(from), end: when(bounds[i + 1]), speaker, text: part, s: [], e: [] };
    return [/** @type {Line} */ ({ id: free.shift() ?? newId(), text: part, packed, provisional: true })];
  });
}

/** @param {Line} line @param {string | undefined} speaker @returns {Line} */
const spokenBy = (line, speaker) => ({ ...line, packed: { ...line.packed, speaker } });

/**
 * Return the lines after a step, as far as the browser can compute them without the server.
 * @param {Line[]} lines
 * @param {Step} step
 * @returns {Line[]}
 */
export function applied(lines, step) {
  if (step.do === "revive") return revived(lines, step);
  if (step.do === "replace") return replaced(lines, step);
  const at = step.id == null ? -1 : lines.findIndex((line) => line.id === step.id);
  const line = lines[at];
  if (!line) return lines;
  const text = step.text ?? line.text;
  /** @type {(first: number, removed: number, ...made: Line[]) => Line[]} */
  const changed = (first, removed, ...made) => lines.toSpliced(first, removed, ...made);
  switch (step.do) {
    case "text":
      return changed(at, 1, ...(spaced(text) ? [retyped(line, text)] : []));
    case "split":
      return changed(at, 1, ...cut(line, text, [step.at ?? 0], step.ids ?? []));
    case "delete":
      return changed(at, 1);
    case "merge":
      if (!at) return lines;
      return changed(at - 1, 2, merged(lines[at - 1], line, text));
    case "speaker": {
      if (step.from == null || step.to == null) return changed(at, 1, spokenBy(line, step.speaker));
      const parts = cut(line, line.text, [step.from, step.to], step.ids ?? []);
      const whose = step.from > 0 ? 1 : 0;
      return changed(at, 1, ...parts.map((part, i) => (i === whose ? spokenBy(part, step.speaker) : part)));
    }
    case "word":
      return changed(at, 1, ...settled(line, step));
    case "times": {
      const { start = line.packed.start, end = line.packed.end } = step;
      return changed(at, 1, { ...line, packed: { ...line.packed, start, end } });
    }
    default:
      return lines;
  }
}

/**
 * Return the changed line of a "word" step, which replaces or confirms a word, as a list. The list is empty if no text
 * is left.
 * @param {Line} line
 * @param {Step} step
 * @returns {Line[]}
 */
function settled(line, { from = 0, to = 0, text = "" }) {
  const points = Array.from(line.text);
  const whole = spaced(points.slice(0, from).join("") + text + points.slice(to).join(""));
  const { t, c } = line.packed;
  let end = 0;
  const place = (t ?? []).findIndex((word, i) => {
    end += codePoints(i ? word : word.trimStart());
    return end >= to;
  });
  const word = t?.[place] ?? "";
  // If anything but one whole word is replaced, the line is provisional until the server sends the times of the words.
  if (!t || !spaced(text) || codePoints(word.trim()) !== to - from || end !== to)
    return whole ? [retyped(line, whole)] : [];
  const lead = word.slice(0, word.length - word.trimStart().length);
  const packed = { ...line.packed, t: t.with(place, lead + spaced(text)), c: c?.with(place, null) };
  return [{ ...line, text: textOf(packed), packed }];
}

/** @param {Line[]} lines @param {Step} step */
function replaced(lines, { only = [], with: by = "" }) {
  const places = /** @type {Map<number, Place[]>} */ (new Map());
  for (const place of only) places.set(place.paragraph, [...(places.get(place.paragraph) ?? []), place]);
  return lines.flatMap((line) => {
    const own = places.get(line.id);
    if (!own) return [line];
    const points = Array.from(line.text);
    for (const { from, to } of own.sort((a, b) => b.from - a.from)) points.splice(from, to - from, by);
    const text = spaced(points.join(""));
    return text ? [retyped(line, text)] : [];
  });
}

/** @param {Line[]} lines @param {Step} step */
function revived(lines, { id = newId(), text = "", after }) {
  const place = after == null ? 0 : lines.findIndex((line) => line.id === after) + 1;
  const beside = lines[Math.max(place - 1, 0)]?.packed;
  const packed = { start: beside?.end ?? 0, end: beside?.end ?? 0, speaker: beside?.speaker, text, s: [], e: [] };
  return lines.toSpliced(place, 0, { id, text, packed, provisional: true });
}

/** @param {Line} upper @param {Line} lower @param {string} text of `lower` @returns {Line} */
function merged(upper, lower, text) {
  const whole = [spaced(upper.text), spaced(text)].filter(Boolean).join(" ");
  const packed = { ...upper.packed, end: Math.max(upper.packed.end, lower.packed.end), text: whole, s: [], e: [] };
  for (const column of /** @type {const} */ (["t", "c", "o"])) delete packed[column];
  return { id: upper.id, text: whole, packed, provisional: true };
}

/**
 * Return the lines after the changes that the server reports.
 * @param {Line[]} lines
 * @param {Splice[]} splices applied in this order
 */
export function spliced(lines, splices) {
  const made = [...lines];
  for (const { at, removed, paragraphs } of splices) {
    made.splice(at, removed ?? Infinity, ...paragraphs.map((packed) => lineOf(packed)));
  }
  return made;
}

/**
 * Return `lines`, each with the id of the corresponding line in `expected` if there is one. A paragraph whose id stays
 * the same keeps its element and the caret.
 * @param {Line[]} expected lines that the browser has computed or shown before
 * @param {Line[]} lines lines from the server
 */
export function adopted(expected, lines) {
  const known = new Map(expected.map((line, place) => [line.id, place]));
  const common = new Set(lines.map((line) => line.id).filter((id) => known.has(id)));
  const made = /** @type {Line[]} */ ([]);
  let at = 0; // index in `expected`
  for (let i = 0; i < lines.length;) {
    if (common.has(lines[i].id)) {
      at = Math.max(at, /** @type {number} */ (known.get(lines[i].id)) + 1);
      made.push(lines[i]);
      i += 1;
      continue;
    }
    let end = i;
    while (end < lines.length && !common.has(lines[end].id)) end += 1;
    let until = at;
    while (until < expected.length && !common.has(expected[until].id)) until += 1;
    for (const line of matched(expected.slice(at, until), lines.slice(i, end))) made.push(line);
    at = until;
    i = end;
  }
  return made;
}

/** @param {Line[]} expected @param {Line[]} lines */
function matched(expected, lines) {
  const same = (/** @type {Line} */ one, /** @type {Line} */ other) => alike(one.text, other.text);
  const ids = /** @type {(number | undefined)[]} */ ([]);
  let first = 0;
  let [rest, others] = [lines.length, expected.length];
  for (; first < rest && first < others && same(lines[first], expected[first]); first += 1)
    ids[first] = expected[first].id;
  for (; rest > first && others > first && same(lines[rest - 1], expected[others - 1]);) {
    ids[(rest -= 1)] = expected[(others -= 1)].id;
  }
  if (rest - first === others - first) for (let i = first; i < rest; i += 1) ids[i] = expected[i].id;
  else {
    /** @type {Map<string, number[]>} */
    const places = new Map();
    for (let i = first; i < others; i += 1) {
      const text = spaced(expected[i].text);
      places.set(text, [...(places.get(text) ?? []), i]);
    }
    let after = first - 1;
    for (let i = first; i < rest; i += 1) {
      const place = places.get(spaced(lines[i].text))?.find((found) => found > after);
      if (place === undefined) continue;
      ids[i] = expected[place].id;
      after = place;
    }
  }
  return lines.map((line, i) => (ids[i] === undefined ? line : { ...line, id: /** @type {number} */ (ids[i]) }));
}

/**
 * Return the lines of `packed`, each with the id of the corresponding line in `before` if there is one. A line that has
 * not changed is the same object as in `before`.
 * @param {Line[]} before
 * @param {Packed[]} packed
 */
export function renewed(before, packed) {
  const known = new Map(before.map((line) => [line.id, line]));
  const lines = adopted(
    before,
    packed.map((one) => lineOf(one)),
  );
  return lines.map((line) => {
    const old = known.get(line.id);
    return old && JSON.stringify(old.packed) === JSON.stringify(line.packed) ? old : line;
  });
}
