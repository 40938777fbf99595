// Handles keys, clicks and other browser events while the caret is in the text.

import { composes } from "../../shared/dom.js";
import { chordOf } from "../../shared/keymap.js";
import { caretBox, caretIn, placeAcross } from "./caret.js";

/** @typedef {import("../text/text.js").Paragraph} Paragraph */

export class Keys {
  pointing = false; // true while a mouse button or a finger is down

  /** @param {import("./editor.js").Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.text = editor.text;
    const { box } = editor.text;
    const { on } = editor.player;
    on(document, "pointerdown", () => (this.pointing = true), { capture: true });
    for (const name of ["pointerup", "pointercancel"]) {
      on(document, name, () => (this.pointing = false), { capture: true });
    }
    on(box, "focusin", (event) => this.focusIn(event));
    on(box, "focusout", (event) => this.focusOut(event));
    on(box, "keydown", (event) => this.pressed(event));
    on(box, "beforeinput", (event) => this.beforeInput(event));
    on(box, "input", () => editor.typed());
    on(box, "paste", (event) => this.pasted(event));
    on(box, "contextmenu", (event) => this.openTimes(event));
    on(box, "compositionstart", () => (editor.composing = true));
    on(box, "compositionend", () => {
      editor.composing = false;
      editor.typed();
    });
    const hidden = () => document.visibilityState === "hidden";
    on(document, "visibilitychange", () => (hidden() ? this.leavePage() : editor.queue?.refresh()));
    on(window, "pagehide", () => this.leavePage());
    on(window, "focus", () => editor.queue?.refresh());
    on(window, "online", () => editor.queue?.run());
  }

  /** Send the typed text at once, because the page is hidden and may close. */
  leavePage() {
    clearTimeout(this.editor.timers.save);
    this.editor.timers.save = undefined;
    this.editor.queue?.leave();
  }

  /** @param {FocusEvent & { target: Element }} event */
  focusIn({ target }) {
    const paragraph = this.text.of.get(target);
    if (!paragraph || paragraph.body !== target || this.editor.active === paragraph || this.pointing) return;
    this.editor.enter(paragraph, caretIn(paragraph.body)?.from ?? 0);
  }

  /** @param {FocusEvent} event */
  focusOut({ target }) {
    if (target !== this.editor.active?.body || this.editor.drawing) return;
    if (document.hasFocus()) this.editor.leave();
    else this.editor.save(); // the window lost the focus; the caret returns when the window is focused again
  }

  /**
   * Open the menu of the clicked button, or put the caret at the clicked position. Return whether a button was clicked.
   * @param {Element} target
   */
  clicked(target) {
    const button = /** @type {HTMLElement | null} */ (target.closest("button.stt-speaker, .stt-more"));
    const paragraph = this.text.of.get(button ?? target.closest(".stt-words") ?? target);
    if (!paragraph) return false;
    if (button) {
      if (button === paragraph.more) this.editor.choices.more(paragraph, button);
      else this.editor.choices.speaker(paragraph, button);
      return true;
    }
    const caret = caretIn(paragraph.body);
    if (caret && this.editor.active !== paragraph) this.editor.enter(paragraph, caret.from, caret.to);
    return false;
  }

  /** After a right-click on a time, open the box to change it. @param {MouseEvent & { target: Element }} event */
  openTimes(event) {
    const time = /** @type {HTMLElement | null} */ (event.target.closest(".stt-time"));
    const paragraph = time && this.text.of.get(time);
    if (!time || !paragraph || !this.editor.editable) return;
    event.preventDefault();
    this.editor.choices.times(paragraph, time);
  }

