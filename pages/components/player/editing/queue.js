// Steps on their way to the server, one after another. The text that is shown is what the server has confirmed with the
// steps that wait applied to it. A step waits, here and in the browser's storage, until the server has answered.

import { explained } from "../../shared/request.js";
import { tr } from "../../shared/texts.js";
import { adopted, alike, applied, newId, placed, renewed, spaced, spliced } from "./lines.js";
import { newKey } from "./wire.js";

const RETRIES = [1000, 2000, 4000, 8000, 15_000]; // milliseconds; the last again and again
const STOPPING = [401, 403, 404]; // no step will be taken any more
const KEEPING = 300; // milliseconds from a typed letter to the browser's storage
const changedElsewhere = () => tr("Changed in another tab meanwhile.");
const notAccepted = () => tr("The server did not accept this.");
const MOST_KEPT_ALIVE = 60_000; // bytes that a browser sends for a page that closes

/**
 * @typedef {import("./lines.js").Line} Line
 * @typedef {import("./lines.js").Step} Step
 * @typedef {import("./lines.js").Splice} Splice
 * @typedef {import("./store.js").Kept} Kept
 * @typedef {{
 *   key: string, step: Step, open?: boolean, raw?: Kept, held?: Held, based?: number,
 * }} Entry `open`: it still grows while somebody types. `raw`: from before a reload, sent as it is. `held`: waits for a
 *   decision. `based`: the revision with which it was sent before.
 * @typedef {{ reason: string, gone: boolean }} Held
 * @typedef {{
 *   revision: number, undo: number, redo: number, splices: Splice[],
 *   caret?: { paragraph: number, at: number } | null, replaced?: number,
 *   conflict?: { paragraph: number | null, text: string }, error?: { message?: string, guidance?: string },
 * }} Answer
 * @typedef {(body: Kept | null, since: number, lasting: boolean) => Promise<{ status: number, answer: Answer | null }>}
 *   Send `lasting`: although the page closes; null asks what has changed since; the status is 0 without an answer
 * @typedef {{
 *   changed: (caret?: { id: number, at: number } | null, replaced?: number) => void, state: () => void, say: (words: string) => void,
 * }} Hooks
 */

export class Queue {
  revision = -1;
  confirmed = /** @type {Line[]} */ ([]);
  entries = /** @type {Entry[]} */ ([]);
  undo = 0;
  redo = 0;
  busy = /** @type {Promise<void> | null} */ (null);
  failures = 0; // in a row
  stopped = ""; // why no step is taken any more
  behind = false; // whether the page has shown a later revision meanwhile
  saved = false; // whether anything was
  closed = false; // the view has closed; what is on its way arrives
  unkept = false; // the storage is full or not allowed
  timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

  /** @param {Send} send @param {import("./store.js").Store} store @param {Hooks} hooks */
  constructor(send, store, hooks) {
    this.send = send;
    this.store = store;
    this.hooks = hooks;
  }

  /** The lines with all steps that wait. */
  get lines() {
    return this.entries.reduce((lines, { step }) => applied(lines, step), this.confirmed);
  }

  /** Whether all that was typed is saved, but for what waits for a decision. */
  get settled() {
    return this.entries.every((entry) => entry.held);
  }

  /** What waits for a decision. */
  get held() {
    return this.entries.filter((entry) => entry.held);
  }

  /** Whether a step was sent that has no answer yet, so that it is not known whether the server has done it. */
  get underway() {
    return this.entries.some((entry) => entry.based !== undefined);
  }

  /**
   * Take what the page has, unless this is further already. Return whether anything changed.
   * @param {number} revision @param {import("./lines.js").Packed[]} packed @param {number} undo @param {number} redo
   */
  load(revision, packed, undo, redo) {
    if (revision <= this.revision) return false;
    if (this.underway) return !(this.behind = true);
    const first = this.revision < 0;
    this.confirmed = renewed(this.confirmed, packed);
    Object.assign(this, { revision, undo, redo });
    if (first) void this.resume();
    this.hooks.state();
    return true;
  }

