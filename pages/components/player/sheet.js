// The sheet of keys, made of the table that binds them.

import { make } from "../shared/dom.js";
import { GROUPS, written } from "../shared/keymap.js";
import { tr } from "../shared/texts.js";

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
    this.box.setAttribute("aria-label", tr("Keys"));
    on(this.box, "click", (event) => event.target === this.box && this.box.close()); // beside the sheet
    on(this.box, "keydown", (event) => {
      if (event.key !== "?") return;
      event.preventDefault();
      this.box.close();
    });
    root.append(this.box);
  }

  open() {
    const title = make("h2", "stt-sheet-title", tr("Keys"));
    const close = make("button", "stt-menu-button", tr("Close"));
    close.type = "button";
    close.onclick = () => this.box.close();
    const head = make("div", "stt-sheet-head");
    head.append(title, close);
    const actions = this.keymap().actions.filter(({ keys, needs }) => keys.length && this.can(needs));
    const groups = [...new Set(actions.map(({ group }) => group))];
    const parts = groups.map((group) => this.group(group, actions.filter((action) => action.group === group))); // prettier-ignore
    const [before, after] = tr("These keys work while you type, too. Change them on the {page}.").split("{page}");
    const more = make("p", "stt-sheet-more", ` ${before}`);
    const link = make("a", "", tr("Settings page"));
    link.href = "settings";
    more.prepend(mark());
    more.append(link, after ?? "");
    this.box.replaceChildren(head, ...parts, more);
    if (!this.box.open) this.box.showModal();
  }

  /** @param {keyof typeof GROUPS} group @param {import("../shared/keymap.js").Action[]} actions */
  group(group, actions) {
    const part = make("section", "stt-sheet-group");
    const list = make("dl", "stt-sheet-list");
    for (const { label, where, keys, shown } of actions) {
      const row = make("div", "stt-sheet-row");
      const held = make("dd", "stt-sheet-keys");
      const ends = { first: "", last: "" };
      const between = shown ? tr("{first} to {last}", ends) : tr("{first} or {last}", ends);
      (shown ?? keys).forEach((key, place) => {
        if (place) held.append(between);
        held.append(make("kbd", "stt-sheet-key", written(key)));
      });
      const name = make("dt", "stt-sheet-name", label());
      if (where === "always") name.append(mark());
      row.append(name, held);
      list.append(row);
    }
    part.append(make("h3", "stt-sheet-subtitle", GROUPS[group]()), list);
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
  made.setAttribute("aria-label", tr("also while you type"));
  return made;
}