  // ---- keys --------------------------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const paragraph = this.editor.active;
    if (!paragraph || event.target !== paragraph.body) return;
    event.stopPropagation(); // typed characters must not trigger shortcuts of the player or the page
    if (composes(event)) return;
    if (this.act(event, paragraph)) event.preventDefault();
  }

  /** @param {KeyboardEvent} event @param {Paragraph} paragraph */
  act(event, paragraph) {
    const { commands } = this.editor.player;
    const id = commands.keymap.find(event, "typing");
    /** @type {Record<string, () => boolean | void>} an action that returns false leaves the key to the browser */
    const acts = {
      leave: () => this.escape(paragraph),
      split: () => this.editor.split(),
      before: () => this.deletes(paragraph, false),
      after: () => this.deletes(paragraph, true),
      speaker: () => this.assign(event, paragraph),
    };
    if (id && acts[id]) return acts[id]() !== false;
    if (id) return commands.run(id, event.repeat);
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    return this.walks(event.key, paragraph);
  }

  /**
   * Assign the speaker of the pressed digit to the paragraph, or to the selected words in it.
   * @param {KeyboardEvent} event
   * @param {Paragraph} paragraph
   */
  assign(event, paragraph) {
    const speaker = this.editor.choices.speakers[Number(chordOf(event).at(-1)) - 1];
    if (speaker) this.editor.give(paragraph, speaker, caretIn(paragraph.body));
  }

  /** @param {Paragraph} paragraph */
  escape(paragraph) {
    this.editor.leave();
    if (this.text.timed) paragraph.time.focus({ preventScroll: true });
  }

  /**
   * Merge a paragraph with the one above if the user deletes backward at its start, or with the one below if the user
   * deletes forward at its end. Delete the paragraph if all its text is selected. Return false for other deletions,
   * which the browser performs.
   * @param {Paragraph} paragraph
   * @param {boolean} forward true for the Delete key, false for Backspace
   */
  deletes(paragraph, forward) {
    const caret = caretIn(paragraph.body);
    const { length } = paragraph.body.textContent ?? "";
    if (!caret) return false;
    const place = this.editor.place(paragraph);
    const [above, below] = [this.text.paragraphs[place - 1], this.text.paragraphs[place + 1]];
    if (!length && !forward && above) this.editor.delete(paragraph, above);
    else if (caret.from === 0 && caret.to === length) this.editor.remove(paragraph);
    else if (caret.from !== caret.to || caret.from !== (forward ? length : 0)) return false;
    else if (!forward) this.editor.merge(paragraph);
    else if (below) this.editor.merge(below);
    return true;
  }

  /**
   * Move the caret with an arrow key out of the first line into the paragraph above, or out of the last line into the
   * paragraph below. Return whether the caret was moved.
   * @param {string} key
   * @param {Paragraph} paragraph
   */
  walks(key, paragraph) {
    const { body } = paragraph;
    const caret = caretIn(body);
    if (!caret || caret.from !== caret.to || !key.startsWith("Arrow")) return false;
    const [at, { length }] = [caret.from, body.textContent ?? ""];
    const onward = getComputedStyle(body).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const sideways = key === "ArrowLeft" || key === "ArrowRight";
    const forward = sideways ? key === onward : key === "ArrowDown";
    const target = this.text.paragraphs[this.editor.place(paragraph) + (forward ? 1 : -1)];
    if (!target) return false;
    if (sideways) {
      if (at !== (forward ? length : 0)) return false;
      this.editor.enter(target, forward ? 0 : Infinity);
    } else {
      const [box, whole] = [caretBox(body), body.getBoundingClientRect()];
      if (forward ? whole.bottom - box.bottom > box.height * 0.8 : box.top - whole.top > box.height * 0.8) return false;
      const { left } = box;
      this.editor.enter(target, forward ? 0 : Infinity);
      placeAcross(target.body, left, !forward);
    }
    this.editor.player.reveal(() => target.box);
    return true;
  }

  // ---- input events ------------------------------------------------------------------------------------------------

  /** @param {InputEvent} event */
  beforeInput(event) {
    const paragraph = this.editor.active;
    const { inputType: type } = event;
    if (!paragraph || event.isComposing) return;
    const way = /^delete\w*(Backward|Forward)$/.exec(type)?.[1];
    if (/^insert(Paragraph|LineBreak)$/.test(type)) this.editor.split();
    else if (type === "historyUndo") this.editor.undoRedo("undo");
    else if (type === "historyRedo") this.editor.undoRedo("redo");
    else if (type === "insertFromDrop") this.dropped(event);
    else if (!type.startsWith("format") && !(way && this.deletes(paragraph, way === "Forward"))) return;
    event.preventDefault();
  }

  /** @param {ClipboardEvent} event */
  pasted(event) {
    if (!this.editor.active) return;
    event.preventDefault();
    insert(event.clipboardData?.getData("text/plain") ?? "");
  }

  /** @param {InputEvent} event */
  dropped(event) {
    const [range] = event.getTargetRanges();
    const text = event.dataTransfer?.getData("text/plain") ?? "";
    if (!range) return;
    getSelection()?.setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset);
    insert(text);
  }
}

/**
 * Insert plain text at the caret. Line breaks become spaces, because a paragraph has no line breaks.
 * @param {string} text
 */
function insert(text) {
  const line = text.replace(/\s+/g, " ");
  if (line) document.execCommand("insertText", false, line);
}
