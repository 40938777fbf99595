// Handles the keys that are pressed while the caret is not in the text, except those that the focused element handles.

const FIELDS = "input:not([type=range]), textarea, select, [contenteditable]";
const ROLES = ["button", "tab", "radio", "slider", "option", "menuitem", "dialog"].map((role) => `[role=${role}]`);
const OWN_KEYS = `${FIELDS}, button, a, summary, input, canvas, ${ROLES}`; // elements that handle keys themselves
const LETTERS = `${FIELDS}, [role=dialog], [role=menu]`; // elements that handle letters themselves
const OF_LETTERS = ["sheet", "note"]; // ids of actions whose keys are characters
const OF_FIELDS = ["undo", "redo"]; // ids of actions that a text field performs itself

export class Keyboard {
  /** @param {import("../index.js").Player} player */
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

  /**
   * Return whether the focused field, not the player, handles the key of an action that also works during typing.
   * @param {string} id of the action @param {Element} target
   */
  belongsToField(id, target) {
    const field = target.closest?.(FIELDS);
    return Boolean(field) && (!this.root.contains(field) || OF_FIELDS.includes(id));
  }

  /**
   * Return whether the focused element, not the player, handles the key of an action that does not work during typing.
   * @param {string} id of the action @param {Element} target
   */
  belongsToTarget(id, target) {
    const inside = this.root.contains(target);
    if (inside && (target === this.player.slider || target.closest?.(".stt-time"))) return false;
    if (OF_LETTERS.includes(id)) return Boolean(target.closest?.(LETTERS));
    return Boolean(target.closest?.(inside && id !== "toggle" ? FIELDS : OWN_KEYS));
  }

  /**
   * Move the focus from the time of a paragraph to the time of another if `key` is an up or down arrow key, Home or
   * End. Return whether the focus was moved.
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
