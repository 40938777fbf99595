// The list of the player's keyboard shortcuts. After a click on a shortcut's button, the next pressed key becomes the
// new shortcut; Backspace or Delete removes the shortcut, and Escape keeps it.

import { make, makeButton, partsOf } from "../shared/dom.js";
import { CHANGEABLE, choose, chordOf, chosen, Keymap, MOST_KEYS, written } from "../shared/keymap.js";
import { staying } from "../shared/keeping/staying.js";
import { tr } from "../shared/texts.js";

export default staying(".stt-key-choice", (root) => new KeyChoice(root));

class KeyChoice {
  waiting = /** @type {{ id: string, place: number, button: HTMLButtonElement } | null} */ (null);
  closing = new AbortController();

  /** @param {HTMLElement} root */
  constructor(root) {
    const part = partsOf(root, "stt-key-");
    this.rows = part("rows");
    this.trouble = part("trouble");
    this.live = part("live");
    this.reset = part("reset", HTMLButtonElement);
    const { signal } = this.closing;
    this.reset.addEventListener("click", () => this.restore(), { signal });
    window.addEventListener("storage", () => this.waiting || this.draw(), { signal });
    this.draw();
  }

  update() {}

  draw() {
    const keymap = new Keymap();
    const focused = this.rows.contains(document.activeElement) && document.activeElement?.getAttribute("aria-label");
    const rows = CHANGEABLE.map(({ id, label }) => {
      const keys = keymap.keysOf(id);
      const cells = Array.from({ length: MOST_KEYS }, (_, place) =>
        make("td", "", [this.button(id, label(), place, keys[place] ?? "")]),
      );
      return make("tr", "", [make("th", "stt-key-name", label(), { scope: "row" }), ...cells]);
    });
    this.rows.replaceChildren(...rows);
    this.reset.hidden = !Object.keys(chosen()).length;
    if (focused) [...this.rows.querySelectorAll("button")].find((one) => one.name === this.last)?.focus();
  }

  last = ""; // name of the button that was clicked last

  /** @param {string} id @param {string} label @param {number} place @param {string} chord */
  button(id, label, place, chord) {
    const values = { action: label, key: chord ? written(chord) : tr("none") };
    const look = chord ? "stt-key-button" : "stt-key-button stt-key-none";
    const text = chord ? written(chord) : tr("None");
    const button = makeButton(look, text, () => this.wait(id, place, button), {
      name: `${id}-${place}`,
      "aria-label": place ? tr("{action}, another key: {key}", values) : tr("{action}, key: {key}", values),
      onblur: () => this.waiting?.button === button && this.end(),
      onkeydown: (event) => this.pressed(event),
    });
    return button;
  }

  /** @param {string} id @param {number} place @param {HTMLButtonElement} button */
  wait(id, place, button) {
    this.last = button.name;
    this.waiting = { id, place, button };
    this.trouble.textContent = "";
    button.textContent = tr("Press a key…");
    button.classList.add("stt-key-waiting");
    this.live.textContent = tr("Press a key. Backspace removes the shortcut, Escape keeps it.");
  }

  end() {
    this.waiting = null;
    this.live.textContent = "";
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (!this.waiting) return;
    const chord = chordOf(event);
    event.stopPropagation();
    if (chord === "Tab" || chord === "Shift+Tab") return;
    event.preventDefault();
    if (!chord) return;
    if (chord === "Escape") return this.end();
    const { id, place } = this.waiting;
    const removes = chord === "Backspace" || chord === "Delete";
    const keymap = new Keymap();
    const keys = [...keymap.keysOf(id)];
    const refusal = removes ? "" : keymap.refusal(id, chord);
    if (refusal) return void (this.trouble.textContent = refusal);
    if (!removes) keys[Math.min(place, keys.length)] = chord;
    else keys.splice(place, 1);
    this.keep(id, [...new Set(keys)]);
  }

  /** @param {string} id @param {string[]} keys */
  keep(id, keys) {
    const others = chosen();
    delete others[id];
    const usual = CHANGEABLE.find((action) => action.id === id)?.keys ?? [];
    const kept = choose(keys.join() === usual.join() ? others : { ...others, [id]: keys });
    this.end();
    this.trouble.textContent = kept
      ? ""
      : tr("Your browser does not store data for this site. Allow it, then try again.");
    this.live.textContent = kept ? tr("Saved.") : "";
  }

  restore() {
    choose({});
    this.trouble.textContent = "";
    this.end();
    this.live.textContent = tr("The default shortcuts are restored.");
    this.rows.querySelector("button")?.focus();
  }

  close() {
    this.closing.abort();
  }
}
