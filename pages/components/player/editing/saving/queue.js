// Sends editing steps to the server, one at a time. Until the server has responded to a step, the step waits and is
// also kept in the browser's storage. The shown text is the last text from the server with the waiting steps applied.

import { explained } from "../../../shared/request.js";
import { tr } from "../../../shared/texts.js";
import { adopted, alike, applied, newId, renewed, spaced, spliced } from "../lines.js";
import { bodyOf, lineOfKept, placesIn, rebased, sendable, unpacked } from "./kept.js";
import { newKey } from "./wire.js";

const RETRIES = [1000, 2000, 4000, 8000, 15_000]; // milliseconds before each retry; the last value is repeated
const STOPPING = [401, 403, 404]; // HTTP statuses after which no more is sent if the response gives a reason
const KEEPING = 300; // milliseconds after a typed letter until the steps are stored in the browser
const changedElsewhere = () => tr("Changed in another tab meanwhile.");
const notAccepted = () => tr("The server did not accept this change.");
const MOST_KEPT_ALIVE = 60_000; // maximum bytes of a request that browsers complete after its page has closed

/**
 * @typedef {import("../lines.js").Line} Line
 * @typedef {import("../lines.js").Step} Step
 * @typedef {import("../lines.js").Splice} Splice
 * @typedef {import("./store.js").Kept} Kept
 * @typedef {{
 *   key: string, step: Step, open?: boolean, raw?: Kept, held?: Held, based?: number,
 * }} Entry `open`: typing still changes the step. `raw`: a step that a closed tab or an earlier visit has left in the
 *   browser's storage; it is sent unchanged. `held`: the step waits until the user decides between two texts. `based`:
 *   the revision with which the step was first sent.
 * @typedef {{ reason: string, gone: boolean }} Held
 * @typedef {{
 *   revision: number, undo: number, redo: number, splices: Splice[],
 *   caret?: { paragraph: number, at: number } | null, replaced?: number,
 *   conflict?: { paragraph: number | null, text: string, near?: number | null }, error?: { message?: string, guidance?: string },
 * }} Answer
 * @typedef {(body: Kept | null, since: number, lasting: boolean) => Promise<{ status: number, answer: Answer | null }>}
 *   Send sends a step, or requests the changes since the revision `since` if `body` is null. `lasting`: the request
 *   is completed even if the page closes. The status is 0 without a response.
 * @typedef {{
 *   changed: (caret?: { id: number, at: number } | null, replaced?: number) => void, state: () => void, announce: (words: string) => void,
 * }} Hooks
 */

export class Queue {
  revision = -1;
  confirmed = /** @type {Line[]} */ ([]);
  entries = /** @type {Entry[]} */ ([]);
  undo = 0;
  redo = 0;
  busy = /** @type {Promise<void> | null} */ (null);
  failures = 0; // consecutive failed requests
  stopped = ""; // why no more steps are sent; "" while steps are sent
  behind = false; // whether a later revision of the page was not loaded, because a step was underway
  saved = false; // whether the server has saved any step
  closed = false; // whether the view has closed; a request in progress is still completed
  unkept = false; // whether the steps could not be stored in the browser: its storage is full or blocked
  timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

  /** @param {Send} send @param {import("./store.js").Store} store @param {Hooks} hooks */
  constructor(send, store, hooks) {
    this.send = send;
    this.store = store;
    this.hooks = hooks;
  }

  /** The confirmed lines with all waiting steps applied. */
  get lines() {
    return this.entries.reduce((lines, { step }) => applied(lines, step), this.confirmed);
  }

  /** Whether all steps are saved, except those that wait for a decision. */
  get settled() {
    return this.entries.every((entry) => entry.held);
  }

  /** The steps that wait until the user decides between two texts. */
  get held() {
    return this.entries.filter((entry) => entry.held);
  }

  /** Whether a step was sent without a response, so it is unknown whether the server has saved it. */
  get underway() {
    return this.entries.some((entry) => entry.based !== undefined);
  }

  /**
   * Load the page's transcript of a revision, unless the queue has this revision or a later one, or the response to a
   * step is missing. Return whether the transcript was loaded.
   * @param {number} revision @param {import("../lines.js").Packed[]} packed @param {number} undo @param {number} redo
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

  /** Load and send the steps that a closed tab or an earlier visit has left in the browser's storage. */
  async resume() {
    const left = await this.store.takeLeft();
    if (!left.length) return;
    const raws = left.map((raw) => ({ key: raw.key, step: { do: /** @type {const} */ ("undo") }, raw }));
    // The numbers in a step that was sent without a response hold only while no other step is confirmed.
    this.entries.splice(this.entries.findIndex(({ based }) => based !== undefined) + 1, 0, ...raws);
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
    const index = (/** @type {Line[]} */ lines) => lines.findIndex(({ id }) => id === step.id);
    if (step.id !== undefined) this.place.set(step.id, Math.max(index(this.confirmed), 0) || index(this.lines));
    this.entries.push(entry);
    return entry;
  }

