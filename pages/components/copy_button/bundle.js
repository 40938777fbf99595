// Made by "npm run build" from index.js and what it imports. Do not edit.

// shared/clipboard.js
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyThroughSelection(text);
  }
}
function copyThroughSelection(text) {
  const before = (
    /** @type {HTMLElement | null} */
    document.activeElement
  );
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  before?.focus?.({ preventScroll: true });
}

// shared/dom.js
function partsOf(root, prefix) {
  function part(name, kind) {
    const found = root.querySelector(`.${prefix}${name}`);
    if (found instanceof (kind ?? HTMLElement)) return (
      /** @type {Kind} */
      found
    );
    throw new TypeError(`There is no .${prefix}${name} of this kind`);
  }
  return part;
}

// shared/transcript_text.js
var ASKED = "stt-transcript-text";
function askForText() {
  const answer = { text: "" };
  document.dispatchEvent(new CustomEvent(ASKED, { detail: answer }));
  return answer.text;
}

// copy_button/index.js
var SAID = 2e3;
var timers = /* @__PURE__ */ new WeakMap();
function index_default({ parentElement }) {
  const find = partsOf(parentElement, "stt-");
  const [button, label, live] = [find("copy"), find("copy-label"), find("live")];
  button.onclick = async () => {
    await copyText(askForText());
    label.textContent = live.textContent = "Copied";
    clearTimeout(timers.get(button));
    timers.set(
      button,
      setTimeout(() => label.textContent = "Copy text", SAID)
    );
  };
}
export {
  index_default as default
};
