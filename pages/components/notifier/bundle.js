// Made by "npm run build" from index.js and what it imports. Do not edit.

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

// shared/keeping/lasting.js
function lasting(name, first) {
  const all = (
    /** @type {{ sttKept?: Map<string, any> }} */
    /** @type {unknown} */
    window
  );
  all.sttKept ??= /* @__PURE__ */ new Map();
  if (!all.sttKept.has(name)) all.sttKept.set(name, first());
  return all.sttKept.get(name);
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

// shared/keeping/staying.js
var views = lasting("views", () => /* @__PURE__ */ new WeakMap());
function staying(selector, open) {
  return (call) => {
    const root = (
      /** @type {HTMLElement} */
      call.parentElement.querySelector(selector)
    );
    translate(root);
    const kept = views.get(root) ?? { view: open(root, call), turn: 0 };
    views.set(root, kept);
    kept.turn += 1;
    const { turn } = kept;
    kept.view.update(call);
    return () => {
      if (kept.turn !== turn) return;
      kept.view.close();
      views.delete(root);
    };
  };
}

// shared/storage.js
function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
function write(name, text) {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

// notifier/index.js
var STORED = "stt-notify";
var index_default = staying(".stt-notify", (root) => new Notifier(root));
var Notifier = class {
  news = (
    /** @type {string | null} */
    null
  );
  // the last text received from Python, null before the first call
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
    return "Notification" in globalThis;
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
    if (this.on) write(STORED, "off");
    else {
      const permission = await Notification.requestPermission();
      write(STORED, permission === "granted" ? "on" : "off");
      this.hint.textContent = permission === "denied" ? tr("Notifications of this page are blocked in the browser's settings.") : "";
    }
    this.draw();
  }
  close() {
    this.button.onclick = null;
  }
};
function notify(news) {
  try {
    const shown = new Notification("STT Studio", { body: news, tag: "stt-ended" });
    shown.onclick = () => {
      globalThis.focus();
      shown.close();
    };
  } catch {
  }
}
export {
  index_default as default
};
