import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { spaced } from "../player/editing/lines.js";
import { Queue } from "../player/editing/saving/queue.js";
import { Store } from "../player/editing/saving/store.js";
import { packed, texts } from "./lines.js";

/** @typedef {import("../player/editing/saving/store.js").Kept} Kept */

/** A stand-in for the server. It stores revisions and the keys of steps, and can be unavailable or lose a response. */
class Server {
  revisions = /** @type {string[][]} */ ([]);
  answers = /** @type {Map<string, number>} */ (new Map());
  bodies = /** @type {Kept[]} */ ([]);
  away = false;
  losing = false; // whether the server performs a step, but its response is lost

  /** @param {string[]} texts */
  constructor(...texts) {
    this.revisions.push(texts);
  }

  get texts() {
    return this.revisions[this.revisions.length - 1];
  }

  /** @type {import("../player/editing/saving/queue.js").Send} */
  send = async (body, since) => {
    if (this.away) return { status: 0, answer: null };
    const base = body ? body.based_on : since;
    const found = body ? this.take(body) : {};
    if (this.losing) return { status: 0, answer: null };
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
    if (step.do === "replace") {
      for (const place of /** @type {any} */ (step.only)) {
        const points = Array.from(texts[place.paragraph]);
        points.splice(place.from, place.to - place.from, /** @type {any} */ (step.with));
        texts[place.paragraph] = points.join("");
      }
      this.revisions.push(texts);
      return { replaced: /** @type {any} */ (step.only).length };
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

  /** @param {Server} server @param {Storage | null} [storage] */
  function tab(server, storage = localStorage) {
    const hooks = { changed: () => {}, state: () => {}, announce: (/** @type {string} */ text) => words.push(text) };
    const queue = new Queue(server.send, new Store("x", storage, `tab ${(tabs += 1)}`), hooks);
    const revision = server.revisions.length - 1;
    queue.load(revision, server.texts.map((text, i) => packed(text, i * 10)), 0, 0); // prettier-ignore
    open.push(queue);
    return queue;
  }
  const quiet = () => vi.advanceTimersByTimeAsync(60_000);

  test("typed text is sent in one step once typing is closed", async () => {
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

  test("typed text is sent even if the browser blocks its storage", async () => {
    vi.stubGlobal("BroadcastChannel", undefined); // browsers that block storage may also refuse a channel
    const server = new Server("One");
    const queue = tab(server, null);
    vi.unstubAllGlobals();
    queue.typed(queue.lines[0].id, "One more", "a");
    await quiet();
    expect(queue.unkept).toBe(true);
    queue.close();
    await quiet();
    expect(server.texts).toEqual(["One more"]);
    expect(queue.settled).toBe(true);
  });

  test("steps are sent one after another, each based on the result of the previous one", async () => {
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

  test("without a connection steps are stored and sent again with the same key", async () => {
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

  test("steps of a closed tab are sent once by the next tab, whether or not the server has them", async () => {
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

  test("an open tab keeps its steps", async () => {
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

  test("an edit in another tab is adopted and does not move text typed here", async () => {
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

  describe("when two tabs have changed the same paragraph", () => {
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

    test("both texts are kept until one is chosen", async () => {
      const { server, here } = await both();
      expect(here.held.map(({ step }) => step.text)).toEqual(["Mine again"]);
      expect(texts(here.confirmed)).toEqual(["Theirs", "Two"]);
      expect(texts(here.lines)).toEqual(["Mine again", "Two"]);
      expect(server.texts).toEqual(["Theirs", "Two"]);
      expect(JSON.stringify(localStorage)).toContain("Mine again");
    });

    test("the text of this tab can be chosen", async () => {
      const { server, here } = await both();
      here.keepMine(here.held[0]);
      await quiet();
      expect(server.texts).toEqual(["Mine again", "Two"]);
      expect(here.entries).toEqual([]);
    });

    test("the text of the other tab can be chosen", async () => {
      const { server, here } = await both();
      here.keepOther(here.held[0]);
      await quiet();
      expect([server.texts, texts(here.lines)]).toEqual([["Theirs", "Two"], ["Theirs", "Two"]]); // prettier-ignore
      expect(Object.keys(localStorage)).toEqual([]);
    });

    test("both texts are there after a reload", async () => {
      const { server, here } = await both();
      here.shut();
      const again = tab(server);
      await quiet();
      expect(again.held.map(({ step }) => step.text)).toEqual(["Mine again"]);
      expect(texts(again.confirmed)).toEqual(["Theirs", "Two"]);
    });

    test("a removed paragraph can be restored", async () => {
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

    test("a step without typed words is dropped with a message", async () => {
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

  test("a step that the server refuses is kept with the reason", async () => {
    const server = new Server("One");
    const queue = tab(server);
    queue.typed(queue.lines[0].id, "refused", "a");
    queue.close();
    await quiet();
    expect(queue.held.map(({ held }) => held?.reason)).toEqual(["Too long."]);
  });

  test("a replacement sends places in the current lines, and reports the number of hits", async () => {
    const server = new Server("One", "Two um", "um");
    const queue = tab(server);
    const [first, second, third] = queue.lines;
    const counts = /** @type {(number | undefined)[]} */ ([]);
    queue.hooks.changed = (_, replaced) => counts.push(replaced);
    queue.add({ do: "delete", id: first.id, was: "One" });
    const only = [{ paragraph: second.id, from: 4, to: 6 }, { paragraph: third.id, from: 0, to: 2 }]; // prettier-ignore
    queue.add({ do: "replace", find: "um", with: "so", case: false, only });
    expect(texts(queue.lines)).toEqual(["Two so", "so"]);
    await quiet();
    expect(server.texts).toEqual(["Two so", "so"]);
    expect(server.bodies[1].step.only).toEqual([{ paragraph: 0, from: 4, to: 6 }, { paragraph: 1, from: 0, to: 2 }]); // prettier-ignore
    expect(counts).toEqual([undefined, 2]);
    expect(queue.confirmed.map(({ id }) => id)).toEqual([second.id, third.id]);
  });

  test("undo is sent after typed text", async () => {
    const server = new Server("One");
    const queue = tab(server);
    queue.typed(queue.lines[0].id, "Typed", "a");
    queue.add({ do: "undo" });
    await quiet();
    expect(server.bodies.map(({ step }) => step.do)).toEqual(["text", "undo"]);
    expect(texts(queue.lines)).toEqual(["One"]);
  });
});
