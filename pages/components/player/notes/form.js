// The form of one note: its text, and the colour of a highlight.

import { make } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { COLOURS, LONGEST_TEXT } from "./model.js";

const names = () => [tr("Yellow"), tr("Green"), tr("Blue"), tr("Pink")]; // of COLOURS
let forms = 0;

/** @typedef {import("./model.js").Note} Note */

/**
 * Make the form of a note.
 * @param {Note} note
 * @param {string} about what the note is about, for people
 * @param {(note: Note) => Promise<unknown>} save raises an Error with words for people
 * @param {() => void} cancel
 */
export function noteForm(note, about, save, cancel) {
  const form = make("form", "stt-notes-form");
  form.setAttribute("aria-label", tr("Note"));
  const place = make("p", "stt-notes-about", about);
  place.dir = "auto";
  const field = make("textarea", "stt-notes-field");
  field.value = note.text;
  field.rows = 2;
  field.maxLength = LONGEST_TEXT;
  field.dir = "auto";
  field.placeholder = note.end === null ? tr("Write a note") : tr("Write a note, or only highlight");
  field.setAttribute("aria-label", tr("Text of the note"));
  field.setAttribute("aria-keyshortcuts", "Enter");
  const trouble = make("p", "stt-notes-trouble");
  trouble.setAttribute("role", "alert");
  const row = make("div", "stt-notes-row");
  const [done, away] = [
    make("button", "stt-menu-button stt-notes-save", tr("Save")),
    button(tr("Cancel"), "stt-menu-button"),
  ];
  away.onclick = cancel;
  const colours = note.end === null ? null : choice(note.colour ?? COLOURS[0]);
  row.append(...(colours ? [colours.box] : []), done, away);
  form.append(place, field, row, trouble);
  form.onkeydown = (event) => {
    event.stopPropagation(); // what is typed is no key of the player's
    if (event.isComposing) return;
    if (event.key === "Escape") cancel();
    else if (event.key === "Enter" && event.target === field && !event.shiftKey) form.requestSubmit();
    else return;
    event.preventDefault();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (done.disabled) return;
    if (!text && !colours) return field.focus();
    done.disabled = true;
    trouble.textContent = "";
    const { id, start, end } = note;
    await save({ id, start, end, text, colour: colours?.value() ?? null }).catch((error) => {
      trouble.textContent = error.message;
      done.disabled = false;
    });
  };
  return { form, field };
}

/** @param {string} chosen */
function choice(chosen) {
  const box = make("fieldset", "stt-notes-colours");
  box.append(make("legend", "stt-say", tr("Colour of the highlight")));
  const name = `stt-note-colour-${(forms += 1)}`;
  const inputs = COLOURS.map((colour, i) => {
    const label = make("label", `stt-notes-colour stt-notes-${colour}`);
    label.title = names()[i];
    const input = make("input");
    Object.assign(input, { type: "radio", name, value: colour, checked: colour === chosen });
    label.append(input, make("span", "stt-say", names()[i]));
    box.append(label);
    return input;
  });
  return { box, value: () => inputs.find((input) => input.checked)?.value ?? COLOURS[0] };
}

/** @param {string} text @param {string} look @param {string} [label] for screen readers */
export function button(text, look, label) {
  const made = make("button", look, text);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  return made;
}
