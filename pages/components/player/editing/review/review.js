// The review of doubtful words, one after another. Each word is played. The user confirms it, chooses another reading,
// or types the right word.

import { clock } from "../../../shared/clock.js";
import { make, makeButton, partsOf } from "../../../shared/dom.js";
import { chordOf } from "../../../shared/keymap.js";
import { tr } from "../../../shared/texts.js";
import { placeIn } from "../lines.js";
import { MOST, Readings } from "./readings.js";

const BEFORE = 2; // maximum number of words that are played before a doubtful word
const PAUSE = 3; // seconds; a word that ends PAUSE or more before the doubtful word is not played
const AFTER = 0.2; // seconds that are played after the doubtful word

/** @typedef {import("../../text/text.js").Word} Word */

export class Review {
  open = false;
  word = /** @type {Word | null} */ (null); // the word under review
  at = -Infinity; // position in seconds from which the next doubtful word is searched
  done = /** @type {number[]} */ ([]); // start times of the reviewed words, seconds
  offered = /** @type {string[]} */ ([]); // readings on the buttons
  readings = /** @type {Readings | null} */ (null);

  /** @param {import("../../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, on } = player;
    const part = partsOf(root, "stt-");
    this.opener = part("review-open", HTMLButtonElement);
    this.count = part("review-count");
    this.form = part("review", HTMLFormElement);
    this.progress = part("review-progress");
    this.name = part("review-word");
    this.field = part("review-field", HTMLInputElement);
    this.right = part("review-right", HTMLButtonElement);
    this.choices = part("review-readings");
    this.moreButton = part("review-more", HTMLButtonElement);
    this.live = part("say");
    this.outcome = part("review-outcome");
    on(this.opener, "click", () => this.toggle());
    on(this.form, "submit", (event) => {
      event.preventDefault();
      this.decide(this.field.value.trim() || this.word?.text || "");
    });
    on(this.form, "keydown", (event) => this.pressed(event));
    on(this.field, "input", () => this.label());
    for (const id of ["hear", "skip", "again", "end"]) {
      on(part(`review-${id}`), "click", () => {
        this.run(id);
        this.focus();
      });
    }
  }

  /** Update the review after the text has changed. */
  refresh() {
    const { doubts } = this.player.text;
    const { editable } = this.player.editor;
    this.opener.hidden = !editable || (!doubts.length && !this.open);
    this.player.finder.doubtButton.hidden = editable || !doubts.length;
    this.count.textContent = doubts.length.toLocaleString("en");
    if (!this.open) return;
    if (!editable) this.end();
    else {
      const same = doubts.find((doubt) => this.decides(doubt)); // if the word is still doubtful, keep the typed text
      if (same) this.mark(same);
      else this.next(this.at);
    }
  }

  /** Return whether a word is the word under review, also if redrawing has made a new object. @param {Word} word */
  decides(word) {
    const now = this.word;
    return now?.start === word.start && now.text === word.text && now.paragraph.id === word.paragraph.id;
  }

  // ---- going from word to word -------------------------------------------------------------------------------------

  toggle() {
    if (this.open) this.end();
    else this.begin();
  }

  begin() {
    const { text, editor, sound } = this.player;
    const from = editor.active?.start ?? sound.position;
    editor.leave();
    const address = editor.address.replace(/edits$/, "readings");
    if (this.readings?.address !== address) this.readings = new Readings(address);
    if (!text.doubts.length || !editor.editable) return void (this.live.textContent = tr("No word is doubtful."));
    this.open = true;
    this.done = [];
    this.form.hidden = false;
    this.opener.setAttribute("aria-expanded", "true");
    this.next(from);
    this.focus();
  }

  end() {
    this.open = false;
    this.word = null;
    this.form.hidden = true;
    this.opener.setAttribute("aria-expanded", "false");
    this.player.finder.from(this.at);
    if (this.player.until != null) this.player.audio.pause(); // stops the word that is played
    this.player.until = null;
    this.refresh();
    (this.opener.hidden ? this.player.finder.input : this.opener).focus({ preventScroll: true });
  }

  /**
   * Go to the first doubtful word at or after `seconds`; if there is none, to the first one in the transcript.
   * If no doubtful word is left, end the review.
   * @param {number} seconds
   */
  next(seconds) {
    const { doubts } = this.player.text;
    const word = doubts.find(({ start }) => start >= seconds - 0.001) ?? doubts[0];
    if (word) return this.go(word);
    const count = this.done.length.toLocaleString("en");
    this.end();
    this.live.textContent = tr("No word is doubtful any more. {count} reviewed.", { count });
  }

  /** @param {1 | -1} direction */
  step(direction) {
    const { doubts } = this.player.text;
    const place = this.word ? doubts.indexOf(this.word) : -1;
    this.go(doubts[(place + direction + doubts.length) % doubts.length]);
  }

  /** @param {Word} word */
  go(word) {
    this.at = word.start;
    this.field.value = "";
    this.offer([]);
    this.mark(word);
    this.playWord();
    const { doubts } = this.player.text;
    const following = doubts.slice(doubts.indexOf(word) + 1);
    void this.readings?.of(word, following).then((found) => this.decides(word) && this.offer(found));
  }

