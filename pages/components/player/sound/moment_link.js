// The button that makes a link to the current position of the sound. A click copies the link to the clipboard and sends
// the position to the server. The server puts the position into the page's URL, from which the Share dialog reads it.

import { partsOf } from "../../shared/dom.js";
import { copyText } from "../../shared/clipboard.js";
import { clock } from "../../shared/clock.js";
import { tr } from "../../shared/texts.js";

const CHECKED = 2000; // milliseconds for which the button shows that the link was copied

export class MomentLink {
  at = /** @type {number | null} */ (null); // position in the link made last, seconds
  send = /** @type {(name: string, value: unknown) => void} */ (() => {});
  timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);

  /** @param {HTMLElement} root @param {() => number} position */
  constructor(root, position) {
    const button = partsOf(root, "stt-")("moment", HTMLButtonElement);
    const live = partsOf(root, "stt-")("say");
    button.onclick = async () => {
      this.at = Math.round(position() * 10) / 10;
      const address = new URL(location.href);
      address.searchParams.set("at", String(this.at));
      await copyText(address.href);
      this.send("moment", this.at);
      live.textContent = tr("The link to {time} is on the clipboard.", { time: clock(this.at) });
      button.classList.add("stt-done");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => button.classList.remove("stt-done"), CHECKED);
    };
  }
}
