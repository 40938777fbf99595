// Shows a browser notification when a job ends while this tab is hidden. The browser asks for permission only after a
// click on the button.

import { partsOf } from "../shared/dom.js";
import { staying } from "../shared/keeping/staying.js";
import { read, write } from "../shared/storage.js";
import { tr } from "../shared/texts.js";

const STORED = "stt-notify"; // key in localStorage; the value "on" turns notifications on in this browser

export default staying(".stt-notify", (root) => new Notifier(root));

class Notifier {
  news = /** @type {string | null} */ (null); // the last text received from Python, null before the first call
  waiting = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const part = partsOf(root, "stt-notify-");
    this.button = part("button", HTMLButtonElement);
    this.label = part("label");
    this.hint = part("hint");
    this.button.onclick = () => this.press();
  }

  get possible() {
    return "Notification" in globalThis; // `Notification` is missing on pages without HTTPS and in some phone browsers
  }

  get on() {
    return this.possible && Notification.permission === "granted" && read(STORED) === "on";
  }

  /** @param {import("../shared/keeping/staying.js").Call} call */
  update({ data }) {
    this.waiting = data.waiting;
    if (this.news !== null && data.news && data.news !== this.news && this.on && document.hidden) notify(data.news);
    this.news = data.news;
    this.draw();
  }

  draw() {
    this.root.hidden = !this.possible || !this.waiting;
    this.button.setAttribute("aria-pressed", String(this.on));
    this.label.textContent = this.on ? tr("This browser notifies you") : tr("Notify when done");
  }

  async press() {
    // If storage is blocked, notifications stay off and the button's label does not change.
    if (this.on) write(STORED, "off");
    else {
      const permission = await Notification.requestPermission();
      write(STORED, permission === "granted" ? "on" : "off");
      this.hint.textContent =
        permission === "denied" ? tr("Notifications of this page are blocked in the browser's settings.") : "";
    }
    this.draw();
  }

  close() {
    this.button.onclick = null;
  }
}

/** @param {string} news */
function notify(news) {
  try {
    const shown = new Notification("STT Studio", { body: news, tag: "stt-ended" });
    shown.onclick = () => {
      globalThis.focus();
      shown.close();
    };
  } catch {
    // Chrome on Android does not support this constructor. The page itself also shows which job has ended.
  }
}
