// Makes the content of the panel for transcribing a passage again: the form, the progress, and the old and new words
// side by side.

import { clock } from "../../shared/clock.js";
import { make, makeButton } from "../../shared/dom.js";
import { explained } from "../../shared/request.js";
import { tr } from "../../shared/texts.js";
import { sendingForm, troubleLine } from "../form.js";

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

/**
 * Make the form in which the user chooses model, language and vocabulary for transcribing a passage again.
 * @param {Choices} choices
 * @param {{ start: number, end: number }} span
 * @param {(chosen: Chosen) => Promise<void>} begin sends the choices; its Error has a message for users
 * @param {() => void} cancel
 */
export function passageForm(choices, span, begin, cancel) {
  const model = select(tr("Model"), choices.models.map(({ id, name }) => [id, name]), choices.model); // prettier-ignore
  const language = select(tr("Language"), [["", tr("Detect")], ...choices.languages], choices.language);
  const english = () => {
    const only = choices.models.find(({ id }) => id === model.field.value)?.english ?? false;
    language.field.disabled = only;
    if (only) language.field.value = "en";
  };
  model.field.onchange = english;
  english();
  const label = tr("Vocabulary: one name or term per line");
  const hint = { rows: 3, placeholder: tr("One name or term per line"), "aria-label": label };
  const terms = make("textarea", "stt-notes-field", "", hint);
  terms.value = choices.vocabulary;
  const details = make("details", "stt-passage-more", [make("summary", "", tr("Vocabulary")), terms]);
  const parts = {
    look: "stt-passage-form",
    label: tr("Transcribe a passage again"),
    content: [title(tr("Transcribe {span} again", { span: when(span) })), model.label, language.label, details],
    save: tr("Transcribe"),
  };
  const send = () => {
    const vocabulary = terms.value.split("\n").filter((line) => line.trim());
    return begin({ model: model.field.value, language: language.field.value, vocabulary });
  };
  return sendingForm(parts, send, cancel);
}

/** @param {Passage} passage @param {() => void} cancel */
export function progress(passage, cancel) {
  const bar = make("progress", "stt-passage-bar", "", { max: 100, "aria-label": tr("Progress of the passage") });
  const far = make("span", "stt-passage-far");
  const show = (/** @type {Passage} */ now) => {
    bar.value = now.percent;
    far.textContent = now.stage ?? (now.state === "queued" ? tr("Queued") : `${now.percent} %`);
  };
  show(passage);
  const head = title(tr("Transcribing {span} again", { span: when(passage) }));
  return { box: make("div", "stt-passage-working", [head, bar, far, button(tr("Cancel"), cancel)]), show };
}

/**
 * Make the view of a result: the old and the new words, and the buttons.
 * @param {Passage} passage
 * @param {{ take: () => void, leave: () => void, play: (() => void) | null }} acts
 */
export function result(passage, { take, leave, play }) {
  const [old, fresh] = [passage.old ?? [], passage.new ?? []];
  const same = [...old, ...fresh].every((run) => run.same);
  const about = same ? tr("The words are the same.") : fresh.length ? "" : tr("No speech was found in this passage.");
  const buttons = [button(tr("Use new words"), take, "stt-notes-save"), button(tr("Discard"), leave)];
  if (play) buttons.push(button(tr("Play"), play));
  const trouble = troubleLine();
  const box = make("div", "stt-passage-result", [
    title(tr("{span}, transcribed again", { span: when(passage) })),
    make("p", "stt-passage-about", about),
    make("div", "stt-passage-sides", [side(tr("Current"), old), side(tr("New"), fresh)]),
    make("div", "stt-notes-row", buttons),
    trouble,
  ]);
  return { box, trouble };
}

/** @param {Passage} passage @param {() => void} close */
export function failure(passage, close) {
  const head = title(tr("{span} could not be transcribed", { span: when(passage) }));
  const reason = troubleLine(explained(passage.error) || tr("Something went wrong."));
  return make("div", "stt-passage-result", [head, reason, button(tr("Close"), close)]);
}

/** @param {string} name @param {Run[]} runs */
function side(name, runs) {
  const words = runs.flatMap(({ text, same }) => {
    const space = text.length - text.trimStart().length;
    return same ? [text] : [text.slice(0, space), make("mark", "", text.slice(space))];
  });
  const text = make("p", "stt-passage-text", words, { dir: "auto", translate: "no" });
  const content = [make("h4", "stt-passage-name", name), text];
  return make("div", "stt-passage-side", content, { role: "group", "aria-label": name });
}

/** @param {string} label @param {() => void} act */
const button = (label, act, look = "") => makeButton(`stt-menu-button ${look}`.trim(), label, act);

/** @param {string} text */
const title = (text) => make("h3", "stt-passage-title", text, { tabindex: -1 });

/** @param {string} name @param {string[][]} choices @param {string} chosen */
function select(name, choices, chosen) {
  const field = make("select", "stt-passage-select", choices.map(([value, text]) => new Option(text, value))); // prettier-ignore
  field.value = chosen;
  return { label: make("label", "stt-passage-label", [name, field]), field };
}
