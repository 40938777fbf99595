// Find and replace. One hit of the find box or all hits are replaced by one step, which can be undone.

import { composes, make, partsOf } from "../../../shared/dom.js";
import { tr } from "../../../shared/texts.js";
import { partsOfRange } from "../../text/selection.js";
import { moved } from "../caret.js";
import { placeIn, spaced } from "../lines.js";
import { literal, spans } from "./spans.js";

const AROUND = 24; // characters shown in a preview before and after a hit
const SHOWN = 3; // maximum hits in the preview
const LONGEST_WORDS = 60; // maximum characters of a selection that `begin` puts into the find box

/**
 * @typedef {import("../../text/text.js").Paragraph} Paragraph
 * @typedef {import("../../finding/finder.js").Hit} Hit
 * @typedef {{ from: number, to: number, text: string }} Marked a selected part of a paragraph whose text is `text`
 */

export class Replace {
  marked = /** @type {Map<number, Marked>} */ (new Map()); // paragraph id -> the part selected last
  folded = /** @type {WeakMap<Paragraph, { text: string, folded: ReturnType<typeof literal> }>} */ (new WeakMap());
  done = false; // whether the last action was a replacement, which Ctrl+Z in the field then undoes

  /** @param {import("../../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, editor, finder, on } = player;
    this.editor = editor;
    this.finder = finder;
    const part = partsOf(root, "stt-");
    this.text = part("transcript");
    this.form = part("replace", HTMLFormElement);
    this.opener = part("replacing", HTMLButtonElement);
    this.field = part("with", HTMLInputElement);
    this.exact = part("exact", HTMLInputElement);
    this.whole = part("whole", HTMLInputElement);
    this.some = part("some", HTMLInputElement);
    this.one = part("one", HTMLButtonElement);
    this.all = part("all", HTMLButtonElement);
    this.preview = part("preview");
    this.outcome = part("outcome");
    on(this.opener, "click", () => this.open(this.form.hidden === true));
    on(this.form, "submit", (event) => {
      event.preventDefault();
      this.replaceOne();
    });
    on(this.all, "click", () => this.replaceAll());
    on(this.field, "input", () => this.show());
    for (const box of [this.exact, this.whole, this.some]) on(box, "change", () => finder.search());
    on(this.form, "input", () => (this.done = false));
    on(this.form, "keydown", (event) => this.pressed(event));
    on(part("hide", HTMLButtonElement), "click", () => this.open(false));
    on(document, "selectionchange", () => this.select());
  }

  /** Whether the replace form is in use. While it is, the find box searches with the options of the form. */
  get shown() {
    return !this.form.hidden && this.editor.editable;
  }

  /** Show the button that opens the form if the text can be edited; otherwise hide the button and close the form. */
  fit() {
    const { editable } = this.editor;
    if (this.opener.hidden === !editable) return;
    this.opener.hidden = !editable;
    if (!editable && !this.form.hidden) this.open(false);
  }

  /** @param {boolean} yes */
  open(yes) {
    if (yes) this.begin();
    this.form.hidden = !yes;
    this.opener.setAttribute("aria-expanded", String(yes));
    this.outcome.textContent = "";
    this.finder.search();
    if (yes) (this.finder.input.value ? this.field : this.finder.input).focus();
    else this.opener.focus();
  }

