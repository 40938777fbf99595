// The dialog that lists the keyboard shortcuts, made from the table in `shared/keymap.js`.

import { make, makeButton } from "../../shared/dom.js";
import { GROUPS, written } from "../../shared/keymap.js";
import { tr } from "../../shared/texts.js";

export class Sheet {
  /**
   * @param {HTMLElement} root
   * @param {import("../../shared/sound/sound.js").Listen} on
   * @param {() => import("../../shared/keymap.js").Keymap} keymap
   * @param {(needs: import("../../shared/keymap.js").Action["needs"]) => boolean} can
   *   whether the player has what an action needs
   */
  constructor(root, on, keymap, can) {
    this.keymap = keymap;
    this.can = can;
    this.box = make("dialog", "stt-sheet", "", { "aria-label": tr("Keyboard shortcuts") });
    on(this.box, "click", (event) => event.target === this.box && this.box.close()); // the click was beside the dialog
    on(this.box, "keydown", (event) => {
      if (event.key !== "?") return;
      event.preventDefault();
      this.box.close();
    });
    root.append(this.box);
  }

  open() {
    const close = makeButton("stt-menu-button", tr("Close"), () => this.box.close());
    const head = make("div", "stt-sheet-head", [make("h2", "stt-sheet-title", tr("Keyboard shortcuts")), close]);
    const actions = this.keymap().actions.filter(({ keys, needs }) => keys.length && this.can(needs));
    const groups = [...new Set(actions.map(({ group }) => group))];
    const parts = groups.map((group) => this.group(group, actions.filter((action) => action.group === group))); // prettier-ignore
    const [before, after] = tr("These keys also work while you type. Change them on the {page}.").split("{page}");
    const link = make("a", "", tr("Settings page"), { href: "settings" });
    const more = make("p", "stt-sheet-more", [mark(), ` ${before}`, link, after ?? ""]);
    this.box.replaceChildren(head, ...parts, more);
    if (!this.box.open) this.box.showModal();
  }

  /** @param {keyof typeof GROUPS} group @param {import("../../shared/keymap.js").Action[]} actions */
  group(group, actions) {
    const rows = actions.map(({ label, where, keys, shown }) => {
      const ends = { first: "", last: "" };
      const between = shown ? tr("{first} to {last}", ends) : tr("{first} or {last}", ends);
      const chords = (shown ?? keys).map((key) => make("kbd", "stt-sheet-key", written(key)));
      const parts = chords.flatMap((chord, place) => (place ? [between, chord] : [chord]));
      const name = make("dt", "stt-sheet-name", where === "always" ? [label(), mark()] : label());
      return make("div", "stt-sheet-row", [name, make("dd", "stt-sheet-keys", parts)]);
    });
    const title = make("h3", "stt-sheet-subtitle", GROUPS[group]());
    return make("section", "stt-sheet-group", [title, make("dl", "stt-sheet-list", rows)]);
  }

  close() {
    this.box.remove();
  }
}

/** Make the dot that marks a key that also works during typing. */
const mark = () => make("span", "stt-sheet-mark", "•", { role: "img", "aria-label": tr("also while you type") });
