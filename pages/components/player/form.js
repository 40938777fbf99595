// Makes forms in the panels of the player. Each form sends its content to the server.

import { composes, make, makeButton } from "../shared/dom.js";
import { tr } from "../shared/texts.js";

/** Make the line that shows an error message. */
export const troubleLine = (text = "") => make("p", "stt-notes-trouble", text, { role: "alert" });

/**
 * Make a form: `content`, then the buttons, then a line for errors. The Escape key has the effect of the Cancel button.
 * @param {{ look: string, label: string, content: Node[], beside?: Node[], save: string }} parts `look` is the CSS
 *   class, `save` the text of the button that sends the form; `beside` is shown before the buttons
 * @param {() => Promise<unknown> | null} send returns null if there is nothing to send; its Error's message is shown
 * @param {() => void} cancel
 */
export function sendingForm({ look, label, content, beside = [], save }, send, cancel) {
  const trouble = troubleLine();
  const start = make("button", "stt-menu-button stt-notes-save", save);
  const row = make("div", "stt-notes-row", [...beside, start, makeButton("stt-menu-button", tr("Cancel"), cancel)]);
  const form = make("form", look, [...content, row, trouble], { "aria-label": label });
  form.onkeydown = (event) => {
    event.stopPropagation(); // typed characters must not trigger the player's shortcuts
    if (event.key !== "Escape" || composes(event)) return;
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
