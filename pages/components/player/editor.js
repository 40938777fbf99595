// Correcting a paragraph where it stands. What somebody typed leaves the page only when it is saved or cancelled: a
// refusal, a newer text from another tab or a lost connection all keep it.

import { clock } from "../shared/clock.js";
import { make, partsOf } from "../shared/dom.js";

const ANSWER = 15_000; // milliseconds to wait for one

/** @typedef {import("./text.js").Paragraph} Paragraph */

export class Editor {
  send = /** @type {(name: string, value: unknown) => void} */ (() => {});
  paragraph = /** @type {Paragraph | null} */ (null); // what is edited
  was = ""; // its text before
  version = /** @type {number | null} */ (null); // of the transcript that is edited
  latest = /** @type {number | null} */ (null); // version of what is shown
  number = 0; // of what is on its way to the server; 0 if nothing is
  late = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  form = make("form", "stt-editor");
  field = make("textarea", "stt-field");
  problem = make("p", "stt-problem");
  button = make("button", "stt-save", "Save");

  /**
   * @param {HTMLElement} root
   * @param {import("./text.js").Text} text
   * @param {(target: () => Range | Element | null | undefined, lazily: boolean) => void} reveal
   */
  constructor(root, text, reveal) {
    this.text = text;
    this.reveal = reveal;
    this.say = partsOf(root, "stt-")("say");
    this.field.dir = "auto";
    this.problem.setAttribute("role", "alert");
    const cancel = make("button", "stt-cancel", "Cancel");
    cancel.type = "button";
    const row = make("div", "stt-editor-row");
    row.append(this.button, cancel, make("span", "stt-keys", "Ctrl+Enter saves, Esc cancels"));
    this.form.append(this.problem, this.field, row);

    cancel.onclick = () => this.cancel();
    this.field.oninput = () => this.grow();
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.save();
    };
    this.form.onkeydown = (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") this.cancel();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.save();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
  }

  /** @param {Paragraph} paragraph */
  open(paragraph) {
    if (this.paragraph) {
      if (this.paragraph === paragraph || this.changed) return this.insist(paragraph);
      this.close();
    }
    this.field.value = paragraph.text.trim();
    this.field.setAttribute("aria-label", `Text of the paragraph at ${clock(paragraph.start)}`);
    this.rest();
    this.attach(paragraph);
    this.tell("");
    this.field.focus({ preventScroll: true });
    this.reveal(() => this.form, true);
  }

  /** Whether there is something that is not saved. */
  get changed() {
    return this.paragraph !== null && spaced(this.field.value) !== spaced(this.was);
  }

  /**
   * Put the form into a paragraph in place of its text, or below it when that is `newer` than what was edited.
   * @param {Paragraph} paragraph
   */
  attach(paragraph, newer = false) {
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    const typing = this.form.contains(active) ? active : null;
    const { selectionStart, selectionEnd } = this.field;
    if (this.paragraph) this.paragraph.body.hidden = false;
    this.paragraph = paragraph;
    this.was = paragraph.text;
    this.version = this.latest;
    paragraph.body.hidden = !newer;
    paragraph.box.append(this.form);
    this.grow();
    typing?.focus({ preventScroll: true });
    this.field.setSelectionRange(selectionStart, selectionEnd);
  }

  /**
   * Return the paragraph that stands where the edited one did.
   * @param {Paragraph} edited
   */
  nearest({ start, box }) {
    const { paragraphs, timed } = this.text;
    const known = timed && (paragraphs.find((p) => p.start === start) ?? this.text.paragraphAt(start));
    return known || paragraphs[Math.min(Number(box.dataset.paragraph), paragraphs.length - 1)];
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  save() {
    if (this.number || !this.paragraph) return;
    if (!this.changed) return this.cancel();
    this.number = Date.now();
    this.tell("");
    this.button.textContent = "Saving";
    this.button.setAttribute("aria-disabled", "true");
    const late = "The server does not answer. Your text is still here: try again.";
    this.late = setTimeout(() => this.refuse(late), ANSWER);
    const paragraph = this.text.paragraphs.indexOf(this.paragraph);
    this.send("edit", { number: this.number, paragraph, text: this.field.value, version: this.version });
  }

  cancel() {
    if (this.number) return; // on its way
    const { paragraph } = this;
    this.close();
    paragraph?.edit?.focus({ preventScroll: true });
  }

  close() {
    this.rest();
    if (this.paragraph) this.paragraph.body.hidden = false;
    this.paragraph = null;
    this.form.remove();
  }

  /** Nothing is on its way any more. */
  rest() {
    clearTimeout(this.late);
    this.number = 0;
    this.button.textContent = "Save";
    this.button.removeAttribute("aria-disabled");
  }

  /** @param {string} words */
  tell(words) {
    this.problem.textContent = words;
    this.problem.hidden = !words;
  }

  /** @param {Paragraph} paragraph */
  insist(paragraph) {
    if (this.paragraph !== paragraph) this.tell("Save or cancel this paragraph first.");
    this.reveal(() => this.form, true);
    this.field.focus({ preventScroll: true });
  }

  /**
   * Take new data: an answer to what was sent, or a change from elsewhere.
   * @param {{
   *   version: number | null,
   *   edited: { number: number, error: string | null, conflict: boolean } | null,
   * }} data
   */
  update({ version, edited }) {
    this.latest = version;
    if (!this.paragraph) return;
    const answer = this.number && edited?.number === this.number ? edited : null;
    if (answer && !answer.error) return this.saved(this.paragraph);
    if (version == null) return; // the machine's version is being looked at: the form waits
    if (!this.text.paragraphs.length) {
      this.text.box.append(this.form);
      return this.refuse("All text was removed in another tab meanwhile. Yours is kept here to copy.");
    }
    let newer = false;
    if (version !== this.version || !this.form.isConnected) {
      const { start } = this.paragraph;
      const same = this.text.paragraphs.find((p) => p.start === start && p.text === this.was);
      newer = !same;
      this.attach(same ?? this.nearest(this.paragraph), newer);
    }
    if (!answer) {
      if (newer) this.tell("Changed meanwhile: the newer text stands above. Saving replaces it.");
      return;
    }
    const conflict = newer
      ? "Changed in another tab meanwhile: the newer text stands above, yours is kept here. Save again to replace it."
      : "Something else in this transcript was changed in another tab meanwhile. Yours is kept here: save again.";
    this.refuse(answer.conflict ? conflict : String(answer.error));
  }

  /** @param {string} words */
  refuse(words) {
    this.rest();
    this.tell(words);
    this.reveal(() => this.form, true);
    this.field.focus({ preventScroll: true });
  }

  /** @param {Paragraph} paragraph */
  saved(paragraph) {
    const place = this.nearest(paragraph);
    const busy = this.form.contains(document.activeElement) || document.activeElement === document.body;
    this.close();
    this.say.textContent = "Saved.";
    if (busy) place?.edit?.focus({ preventScroll: true });
  }
}

const spaced = (/** @type {string} */ text) => text.split(/\s+/).join(" ").trim();
