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
    const found2 = root.querySelector(`.${prefix}${name}`);
    if (found2 instanceof (kind ?? HTMLElement)) return (
      /** @type {Kind} */
      found2
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

// shared/texts.js
var translation;
function found() {
  if (translation === void 0) {
    const holder = document.querySelector(".stt-texts");
    translation = holder instanceof HTMLElement ? JSON.parse(holder.dataset.texts ?? "null") : null;
  }
  return translation;
}
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? String(values[name]) : whole);
}
function tr(text, values = {}) {
  return filled(found()?.texts[text]?.[0] ?? text, values);
}
var ATTRIBUTES = ["aria-label", "title", "placeholder"];
var translated = /* @__PURE__ */ new WeakSet();
function translate(root) {
  if (!found() || translated.has(root)) return;
  translated.add(root);
  const walker = document.createTreeWalker(
    /** @type {Node} */
    /** @type {unknown} */
    root,
    NodeFilter.SHOW_TEXT
  );
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.nodeValue ?? "").trim().replace(/\s+/g, " ");
    if (text) node.nodeValue = (node.nodeValue ?? "").replace(/\S(.*\S)?/s, () => tr(text));
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${name}]`))
      element.setAttribute(name, tr(element.getAttribute(name) ?? ""));
  }
}

// copy_button/index.js
var COPIED = 2e3;
var timers = /* @__PURE__ */ new WeakMap();
function index_default({ parentElement }) {
  const find = partsOf(parentElement, "stt-");
  const [button, label, live] = [find("copy"), find("copy-label"), find("live")];
  translate(button);
  button.onclick = async () => {
    await copyText(askForText());
    label.textContent = live.textContent = tr("Copied");
    clearTimeout(timers.get(button));
    timers.set(
      button,
      setTimeout(() => label.textContent = tr("Copy text"), COPIED)
    );
  };
}
export {
  index_default as default
};
