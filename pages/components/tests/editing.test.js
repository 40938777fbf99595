import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { caretIn, moved, placeCaret } from "../player/editing/caret.js";
import {
  adopted,
  applied,
  lineOf,
  renewed,
  spaced,
  spliced,
  splitAt,
  textOf,
  unitsOf,
} from "../player/editing/lines.js";
import { tenths } from "../player/editing/menu.js";
import { Queue } from "../player/editing/queue.js";
import { Store } from "../player/editing/store.js";

/**
 * @typedef {import("../player/editing/lines.js").Line} Line
 * @typedef {import("../player/editing/lines.js").Step} Step
 * @typedef {import("../player/editing/store.js").Kept} Kept
 */

/** @param {string} text @param {number} [start] @returns {import("../player/text.js").Packed} */
function packed(text, start = 0) {
  const words = text.split(" ").map((word) => ` ${word}`);
  return { start, end: start + words.length, t: words, s: words.map((_, i) => start + i), e: words.map((_, i) => start + i + 1) }; // prettier-ignore
}
const linesOf = (/** @type {string[]} */ ...texts) => texts.map((text, i) => lineOf(packed(text, i * 10)));
const texts = (/** @type {Line[]} */ lines) => lines.map((line) => line.text);
const ids = (/** @type {Line[]} */ lines) => lines.map((line) => line.id);

