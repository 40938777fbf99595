// The sheet of keys, made of the table that binds them.

import { make } from "../shared/dom.js";
import { written } from "../shared/keymap.js";

export class Sheet {
  /**
   * @param {HTMLElement} root
   * @param {import("../shared/sound.js").Listen} on
   * @param {() => import("../shared/keymap.js").Keymap} keymap
   * @param {(needs: import("../shared/keymap.js").Action["needs"]) => boolean} can whether there is such a thing here
   */
  constructor(root, on, keymap, can) {
    this.keymap = keymap;
    this.can = can;
    this.box = make("dialog", "stt-sheet");
    this.box.setAttribute("aria-label", "Keys");
    on(this.box, "click", (event) => event.target === this.box && this.box.close()); // beside the sheet
    on(this.box, "keydown", (event) => {
      if (event.key !== "?") return;
      event.preventDefault();
      this.box.close();
    });
    root.append(this.box);
  }

  open() {
    const title = make("h2", "stt-sheet-title", "Keys");
    const close = make("button", "stt-menu-button", "Close");
    close.type = "button";
    close.onclick = () => this.box.close();
    const head = make("div", "stt-sheet-head");
    head.append(title, close);
    const actions = this.keymap().actions.filter(({ keys, needs }) => keys.length && this.can(needs));
    const groups = [...new Set(actions.map(({ group }) => group))];
    const parts = groups.map((group) => this.group(group, actions.filter((action) => action.group === group))); // prettier-ignore
    const more = make("p", "stt-sheet-more", " These keys work while you type, too. Change them on the ");
    const link = make("a", "", "Settings page");
    link.href = "settings";
    more.prepend(mark());
    more.append(link, ".");
    this.box.replaceChildren(head, ...parts, more);
    if (!this.box.open) this.box.showModal();
  }

  /** @param {string} group @param {import("../shared/keymap.js").Action[]} actions */
  group(group, actions) {
    const part = make("section", "stt-sheet-group");
    const list = make("dl", "stt-sheet-list");
    for (const { label, where, keys, shown } of actions) {
      const row = make("div", "stt-sheet-row");
      const held = make("dd", "stt-sheet-keys");
      (shown ?? keys).forEach((key, place) => {
        if (place) held.append(shown ? " to " : " or ");
        held.append(make("kbd", "stt-sheet-key", written(key)));
      });
      const name = make("dt", "stt-sheet-name", label);
      if (where === "always") name.append(mark());
      row.append(name, held);
      list.append(row);
    }
    part.append(make("h3", "stt-sheet-subtitle", group), list);
    return part;
  }

  close() {
    this.box.remove();
  }
}

/** What marks a key that works while somebody types. */
function mark() {
  const made = make("span", "stt-sheet-mark", "•");
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", "also while you type");
  return made;
}
