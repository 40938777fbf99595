// Made by "npm run build" from index.js and what it imports. Do not edit.

// shared/base64.js
function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const address = String(reader.result);
      resolve(address.slice(address.indexOf(",") + 1));
    };
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
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

// text_file/index.js
function index_default({ data, parentElement, setTriggerValue }) {
  const find = partsOf(parentElement, "stt-tf-");
  const endings = (
    /** @type {string[]} */
    data.endings
  );
  const input = find("input", HTMLInputElement);
  const [zone, state] = [find("zone"), find("state")];
  translate(partsOf(parentElement, "stt-")("text-file"));
  find("label").textContent = data.label;
  const kinds = endings.map((ending) => ending.slice(1).toUpperCase()).join(", ");
  find("hint").textContent = tr("{kinds}, up to {size} MB", { kinds, size: data.most >> 20 });
  input.accept = endings.join(",");
  input.setAttribute("aria-label", data.label);
  async function send(file) {
    if (!file) return;
    if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) {
      state.textContent = tr("{name} has the wrong file type. Choose one of these: {kinds}.", {
        name: file.name,
        kinds
      });
    } else if (file.size > data.most) {
      state.textContent = tr("{name} is too large. Use a shorter text.", { name: file.name });
    } else {
      try {
        const content = await base64(file);
        setTriggerValue("file", { name: file.name, content });
        state.textContent = file.name;
      } catch {
        state.textContent = tr("{name} cannot be read. Check the file, then choose it again.", { name: file.name });
      }
    }
  }
  input.onchange = () => {
    send(input.files?.[0]);
    input.value = "";
  };
  zone.ondragover = (event) => (event.preventDefault(), zone.classList.add("stt-tf-over"));
  zone.ondragleave = () => zone.classList.remove("stt-tf-over");
  zone.ondrop = (event) => {
    event.preventDefault();
    zone.classList.remove("stt-tf-over");
    send(event.dataTransfer?.files[0]);
  };
}
export {
  index_default as default
};
