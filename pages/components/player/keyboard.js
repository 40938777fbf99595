// Keys while the caret is not in the text, as long as nothing else answers to them.

const FIELDS = "input:not([type=range]), textarea, select, [contenteditable]";
const ROLES = ["button", "tab", "radio", "slider", "option", "menuitem", "dialog"].map((role) => `[role=${role}]`);
const OWN_KEYS = `${FIELDS}, button, a, summary, input, canvas, ${ROLES}`; // what answers to keys itself
const LETTERS = `${FIELDS}, [role=dialog], [role=menu]`; // what answers to letters itself
const OF_LETTERS = ["sheet", "note"];
const OF_FIELDS = ["undo", "redo"]; // what fields do by themselves

export class Keyboard {
  /** @param {import("./index.js").Player} player */
  constructor(player) {
    this.player = player;
    this.root = player.root;
    const { on } = player;
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
    if (event.defaultPrevented || !this.player.latest) return;
    const time = target.closest?.(".stt-time");
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (plain && time && this.root.contains(time) && this.walk(key, time)) return event.preventDefault();
    const { commands } = this.player;
    const id = commands.keymap.find(event, "reading");
    const always = commands.keymap.actions.some((action) => action.id === id && action.where === "always");
    if (!id || (always ? this.belongsToField(id, target) : this.belongsToTarget(id, target))) return;
    if (commands.run(id, repeat)) event.preventDefault();
  }

  /** Whether a key that also works while somebody types belongs to a field. @param {string} id @param {Element} target */
  belongsToField(id, target) {
    const field = target.closest?.(FIELDS);
    return Boolean(field) && (!this.root.contains(field) || OF_FIELDS.includes(id));
  }

  /** Whether a key belongs to what the keyboard is on. @param {string} id @param {Element} target */
  belongsToTarget(id, target) {
    const inside = this.root.contains(target);
    if (inside && (target === this.player.slider || target.closest?.(".stt-time"))) return false;
    if (OF_LETTERS.includes(id)) return Boolean(target.closest?.(LETTERS));
    return Boolean(target.closest?.(inside && id !== "toggle" ? FIELDS : OWN_KEYS));
  }

  /**
   * Go with arrows, Home and End from one paragraph's time to another's.
   * @param {string} key
   * @param {Element} time
   */
  walk(key, time) {
    const { paragraphs } = this.player.text;
    const place = paragraphs.findIndex((p) => p.time === time);
    /** @type {Record<string, number>} */
    const targets = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: paragraphs.length - 1 };
    const target = paragraphs[targets[key]];
    if (!target) return false;
    this.player.text.tabTo(target);
    target.time.focus({ preventScroll: true });
    this.player.reveal(() => target.time);
    return true;
  }
}