  /** Put a short selection into the find box, or limit the search to a longer selection. */
  begin() {
    this.select(); // the `selectionchange` event may not have fired yet
    const [first, ...others] = [...this.marked.values()];
    const words = first && !others.length ? spaced(first.text.slice(first.from, first.to)) : "";
    if (words && words.length <= LONGEST_WORDS) this.finder.input.value = words;
    this.some.checked = Boolean(first) && !(words && words.length <= LONGEST_WORDS);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (composes(event)) return;
    const id = this.player.commands.keymap.find(event, "reading");
    if (event.key === "Escape") this.open(false);
    else if (this.done && event.target === this.field && (id === "undo" || id === "redo")) this.editor.undoRedo(id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- the searched part -------------------------------------------------------------------------------------------

  /** Store the selection in the text, because the browser drops it when a field gets the focus. */
  select() {
    const selection = getSelection();
    if (!selection?.rangeCount || !this.text.contains(selection.anchorNode)) return;
    const range = selection.getRangeAt(0);
    const before = this.marked.size;
    this.marked = new Map();
    if (!selection.isCollapsed) {
      for (const { paragraph, from, to } of partsOfRange(range, this.editor.text.paragraphs)) {
        if (to > from) this.marked.set(paragraph.id, { from, to, text: paragraph.text });
      }
    }
    if (!this.shown || (!before && !this.marked.size)) return;
    if (!this.marked.size) this.some.checked = false;
    this.finder.search();
  }

  /** Return the stored selection in a paragraph, adapted to the current text. @param {Paragraph} paragraph */
  place({ id, text }) {
    const marked = this.marked.get(id);
    if (!marked) return undefined;
    if (marked.text !== text) {
      const [from, to] = [marked.from, marked.to].map((at) => moved(marked.text, text, at));
      this.marked.set(id, { from, to, text });
    }
    return this.marked.get(id);
  }

  /** Return the part of a paragraph that is searched, undefined if all of it is. @param {Paragraph} paragraph */
  scope(paragraph) {
    return this.shown && this.some.checked ? this.place(paragraph) : undefined;
  }

  /** @param {Paragraph} paragraph @param {string} wanted @returns {[number, number][]} */
  spans(paragraph, wanted) {
    const only = this.some.checked ? this.place(paragraph) : { from: 0, to: Infinity };
    if (!only) return [];
    const fold = (/** @type {string} */ text) => {
      const known = this.folded.get(paragraph);
      if (known?.text === text) return known.folded;
      const folded = literal(text);
      this.folded.set(paragraph, { text, folded });
      return folded;
    };
    const how = { exact: this.exact.checked, whole: this.whole.checked };
    return spans(paragraph.text, spaced(wanted), how, fold).filter(([from, to]) => from >= only.from && to <= only.to);
  }

  // ---- the preview -------------------------------------------------------------------------------------------------

  show() {
    if (!this.shown) return;
    const { hits, place } = this.finder;
    this.some.disabled = !this.marked.size;
    for (const button of [this.one, this.all]) button.setAttribute("aria-disabled", String(!hits.length));
    this.all.textContent =
      hits.length > 1 ? tr("Replace all {count}", { count: hits.length.toLocaleString("en") }) : tr("Replace all");
    const first = Math.max(place, 0);
    const next = Array.from({ length: Math.min(SHOWN, hits.length) }, (_, i) => hits[(first + i) % hits.length]);
    this.preview.hidden = !next.length;
    this.preview.replaceChildren(...next.map((hit) => this.line(hit)));
  }

  /** @param {Hit} hit */
  line({ paragraph: { text }, from, to }) {
    const before = text.slice(Math.max(0, from - AROUND), from);
    const after = text.slice(to, to + AROUND);
    const made = make("ins", "", this.field.value.trim());
    const old = make("del", "", text.slice(from, to));
    const [begin, end] = [from > AROUND ? "…" : "", to + AROUND < text.length ? "…" : ""];
    const content = [begin, before, old, made.textContent ? " → " : "", made, after, end];
    return make("li", "stt-preview-line", content, { dir: "auto" });
  }

  // ---- replacing ---------------------------------------------------------------------------------------------------

  /** @param {Hit[]} hits */
  replace(hits) {
    this.done = true;
    const only = hits.map(({ paragraph: { id, text }, ...hit }) => {
      const [from, to] = [hit.from, hit.to].map((at) => placeIn(text, at));
      return { paragraph: id, from, to };
    });
    const find = spaced(this.finder.input.value);
    this.outcome.textContent = "";
    this.editor.replace({ do: "replace", find, with: this.field.value.trim(), case: this.exact.checked, only });
  }

  /** Replace the selected hit, and go to the next hit. If no hit is selected, only go to the next hit. */
  replaceOne() {
    const { finder } = this;
    if (finder.place < 0) return finder.step(1);
    const { paragraph, from } = finder.hits[finder.place];
    const places = new Map(this.editor.text.paragraphs.map(({ id }, place) => [id, place]));
    const order = (/** @type {Paragraph} */ { id }) => places.get(id) ?? -1;
    this.replace([finder.hits[finder.place]]);
    const after = from + this.field.value.trim().length;
    const next = finder.hits.findIndex(
      (hit) => order(hit.paragraph) > order(paragraph) || (hit.paragraph.id === paragraph.id && hit.from >= after),
    );
    if (finder.hits.length) finder.show(Math.max(next, 0));
  }

  replaceAll() {
    if (this.finder.hits.length) this.replace(this.finder.hits);
  }

  /** @param {number} count */
  showOutcome(count) {
    const values = { count: count.toLocaleString("en"), key: this.player.commands.keymap.hint("undo") };
    this.outcome.textContent = count
      ? tr("{count} replaced. Press {key} to undo.", values)
      : tr("Nothing was replaced: the text was changed in another tab meanwhile.");
  }
}
