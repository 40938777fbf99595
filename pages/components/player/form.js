// A form beside the text, which sends something to the server.

import { make, makeButton } from "../shared/dom.js";
import { tr } from "../shared/texts.js";

/** A line for what went wrong. */
export const troubleLine = (text = "") => make("p", "stt-notes-trouble", text, { role: "alert" });

/**
 * Make a form with `content`, below it its buttons, and what went wrong. Escape cancels.
 * @param {{ look: string, label: string, content: Node[], beside?: Node[], save: string }} parts `beside` the buttons;
 *   `save` on the first of them
 * @param {() => Promise<unknown> | null} send raises an Error with words for people; null if there is nothing to send
 * @param {() => void} cancel
 */
export function sendingForm({ look, label, content, beside = [], save }, send, cancel) {
  const trouble = troubleLine();
  const start = make("button", "stt-menu-button stt-notes-save", save);
  const row = make("div", "stt-notes-row", [...beside, start, makeButton("stt-menu-button", tr("Cancel"), cancel)]);
  const form = make("form", look, [...content, row, trouble], { "aria-label": label });
  form.onkeydown = (event) => {
    event.stopPropagation(); // what is typed is no key of the player's
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    cancel();
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const sent = start.disabled ? null : send();
    if (!sent) return;
    start.disabled = true;
    trouble.textContent = "";
    await sent.catch((error) => {
      trouble.textContent = error.message;
      start.disabled = false;
    });
  };
  return form;
}