  /** Take over what a closed tab or an earlier visit has left. */
  async resume() {
    const left = await this.store.takeLeft();
    if (!left.length) return;
    this.entries.unshift(...left.map((raw) => ({ key: raw.key, step: { do: /** @type {const} */ ("undo") }, raw })));
    if (this.keep()) this.store.forget();
    this.run();
  }

  /** @param {Step} step */
  add(step) {
    this.close();
    this.push(step, false);
    this.keep();
    this.run();
  }

  /** @param {Step} step @param {boolean} open @returns {Entry} */
  push(step, open) {
    const entry = { key: newKey(), step, open };
    if (step.id !== undefined)
      this.place.set(
        step.id,
        this.confirmed.findIndex(({ id }) => id === step.id),
      );
    this.entries.push(entry);
    return entry;
  }

  /**
   * Take what is typed into a paragraph. It is sent when `close` is called, as all that was typed since.
   * @param {number} id @param {string} text @param {string} typing what was typed in one go is undone at once
   */
  typed(id, text, typing) {
    let entry = this.held.find(({ step }) => step.id === id) ?? this.open;
    if (entry?.step.id !== id || (entry.open && entry.step.typing !== typing)) {
      this.close();
      const was = this.lines.find((line) => line.id === id)?.text ?? "";
      entry = this.push({ do: "text", id, was, text, typing }, true);
    }
    entry.step.text = text;
    this.keeping ??= setTimeout(() => this.keep(), KEEPING);
  }

  /** Forget what was typed into a paragraph that is empty now: it is deleted once the caret has left. @param {number} id */
  drop(id) {
    if (this.open?.step.id !== id) return;
    this.entries.pop();
    this.keep();
  }

  keeping = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

  /** The step that still grows. */
  get open() {
    const entry = this.entries.at(-1);
    return entry?.open ? entry : null;
  }

  /** Send what is typed. */
  close() {
    const { open } = this;
    if (!open) return;
    open.open = false;
    if (alike(open.step.text ?? "", open.step.was ?? "")) this.entries.pop();
    this.keep();
    this.run();
  }

  /** Keep what waits in the browser. Return whether that went well. */
  keep() {
    clearTimeout(this.keeping);
    this.keeping = undefined;
    if (this.closed && !this.store.has()) return true; // the next view of the transcript has taken them over
    const kept = /** @type {Kept[]} */ ([]);
    let lines = this.confirmed;
    for (const entry of this.entries) {
      kept.push(entry.raw ?? this.body(entry, lines));
      lines = applied(lines, entry.step);
    }
    this.unkept = !this.store.keep(kept);
    return !this.unkept;
  }

  /** @param {Entry} entry @param {Line[]} lines before it @returns {Kept} */
  body({ key, step, based }, lines) {
    const { id, after, ...rest } = step;
    delete rest.ids;
    const based_on = based ?? this.revision;
    if (step.do === "undo" || step.do === "redo") return { key, based_on, step: { do: step.do } };
    if (step.do === "revive") {
      const place = Math.max(
        lines.findIndex((line) => line.id === after),
        0,
      );
      const [was, text] = [spaced(lines[place]?.text ?? ""), spaced(step.text ?? "")];
      const at = Array.from(was).length + 1;
      return { key, based_on, step: { do: "split", paragraph: place, was, text: `${was} ${text}`, at } };
    }
    if (step.do === "replace") return { key, based_on, step: { ...rest, only: placed(step.only ?? [], lines) } };
    const paragraph = lines.findIndex((line) => line.id === id);
    return { key, based_on, step: { ...rest, paragraph } };
  }

  // ---- on the way --------------------------------------------------------------------------------------------------

  /** Send what waits, unless something is on its way. */
  run() {
    this.hooks.state();
    clearTimeout(this.timer);
    if (this.busy || this.stopped) return this.busy;
    const entry = this.entries.find((one) => !one.held);
    if (!entry || entry.open) return null;
    this.busy = this.deliver(entry).finally(() => {
      this.busy = null;
      if (this.failures) this.later();
      else if (this.behind && !this.underway) ((this.behind = false), this.refresh());
      else this.run();
    });
    return this.busy;
  }

