// Two texts of one paragraph, side by side, of which somebody chooses one.

import { make } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";

/** @typedef {import("./queue.js").Entry} Entry */

export class Conflicts {
  panels = /** @type {Map<string, { box: HTMLElement, mine: HTMLElement, other: HTMLElement }>} */ (new Map());

  /** @param {import("./queue.js").Queue} queue @param {import("../text.js").Text} text */
  constructor(queue, text) {
    this.queue = queue;
    this.text = text;
  }

  /** Show a panel for each step that waits for a decision. */
  show() {
    const held = this.queue.held;
    for (const [key, { box }] of this.panels) {
      if (held.some((entry) => entry.key === key)) continue;
      box.remove();
      this.panels.delete(key);
    }
    for (const entry of held) {
      const paragraph = this.text.byId(entry.step.id);
      if (!paragraph) continue;
      const panel = this.panels.get(entry.key) ?? this.panel(entry);
      this.panels.set(entry.key, panel);
      const other = this.queue.confirmed.find(({ id }) => id === entry.step.id);
      panel.mine.textContent = entry.step.text ?? "";
      panel.other.textContent = other ? other.text : tr("This paragraph was removed.");
      panel.other.classList.toggle("stt-conflict-gone", !other);
      if (panel.box.parentElement !== paragraph.box) paragraph.box.append(panel.box);
    }
  }

  /** @param {Entry} entry */
  panel(entry) {
    const box = make("div", "stt-conflict");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", tr("Two texts of this paragraph"));
    const reason = make("p", "stt-conflict-reason", entry.held?.reason ?? "");
    reason.setAttribute("role", "alert");
    const [mine, other] = [make("p", "stt-conflict-text"), make("p", "stt-conflict-text")];
    const side = (/** @type {string} */ title, /** @type {HTMLElement} */ text, /** @type {HTMLElement} */ button) => {
      const made = make("div", "stt-conflict-side");
      text.dir = "auto";
      made.append(make("h4", "stt-conflict-title", title), text, button);
      return made;
    };
    const choice = (/** @type {string} */ label, /** @type {() => void} */ act) => {
      const made = make("button", "stt-menu-button", label);
      made.type = "button";
      made.onclick = act;
      return made;
    };
    const now = () => /** @type {Entry} */ (this.queue.held.find(({ key }) => key === entry.key));
    box.append(
      reason,
      side(
        tr("Yours"),
        mine,
        choice(tr("Keep mine"), () => this.queue.keepMine(now())),
      ),
      side(
        tr("The other"),
        other,
        choice(tr("Keep the other"), () => this.queue.keepOther(now())),
      ),
    );
    return { box, mine, other };
  }
}