  /**
   * Put the typed text of a paragraph into its held step or into the open step, which is added if needed. `close` sends
   * the open step with all text typed until then.
   * @param {number} id @param {string} text @param {string} typing steps with the same name are undone together
   */
  typed(id, text, typing) {
    let entry = this.held.findLast(({ step }) => step.id === id) ?? this.open;
    if (entry?.step.id !== id || (entry.open && entry.step.typing !== typing)) {
      this.close();
      const was = this.lines.find((line) => line.id === id)?.text ?? "";
      entry = this.push({ do: "text", id, was, text, typing }, true);
    }
    entry.step.text = text;
    this.keeping ??= setTimeout(() => this.keep(), KEEPING);
  }

  /** Drop the open step of an emptied paragraph: a "delete" step follows when the caret leaves. @param {number} id */
  drop(id) {
    if (this.open?.step.id !== id) return;
    this.entries.pop();
    this.keep();
  }

  keeping = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

  /** The step that typing still changes. */
  get open() {
    const entry = this.entries.at(-1);
    return entry?.open ? entry : null;
  }

  /** Close the open step and send it, or drop it if its text is the same as before. */
  close() {
    const { open } = this;
    if (!open) return;
    open.open = false;
    if (alike(open.step.text ?? "", open.step.was ?? "")) this.entries.pop();
    this.keep();
    this.run();
  }

  /** Store the waiting steps in the browser. Return whether this succeeded. */
  keep() {
    clearTimeout(this.keeping);
    this.keeping = undefined;
    if (this.closed && !this.store.has()) return true; // a later view has taken over the stored steps
    const places = placesIn(this.confirmed, this.entries);
    let lines = this.confirmed;
    const kept = this.entries.map((entry) => {
      const before = lines;
      if (!entry.held) lines = applied(lines, entry.step);
      return entry.raw ?? bodyOf(entry, entry.based ?? this.revision, before, places);
    });
    this.unkept = !this.store.keep(kept);
    return !this.unkept;
  }

  // ---- sending -----------------------------------------------------------------------------------------------------

  /** Send the next waiting step, unless a request is in progress. */
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

  /** Send the next step at once, because the page may close. */
  leave() {
    this.close();
    if (!this.busy) this.run();
  }

  /** @param {Entry} entry */
  async deliver(entry) {
    if (!entry.raw && entry.based === undefined && this.clashes(entry)) return this.hold(entry, changedElsewhere());
    entry.based ??= this.revision;
    const { confirmed } = this;
    const body = entry.raw ? sendable(entry.raw) : bodyOf(entry, entry.based, confirmed, placesIn(confirmed));
    const lasting = new TextEncoder().encode(JSON.stringify(body)).length < MOST_KEPT_ALIVE;
    const { status, answer } = await this.send(body, this.revision, lasting);
    if (status === 200 && answer) return this.done(entry, answer);
    if (status === 409 && answer?.splices) return this.refuted(entry, answer);
    const words = explained(answer?.error);
    if (STOPPING.includes(status) && words) return void ((this.failures += 1), (this.stopped = words));
    if (status < 400 || status >= 500 || [...STOPPING, 408, 429].includes(status)) return void (this.failures += 1);
    this.failures = 0;
    if (entry.raw) this.unpack(entry, entry.raw, lineOfKept(entry.raw, confirmed, this.revision));
    this.hold(entry, words || notAccepted());
  }

  /** @param {Entry} entry @param {Answer} answer */
  async done(entry, answer) {
    this.failures = 0;
    this.saved = true;
    const known = entry.raw ? entry.raw.based_on : entry.based;
    this.entries = this.entries.filter((one) => one !== entry);
    for (const one of this.entries) if (one.raw && entry.raw) one.raw = rebased(one.raw, entry.raw, answer);
    if (known === this.revision) this.take(answer, entry.raw ? null : entry.step);
    else await this.catchUp(entry.raw ? null : entry.step);
    this.keep();
    if (answer.replaced !== undefined) return this.hooks.changed(null, answer.replaced);
    // Only the responses to undo and redo move the caret. Other steps moved the caret when they were added.
    const moves = !entry.raw && ["undo", "redo"].includes(entry.step.do) && !this.entries.length;
    const line = moves && answer.caret && this.confirmed[answer.caret.paragraph];
    this.hooks.changed(line ? { id: line.id, at: answer.caret?.at ?? 0 } : null);
  }

