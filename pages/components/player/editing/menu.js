// What opens beside a paragraph: the menu of speakers, the menu of what else can be done, and the times.

import { Borders } from "./borders.js";
import { make } from "../../shared/dom.js";
import { tr } from "../../shared/texts.js";

const GAP = 4; // pixels

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
    const rows = items.map((item) => {
      const row = make("button", "stt-menu-item");
      row.type = "button";
      row.tabIndex = -1;
      row.setAttribute("role", item.checked === undefined ? "menuitem" : "menuitemradio");
      if (item.checked !== undefined) row.setAttribute("aria-checked", String(item.checked));
      const name = make("span", "stt-menu-name", item.label);
      name.dir = "auto";
      if (item.colour) name.style.setProperty("--stt-voice", item.colour);
      row.append(name);
      if (item.hint) {
        row.setAttribute("aria-keyshortcuts", item.hint);
        const hint = make("kbd", "stt-menu-hint", item.hint);
        hint.setAttribute("aria-hidden", "true");
        row.append(hint);
      }
      row.onclick = () => item.act();
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
    this.box.setAttribute("role", role);
    this.box.setAttribute("aria-label", label);
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
   * Ask for a name.
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {(name: string) => void} done
   */
  ask(anchor, label, done) {
    const form = make("form", "stt-menu-form");
    const field = make("input", "stt-menu-field");
    field.setAttribute("aria-label", label);
    field.placeholder = label;
    field.maxLength = 100;
    field.dir = "auto";
    const button = make("button", "stt-menu-button", tr("Assign"));
    form.append(field, button);
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
   * Show start and end of a paragraph, to be moved.
   * @param {HTMLElement} anchor
   * @param {string} label
   * @param {{ start: number, end: number }} times
   * @param {() => number | null} now where the sound is
   * @param {import("./borders.js").Waveform | null} waveform
   * @param {(change: { start?: number, end?: number }) => void} change
   */
  times(anchor, label, times, now, waveform, change) {
    const sets = /** @type {Record<"start" | "end", (seconds: number) => void>} */ ({});
    const set = (/** @type {"start" | "end"} */ name, /** @type {number} */ seconds) => sets[name](seconds);
    const borders = waveform?.peaks.length ? new Borders(times, waveform, tenths, set) : null;
    const rows = /** @type {const} */ (["start", "end"]).map((name) => {
      const row = make("div", "stt-times-row");
      row.setAttribute("role", "group");
      const first = name === "start";
      const title = first ? tr("Start") : tr("End");
      const earlier = first ? tr("Start 0.1 s earlier") : tr("End 0.1 s earlier");
      const later = first ? tr("Start 0.1 s later") : tr("End 0.1 s later");
      row.setAttribute("aria-label", title);
      const value = make("output", "stt-times-value", tenths(times[name]));
      value.setAttribute("aria-live", "polite");
      const set = (/** @type {number} */ seconds) => {
        times[name] = Math.max(0, Math.round(seconds * 10) / 10);
        value.textContent = tenths(times[name]);
        borders?.draw();
        change({ [name]: times[name] });
      };
      sets[name] = set;
      const button = (/** @type {string} */ text, /** @type {string} */ words, /** @type {() => void} */ act) => {
        const made = make("button", "stt-menu-button", text);
        made.type = "button";
        made.setAttribute("aria-label", words);
        made.onclick = act;
        return made;
      };
      row.append(
        make("span", "stt-times-name", title),
        button(tr("−0.1 s"), earlier, () => set(times[name] - 0.1)),
        value,
        button(tr("+0.1 s"), later, () => set(times[name] + 0.1)),
      );
      if (now() !== null) {
        const words = first ? tr("Set the start to now") : tr("Set the end to now");
        row.append(button(tr("Set to now"), words, () => set(now() ?? times[name])));
      }
      return row;
    });
    this.open(anchor, label, "dialog", borders ? [borders.box, ...rows] : rows);
    this.box.querySelector("button")?.focus({ preventScroll: true });
  }
}

/** Write seconds as 1:02.3. @param {number} seconds */
export function tenths(seconds) {
  const all = Math.round(seconds * 10);
  const [minutes, rest] = [Math.floor(all / 600), all % 600];
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const hours = Math.floor(minutes / 60);
  const start = hours ? `${hours}:${two(minutes % 60)}` : String(minutes);
  return `${start}:${two(Math.floor(rest / 10))}.${rest % 10}`;
}
