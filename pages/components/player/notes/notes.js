// Notes: taken at the moment that is heard or about the words that are selected, listed in a panel, and marked in the
// text and on the time line.

import { clock } from "../../shared/clock.js";
import { make, partsOf } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { selectedSpan } from "../selection.js";
import { button, noteForm } from "./form.js";
import { newId, sorted, wordsOf } from "./model.js";
import { Painter } from "./painter.js";
import { list, remove, save } from "./wire.js";

const LONGEST_QUOTE = 140; // characters

/**
 * @typedef {import("./model.js").Note} Note
 * @typedef {{
 *   position: () => number, total: () => number, seek: (seconds: number) => void,
 *   reveal: (target: () => Element | null | undefined, lazily: boolean) => void,
 * }} Player
 */

export class Notes {
  notes = /** @type {Note[]} */ ([]);
  address = /** @type {string | null} */ (null); // where notes are sent to, null where none can be taken
  given = ""; // by the page, when it was last taken over
  busy = 0; // requests under way
  edited = /** @type {Note | null} */ (null); // in the form
  form = /** @type {{ form: HTMLFormElement, field: HTMLTextAreaElement } | null} */ (null);
  gone = /** @type {Note | null} */ (null); // deleted last
  rows = /** @type {Map<string, HTMLElement>} */ (new Map());

  /**
   * @param {HTMLElement} root
   * @param {import("../text.js").Text} text
   * @param {import("../../shared/sound.js").Listen} on
   * @param {Player} player
   */
  constructor(root, text, on, player) {
    this.text = text;
    this.player = player;
    const part = partsOf(root, "stt-");
    this.adder = part("note", HTMLButtonElement);
    this.toggle = part("notes-toggle", HTMLButtonElement);
    this.counter = part("notes-count");
    this.panel = part("notes");
    this.say = part("say");
    this.painter = new Painter(part("marks"), text, (note) => this.goTo(note));
    on(this.adder, "mousedown", (event) => event.preventDefault()); // what is selected stays
    on(this.adder, "click", () => this.add());
    on(this.toggle, "click", () => this.open(Boolean(this.panel.hidden)));
    on(window, "focus", () => this.refresh());
  }

  /** @param {{ notes?: Note[], noting?: string | null, audio: string | null, timed: boolean }} data */
  load({ notes = [], noting = null, audio, timed }) {
    this.address = noting && (audio || timed) ? noting : null;
    this.adder.hidden = !this.address;
    const given = JSON.stringify([notes, this.address, this.player.total()]);
    if (given === this.given || this.busy) return;
    this.given = given;
    this.notes = sorted(notes);
    this.draw();
  }

  /** The text has changed. */
  reset() {
    this.painter.paint();
  }

  /** @param {import("../text.js").Paragraph[]} paragraphs that came near or went */
  moved(paragraphs) {
    this.painter.moved(paragraphs);
  }

  /** Take what other tabs have noted. */
  async refresh() {
    if (!this.address || this.busy || this.edited) return;
    const found = await list(this.address).catch(() => null);
    if (!found || this.busy || this.edited) return;
    this.notes = sorted(found);
    this.draw();
  }

  // ---- the panel ---------------------------------------------------------------------------------------------------

  /** @param {boolean} yes */
  open(yes) {
    this.panel.hidden = !yes;
    this.toggle.setAttribute("aria-expanded", String(yes));
    if (yes || !this.gone) return;
    this.gone = null; // it cannot be brought back any more
    this.draw();
  }

  draw() {
    const { notes, edited, gone } = this;
    const fresh = edited && !notes.some(({ id }) => id === edited.id) ? [edited] : [];
    const all = sorted([...notes, ...fresh, ...(gone ? [gone] : [])]);
    this.counter.textContent = notes.length.toLocaleString("en");
    this.toggle.hidden = !all.length;
    if (!all.length) this.open(false);
    const focused = document.activeElement;
    const rows = make("ol", "stt-notes-list");
    rows.setAttribute("role", "list"); // Safari forgets it where there are no numbers
    this.rows = new Map(all.map((note) => [note.id, this.row(note)]));
    rows.append(...this.rows.values());
    this.panel.replaceChildren(rows);
    if (focused instanceof HTMLElement && focused === this.form?.field) focused.focus({ preventScroll: true });
    this.painter.show(notes, this.player.total());
  }

  /** @param {Note} note */
  row(note) {
    const row = make("li", "stt-notes-item");
    const when = clock(note.start);
    if (note.id === this.edited?.id && this.form) row.append(this.form.form);
    else if (note.id === this.gone?.id) {
      const undo = button(tr("Undo"), "stt-menu-button", tr("Undo: keep the note at {time}", { time: when }));
      undo.onclick = () => this.bringBack(note);
      row.append(make("span", "stt-notes-gone", tr("Deleted the note at {time}.", { time: when })), undo);
    } else row.append(...this.shown(note, when));
    return row;
  }