  /** @param {Answer} answer @param {Step | null} own the step that the answer confirms, null for none */
  take(answer, own) {
    const before = this.confirmed;
    const expected = own ? applied(before, own) : before;
    this.confirmed = adopted(expected, spliced(before, answer.splices));
    const { revision, undo, redo } = answer;
    Object.assign(this, { revision, undo, redo });
    if (!own) return;
    // The server may have stored a text that differs slightly, so the paragraph's next step is now based on that text.
    const texts = new Map(this.confirmed.map((line) => [line.id, line.text]));
    const untouched = new Set(before);
    for (const { id, text } of expected.filter((line) => !untouched.has(line))) {
      const following = this.entries.find(({ step }) => step.id === id);
      const now = texts.get(id);
      if (following && now !== undefined && alike(following.step.was ?? "", text)) following.step.was = now;
    }
  }

  /** Request the changes since the revision of this queue, and apply them. @param {Step | null} [own] as in `take` */
  async catchUp(own = null) {
    const { status, answer } = await this.send(null, this.revision, false);
    if (status === 200 && answer && answer.revision >= this.revision) this.take(answer, own);
  }

  /** Load the changes that were made elsewhere, such as in another tab, unless a request is in progress. */
  refresh() {
    if (this.busy || this.stopped || this.underway || this.revision < 0) return;
    const before = this.revision;
    this.busy = this.catchUp().finally(() => {
      this.busy = null;
      if (this.revision !== before) this.hooks.changed();
      this.run();
    });
  }

  // ---- conflicts ---------------------------------------------------------------------------------------------------

  /** Return whether the paragraph of a step was changed or removed in another tab. @param {Entry} entry */
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
    if (this.revision < answer.revision) return void (this.failures += 1); // without these changes, send it again later
    const { paragraph = null, text = "", near = null } = answer.conflict ?? {};
    const there = paragraph === null ? undefined : this.confirmed[paragraph];
    if (entry.raw) this.unpack(entry, entry.raw, there && alike(there.text, text) ? there : undefined, near);
    else if (there && entry.step.do !== "revive") this.rename(entry.step.id, there.id);
    return this.hold(entry, changedElsewhere());
  }

  /** Replace the id of a line in all steps. @param {number | undefined} old @param {number} id */
  rename(old, id) {
    for (const { step } of this.entries) if (step.id === old) step.id = id;
  }

  /** @param {Entry} entry refused @param {Kept} raw @param {Line} [there] its line @param {number | null} [near] its index */
  unpack(entry, raw, there, near = null) {
    entry.raw = undefined;
    entry.step = unpacked(raw, there?.id);
    const place = there ? this.confirmed.indexOf(there) + 1 : (near ?? Number(raw.step.paragraph ?? 0));
    this.place.set(Number(entry.step.id), place);
  }

  /**
   * Replace a refused step and the later steps of the same paragraph by one step, which waits until the user decides
   * between two texts. If there is no typed text to keep, drop the steps and show the reason.
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
    const text =
      entry.step.do === "revive"
        ? (entry.step.text ?? "")
        : own.some(({ step }) => step.do === "merge")
          ? (own.findLast(({ step }) => step.text !== undefined)?.step.text ?? was)
          : typed.map((line) => line.text).join(" ");
    const rest = this.entries.filter((one) => !own.includes(one));
    const gone = !this.confirmed.some((line) => line.id === id);
    const now = this.confirmed.find((line) => line.id === id)?.text ?? "";
    if (!spaced(text) || alike(text, was) || alike(text, now)) {
      this.entries = rest;
      if (!alike(text, now) || entry.step.do !== "text") this.hooks.announce(reason);
    } else {
      // Several refused steps of one paragraph, left by a closed tab, are decided together.
      const first = rest.find(
        ({ step, held }) => held && (gone ? held.gone : step.id === id) && alike(step.text ?? "", was),
      );
      const base = first?.step ?? { id, was };
      const step = gone
        ? this.revival(base.id ?? id, text, base.was ?? "")
        : { do: /** @type {const} */ ("text"), id, was: base.was, text };
      const before = rest.filter((one) => one.held && one !== first);
      this.entries = [...before, { key: entry.key, step, held: { reason, gone } }, ...rest.filter((one) => !one.held)];
    }
    this.keep();
    this.hooks.changed();
  }

  /** @param {number} id @param {string} text @param {string} was @returns {Step} */
  revival(id, text, was) {
    const place = Math.min(this.place.get(id) ?? Infinity, this.confirmed.length);
    return { do: "revive", id, text, was, after: this.confirmed[place - 1]?.id ?? null };
  }

  place = /** @type {Map<number, number>} */ (new Map()); // id of a line -> its index when its last step was added

  /** Let the text typed here replace the text from another tab. @param {Entry} entry */
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
    this.saved = true; // the text that the user has chosen is on the server
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
