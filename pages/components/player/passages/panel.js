// What is shown of a passage: the choices, its progress, and the old and the new words side by side.

import { clock } from "../../shared/clock.js";
import { make } from "../../shared/dom.js";
import { explained } from "../../shared/request.js";
import { tr } from "../../shared/texts.js";

/**
 * @typedef {import("./wire.js").Passage} Passage
 * @typedef {import("./wire.js").Run} Run
 * @typedef {{ id: string, name: string, english: boolean }} Model
 * @typedef {{ address: string, models: Model[], model: string, languages: [string, string][], language: string,
 *   vocabulary: string, open: boolean }} Choices
 * @typedef {{ model: string, language: string, vocabulary: string[] }} Chosen
 */

/** @param {{ start: number, end: number }} span */
export const when = ({ start, end }) => tr("{start} to {end}", { start: clock(start), end: clock(end) });

/** @param {string} label @param {() => void} act @param {string} [look] */
export function button(label, act, look = "") {
  const made = make("button", `stt-menu-button ${look}`.trim(), label);
  made.type = "button";
  made.onclick = act;
  return made;
}

/**
 * Make the form of a passage.
 * @param {Choices} choices
 * @param {{ start: number, end: number }} span
 * @param {(chosen: Chosen) => Promise<void>} begin raises an Error with words for people
 * @param {() => void} cancel
 */
export function passageForm(choices, span, begin, cancel) {
  const form = make("form", "stt-passage-form");
  form.setAttribute("aria-label", tr("Transcribe a passage again"));
  const model = select(tr("Model"), choices.models.map(({ id, name }) => [id, name])); // prettier-ignore
  model.field.value = choices.model;
  const language = select(tr("Language"), [["", tr("Detect")], ...choices.languages]);
  language.field.value = choices.language;
  const english = () => {
    const only = choices.models.find(({ id }) => id === model.field.value)?.english ?? false;
    language.field.disabled = only;
    if (only) language.field.value = "en";
  };
  model.field.onchange = english;
  english();
  const details = make("details", "stt-passage-more");
  const terms = make("textarea", "stt-notes-field");
  terms.value = choices.vocabulary;
  terms.rows = 3;
  terms.placeholder = tr("A name or term a line");
  terms.setAttribute("aria-label", tr("Vocabulary, a name or term a line"));
  details.append(make("summary", "", tr("Vocabulary")), terms);
  const trouble = make("p", "stt-notes-trouble");
  trouble.setAttribute("role", "alert");
  const start = make("button", "stt-menu-button stt-notes-save", tr("Transcribe"));
  const row = make("div", "stt-notes-row");
  row.append(start, button(tr("Cancel"), cancel));
  form.append(
    title(tr("Transcribe {span} again", { span: when(span) })),
    model.label,
    language.label,
    details,
    row,
    trouble,
  );
  form.onkeydown = (event) => {
    event.stopPropagation(); // what is typed is no key of the player's
    if (event.key !== "Escape") return;
    event.preventDefault();
    cancel();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (start.disabled) return;
    start.disabled = true;
    trouble.textContent = "";
    const vocabulary = terms.value.split("\n").filter((line) => line.trim());
    await begin({ model: model.field.value, language: language.field.value, vocabulary }).catch((error) => {
      trouble.textContent = error.message;
      start.disabled = false;
    });
  };
  return form;
}

/** @param {Passage} passage @param {() => void} cancel */
export function progress(passage, cancel) {
  const box = make("div", "stt-passage-working");
  const bar = make("progress", "stt-passage-bar");
  bar.max = 100;
  bar.setAttribute("aria-label", tr("Progress of the passage"));
  const far = make("span", "stt-passage-far");
  const show = (/** @type {Passage} */ now) => {
    bar.value = now.percent;
    far.textContent = now.stage ?? (now.state === "queued" ? tr("Waiting for its turn") : `${now.percent} %`);
  };
  show(passage);
  box.append(title(tr("Transcribing {span} again", { span: when(passage) })), bar, far, button(tr("Cancel"), cancel));
  return { box, show };
}

/**
 * Show both texts.
 * @param {Passage} passage
 * @param {{ take: () => void, leave: () => void, play: (() => void) | null }} acts
 */
export function result(passage, { take, leave, play }) {
  const box = make("div", "stt-passage-result");
  const [old, fresh] = [passage.old ?? [], passage.new ?? []];
  const same = [...old, ...fresh].every((run) => run.same);
  const sides = make("div", "stt-passage-sides");
  sides.append(side(tr("Now"), old), side(tr("New"), fresh));
  const row = make("div", "stt-notes-row");
  row.append(button(tr("Take it"), take, "stt-notes-save"), button(tr("Leave it"), leave));
  if (play) row.append(button(tr("Play"), play));
  const trouble = make("p", "stt-notes-trouble");
  trouble.setAttribute("role", "alert");
  const about = same ? tr("The words are the same.") : fresh.length ? "" : tr("No speech was found in this passage.");
  box.append(
    title(tr("{span}, transcribed again", { span: when(passage) })),
    make("p", "stt-passage-about", about),
    sides,
    row,
    trouble,
  );
  return { box, trouble };
}

/** @param {Passage} passage @param {() => void} close */
export function failure(passage, close) {
  const box = make("div", "stt-passage-result");
  const what = make("p", "stt-notes-trouble", explained(passage.error) || tr("Something went wrong."));
  what.setAttribute("role", "alert");
  box.append(title(tr("{span} could not be transcribed", { span: when(passage) })), what, button(tr("Close"), close));
  return box;
}

/** @param {string} name @param {Run[]} runs */
function side(name, runs) {
  const box = make("div", "stt-passage-side");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", name);
  const text = make("p", "stt-passage-text");
  text.dir = "auto";
  for (const { text: words, same } of runs) {
    if (same) text.append(words);
    else {
      const space = words.length - words.trimStart().length;
      text.append(words.slice(0, space), make("mark", "", words.slice(space)));
    }
  }
  box.append(make("h4", "stt-passage-name", name), text);
  return box;
}

/** @param {string} text */
function title(text) {
  const made = make("h3", "stt-passage-title", text);
  made.tabIndex = -1;
  return made;
}

/** @param {string} label @param {string[][]} choices */
function select(label, choices) {
  const field = make("select", "stt-passage-select");
  for (const [value, name] of choices) field.append(new Option(name, value));
  const made = make("label", "stt-passage-label", label);
  made.append(field);
  return { label: made, field };
}
