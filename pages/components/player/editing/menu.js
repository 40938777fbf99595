// The box that opens beside a paragraph: the menu of speakers, the menu of other actions, or the fields for the times.

import { Borders } from "./borders.js";
import { tenths } from "../../shared/clock.js";
import { composes, make, makeButton, set } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";

const GAP = 4; // minimum pixels between the box and its button or the edges of the window

/**
 * @typedef {{ label: string, hint?: string, colour?: string | null, checked?: boolean, act: () => void }} Item
 */

export class Menu {
  box = make("div", "stt-menu");
  anchor = /** @type {HTMLElement | null} */ (null);

  /** @param {HTMLElement} root */
  constructor(root) {
    this.box.popover = "auto";
    this.box.onkeydown = (event) => this.pressed(event);
    this.box.addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
      this.anchor?.setAttribute("aria-expanded", "false");
      this.closed();
    });
    root.append(this.box);
  }

  closed = () => {};

  /**
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {Item[]} items
   */
  offer(anchor, label, items) {
    const rows = items.map(({ label, hint, colour, checked, act }) => {
      const name = make("span", "stt-menu-name", label, { dir: "auto" });
      if (colour) name.style.setProperty("--stt-voice", colour);
      const row = makeButton("stt-menu-item", [name], () => act(), { tabindex: -1, role: "menuitem" });
      if (checked !== undefined) set(row, { role: "menuitemradio", "aria-checked": String(checked) });
      if (hint)
        set(row, { "aria-keyshortcuts": hint }).append(make("kbd", "stt-menu-hint", hint, { "aria-hidden": "true" }));
      return row;
    });
    this.open(anchor, label, "menu", rows);
    (rows.find((row) => row.getAttribute("aria-checked") === "true") ?? rows[0])?.focus({ preventScroll: true });
  }

  /**
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {string} role
   * @param {HTMLElement[]} content
   */
  open(anchor, label, role, content) {
    this.anchor = anchor;
    anchor.setAttribute("aria-expanded", "true");
    set(this.box, { role, "aria-label": label });
    this.box.replaceChildren(...content);
    if (!this.box.matches(":popover-open")) this.box.showPopover();
    const { left, bottom, top } = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.box;
    const below = bottom + GAP + height <= innerHeight || top < height;
    this.box.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
    this.box.style.top = `${Math.max(GAP, below ? bottom + GAP : top - GAP - height)}px`;
  }

  close() {
    if (this.box.matches(":popover-open")) this.box.hidePopover();
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    event.stopPropagation();
    if (composes(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
      this.anchor?.focus({ preventScroll: true });
      return;
    }
    if (this.box.getAttribute("role") !== "menu") return;
    const rows = /** @type {HTMLElement[]} */ ([...this.box.children]);
    const place = rows.findIndex((row) => row === document.activeElement);
    const places = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 };
    if (event.key === "Tab") return this.close();
    if (!(event.key in places)) return;
    event.preventDefault();
    const target = places[/** @type {keyof typeof places} */ (event.key)];
    rows.at(target % rows.length)?.focus({ preventScroll: true });
  }

  /**
   * Show a field for the name of a new speaker, in place of the menu.
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {(name: string) => void} done
   */
  ask(anchor, label, done) {
    const hints = { "aria-label": label, placeholder: label, maxlength: 100, dir: "auto" };
    const field = make("input", "stt-menu-field", "", hints);
    const form = make("form", "stt-menu-form", [field, make("button", "stt-menu-button", tr("Assign"))]);
    form.onsubmit = (event) => {
      event.preventDefault();
      const name = field.value.trim();
      if (name) done(name);
      else field.focus();
    };
    this.open(anchor, label, "dialog", [form]);
    field.focus({ preventScroll: true });
  }

  /**
   * Show the start and the end time of a paragraph, with buttons and a waveform to change them.
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {{ start: number, end: number }} times
   * @param {() => number | null} now returns the position of the sound in seconds, null without a sound
   * @param {import("./borders.js").Waveform | null} waveform
   * @param {(change: { start?: number, end?: number }) => void} change
   */
  times(anchor, label, times, now, waveform, change) {
    const names = /** @type {const} */ (["start", "end"]);
    const [first, last] = names.map((name) =>
      make("output", "stt-times-value", tenths(times[name]), { "aria-live": "polite" }),
    );
    const values = { start: first, end: last };
    const move = (/** @type {"start" | "end"} */ name, /** @type {number} */ seconds) => {
      times[name] = Math.max(0, Math.round(seconds * 10) / 10);
      values[name].textContent = tenths(times[name]);
      borders?.draw();
      change({ [name]: times[name] });
    };
    const borders = waveform?.peaks.length ? new Borders(times, waveform, move) : null;
    const rows = names.map((name) => {
      const [title, earlier, later, toNow] =
        name === "start"
          ? [tr("Start"), tr("Start 0.1 s earlier"), tr("Start 0.1 s later"), tr("Set the start to now")]
          : [tr("End"), tr("End 0.1 s earlier"), tr("End 0.1 s later"), tr("Set the end to now")];
      const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => number} */ seconds) =>
        makeButton("stt-menu-button", text, () => move(name, seconds()), { "aria-label": label });
      const parts = [
        make("span", "stt-times-name", title),
        button(tr("−0.1 s"), earlier, () => times[name] - 0.1),
        values[name],
        button(tr("+0.1 s"), later, () => times[name] + 0.1),
      ];
      if (now() !== null) parts.push(button(tr("Set to now"), toNow, () => now() ?? times[name]));
      return make("div", "stt-times-row", parts, { role: "group", "aria-label": title });
    });
    this.open(anchor, label, "dialog", borders ? [borders.box, ...rows] : rows);
    this.box.querySelector("button")?.focus({ preventScroll: true });
  }
}
