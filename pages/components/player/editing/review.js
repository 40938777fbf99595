// The review of doubtful words, one after another: each is heard, and is right, replaced by another reading, or typed.

import { clock } from "../../shared/clock.js";
import { make, makeButton, partsOf } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";
import { placeIn } from "./lines.js";
import { MOST, Readings } from "./readings.js";

const BEFORE = 2; // words that are heard before a doubtful one
const PAUSE = 3; // seconds: words further away are not heard with it
const AFTER = 0.2; // seconds

/** @typedef {import("../text.js").Word} Word */

export class Review {
  open = false;
  word = /** @type {Word | null} */ (null); // that is decided on
  at = -Infinity; // seconds: the first doubtful word from here on is next
  done = /** @type {number[]} */ ([]); // when the words start that were decided on
  offered = /** @type {string[]} */ ([]);
  readings = /** @type {Readings | null} */ (null);

  /** @param {import("../index.js").Player} player */
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
    this.say = part("say");
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

  /** Follow the text: what is doubtful, and what can be done. */
  refresh() {
    const { doubts } = this.player.text;
    const { editable } = this.player.editor;
    this.opener.hidden = !editable || (!doubts.length && !this.open);
    this.player.finder.doubtButton.hidden = editable || !doubts.length;
    this.count.textContent = doubts.length.toLocaleString("en");
    if (!this.open) return;
    if (!editable) this.end();
    else {
      const same = doubts.find((doubt) => this.decides(doubt)); // drawn anew, with what is typed
      if (same) this.mark(same);
      else this.next(this.at);
    }
  }

  /** Whether this is the word that is decided on, as it was or drawn anew. @param {Word} word */
  decides(word) {
    const now = this.word;
    return now?.start === word.start && now.text === word.text && now.paragraph.id === word.paragraph.id;
  }

  // ---- the way through the words -----------------------------------------------------------------------------------

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
    if (!text.doubts.length || !editor.editable) return void (this.say.textContent = tr("No word is doubtful."));
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
    if (this.player.until != null) this.player.audio.pause(); // a word is heard
    this.player.until = null;
    this.refresh();
    (this.opener.hidden ? this.player.finder.input : this.opener).focus({ preventScroll: true });
  }

  /** Go to the first doubtful word from a place on, or from the beginning if there is none. @param {number} seconds */
  next(seconds) {
    const { doubts } = this.player.text;
    const word = doubts.find(({ start }) => start >= seconds - 0.001) ?? doubts[0];
    if (word) return this.go(word);
    const count = this.done.length.toLocaleString("en");
    this.end();
    this.say.textContent = tr("No word is doubtful any more. {count} reviewed.", { count });
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

  /** Show which word it is. @param {Word} word */
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

  /** Say what Enter does. */
  label() {
    this.right.textContent = this.field.value.trim() ? tr("Replace") : tr("Right");
  }

  /** @param {string[]} readings */
  offer(readings) {
    this.tell("");
    this.offered = readings;
    const buttons = readings.map((text, place) => {
      const content = [make("kbd", "stt-sheet-key", String(place + 1)), make("span", "", text)];
      const label = { dir: "auto", "aria-label": tr("Take “{text}”", { text }) };
      return makeButton("stt-menu-button stt-review-reading", content, () => this.decide(text), label);
    });
    this.choices.replaceChildren(...buttons);
    this.choices.hidden = !readings.length;
    const { audio } = this.player.data;
    this.moreButton.hidden = !audio || readings.length >= MOST;
    if (readings.length) this.say.textContent = readings.map((text, place) => `${place + 1}: ${text}`).join(", ");
  }

  /** Have the word decoded again, for more readings. */
  async more() {
    const { word, readings } = this;
    if (!word || !readings || this.moreButton.hidden || this.moreButton.getAttribute("aria-disabled") === "true")
      return;
    this.moreButton.setAttribute("aria-disabled", "true");
    this.say.textContent = tr("Decoding it again");
    try {
      const found = await readings.more(word);
      if (!this.decides(word)) return;
      const before = this.offered.length;
      this.offer(found);
      if (found.length === before) this.tell(tr("No other reading was found."));
    } catch (error) {
      if (this.decides(word)) this.tell(/** @type {Error} */ (error).message);
    } finally {
      this.moreButton.removeAttribute("aria-disabled");
    }
  }

  /** @param {string} words */
  tell(words) {
    this.outcome.textContent = words;
  }

  /** Play the word with those before it. */
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

  /** On a phone the keyboard on the screen would cover the text. */
  focus() {
    if (this.open && !matchMedia("(hover: none)").matches) this.field.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const id = this.player.commands.keymap.find(event, "review");
    const typing = event.target === this.field && this.field.value !== "";
    if (!id || (typing && ["hear", "reading", "more", "undo", "redo"].includes(id))) return;
    if ((id === "right" || id === "hear") && event.target !== this.field) return; // a button's own
    if (id === "reading" ? !this.take(Number(event.code.slice(-1))) : !this.run(id)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} number */
  take(number) {
    const text = this.offered[number - 1];
    if (text) this.decide(text);
    return Boolean(text);
  }

  /** Do what a key or a button stands for. Return whether there is such a thing. @param {string} id */
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

  /** Say what is right for the word, and go on. @param {string} text */
  decide(text) {
    const { word, player } = this;
    if (!word) return;
    const { paragraph } = word;
    const [from, to] = [word.from, word.from + word.text.length].map((at) => placeIn(paragraph.text, at));
    this.done.push(word.start);
    this.word = null;
    this.at = word.start + 0.002;
    player.editor.step(paragraph, { do: "word", from, to, text }); // draws, so that the next word comes
    this.focus();
  }

  /** Go back to the word that was decided on last. */
  undo() {
    const before = this.done.pop();
    if (before === undefined) return;
    this.at = before;
    this.word = null; // what comes back is the first doubtful word from there on
    this.player.editor.undoRedo("undo");
  }
}
