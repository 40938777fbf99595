import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Queue } from "../player/editing/saving/queue.js";
import { Store } from "../player/editing/saving/store.js";
import { Server } from "./editing_server.js";
import { packed, texts } from "./lines.js";

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

  test("steps of a closed tab find their paragraphs after the steps before them", async () => {
    const server = new Server("One two", "Yes", "Three", "Yes", "Um");
    server.strict = true;
    const first = tab(server);
    server.away = true;
    const [one, yes, three, last, um] = first.lines;
    first.add({ do: "split", id: one.id, was: "One two", text: "One two", at: 3, ids: [801] });
    first.typed(801, "Two", "a");
    first.add({ do: "delete", id: three.id, was: "Three" });
    first.typed(last.id, "Yes.", "b");
    first.close();
    first.typed(last.id, "Yes. Um", "c");
    first.add({ do: "merge", id: um.id, was: "Um", text: "um" });
    first.typed(last.id, "Yes, um um", "d");
    const only = [{ paragraph: 801, from: 0, to: 3 }, { paragraph: last.id, from: 5, to: 7 }]; // prettier-ignore
    first.add({ do: "replace", find: "x", with: "so", case: false, only });
    await vi.advanceTimersByTimeAsync(500);
    const shown = texts(first.lines);
    first.shut();
    server.away = false;
    const second = tab(server);
    await quiet();
    expect([second.entries, words]).toEqual([[], []]);
    expect(server.texts).toEqual(["One", "so", "Yes", "Yes, so um"]);
    expect([shown, texts(second.lines)]).toEqual([server.texts, server.texts]);
    expect(yes.text).toBe("Yes");
  });

  test("a step that depends on a lost paragraph is kept for a decision, and changes no other paragraph", async () => {
    const server = new Server("One two", "Three");
    const [first, there] = [tab(server), tab(server)];
    server.away = true;
    first.add({ do: "split", id: first.lines[0].id, was: "One two", text: "One two", at: 3, ids: [811] });
    first.typed(811, "two, typed", "a");
    await vi.advanceTimersByTimeAsync(500);
    first.shut();
    server.away = false;
    there.add({ do: "text", id: there.lines[0].id, was: "One two", text: "Theirs" });
    await quiet();
    const second = tab(server);
    await quiet();
    expect(server.texts).toEqual(["Theirs", "Three"]);
    expect(second.held.map(({ step, held }) => [step.text, held?.gone])).toContainEqual(["two, typed", true]);
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

    /** Type in a paragraph that another tab removes. @param {number} place @param {string[]} before */
    async function removed(place, ...before) {
      const server = new Server(...before);
      const [here, there] = [tab(server), tab(server)];
      here.typed(here.lines[place].id, `${before[place]}, typed`, "a");
      there.add({ do: "delete", id: there.lines[place].id, was: before[place] });
      await quiet();
      here.close();
      await quiet();
      return { server, here };
    }

    test("a removed paragraph can be restored", async () => {
      const { server, here } = await removed(1, "One", "Two", "Three");
      expect(texts(here.lines)).toEqual(["One", "Two, typed", "Three"]);
      expect(here.held.map(({ held }) => held?.gone)).toEqual([true]);
      here.keepMine(here.held[0]);
      await quiet();
      expect(server.texts).toEqual(["One", "Two, typed", "Three"]);
      expect(texts(here.lines)).toEqual(server.texts);
    });

    test("a removed paragraph is restored at the start, or to an empty transcript", async () => {
      for (const others of [["Two"], []]) {
        const { server, here } = await removed(0, "One", ...others);
        expect(texts(here.lines)).toEqual(["One, typed", ...others]);
        here.keepMine(here.held[0]);
        await quiet();
        expect(server.texts).toEqual(["One, typed", ...others]);
        expect(texts(here.lines)).toEqual(server.texts);
      }
    });

    test("a removed paragraph is not restored by a reload", async () => {
      const { server, here } = await removed(1, "One", "Two", "Three");
      here.shut();
      const again = tab(server);
      await quiet();
      expect(server.texts).toEqual(["One", "Three"]);
      expect(texts(again.lines)).toEqual(["One", "Two, typed", "Three"]);
      again.keepMine(again.held[0]);
      await quiet();
      expect(server.texts).toEqual(["One", "Two, typed", "Three"]);
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

  test("steps that an earlier version has kept name the paragraphs after the steps before them", async () => {
    const server = new Server("One", "Two", "Three", "Four");
    const steps = [
      { do: "merge", paragraph: 1, was: "Two", text: "Two" },
      { do: "text", paragraph: 1, was: "Three", text: "Third part" },
      { do: "split", paragraph: 1, was: "Third part", text: "Third part", at: 5 },
      { do: "text", paragraph: 2, was: "part", text: "Part" },
      { do: "delete", paragraph: 3, was: "Four" },
    ];
    localStorage.setItem(
      "stt-edits:x:before",
      JSON.stringify(steps.map((step, i) => ({ key: `k${i}`, based_on: 0, step }))),
    );
    server.strict = true;
    const queue = tab(server);
    await quiet();
    expect(server.texts).toEqual(["One Two", "Third", "Part"]);
    expect(queue.entries).toEqual([]);
  });

  test("a step that the server refuses is kept with the reason", async () => {
    const server = new Server("One");
    const queue = tab(server);
    queue.typed(queue.lines[0].id, "refused", "a");
    queue.close();
    await quiet();
    expect(queue.held.map(({ held }) => held?.reason)).toEqual(["Too long."]);
    queue.shut();
    const again = tab(server);
    await quiet();
    expect(again.held.map(({ step, held }) => [step.text, held?.reason])).toEqual([["refused", "Too long."]]);
    expect(again.held[0].step.id).toBe(again.confirmed[0].id);
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