describe("lines", () => {
  test("the text of words has no space in front and no line breaks", () => {
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

  test("a place in code points is found in UTF-16", () => expect(unitsOf("👩é hello", 2)).toBe(3));

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

  test("a step for a line that is gone changes nothing", () => {
    const lines = linesOf("One");
    expect(applied(lines, { do: "delete", id: -1 })).toBe(lines);
  });

  test("selected words are given to their speaker, the others stay with theirs", () => {
    const [line] = linesOf("One two three");
    const made = applied([line], { do: "speaker", id: line.id, speaker: "Ann", from: 4, to: 7, ids: [71, 72] });
    expect(made.map(({ id, text, packed: { speaker } }) => [id, text, speaker])).toEqual([
      [line.id, "One", undefined],
      [71, "two", "Ann"],
      [72, "three", undefined],
    ]);
  });

  test("what comes from the server takes the ids of what was expected", () => {
    const lines = linesOf("One two", "Three", "Four");
    const expected = applied(lines, { do: "split", id: lines[0].id, text: "One two", at: 3, ids: [77] });
    const splices = [{ at: 0, removed: 1, paragraphs: [packed("One"), packed("two", 1)] }];
    expect(ids(adopted(expected, spliced(lines, splices)))).toEqual([lines[0].id, 77, lines[1].id, lines[2].id]);
  });

  test("where all of it comes anew, ids stay by text", () => {
    const lines = linesOf("One", "Two", "Three", "Four");
    const again = spliced(lines, [{ at: 0, removed: null, paragraphs: ["One", "New", "Three", "Four"].map((t) => packed(t)) }]); // prettier-ignore
    expect(ids(adopted(lines, again))).toEqual(ids(lines));
    const fewer = spliced(lines, [{ at: 0, removed: null, paragraphs: ["One", "Three", "x", "y", "Four"].map((t) => packed(t)) }]); // prettier-ignore
    const [one, three, x, y, four] = adopted(lines, fewer);
    expect([one.id, three.id, four.id]).toEqual([lines[0].id, lines[2].id, lines[3].id]);
    expect(ids(lines)).not.toContain(x.id);
    expect(ids(lines)).not.toContain(y.id);
  });

  test("what is the same is the same object", () => {
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
  ])("is put to %d–%d and found there", (from, to) => {
    const box = paragraph();
    placeCaret(box, from, to);
    expect(caretIn(box)).toEqual({ from, to });
  });

  test("is in no paragraph when some of it is outside", () => {
    const box = paragraph();
    document.body.append("more");
    getSelection()?.setBaseAndExtent(box, 0, document.body, 2);
    expect(caretIn(box)).toBeNull();
  });

  test.each([
    ["One two", "One new two", 2, 2],
    ["One two", "One new two", 7, 11],
    ["One old two", "One two", 6, 4],
  ])("in %j is elsewhere in %j", (before, after, at, then) => expect(moved(before, after, at)).toBe(then));
});

test.each([
  [0, "0:00.0"],
  [62.34, "1:02.3"],
  [59.96, "1:00.0"],
  [3723.5, "1:02:03.5"],
])("%d seconds are %s", (seconds, text) => expect(tenths(seconds)).toBe(text));

/** A server as the contract has it: texts, revisions, keys; it can be away, or lose an answer. */
class Server {
  revisions = /** @type {string[][]} */ ([]);
  answers = /** @type {Map<string, number>} */ (new Map());
  bodies = /** @type {Kept[]} */ ([]);
  away = false;
  losing = false; // it does the step, but nobody hears of it

  /** @param {string[]} texts */
  constructor(...texts) {
    this.revisions.push(texts);
  }

  get texts() {
    return this.revisions[this.revisions.length - 1];
  }

  /** @type {import("../player/editing/queue.js").Send} */
  send = async (body, since) => {
    if (this.away) throw new TypeError("Failed to fetch");
    const base = body ? body.based_on : since;
    const found = body ? this.take(body) : {};
    if (this.losing) throw new TypeError("Failed to fetch");
    const [before, now] = [this.revisions[base], this.texts];
    let at = 0;
    while (at < Math.min(before.length, now.length) && before[at] === now[at]) at += 1;
    let last = 0;
    while (last < Math.min(before.length, now.length) - at && before.at(-1 - last) === now.at(-1 - last)) last += 1;
    const paragraphs = now.slice(at, now.length - last).map((text, i) => packed(text, at + i));
    const splices = before === now ? [] : [{ at, removed: before.length - last - at, paragraphs }];
    const answer = { revision: this.revisions.length - 1, undo: this.revisions.length - 1, redo: 0, splices, ...found };
    return { status: "error" in found ? ("conflict" in found ? 409 : 400) : 200, answer };
  };

  /** @param {Kept} body */
  take(body) {
    const { key, step } = body;
    this.bodies.push({ key, based_on: 0, step });
    if (this.answers.has(key)) return {};
    const { paragraph, was, text, at } = /** @type {any} */ (step);
    const texts = [...this.texts];
    if (step.do === "undo") {
      this.revisions.push(this.revisions[this.revisions.length - 2]);
      return {};
    }
    const place = texts[paragraph] === was ? paragraph : texts.indexOf(was);
    if (text === "refused") return { error: { message: "Too long." } };
    if (place < 0) {
      const there = this.revisions[body.based_on].length === texts.length;
      const conflict = { paragraph: there ? paragraph : null, text: there ? texts[paragraph] : "" };
      return { error: { message: "Changed." }, conflict };
    }
    if (step.do === "text") texts[place] = spaced(text);
    if (step.do === "delete") texts.splice(place, 1);
    if (step.do === "merge") texts.splice(place - 1, 2, `${texts[place - 1]} ${text}`);
    if (step.do === "split") {
      const points = Array.from(text);
      texts.splice(place, 1, points.slice(0, at).join("").trim(), points.slice(at).join("").trim());
    }
    this.revisions.push(texts);
    this.answers.set(key, this.revisions.length - 1);
    return {};
  }
}

describe("the queue", () => {
  const words = /** @type {string[]} */ ([]);
  const open = /** @type {Queue[]} */ ([]);
  let tabs = 0;

  beforeEach(() => {
    vi.useFakeTimers();
    localStorage.clear();
    words.length = 0;
  });
  afterEach(() => {
    for (const queue of open.splice(0)) queue.shut();
    vi.useRealTimers();
  });

  /** @param {Server} server */
  function tab(server) {
    const hooks = { changed: () => {}, state: () => {}, say: (/** @type {string} */ said) => words.push(said) };
    const queue = new Queue(server.send, new Store("x", localStorage, `tab ${(tabs += 1)}`), hooks);
    const revision = server.revisions.length - 1;
    queue.load(revision, server.texts.map((text, i) => packed(text, i * 10)), 0, 0); // prettier-ignore
    open.push(queue);
    return queue;
  }
  const quiet = () => vi.advanceTimersByTimeAsync(60_000);

  test("what is typed is sent once it is closed, in one step", async () => {
    const server = new Server("One", "Two");
    const queue = tab(server);
    const [{ id }] = queue.lines;
    queue.typed(id, "One m", "a");
    queue.typed(id, "One more", "a");
    await quiet();
    expect(server.bodies).toEqual([]);
    expect(texts(queue.lines)).toEqual(["One more", "Two"]);
    queue.close();
    await quiet();
    expect(server.texts).toEqual(["One more", "Two"]);
    expect(server.bodies.map(({ step }) => step)).toEqual([
      { do: "text", paragraph: 0, was: "One", text: "One more", typing: "a" },
    ]);
    expect(queue.settled).toBe(true);
    expect(Object.keys(localStorage)).toEqual([]);
  });

  test("steps go one after another, each on what the one before has made", async () => {
    const server = new Server("One two three", "Four");
    const queue = tab(server);
    const [first, second] = queue.lines;
    queue.add({ do: "split", id: first.id, was: "One two three", text: "One two three", at: 7, ids: [501] });
    queue.typed(501, "three, four", "a");
    queue.add({ do: "delete", id: second.id, was: "Four" });
    queue.add({ do: "merge", id: 501, was: "three, four", text: "three, four" });
    expect(texts(queue.lines)).toEqual(["One two three, four"]);
    await quiet();
    expect(server.texts).toEqual(["One two three, four"]);
    expect(texts(queue.confirmed)).toEqual(server.texts);
    expect(queue.confirmed[0].id).toBe(first.id);
  });

  test("without a connection steps are kept and sent again with the same key", async () => {
    const server = new Server("One");
    const queue = tab(server);
    server.away = true;
    queue.typed(queue.lines[0].id, "Typed", "a");
    queue.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(queue.failures).toBeGreaterThan(1);
    expect(JSON.stringify(localStorage)).toContain("Typed");
    server.away = false;
    server.losing = true;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.texts).toEqual(["Typed"]);
    server.losing = false;
    await quiet();
    expect(server.revisions).toHaveLength(2);
    expect(new Set(server.bodies.map(({ key }) => key)).size).toBe(1);
    expect([queue.failures, queue.settled, texts(queue.confirmed)]).toEqual([0, true, ["Typed"]]);
  });

  test("what a closed tab has left is sent by the next, once, whether or not the server had it", async () => {
    const server = new Server("One", "Two");
    const first = tab(server);
    server.losing = true;
    first.typed(first.lines[0].id, "Typed", "a");
    first.close();
    first.typed(first.lines[1].id, "And more", "b");
    await vi.advanceTimersByTimeAsync(500);
    first.shut();
    server.losing = false;
    const second = tab(server);
    await quiet();
    expect(server.texts).toEqual(["Typed", "And more"]);
    expect(texts(second.lines)).toEqual(["Typed", "And more"]);
    expect(server.revisions).toHaveLength(3);
    expect(Object.keys(localStorage)).toEqual([]);
  });

  test("a tab that is open keeps its own", async () => {
    const server = new Server("One");
    const first = tab(server);
    first.typed(first.lines[0].id, "Typed", "a");
    first.keep();
    vi.useRealTimers();
    const second = tab(server);
    await new Promise((done) => setTimeout(done, 600));
    expect(second.entries).toEqual([]);
    expect(server.texts).toEqual(["One"]);
  });

  test("a change of another tab comes along and moves nothing that is typed here", async () => {
    const server = new Server("One", "Two", "Three");
    const [here, there] = [tab(server), tab(server)];
    const last = here.lines[2];
    here.typed(last.id, "Three, typed", "a");
    there.add({ do: "split", id: there.lines[0].id, was: "One", text: "On e", at: 2, ids: [701] });
    await quiet();
    here.close();
    await quiet();
    expect(server.texts).toEqual(["On", "e", "Two", "Three, typed"]);
    expect(texts(here.lines)).toEqual(server.texts);
    expect(here.lines[3].id).toBe(last.id);
    there.refresh();
    await quiet();
    expect(texts(there.lines)).toEqual(server.texts);
  });

  describe("where two have changed the same paragraph", () => {
    async function both() {
      const server = new Server("One", "Two");
      const [here, there] = [tab(server), tab(server)];
      there.typed(there.lines[0].id, "Theirs", "a");
      there.close();
      await quiet();
      here.typed(here.lines[0].id, "Mine", "a");
      here.close();
      here.typed(here.lines[0].id, "Mine again", "b");
      here.close();
      await quiet();
      return { server, here };
    }

    test("both are kept until somebody chooses", async () => {
      const { server, here } = await both();
      expect(here.held.map(({ step }) => step.text)).toEqual(["Mine again"]);
      expect(texts(here.confirmed)).toEqual(["Theirs", "Two"]);
      expect(texts(here.lines)).toEqual(["Mine again", "Two"]);
      expect(server.texts).toEqual(["Theirs", "Two"]);
      expect(JSON.stringify(localStorage)).toContain("Mine again");
    });

    test("mine", async () => {
      const { server, here } = await both();
      here.keepMine(here.held[0]);
      await quiet();
      expect(server.texts).toEqual(["Mine again", "Two"]);
      expect(here.entries).toEqual([]);
    });

    test("the other", async () => {
      const { server, here } = await both();
      here.keepOther(here.held[0]);
      await quiet();
      expect([server.texts, texts(here.lines)]).toEqual([["Theirs", "Two"], ["Theirs", "Two"]]); // prettier-ignore
      expect(Object.keys(localStorage)).toEqual([]);
    });

    test("after a reload both are there again", async () => {
      const { server, here } = await both();
      here.shut();
      const again = tab(server);
      await quiet();
      expect(again.held.map(({ step }) => step.text)).toEqual(["Mine again"]);
      expect(texts(again.confirmed)).toEqual(["Theirs", "Two"]);
    });

    test("a paragraph that was removed can be brought back", async () => {
      const server = new Server("One", "Two", "Three");
      const [here, there] = [tab(server), tab(server)];
      here.typed(here.lines[1].id, "Two, typed", "a");
      there.add({ do: "delete", id: there.lines[1].id, was: "Two" });
      await quiet();
      here.close();
      await quiet();
      expect(texts(here.lines)).toEqual(["One", "Two, typed", "Three"]);
      expect(here.held.map(({ held }) => held?.gone)).toEqual([true]);
      here.keepMine(here.held[0]);
      await quiet();
      expect(server.texts).toEqual(["One", "Two, typed", "Three"]);
      expect(texts(here.lines)).toEqual(server.texts);
    });

    test("a step without typed words is only said", async () => {
      const server = new Server("One", "Two");
      const [here, there] = [tab(server), tab(server)];
      there.typed(there.lines[0].id, "Theirs", "a");
      there.close();
      await quiet();
      here.add({ do: "delete", id: here.lines[0].id, was: "One" });
      await quiet();
      expect(words).toEqual(["Changed in another tab meanwhile."]);
      expect(texts(here.lines)).toEqual(["Theirs", "Two"]);
      expect(here.entries).toEqual([]);
    });
  });

  test("what the server refuses stays here with its reason", async () => {
    const server = new Server("One");
    const queue = tab(server);
    queue.typed(queue.lines[0].id, "refused", "a");
    queue.close();
    await quiet();
    expect(queue.held.map(({ held }) => held?.reason)).toEqual(["Too long."]);
  });

  test("undo goes after what was typed", async () => {
    const server = new Server("One");
    const queue = tab(server);
    queue.typed(queue.lines[0].id, "Typed", "a");
    queue.add({ do: "undo" });
    await quiet();
    expect(server.bodies.map(({ step }) => step.do)).toEqual(["text", "undo"]);
    expect(texts(queue.lines)).toEqual(["One"]);
  });
});
