// Edits the text in place. A click into a paragraph puts the caret there. Keys and menus add edits to the queue.

import { partsOf } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { caretIn, PLAIN, placeCaret } from "./caret.js";
import { Choices } from "./choices.js";
import { Conflicts } from "./conflicts.js";
import { alike, codePoints, newId, spaced, splitAt, unitsOf } from "./lines.js";
import { Keys } from "./keys.js";
import { Queue } from "./saving/queue.js";
import { editingChoice, Store } from "./saving/store.js";
import { newKey, sender } from "./saving/wire.js";

const SAVING = 3000; // milliseconds after the first unsent letter until the typed text is sent to the server
const PAUSE = 3000; // milliseconds without typing after which the next typing can be undone separately
const RESTING = 1500; // milliseconds without typing after which the paragraph with the caret is drawn again
const RESTED = 2500; // milliseconds from the last change until the page reruns to update its counts

/**
 * @typedef {import("../text/text.js").Paragraph} Paragraph
 * @typedef {import("./lines.js").Line} Line
 * @typedef {import("./lines.js").Step} Step
 * @typedef {{ edits: string | null, version: number | null, undo: number, redo: number, speakers: string[],
 *   paragraphs: import("../text/text.js").Packed[] }} Data
 */

export class Editor {
  queue = /** @type {Queue | null} */ (null);
  address = "";
  allowed = false; // whether the shown transcript can be edited
  active = /** @type {Paragraph | null} */ (null); // the paragraph with the caret
  chosen = /** @type {{ id: number, from: number, to: number } | null} */ (null); // selection when the caret left
  pageSpeakers = /** @type {string[]} */ ([]);
  composing = false; // whether an input method (IME) composes text
  drawing = false; // true while the text is drawn: a `focusout` event is then not caused by the user
  notice = ""; // why the last step was not done
  typing = { name: "", id: 0, at: -Infinity };
  followed = -1; // the revision with which the page was last rerun; Infinity: no more reruns
  /** @type {Record<string, ReturnType<typeof setTimeout> | undefined>} */
  timers = {};

  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, text, on } = player;
    this.text = text;
    const part = partsOf(root, "stt-");
    this.tools = part("editing");
    this.toggle = part("edit", HTMLButtonElement);
    this.undoButton = part("undo", HTMLButtonElement);
    this.redoButton = part("redo", HTMLButtonElement);
    this.status = part("saving");
    this.live = part("say");
    this.choices = new Choices(root, this);
    this.wanted = editingChoice() ?? !matchMedia("(hover: none)").matches;
    on(this.toggle, "click", () => this.switch());
    for (const [button, act] of /** @type {const} */ ([
      [this.undoButton, "undo"],
      [this.redoButton, "redo"],
    ])) {
      on(button, "click", () => button.getAttribute("aria-disabled") === "true" || this.undoRedo(act));
      on(button, "mousedown", (event) => event.preventDefault()); // a click does not move the caret
    }
    this.keys = new Keys(this);
  }

  // ---- the page ----------------------------------------------------------------------------------------------------

  /** Whether paragraphs can be edited now. */
  get editable() {
    return this.allowed && this.wanted;
  }

  /** The lines to show; null if the shown transcript cannot be edited. */
  get lines() {
    return this.allowed && this.queue ? this.queue.lines : null;
  }

  /** Load the page's data. Return the lines to show; null if the transcript cannot be edited. @param {Data} data */
  load(data) {
    this.pageSpeakers = data.speakers;
    if (data.edits && data.edits !== this.address) this.open(data.edits);
    this.tools.hidden = !data.edits;
    if (!data.edits || !this.queue) {
      this.leave();
      this.allowed = false;
      this.player.replace.fit();
      return null;
    }
    this.allowed = true;
    this.queue.load(data.version ?? 0, data.paragraphs, data.undo, data.redo);
    if (this.followed < Infinity) this.followed = Math.max(this.followed, data.version ?? 0);
    this.show();
    return this.lines;
  }

  /** @param {string} address */
  open(address) {
    this.queue?.shut();
    this.address = address;
    this.followed = -1;
    const store = new Store(address);
    this.queue = new Queue(sender(address), store, {
      changed: (caret, replaced) => this.changed(caret, replaced),
      state: () => this.show(),
      announce: (words) => this.showNotice(words),
    });
    this.conflicts = new Conflicts(this.queue, this.text);
  }

  switch() {
    this.wanted = Boolean(editingChoice(!this.wanted));
    this.leave();
    this.draw();
  }

  draw() {
    this.drawing = true;
    this.player.draw(this.lines ?? this.player.lines);
    this.drawing = false;
    if (this.active && !this.text.paragraphs.includes(this.active)) this.active = null;
    this.conflicts?.show();
    this.show();
  }

  /**
   * Draw the lines after the server has responded to a step.
   * @param {{ id: number, at: number } | null} [caret] where to put the caret: in line `id`, `at` in code points
   * @param {number} [replaced] number of hits that the server has replaced
   */
  changed(caret, replaced) {
    this.draw();
    const paragraph = caret && this.text.byId(caret.id);
    if (paragraph && caret && !this.player.review.open) {
      const at = unitsOf(paragraph.text, caret.at);
      this.enter(paragraph, at);
      this.player.reveal(() => paragraph.box);
    }
    this.rest();
    if (replaced !== undefined) this.player.replace.showOutcome(replaced);
  }

  /** Show whether everything is saved, and whether there are steps to undo and redo. */
  show() {
    const { queue } = this;
    if (!queue) return;
    this.toggle.setAttribute("aria-pressed", String(this.wanted));
    this.player.replace.fit();
    const waiting = queue.entries.some((entry) => !entry.held);
    const able = this.wanted && !queue.failures;
    this.enable(this.undoButton, able && (queue.undo > 0 || waiting));
    this.enable(this.redoButton, able && queue.redo > 0 && !waiting);
    clearTimeout(this.timers.state);
    if (queue.stopped && this.followed !== Infinity) this.reportRevision(Infinity); // the page reruns and shows what is wrong
    if (queue.stopped)
      this.state(tr("Not saved. {reason} Your text is kept in this browser.", { reason: queue.stopped }), true);
    else if (queue.failures) this.state(queue.unkept ? keepOpen() : keptHere(), true);
    else if (this.notice) this.state(this.notice, true);
    else if (queue.held.length) this.state(tr("Choose which text to keep."), true);
    else if (waiting) this.timers.state = setTimeout(() => this.state(tr("Saving")), 600);
    else this.state(queue.saved ? tr("Saved") : "");
  }

  /** @param {string} words */
  state(words, trouble = false) {
    if (this.status.textContent !== words) this.status.textContent = words;
    this.status.classList.toggle("stt-unsaved", trouble);
  }

  /** @param {HTMLButtonElement} button @param {boolean} yes */
  enable(button, yes) {
    button.setAttribute("aria-disabled", String(!yes));
  }

  /** Show why a step was not done. @param {string} words */
  showNotice(words) {
    this.notice = words;
    this.show();
  }

  /**
   * Start two timers. After RESTING milliseconds without typing, draw the words of the paragraph with the caret again.
   * After RESTED milliseconds, rerun the page if the caret has left the text and everything is saved.
   */
  rest() {
    clearTimeout(this.timers.rest);
    clearTimeout(this.timers.rested);
    this.timers.rest = setTimeout(() => {
      const { active } = this;
      if (active && !this.composing && alike(active.body.textContent ?? "", active.line.text))
        this.text.freshen(active);
    }, RESTING);
    this.timers.rested = setTimeout(() => {
      const { queue } = this;
      if (this.active || !queue?.settled || queue.stopped || queue.busy || queue.revision === this.followed) return;
      this.reportRevision(queue.revision);
    }, RESTED);
  }

  /** Rerun the page, so that it shows the counts and facts of a revision. @param {number} revision */
  reportRevision(revision) {
    this.followed = revision;
    this.player.send("rested", revision);
  }

  // ---- the caret ---------------------------------------------------------------------------------------------------

  /** Put the caret into a paragraph. @param {Paragraph} paragraph @param {number} from */
  enter(paragraph, from, to = from) {
    if (!this.editable) return;
    const { body } = paragraph;
    if (this.active !== paragraph) {
      this.leave();
      this.active = paragraph;
      body.contentEditable = PLAIN;
      paragraph.box.classList.add("stt-edited");
      this.text.tabTo(paragraph);
    }
    if (document.activeElement !== body) body.focus({ preventScroll: true });
    placeCaret(body, Math.min(from, length(body)), Math.min(to, length(body)));
  }

  /** Remove the caret from the text, and send the typed text. If the paragraph is empty, delete it. */
  leave() {
    const { active } = this;
    if (!active) return;
    const caret = caretIn(active.body);
    this.chosen = caret && { id: active.id, ...caret };
    this.active = null;
    this.composing = false;
    active.body.removeAttribute("contenteditable");
    active.box.classList.remove("stt-edited");
    if (active.body === document.activeElement) active.body.blur();
    if (!active.box.isConnected) return;
    if (!spaced(active.body.textContent ?? "")) this.delete(active);
    else if (active.stale) {
      this.save();
      this.draw();
      this.text.freshen(active);
    }
    this.rest();
  }

  /** Send the typed text now. */
  save() {
    clearTimeout(this.timers.save);
    this.timers.save = undefined;
    this.queue?.close();
  }

  typed() {
    const { active, queue } = this;
    if (!active || !queue) return;
    const text = active.body.textContent ?? "";
    this.notice = "";
    active.text = text;
    active.folded = undefined;
    active.stale = true;
    this.rest();
    if (!spaced(text)) return queue.drop(active.id);
    const now = performance.now();
    if (this.typing.id !== active.id || now - this.typing.at > PAUSE) this.typing.name = newKey();
    Object.assign(this.typing, { id: active.id, at: now });
    queue.typed(active.id, text, this.typing.name);
    this.show();
    this.conflicts?.show();
    this.timers.save ??= setTimeout(() => {
      this.timers.save = undefined;
      if (this.composing) this.timers.save = setTimeout(() => this.save(), SAVING);
      else this.save();
    }, SAVING);
  }

  // ---- steps -------------------------------------------------------------------------------------------------------

  /** Send the typed text before another step is added to the queue. */
  beginStep() {
    this.save();
    this.typing.id = 0;
    this.notice = "";
  }

  /** Send the typed text, then add a step that changes a paragraph. @param {Paragraph} paragraph @param {Step} step */
  step(paragraph, step) {
    const { queue } = this;
    if (!queue) return;
    this.beginStep();
    const was = queue.lines.find(({ id }) => id === paragraph.id)?.text ?? paragraph.text;
    queue.add({ ...step, id: paragraph.id, was });
    this.draw();
    this.rest();
  }

  /** @param {Step} step that replaces hits in any number of paragraphs */
  replace(step) {
    this.beginStep();
    this.queue?.add(step);
    this.draw();
    this.rest();
  }

  /** @param {Paragraph} paragraph */
  place(paragraph) {
    return this.text.paragraphs.indexOf(paragraph);
  }

  split() {
    const { active } = this;
    const caret = active && caretIn(active.body);
    if (!active || !caret) return;
    const whole = active.body.textContent ?? "";
    const text = whole.slice(0, caret.from) + whole.slice(caret.to);
    const parts = splitAt(text, caret.from);
    if (!parts) {
      const following = this.text.paragraphs[this.place(active) + 1];
      if (!spaced(text.slice(caret.from)) && following) this.enter(following, 0);
      return;
    }
    const id = newId();
    this.step(active, { do: "split", ...parts, ids: [id] });
    const made = this.text.byId(id);
    if (made) this.enter(made, 0);
    if (made) this.player.reveal(() => made.box);
  }

  /** Merge a paragraph with the paragraph above. @param {Paragraph} paragraph */
  merge(paragraph) {
    const upper = this.text.paragraphs[this.place(paragraph) - 1];
    if (!upper) return;
    const text = spaced(paragraph.body.textContent ?? "");
    const before = spaced(upper.body.textContent ?? "");
    if (!text) return this.delete(paragraph, upper);
    this.step(paragraph, { do: "merge", text });
    this.enter(upper, before.length + (before ? 1 : 0));
  }

  /** @param {Paragraph} paragraph @param {Paragraph} [then] the paragraph that gets the caret */
  delete(paragraph, then) {
    if (this.active === paragraph) {
      this.active = null;
      paragraph.body.removeAttribute("contenteditable");
    }
    this.queue?.drop(paragraph.id);
    this.step(paragraph, { do: "delete" });
    if (then) this.enter(then, this.place(then) < 0 ? 0 : length(then.body));
  }

  /**
   * Delete a paragraph, and put the caret into the paragraph below; if there is none, into the paragraph above.
   * @param {Paragraph} paragraph
   */
  remove(paragraph) {
    const place = this.place(paragraph);
    const below = this.text.paragraphs[place + 1];
    this.delete(paragraph, below ?? this.text.paragraphs[place - 1]);
    if (below) this.enter(below, 0);
  }

  /** @param {"undo" | "redo"} name */
  undoRedo(name) {
    const { queue } = this;
    if (!queue || !this.editable || queue.failures || !(queue[name] || queue.entries.length)) return;
    this.beginStep();
    queue.add({ do: name });
  }

  /**
   * Assign a speaker to the words that `range` touches, or to the whole paragraph if it touches none or all of them.
   * @param {Paragraph} paragraph
   * @param {string} speaker
   * @param {{ from: number, to: number } | null} [range] the selection in the paragraph, in UTF-16 units
   */
  give(paragraph, speaker, range) {
    const text = spaced(paragraph.body.textContent ?? "");
    let [from, to] = [range?.from ?? 0, range?.to ?? 0];
    while (from > 0 && /\S/.test(text[from - 1])) from -= 1;
    while (to < text.length && /\S/.test(text[to])) to += 1;
    while (from < to && /\s/.test(text[from])) from += 1;
    while (to > from && /\s/.test(text[to - 1])) to -= 1;
    const part = range && range.to > range.from && to > from && to - from < text.length;
    const [start, end] = [text.slice(0, from), text.slice(0, to)].map(codePoints);
    const inside = this.active === paragraph;
    const ids = [newId(), newId()];
    this.step(paragraph, { do: "speaker", speaker, ...(part ? { from: start, to: end, ids } : {}) });
    const whose = part && from > 0 ? this.text.byId(ids[0]) : paragraph;
    if (inside && whose) this.enter(whose, part ? length(whose.body) : (range?.from ?? 0));
    this.live.textContent = tr("Assigned to {speaker}.", { speaker });
  }

  close() {
    this.save();
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.queue?.shut();
    this.choices.menu.box.remove();
  }
}

const keptHere = () => tr("Not saved yet: no connection. Your text is kept in this browser.");
const keepOpen = () => tr("Not saved yet: no connection. Keep this page open.");
const length = (/** @type {Element} */ body) => (body.textContent ?? "").length;
