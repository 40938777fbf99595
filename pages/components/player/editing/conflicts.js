// Shows a panel below each paragraph that was changed both here and in another tab. The panel shows the two texts side
// by side, and the user chooses one.

import { make, makeButton } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";

/** @typedef {import("./saving/queue.js").Entry} Entry */

export class Conflicts {
  panels = /** @type {Map<string, { box: HTMLElement, mine: HTMLElement, other: HTMLElement }>} */ (new Map());

  /** @param {import("./saving/queue.js").Queue} queue @param {import("../text/text.js").Text} text */
  constructor(queue, text) {
    this.queue = queue;
    this.text = text;
  }

  /** Show a panel for each step that waits for a decision between two texts, and remove the panels of other steps. */
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
    const text = () => make("p", "stt-conflict-text", "", { dir: "auto", translate: "no" });
    const [mine, other] = [text(), text()];
    const now = () => /** @type {Entry} */ (this.queue.held.find(({ key }) => key === entry.key));
    const keepMine = makeButton("stt-menu-button", tr("Keep mine"), () => this.queue.keepMine(now()));
    const keepOther = makeButton("stt-menu-button", tr("Keep the other"), () => this.queue.keepOther(now()));
    const content = [
      make("p", "stt-conflict-reason", entry.held?.reason ?? "", { role: "alert" }),
      make("div", "stt-conflict-side", [make("h4", "stt-conflict-title", tr("Your text")), mine, keepMine]),
      make("div", "stt-conflict-side", [make("h4", "stt-conflict-title", tr("The other text")), other, keepOther]),
    ];
    const box = make("div", "stt-conflict", content, {
      role: "group",
      "aria-label": tr("Two texts of this paragraph"),
    });
    return { box, mine, other };
  }
}
