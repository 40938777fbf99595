// Notes about the selected words or the current position of the sound. They are listed in a panel and marked in the
// text and on the time line.

import { clock } from "../../shared/clock.js";
import { make, makeButton, partsOf } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { selectedSpan } from "../text/selection.js";
import { noteForm } from "./form.js";
import { newId, sorted, timesOf, wordsOf } from "./model.js";
import { Painter } from "./painter.js";
import { list, remove, save } from "./wire.js";

const LONGEST_QUOTE = 140; // maximum characters of the words quoted in a note's row

/**
 * @typedef {import("./model.js").Note} Note
 */

export class Notes {
  notes = /** @type {Note[]} */ ([]);
  address = /** @type {string | null} */ (null); // URL to which notes are sent; null if notes cannot be made
  page = ""; // JSON of the notes, the URL and the duration that were loaded last
  drawn = ""; // what `shown` returned when the notes were drawn last
  busy = 0; // number of changes that are being sent
  newest = 0; // number of the newest request; a list that was requested earlier is out of date
  edited = /** @type {Note | null} */ (null); // the note in the form
  form = /** @type {{ form: HTMLFormElement, field: HTMLTextAreaElement } | null} */ (null);
  deleted = /** @type {Note | null} */ (null); // the note deleted last, which can be restored
  rows = /** @type {Map<string, HTMLElement>} */ (new Map());

  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, text, on } = player;
    this.text = text;
    const part = partsOf(root, "stt-");
    this.adder = part("note", HTMLButtonElement);
    this.toggle = part("notes-toggle", HTMLButtonElement);
    this.counter = part("notes-count");
    this.panel = part("notes");
    this.live = part("say");
    this.painter = new Painter(part("marks"), text, (note) => this.goTo(note));
    on(this.adder, "mousedown", (event) => event.preventDefault()); // a click must not clear the selection
    on(this.adder, "click", () => this.add());
    on(this.toggle, "click", () => this.open(Boolean(this.panel.hidden)));
    on(window, "focus", () => this.refresh());
  }

  /** @param {{ notes?: Note[], noting?: string | null, audio: string | null, timed: boolean }} data */
  load({ notes = [], noting = null, audio, timed }) {
    this.address = noting && (audio || timed) ? noting : null;
    this.adder.hidden = !this.address;
    const page = JSON.stringify([notes, this.address, this.player.total]);
    if (this.busy) return;
    if (page !== this.page) this.notes = sorted(notes);
    else if (this.shown() === this.drawn) return;
    this.page = page;
    this.draw();
  }

  /** Load all notes again, to show those made in other tabs, unless a note is being edited or sent. */
  async refresh() {
    if (!this.address || this.busy || this.edited) return;
    const number = (this.newest += 1);
    const found = await list(this.address).catch(() => null);
    if (!found || number !== this.newest || this.busy || this.edited) return;
    this.notes = sorted(found);
    if (this.shown() !== this.drawn) this.draw(); // drawing drops a selection in the panel
  }

  // ---- the panel ---------------------------------------------------------------------------------------------------

  /** @param {boolean} yes */
  open(yes) {
    this.panel.hidden = !yes;
    this.toggle.setAttribute("aria-expanded", String(yes));
    if (yes || !this.deleted) return;
    this.deleted = null; // closing the panel takes away the row with the Undo button
    this.draw();
  }

  /** Return the notes, the words that they quote and the duration as JSON. */
  shown() {
    return JSON.stringify([this.notes, this.notes.map((note) => this.quote(note)), this.player.total]);
  }

  draw() {
    const { notes, edited, deleted } = this;
    this.drawn = this.shown();
    const fresh = edited && !notes.some(({ id }) => id === edited.id) ? [edited] : [];
    const all = sorted([...notes, ...fresh, ...(deleted ? [deleted] : [])]);
    this.counter.textContent = notes.length.toLocaleString("en");
    this.toggle.hidden = !all.length;
    if (!all.length) this.open(false);
    const focused = document.activeElement;
    const [focusedNote] = [...this.rows].find(([, row]) => row.contains(focused)) ?? [];
    this.rows = new Map(all.map((note) => [note.id, make("li", "stt-notes-item", this.row(note))]));
    // The role is set because Safari does not report a list without visible numbers to screen readers as a list.
    this.panel.replaceChildren(make("ol", "stt-notes-list", [...this.rows.values()], { role: "list" }));
    if (focusedNote && focused instanceof HTMLElement) this.focusAgain(focusedNote, focused);
    this.painter.show(notes, this.player.total);
  }

  /**
   * After drawing, give the focus back to an element of the form or to the button with the same name. If the note is
   * gone, focus the button of the panel.
   * @param {string} id of the note whose row had the focus @param {HTMLElement} focused the element that had it
   */
  focusAgain(id, focused) {
    const row = this.rows.get(id);
    const name = focused.getAttribute("aria-label");
    const buttons = [...(row?.querySelectorAll("button") ?? [])];
    const same = buttons.find((button) => button.getAttribute("aria-label") === name);
    const instead = this.toggle.hidden ? this.adder : this.toggle;
    (row?.contains(focused) ? focused : row ? same : instead)?.focus({ preventScroll: true });
  }

  /** @param {Note} note */
  row(note) {
    const time = clock(note.start);
    /** @param {string} look @param {string | Node[]} content @param {() => unknown} act @param {string} label */
    const button = (look, content, act, label) => makeButton(look, content, act, { "aria-label": label });
    if (note.id === this.edited?.id && this.form) return [this.form.form];
    if (note.id === this.deleted?.id) {
      const label = tr("Undo: restore the note at {time}", { time });
      const undo = button("stt-menu-button", tr("Undo"), () => this.restore(note), label);
      return [make("span", "stt-notes-gone", tr("Deleted the note at {time}.", { time })), undo];
    }
    const mark = note.end === null ? "" : ` stt-notes-mark stt-notes-${note.colour}`;
    const shown = [make("span", `stt-notes-time${mark}`, time)];
    const go = button("stt-notes-go", shown, () => this.goTo(note), tr("Go to {time}", { time }));
    const quote = this.quote(note);
    const lines = [];
    if (quote) lines.push(make("p", "stt-notes-quote", `“${quote}”`, { dir: "auto" }));
    if (note.text) lines.push(make("p", "stt-notes-text", note.text, { dir: "auto" }));
    const body = make("div", "stt-notes-body", lines);
    if (!this.address) return [go, body];
    const tool = "stt-tool stt-notes-tool";
    const edit = button(tool, tr("Edit"), () => this.edit(note), tr("Edit the note at {time}", { time }));
    const remove = button(tool, tr("Delete"), () => this.delete(note), tr("Delete the note at {time}", { time }));
    return [go, body, edit, remove];
  }

  /** Return the words that a note is about, shortened. @param {Note} note */
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
    const word = near.flatMap((p) => wordsOf(p.words, note))[0];
    if (word) this.text.build(word.paragraph);
    const place = word ?? this.text.placeAt(note.start);
    this.player.reveal(() => place?.box);
  }

  // ---- changes -----------------------------------------------------------------------------------------------------

  /** Open the form of a new note about the selected words; without a selection, about the current position. */
  add() {
    if (!this.address) return;
    if (this.edited) {
      this.open(true);
      return this.form?.field.focus();
    }
    const { data, sound, editor } = this.player;
    const now = data.audio ? sound.position : (editor.active?.start ?? 0);
    const span = selectedSpan(this.text.paragraphs) ?? { start: now, end: null };
    this.edit({ id: newId(), ...timesOf(span), text: "", colour: null });
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
    const stored = await this.busyWhile(() => save(this.address ?? "", note));
    this.notes = sorted([...this.notes.filter(({ id }) => id !== note.id), stored]);
    const own = this.edited?.id === note.id;
    if (own) this.edited = this.form = null;
    if (this.deleted?.id === note.id) this.deleted = null;
    this.draw();
    if (own) this.focusOf(stored)?.focus({ preventScroll: true });
    this.live.textContent = tr("Saved the note at {time}.", { time: clock(note.start) });
  }

  /** @param {Note} note */
  async delete(note) {
    try {
      await this.busyWhile(() => remove(this.address ?? "", note));
    } catch (error) {
      this.live.textContent = this.trouble(note, error);
      return;
    }
    this.notes = this.notes.filter(({ id }) => id !== note.id);
    this.deleted = note;
    this.draw();
    this.focusOf(note)?.focus({ preventScroll: true });
  }

  /** @param {Note} note */
  async restore(note) {
    await this.save(note).catch((error) => (this.live.textContent = this.trouble(note, error)));
    this.focusOf(note)?.focus({ preventScroll: true });
  }

  /** Show an error in the row of a note. Return its message. @param {Note} note @param {unknown} error */
  trouble(note, error) {
    const words = error instanceof Error ? error.message : String(error);
    this.rows.get(note.id)?.append(make("p", "stt-notes-trouble", words));
    return words;
  }

  /** @template Answer @param {() => Promise<Answer>} act */
  async busyWhile(act) {
    this.busy += 1;
    this.newest += 1;
    try {
      return await act();
    } finally {
      this.busy -= 1;
    }
  }
}
