// Runs the actions of the keyboard shortcuts (see `shared/keymap.js`), which control the sound and the text.

import { partsOf } from "../../shared/dom.js";
import { Keymap } from "../../shared/keymap.js";
import { tr } from "../../shared/texts.js";
import { caretIn } from "../editing/caret.js";
import { Loop } from "../sound/loop.js";
import { Sheet } from "./sheet.js";
import { lastAtMost } from "../sound/spoken.js";

const BEFORE = 1.5; // seconds that playback goes back when it starts after a pause
const STEP = 3; // seconds that one press of the back or forward key skips
const LONG_STEP = 5; // seconds that one press of an arrow key skips
const ONCE = ["toggle", "play", "loop", "note"]; // actions that do not repeat while the key is held down

/** @typedef {import("../text/text.js").Paragraph} Paragraph */

export class Commands {
  keymap = new Keymap();

  /** @param {import("../index.js").Player} player */
  constructor(player) {
    this.player = player;
    const { root, on } = player;
    const part = partsOf(root, "stt-");
    this.live = part("say");
    this.loop = new Loop(root, player.text, (seconds) => player.seek(seconds));
    this.sheet = new Sheet(root, on, () => this.keymap, (needs) => this.can(needs)); // prettier-ignore
    on(part("loop"), "click", () => this.run("loop"));
    on(part("loop"), "mousedown", (event) => event.preventDefault()); // a click must not move the caret
    on(part("keys"), "click", () => this.run("sheet"));
    on(window, "storage", () => this.read());
    this.titles = /** @type {const} */ ([
      [part("undo"), tr("Undo"), "undo"],
      [part("redo"), tr("Redo"), "redo"],
      [part("replacing"), tr("Find and replace"), "replace"],
      [part("note"), tr("Add a note"), "note"],
      [part("loop"), tr("Repeat this paragraph"), "loop"],
      [part("keys"), tr("Keyboard shortcuts"), "sheet"],
      [part("review-open"), tr("Review doubtful words"), "review"],
      [part("doubt"), tr("Go to the next doubtful word"), "doubt"],
    ]);
    this.acts = /** @type {Record<string, () => void>} */ ({
      play: () => this.play(),
      toggle: () => player.toggle(),
      back: () => this.skip(-STEP),
      forth: () => this.skip(STEP),
      left: () => this.skip(-LONG_STEP),
      right: () => this.skip(LONG_STEP),
      slower: () => this.pace(-1),
      faster: () => this.pace(1),
      loop: () => this.repeat(),
      previous: () => this.walk(-1),
      next: () => this.walk(1),
      doubt: () => this.doubt(),
      review: () => player.review.toggle(),
      sheet: () => this.sheet.open(),
      note: () => player.notes.add(),
      replace: () => player.replace.open(true),
      undo: () => player.editor.undoRedo("undo"),
      redo: () => player.editor.undoRedo("redo"),
    });
    this.name();
  }

  /** Load the keyboard shortcuts again after they were changed in another tab. */
  read() {
    this.keymap = new Keymap();
    this.name();
  }

  /** Show the key of each action in the tooltip of its button. */
  name() {
    for (const [button, title, id] of this.titles) {
      const hint = this.keymap.hint(id);
      button.title = hint ? `${title} (${hint})` : title;
    }
  }

  /** @param {import("../../shared/keymap.js").Action["needs"]} needs */
  can(needs) {
    if (needs === "notes") return Boolean(this.player.notes.address);
    if (needs === "sound") return Boolean(this.player.data.audio);
    return needs !== "editing" || this.player.editor.editable;
  }

  /** Run an action if it is possible now. Return whether the key press is handled. @param {string} id of the action */
  run(id, repeated = false) {
    if (repeated && ONCE.includes(id)) return true;
    const action = this.keymap.actions.find((one) => one.id === id);
    const act = this.acts[id];
    if (!action || !act || !this.can(action.needs)) return false;
    act();
    return true;
  }

  // ---- sound -------------------------------------------------------------------------------------------------------

  /** Pause the sound. If it is paused already, start playback BEFORE seconds before the current position. */
  play() {
    const { player } = this;
    const first = this.loop.paragraph?.start ?? 0;
    if (player.audio.paused && !player.sound.waiting) player.seek(Math.max(player.sound.position - BEFORE, first));
    player.toggle();
  }

  /** @param {number} seconds */
  skip(seconds) {
    this.player.seek(this.player.sound.position + seconds);
  }

  /** @param {1 | -1} direction */
  pace(direction) {
    const { speed, audio } = this.player;
    const place = Math.min(Math.max(speed.selectedIndex + direction, 0), speed.options.length - 1);
    speed.selectedIndex = place;
    audio.playbackRate = Number(speed.value);
    this.live.textContent = tr("Speed {speed}", { speed: speed.options[place].text });
  }

  /** The paragraph with the caret; if the caret is not in the text, the paragraph at the position of the sound. */
  get here() {
    const { editor, current, text } = this.player;
    return editor.active ?? current ?? text.paragraphAt(this.player.sound.position) ?? text.paragraphs[0];
  }

  repeat() {
    const paragraph = this.loop.paragraph ? null : this.here;
    if (paragraph) {
      const { position } = this.player.sound;
      if (position < paragraph.start || position >= paragraph.end) this.player.seek(paragraph.start);
    }
    this.loop.set(paragraph);
    this.live.textContent = paragraph ? tr("This paragraph is repeated.") : tr("Repeating has stopped.");
  }

  // ---- moving ------------------------------------------------------------------------------------------------------

  /** @param {1 | -1} direction */
  walk(direction) {
    const { player } = this;
    const { text, editor } = player;
    const target = text.paragraphs[text.paragraphs.indexOf(this.here) + direction];
    if (!target) return;
    const looping = this.loop.paragraph;
    if (this.can("sound") && text.timed) player.seek(target.start);
    if (looping) this.loop.set(target);
    if (editor.active) editor.enter(target, 0);
    else if (text.timed && document.activeElement?.closest(".stt-time")) target.time.focus({ preventScroll: true });
    player.reveal(() => target.box);
  }

  /**
   * Go to the first doubtful word after the caret. If the caret is not in the text, go to the first after the doubtful
   * word that was selected last.
   */
  doubt() {
    const { finder, editor } = this.player;
    const { active } = editor;
    if (!this.player.text.doubts.length) return void (this.live.textContent = tr("No word is doubtful."));
    const caret = active && caretIn(active.body);
    if (active && caret) {
      const place = lastAtMost(active.words, (word) => word.from, caret.from);
      finder.from(active.words[place]?.start ?? active.start - 0.001);
    }
    const doubt = finder.nextDoubt();
    if (active) editor.enter(doubt.paragraph, doubt.from, doubt.from + doubt.text.length);
  }
}
