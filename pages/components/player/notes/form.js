// The form of one note: its text, and the colour of a highlight.

import { composes, make } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { sendingForm } from "../form.js";
import { COLOURS, LONGEST_TEXT } from "./model.js";

const names = () => [tr("Yellow"), tr("Green"), tr("Blue"), tr("Pink")]; // in the order of COLOURS
let forms = 0;

/** @typedef {import("./model.js").Note} Note */

/**
 * Make the form of a note.
 * @param {Note} note
 * @param {string} about time and words of the note, shown above the field
 * @param {(note: Note) => Promise<unknown>} save sends the note; its Error has a message for users
 * @param {() => void} cancel
 */
export function noteForm(note, about, save, cancel) {
  const { id, start, end } = note;
  const field = make("textarea", "stt-notes-field", "", {
    rows: 2,
    maxlength: LONGEST_TEXT,
    dir: "auto",
    placeholder: end === null ? tr("Write a note") : tr("Write a note, or only highlight"),
    "aria-label": tr("Text of the note"),
    "aria-keyshortcuts": "Enter",
  });
  field.value = note.text;
  const colours = end === null ? null : choice(note.colour ?? COLOURS[0]);
  const content = [make("p", "stt-notes-about", about, { dir: "auto" }), field];
  const parts = {
    look: "stt-notes-form",
    label: tr("Note"),
    content,
    beside: colours ? [colours.box] : [],
    save: tr("Save"),
  };
  const send = () => {
    const text = field.value.trim();
    if (text || colours) return save({ id, start, end, text, colour: colours?.value() ?? null });
    field.focus();
    return null;
  };
  const form = sendingForm(parts, send, cancel);
  field.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
    event.preventDefault();
    form.requestSubmit();
  };
  return { form, field };
}

/** @param {string} chosen */
function choice(chosen) {
  const name = `stt-note-colour-${(forms += 1)}`;
  const inputs = COLOURS.map((value) => make("input", "", "", { type: "radio", name, value }));
  const labels = inputs.map((input, i) => {
    input.checked = input.value === chosen;
    const content = [input, make("span", "stt-say", names()[i])];
    return make("label", `stt-notes-colour stt-notes-${input.value}`, content, { title: names()[i] });
  });
  const legend = make("legend", "stt-say", tr("Colour of the highlight"));
  const box = make("fieldset", "stt-notes-colours", [legend, ...labels]);
  return { box, value: () => inputs.find((input) => input.checked)?.value ?? COLOURS[0] };
}
