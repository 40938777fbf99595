// Transcribes a passage again: shows the form, polls the progress, and lets the user accept or discard the result.

import { partsOf } from "../../shared/dom.js";
import { withJson } from "../../shared/request.js";
import { tr } from "../../shared/texts.js";
import { spanOf } from "../notes/model.js";
import { selectedSpan } from "../text/selection.js";
import { failure, passageForm, progress, result, when } from "./panel.js";
import { askPassage } from "./wire.js";

const POLLING = 700; // polling interval, milliseconds
const RETRYING = 3000; // milliseconds between a failed poll and the next poll

/**
 * @typedef {import("./wire.js").Passage} Passage
 * @typedef {import("./panel.js").Choices} Choices
 * @typedef {{ start: number, end: number }} Span
 */

export class Passages {
  choices = /** @type {Choices | null} */ (null); // null if no passage can be transcribed again
  shown = ""; // attempt number and state of the passage in the panel; "form" while the form is shown
  working = /** @type {ReturnType<typeof progress> | null} */ (null);
  timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  newest = 0; // number of the newest request; responses to older requests are ignored
  closed = false;

  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, text, on } = player;
    const part = partsOf(root, "stt-");
    this.panel = part("passage");
    this.live = part("say");
    // A click on the button of a paragraph's menu must not clear the selection.
    on(text.box, "mousedown", (event) => event.target.closest(".stt-more") && event.preventDefault());
  }

  /** @param {{ passages?: Choices | null, edits: string | null, timed: boolean, audio: string | null }} data */
  load({ passages = null, edits, timed, audio }) {
    const before = this.choices?.address;
    this.choices = passages && edits && timed && audio ? passages : null;
    if (!this.choices) return this.hide();
    if (this.choices.open && this.choices.address !== before) void this.poll();
  }

  /**
   * Open the form for transcribing the selected words again, or the whole paragraph if none of its words are selected.
   * @param {import("../text/text.js").Paragraph} paragraph
   */
  offer(paragraph) {
    const { choices } = this;
    if (!choices) return;
    if (this.working) return this.focus();
    const span = this.spanOf(paragraph);
    const begin = async (/** @type {import("./panel.js").Chosen} */ chosen) => {
      const answer = await askPassage(choices.address, withJson("POST", { ...span, ...chosen }));
      if (this.shown === "form") this.take(answer);
      else await this.cancel(); // the user cancelled before the server had responded
    };
    this.show(
      passageForm(choices, span, begin, () => this.hide()),
      "form",
    );
    this.panel.querySelector("select")?.focus({ preventScroll: true });
  }

  /** @param {import("../text/text.js").Paragraph} paragraph @returns {Span} */
  spanOf(paragraph) {
    const { text, editor } = this.player;
    const { chosen } = editor;
    const own = chosen?.id === paragraph.id && chosen.to > chosen.from;
    const selected = selectedSpan(text.paragraphs) ?? (own && spanOf(paragraph.words, chosen.from, chosen.to));
    const { start, end } = paragraph;
    return selected && selected.start < end && selected.end > start ? selected : { start, end };
  }

  // ---- progress and result -----------------------------------------------------------------------------------------

  async poll() {
    clearTimeout(this.timer);
    if (!this.choices || this.closed) return;
    const number = (this.newest += 1);
    try {
      const answer = await askPassage(this.choices.address);
      if (number === this.newest && !this.closed) this.take(answer);
    } catch {
      if (number === this.newest && !this.closed) this.timer = setTimeout(() => this.poll(), RETRYING);
    }
  }

  /** @param {{ passage: Passage | null }} answer */
  take({ passage }) {
    clearTimeout(this.timer);
    if (!passage) return this.hide();
    const looks = `${passage.attempt} ${passage.state}`;
    const open = passage.state === "queued" || passage.state === "working";
    if (open) {
      if (this.working) this.working.show(passage);
      else {
        const made = progress(passage, () => this.cancel());
        this.show(made.box, looks);
        this.working = made;
        this.announce(tr("Transcribing {span} again.", { span: when(passage) }));
      }
      this.timer = setTimeout(() => this.poll(), POLLING);
    } else if (looks !== this.shown) {
      if (passage.state === "done") this.offerResult(passage, looks);
      else this.show(failure(passage, () => this.cancel()), looks); // prettier-ignore
    }
  }

  /** @param {Passage} passage @param {string} looks */
  offerResult(passage, looks) {
    const { box, trouble } = result(passage, {
      take: () => void this.accept(passage, trouble),
      leave: () => this.cancel(),
      play: () => this.player.playSpan(passage.start, passage.end),
    });
    this.show(box, looks);
    this.announce(
      tr("{span} has been transcribed again. Use the new words, or discard them.", { span: when(passage) }),
    );
  }

  /** Let the server store the new words as one editing step. @param {Passage} passage @param {HTMLElement} trouble */
  async accept(passage, trouble) {
    const { choices } = this;
    const { editor } = this.player;
    const { queue } = editor;
    if (!choices || !queue) return;
    editor.leave();
    editor.save();
    if (!queue.settled) {
      trouble.textContent = tr("Your text is being saved. Try again in a moment.");
      return;
    }
    try {
      const body = { attempt: passage.attempt, based_on: Math.max(0, queue.revision) };
      await askPassage(`${choices.address}/take`, withJson("POST", body));
    } catch (error) {
      trouble.textContent = error instanceof Error ? error.message : String(error);
      return;
    }
    this.hide();
    queue.refresh();
    this.announce(tr("The transcript now has the new words from {span}.", { span: when(passage) }));
  }

  /** Cancel the transcription of the passage, or discard its result. */
  async cancel() {
    this.newest += 1;
    clearTimeout(this.timer);
    const { choices } = this;
    if (!choices) return;
    try {
      await askPassage(choices.address, { method: "DELETE" });
      this.hide();
    } catch {
      void this.poll();
    }
  }

  // ---- the panel ---------------------------------------------------------------------------------------------------

  /** @param {HTMLElement} content @param {string} looks */
  show(content, looks) {
    const inside = this.panel.contains(document.activeElement);
    this.working = null;
    this.shown = looks;
    this.panel.replaceChildren(content);
    this.panel.hidden = false;
    if (inside) this.focus();
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.panel.querySelector("h3"))?.focus({ preventScroll: true });
  }

  hide() {
    clearTimeout(this.timer);
    this.newest += 1;
    this.working = null;
    this.shown = "";
    this.panel.hidden = true;
    this.panel.replaceChildren();
  }

  /** @param {string} words */
  announce(words) {
    this.live.textContent = words;
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