  /** @param {Note} note @param {string} when */
  shown(note, when) {
    const go = button("", "stt-notes-go", tr("Go to {time}", { time: when }));
    const time = make("span", "stt-notes-time", when);
    if (note.end !== null) time.classList.add("stt-notes-mark", `stt-notes-${note.colour}`);
    go.append(time);
    go.onclick = () => this.goTo(note);
    const body = make("div", "stt-notes-body");
    const quote = this.quote(note);
    for (const [look, words] of /** @type {const} */ ([
      ["stt-notes-quote", quote && `“${quote}”`],
      ["stt-notes-text", note.text],
    ])) {
      if (!words) continue;
      const line = make("p", look, words);
      line.dir = "auto";
      body.append(line);
    }
    if (!this.address) return [go, body];
    const change = button(tr("Edit"), "stt-tool stt-notes-tool", tr("Edit the note at {time}", { time: when }));
    change.onclick = () => this.edit(note);
    const away = button(tr("Delete"), "stt-tool stt-notes-tool", tr("Delete the note at {time}", { time: when }));
    away.onclick = () => this.delete(note);
    return [go, body, change, away];
  }

  /** The words that a note is about. @param {Note} note */
  quote(note) {
    if (note.end === null) return "";
    const words = this.text.paragraphs.flatMap((p) =>
      p.start <= (note.end ?? 0) && p.end >= note.start ? wordsOf(p.words, note) : [],
    );
    const whole = words.map((word) => word.text).join(" ");
    return whole.length > LONGEST_QUOTE ? `${whole.slice(0, LONGEST_QUOTE)}…` : whole;
  }

  /** @param {Note} note */
  goTo(note) {
    this.player.seek(note.start);
    const near = this.text.paragraphs.filter((p) => p.end >= note.start);
    const word = near.flatMap((p) => wordsOf(p.words, note))[0] ?? this.text.spokenAt(note.start);
    if (word) this.text.build(word.paragraph);
    const place = word ?? this.text.paragraphAt(note.start);
    this.player.reveal(() => place?.box, true);
  }

  // ---- changes -----------------------------------------------------------------------------------------------------

  /** Ask for the text of a note on what is selected, else on the moment that is heard. */
  add() {
    if (!this.address) return;
    if (this.edited) {
      this.open(true);
      return this.form?.field.focus();
    }
    const { start, end } = selectedSpan(this.text.paragraphs) ?? { start: this.player.position(), end: null };
    this.edit({ id: newId(), start: Math.round(start * 1000) / 1000, end, text: "", colour: null });
  }

  /** @param {Note | null} note */
  edit(note) {
    const before = this.edited;
    this.edited = note;
    this.form = null;
    if (note) {
      const quote = this.quote(note);
      const about = quote ? `${clock(note.start)} “${quote}”` : tr("At {time}", { time: clock(note.start) });
      const cancel = () => {
        this.edit(null);
        (this.focusOf(note) ?? this.adder).focus({ preventScroll: true });
      };
      this.form = noteForm(note, about, (changed) => this.save(changed), cancel);
      this.open(true);
    }
    if (note || before) this.draw();
    this.form?.field.focus({ preventScroll: true });
    this.form?.form.scrollIntoView({ block: "nearest" });
  }

  /** @param {Note} note */
  focusOf(note) {
    return this.rows.get(note.id)?.querySelector("button");
  }

  /** @param {Note} note */
  async save(note) {
    const stored = await this.under(() => save(this.address ?? "", note));
    this.notes = sorted([...this.notes.filter(({ id }) => id !== note.id), stored]);
    const own = this.edited?.id === note.id;
    if (own) this.edited = this.form = null;
    if (this.gone?.id === note.id) this.gone = null;
    this.draw();
    if (own) this.focusOf(stored)?.focus({ preventScroll: true });
    this.say.textContent = tr("Saved the note at {time}.", { time: clock(note.start) });
  }

  /** @param {Note} note */
  async delete(note) {
    try {
      await this.under(() => remove(this.address ?? "", note));
    } catch (error) {
      this.say.textContent = this.trouble(note, error);
      return;
    }
    this.notes = this.notes.filter(({ id }) => id !== note.id);
    this.gone = note;
    this.draw();
    this.focusOf(note)?.focus({ preventScroll: true });
  }

  /** @param {Note} note */
  async bringBack(note) {
    await this.save(note).catch((error) => (this.say.textContent = this.trouble(note, error)));
    this.focusOf(note)?.focus({ preventScroll: true });
  }

  /** Show at a note what went wrong, and return it. @param {Note} note @param {unknown} error */
  trouble(note, error) {
    const words = error instanceof Error ? error.message : String(error);
    this.rows.get(note.id)?.append(make("p", "stt-notes-trouble", words));
    return words;
  }

  /** @template Answer @param {() => Promise<Answer>} act */
  async under(act) {
    this.busy += 1;
    try {
      return await act();
    } finally {
      this.busy -= 1;
    }
  }

  close() {
    this.painter.close();
  }
}