  later() {
    this.hooks.state();
    if (this.stopped || this.closed) return;
    const wait = RETRIES[Math.min(this.failures, RETRIES.length) - 1];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run(), wait);
  }

  /** Send at once what the page that closes has not sent. */
  leave() {
    this.close();
    if (!this.busy) this.run();
  }

  /** @param {Entry} entry */
  async deliver(entry) {
    if (!entry.raw && entry.based === undefined && this.clashes(entry)) return this.hold(entry, changedElsewhere());
    entry.based ??= this.revision;
    const body = entry.raw ?? this.body(entry, this.confirmed);
    const lasting = new TextEncoder().encode(JSON.stringify(body)).length < MOST_KEPT_ALIVE;
    const { status, answer } = await this.send(body, this.revision, lasting);
    if (status === 200 && answer) return this.done(entry, answer);
    if (status === 409 && answer?.splices) return this.refuted(entry, answer);
    const words = explained(answer?.error);
    if (STOPPING.includes(status) && words) return void ((this.failures += 1), (this.stopped = words));
    if (status < 400 || status >= 500 || [...STOPPING, 408, 429].includes(status)) return void (this.failures += 1);
    this.failures = 0;
    this.hold(entry, words || notAccepted());
  }

  /** @param {Entry} entry @param {Answer} answer */
  async done(entry, answer) {
    this.failures = 0;
    this.saved = true;
    const known = entry.raw ? entry.raw.based_on : entry.based;
    this.entries = this.entries.filter((one) => one !== entry);
    if (known === this.revision) this.take(answer, entry.raw ? null : entry.step);
    else await this.catchUp(entry.raw ? null : entry.step);
    this.keep();
    if (answer.replaced !== undefined) return this.hooks.changed(null, answer.replaced);
    // Of other steps the page has put the caret already, and whoever types has gone on since.
    const moves = !entry.raw && ["undo", "redo"].includes(entry.step.do) && !this.entries.length;
    const line = moves && answer.caret && this.confirmed[answer.caret.paragraph];
    this.hooks.changed(line ? { id: line.id, at: answer.caret?.at ?? 0 } : null);
  }

  /** @param {Answer} answer @param {Step | null} own the step that is confirmed by it */
  take(answer, own) {
    const before = this.confirmed;
    const expected = own ? applied(before, own) : before;
    this.confirmed = adopted(expected, spliced(before, answer.splices));
    const { revision, undo, redo } = answer;
    Object.assign(this, { revision, undo, redo });
    if (!own) return;
    // The server may have kept a text in a slightly different form. What was typed after it is based on that.
    const texts = new Map(this.confirmed.map((line) => [line.id, line.text]));
    const untouched = new Set(before);
    for (const { id, text } of expected.filter((line) => !untouched.has(line))) {
      const following = this.entries.find(({ step }) => step.id === id);
      const now = texts.get(id);
      if (following && now !== undefined && alike(following.step.was ?? "", text)) following.step.was = now;
    }
  }

  /** Ask what has changed. @param {Step | null} [own] */
  async catchUp(own = null) {
    const { status, answer } = await this.send(null, this.revision, false);
    if (status === 200 && answer && answer.revision >= this.revision) this.take(answer, own);
  }

  /** Take what other tabs have changed, when the page is looked at again. */
  refresh() {
    if (this.busy || this.stopped || this.underway || this.revision < 0) return;
    const before = this.revision;
    this.busy = this.catchUp().finally(() => {
      this.busy = null;
      if (this.revision !== before) this.hooks.changed();
      this.run();
    });
  }

  // ---- where two have changed the same -----------------------------------------------------------------------------

  /** Whether somebody else has changed the paragraph of a step. @param {Entry} entry */
  clashes({ step }) {
    if (step.id === undefined || step.do === "revive") return false;
    const line = this.confirmed.find(({ id }) => id === step.id);
    return !line || !alike(line.text, step.was ?? "");
  }

  /** @param {Entry} entry @param {Answer} answer */
  async refuted(entry, answer) {
    this.failures = 0;
    const known = entry.raw ? entry.raw.based_on : entry.based;
    if (known === this.revision) this.take(answer, null);
    else await this.catchUp();
    const { paragraph = null } = answer.conflict ?? {};
    const there = paragraph === null ? null : this.confirmed[paragraph];
    if (entry.raw) {
      const { do: name, was, text, from, to } = /** @type {Step} */ (entry.raw.step);
      entry.step = { do: name, id: there?.id ?? newId(), was, text, from, to };
      entry.raw = undefined;
    } else if (there && there.id !== entry.step.id) this.rename(entry.step.id, there.id);
    return this.hold(entry, changedElsewhere());
  }

  /** The server has found the paragraph elsewhere. @param {number | undefined} old @param {number} id */
  rename(old, id) {
    for (const { step } of this.entries) if (step.id === old) step.id = id;
  }

  /**
   * Keep what was typed until somebody decides, with all that was done to the paragraph since. What has no typed words
   * is only said.
   * @param {Entry} entry @param {string} reason
   */
  hold(entry, reason) {
    if (this.closed) return;
    const { id = newId(), was = "" } = entry.step;
    const family = new Set([id, ...(entry.step.ids ?? [])]);
    const own = [entry];
    for (const one of this.entries.slice(this.entries.indexOf(entry) + 1)) {
      if (one.step.id === undefined || !family.has(one.step.id)) continue;
      own.push(one);
      for (const made of one.step.ids ?? []) family.add(made);
    }
    const alone = [{ id, text: was, packed: { start: 0, end: 0, text: was, s: [], e: [] } }];
    const typed = own.reduce((lines, { step }) => applied(lines, step), /** @type {Line[]} */ (alone));
    const text = own.some(({ step }) => step.do === "merge")
      ? (own.findLast(({ step }) => step.text !== undefined)?.step.text ?? was)
      : typed.map((line) => line.text).join(" ");
    const rest = this.entries.filter((one) => !own.includes(one));
    const gone = !this.confirmed.some((line) => line.id === id);
    const now = this.confirmed.find((line) => line.id === id)?.text ?? "";
    if (!spaced(text) || alike(text, was) || alike(text, now)) {
      this.entries = rest;
      if (!alike(text, now) || entry.step.do !== "text") this.hooks.say(reason);
    } else {
      const step = gone ? this.revival(id, text, was) : { do: /** @type {const} */ ("text"), id, was, text };
      this.entries = [{ key: entry.key, step, held: { reason, gone } }, ...rest];
    }
    this.keep();
    this.hooks.changed();
  }

  /** @param {number} id @param {string} text @param {string} was @returns {Step} */
  revival(id, text, was) {
    const place = this.place.get(id) ?? this.confirmed.length;
    return { do: "revive", id, text, was, after: this.confirmed[place - 1]?.id ?? null };
  }

  place = /** @type {Map<number, number>} */ (new Map()); // of lines, when their steps were made

  /** Let what was typed here replace what was changed elsewhere. @param {Entry} entry */
  keepMine(entry) {
    const line = this.confirmed.find(({ id }) => id === entry.step.id);
    if (line) entry.step = { do: "text", id: line.id, was: line.text, text: entry.step.text };
    this.entries = [...this.entries.filter((one) => one !== entry), { key: newKey(), step: entry.step }];
    this.keep();
    this.hooks.changed();
    this.run();
  }

  /** @param {Entry} entry */
  keepOther(entry) {
    this.saved = true; // all that is wanted
    this.entries = this.entries.filter((one) => one !== entry);
    this.keep();
    this.hooks.changed();
    this.run();
  }

  shut() {
    this.keep();
    this.closed = true;
    clearTimeout(this.timer);
    this.store.close();
  }
}
