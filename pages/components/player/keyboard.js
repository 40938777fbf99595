// Keys while the caret is not in the text, as long as nothing else answers to them.

const FIELDS = "input:not([type=range]), textarea, select, [contenteditable]";
const ROLES = ["button", "tab", "radio", "slider", "option", "menuitem", "dialog"].map((role) => `[role=${role}]`);
const OWN_KEYS = `${FIELDS}, button, a, summary, input, canvas, ${ROLES}`; // what answers to keys itself
const LETTERS = `${FIELDS}, [role=dialog], [role=menu]`; // what answers to letters itself
const OF_LETTERS = ["sheet", "note"];
const OF_FIELDS = ["undo", "redo"]; // what fields do by themselves

export class Keyboard {
  /**
   * @param {HTMLElement} root
   * @param {import("./text.js").Text} text
   * @param {import("./commands.js").Commands} commands
   * @param {import("../shared/sound.js").Listen} on
   * @param {{ latest: () => boolean, reveal: (target: () => Element, lazily: boolean) => void }} player `latest`:
   *   whether keys belong to this player
   */
  constructor(root, text, commands, on, player) {
    this.root = root;
    this.slider = root.querySelector(".stt-slider");
    this.text = text;
    this.commands = commands;
    this.player = player;
    on(document, "keydown", (event) => this.pressed(event));
    on(
      document,
      "keyup",
      (event) => event.key === " " && event.target.closest?.(".stt-time") && event.preventDefault(),
    );
  }

  /** @param {KeyboardEvent & { target: Element }} event */
  pressed(event) {
    const { key, target, repeat } = event;
    if (event.defaultPrevented || !this.player.latest()) return;
    const time = target.closest?.(".stt-time");
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (plain && time && this.root.contains(time) && this.walk(key, time)) return event.preventDefault();
    const { keymap } = this.commands;
    const id = keymap.find(event, "reading");
    const always = keymap.actions.some((action) => action.id === id && action.where === "always");
    if (!id || (always ? this.away(id, target) : this.taken(id, target))) return;
    if (this.commands.run(id, repeat)) event.preventDefault();
  }

  /** Whether a key that also works while somebody types belongs to a field. @param {string} id @param {Element} target */
  away(id, target) {
    const field = target.closest?.(FIELDS);
    return Boolean(field) && (!this.root.contains(field) || OF_FIELDS.includes(id));
  }

  /** Whether a key belongs to what the keyboard is on. @param {string} id @param {Element} target */
  taken(id, target) {
    const inside = this.root.contains(target);
    if (inside && (target === this.slider || target.closest?.(".stt-time"))) return false;
    if (OF_LETTERS.includes(id)) return Boolean(target.closest?.(LETTERS));
    return Boolean(target.closest?.(inside && id !== "toggle" ? FIELDS : OWN_KEYS));
  }

  /**
   * Go with arrows, Home and End from one paragraph's time to another's.
   * @param {string} key
   * @param {Element} time
   */
  walk(key, time) {
    const { paragraphs } = this.text;
    const place = paragraphs.findIndex((p) => p.time === time);
    /** @type {Record<string, number>} */
    const targets = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: paragraphs.length - 1 };
    const target = paragraphs[targets[key]];
    if (!target) return false;
    this.text.tabTo(target);
    const following = target.time;
    following.focus({ preventScroll: true });
    this.player.reveal(() => following, true);
    return true;
  }
}
