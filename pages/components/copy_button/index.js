import { copyText } from "../shared/clipboard.js";
import { partsOf } from "../shared/dom.js";
import { askForText } from "../shared/transcript_text.js";
import { tr, translate } from "../shared/texts.js";

const COPIED = 2000; // milliseconds for which the button's label is "Copied"

/** @type {WeakMap<HTMLElement, ReturnType<typeof setTimeout>>} */
const timers = new WeakMap();

/** @param {import("../shared/keeping/staying.js").Call} call */
export default function ({ parentElement }) {
  const find = partsOf(parentElement, "stt-");
  const [button, label, live] = [find("copy"), find("copy-label"), find("live")];
  translate(button);
  button.onclick = async () => {
    await copyText(askForText());
    label.textContent = live.textContent = tr("Copied");
    clearTimeout(timers.get(button));
    timers.set(
      button,
      setTimeout(() => (label.textContent = tr("Copy text")), COPIED),
    );
  };
}
