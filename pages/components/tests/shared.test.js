import { afterEach, describe, expect, test, vi } from "vitest";
import { clock } from "../shared/clock.js";
import { lasting } from "../shared/keeping/lasting.js";
import { size } from "../shared/size.js";
import { staying } from "../shared/keeping/staying.js";
import { report, working } from "../shared/keeping/working.js";
import { answerWithText, askForText } from "../shared/transcript_text.js";

test.each([
  [0, "0:00"],
  [7.9, "0:07"],
  [754, "12:34"],
  [3723, "1:02:03"],
  [-3, "0:00"],
  [NaN, "0:00"],
])("%d seconds are %s", (seconds, text) => expect(clock(seconds)).toBe(text));

// `megabytes` in stt/store/recordings.py must return the same texts for these sizes.
test.each([
  [0, "0 bytes"],
  [1023, "1023 bytes"],
  [1024, "1 kB"],
  [1536, "1.5 kB"],
  [3565158, "3.4 MB"],
  [2 ** 31, "2 GB"],
])("%d bytes are %s", (bytes, text) => expect(size(bytes)).toBe(text));

test("a lasting value is created once", () => {
  const first = lasting("x", () => ["first"]);
  expect(lasting("x", () => ["second"])).toBe(first);
});

test("the text of a transcript is requested, and has no answer once the player is closed", () => {
  const closing = new AbortController();
  answerWithText(() => "Hello.", closing.signal);
  expect(askForText()).toBe("Hello.");
  closing.abort();
  expect(askForText()).toBe("");
});

describe("a view that stays mounted", () => {
  /** @param {string[]} log */
  function component(log) {
    const parentElement = document.createElement("div");
    parentElement.innerHTML = "<p></p>";
    const mount = staying("p", () => {
      log.push("opened");
      return { update: ({ data }) => log.push(data), close: () => log.push("closed") };
    });
    const nothing = () => {};
    return (/** @type {string} */ data) =>
      mount({ data, parentElement, setStateValue: nothing, setTriggerValue: nothing });
  }

  test("is opened once and receives all new data", () => {
    const log = /** @type {string[]} */ ([]);
    const call = component(log);
    call("one");
    call("two");
    expect(log).toEqual(["opened", "one", "two"]);
  });

  test("is not closed by a late clean-up of an earlier call", () => {
    const log = /** @type {string[]} */ ([]);
    const call = component(log);
    const [early, late] = [call("one"), call("two")];
    early();
    expect(log).not.toContain("closed");
    late();
    expect(log.at(-1)).toBe("closed");
    call("three");
    expect(log.slice(-2)).toEqual(["opened", "three"]);
  });
});

describe("work that continues while no element shows it", () => {
  afterEach(() => vi.useRealTimers());

  function component() {
    const kept = new Map();
    const begin = () => ({
      done: /** @type {string[]} */ ([]),
      known: 0,
      view: null,
      sendDone: () => {},
      send: () => {},
    });
    const mount = working("p", kept, "done", begin, () => ({ close: () => {} }));
    const told = /** @type {unknown[]} */ ([]);
    /** Show the work on a page where Python has received `known` ids. */
    const show = (known = 0, parentElement = document.createElement("div")) => {
      if (!parentElement.firstChild) parentElement.append(document.createElement("p"));
      const setStateValue = (/** @type {string} */ _, /** @type {unknown} */ value) => told.push(value);
      return mount({ data: { key: "k", known }, parentElement, setStateValue, setTriggerValue: () => {} });
    };
    const finish = (/** @type {string} */ id) => {
      const item = kept.get("k");
      item.done.push(id);
      report(item);
    };
    return { show, finish, told };
  }

  test("is reported again until the page has received it", () => {
    vi.useFakeTimers();
    const { show, finish, told } = component();
    const page = document.createElement("div");
    show(0, page);
    finish("a");
    vi.advanceTimersByTime(2000);
    expect(told).toEqual([["a"], ["a"]]);
    show(1, page);
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(2);
  });

  test("that ends while no page shows it is reported when a page does", () => {
    vi.useFakeTimers();
    const { show, finish, told } = component();
    show()();
    finish("a");
    expect(told).toEqual([]);
    show();
    expect(told).toEqual([["a"]]);
  });
});