  /** Show which word is under review. @param {Word} word */
  mark(word) {
    const { doubts } = this.player.text;
    this.word = word;
    this.player.finder.lookAt(word);
    const [before, rest] = [this.done.length, doubts.length];
    const place = (before + doubts.indexOf(word) + 1).toLocaleString("en");
    this.progress.textContent = tr("{place} of {total}", { place, total: (before + rest).toLocaleString("en") });
    const confidence = Math.round((word.confidence ?? 0) * 100);
    this.name.textContent = word.text;
    this.name.title = tr("Confidence {confidence} %, at {time}", { confidence, time: clock(word.start) });
    this.field.placeholder = word.text;
    this.label();
  }

  /** Label the button with the effect of the Enter key: replace or confirm the word. */
  label() {
    this.right.textContent = this.field.value.trim() ? tr("Replace") : tr("Confirm");
  }

  /** @param {string[]} readings */
  offer(readings) {
    this.showOutcome("");
    this.offered = readings;
    const buttons = readings.map((text, place) => {
      const content = [make("kbd", "stt-sheet-key", String(place + 1)), make("span", "", text)];
      const label = { dir: "auto", "aria-label": tr("Use “{text}”", { text }) };
      return makeButton("stt-menu-button stt-review-reading", content, () => this.decide(text), label);
    });
    this.choices.replaceChildren(...buttons);
    this.choices.hidden = !readings.length;
    const { audio } = this.player.data;
    this.moreButton.hidden = !audio || readings.length >= MOST;
    if (readings.length) this.live.textContent = readings.map((text, place) => `${place + 1}: ${text}`).join(", ");
  }

  /** Let the server decode the word under review again, and show the new readings. */
  async more() {
    const { word, readings } = this;
    if (!word || !readings || this.moreButton.hidden || this.moreButton.getAttribute("aria-disabled") === "true")
      return;
    this.moreButton.setAttribute("aria-disabled", "true");
    this.live.textContent = tr("Transcribing the word again");
    try {
      const found = await readings.more(word);
      if (!this.decides(word)) return;
      const before = this.offered.length;
      this.offer(found);
      if (found.length === before) this.showOutcome(tr("No other suggestion was found."));
    } catch (error) {
      if (this.decides(word)) this.showOutcome(/** @type {Error} */ (error).message);
    } finally {
      this.moreButton.removeAttribute("aria-disabled");
    }
  }

  /** @param {string} words */
  showOutcome(words) {
    this.outcome.textContent = words;
  }

  /** Play the word under review together with up to BEFORE words before it. */
  playWord() {
    const { word, player } = this;
    if (!word || !player.data.audio) return;
    const { words } = player.text;
    const place = words.indexOf(word);
    const near = words.slice(Math.max(0, place - BEFORE), place).filter(({ end }) => word.start - end < PAUSE);
    const start = Math.min(word.start, ...near.map((one) => one.start));
    player.playSpan(start, word.end + AFTER);
  }

  // ---- keys --------------------------------------------------------------------------------------------------------

  /** Focus the field, but not on a phone, where the on-screen keyboard would cover the text. */
  focus() {
    if (this.open && !matchMedia("(hover: none)").matches) this.field.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const id = this.player.commands.keymap.find(event, "review");
    const typing = event.target === this.field && this.field.value !== "";
    if (!id || (typing && ["hear", "reading", "more", "undo", "redo"].includes(id))) return;
    if ((id === "right" || id === "hear") && event.target !== this.field) return; // the focused button handles the key
    if (id === "reading" ? !this.take(Number(chordOf(event))) : !this.run(id)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} number */
  take(number) {
    const text = this.offered[number - 1];
    if (text) this.decide(text);
    return Boolean(text);
  }

  /** Run the action of a key or a button. Return whether the action exists. @param {string} id of the action */
  run(id) {
    /** @type {Record<string, () => unknown>} */
    const acts = {
      right: () => this.form.requestSubmit(),
      hear: () => this.playWord(),
      more: () => this.more(),
      skip: () => this.step(1),
      again: () => this.step(-1),
      end: () => this.end(),
      undo: () => this.undo(),
    };
    acts[id]?.();
    return id in acts;
  }

  /** Save `text` as the right text of the word under review, and go to the next doubtful word. @param {string} text */
  decide(text) {
    const { word, player } = this;
    if (!word) return;
    const { paragraph } = word;
    const [from, to] = [word.from, word.from + word.text.length].map((at) => placeIn(paragraph.text, at));
    this.done.push(word.start);
    this.word = null;
    this.at = word.start + 0.002;
    player.editor.step(paragraph, { do: "word", from, to, text }); // redraws the text, which shows the next word
    this.focus();
  }

  /** Undo the last decision, and go back to its word. */
  undo() {
    const before = this.done.pop();
    if (before === undefined) return;
    this.at = before;
    this.word = null; // the restored word is the first doubtful word from `at` on
    this.player.editor.undoRedo("undo");
  }
}
