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
    const found = root.querySelector(`.${prefix}${name}`);
    if (found instanceof (kind ?? HTMLElement)) return (
      /** @type {Kind} */
      found
    );
    throw new TypeError(`There is no .${prefix}${name} of this kind`);
  }
  return part;
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
  find("label").textContent = data.label;
  find("hint").textContent = `${endings.map((ending) => ending.slice(1).toUpperCase()).join(", ")}, up to ${data.most >> 20} MB`;
  input.accept = endings.join(",");
  input.setAttribute("aria-label", data.label);
  async function send(file) {
    if (!file) return;
    if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) {
      state.textContent = `${file.name} is no text of these kinds.`;
    } else if (file.size > data.most) {
      state.textContent = `${file.name} is too large. Use a shorter text.`;
    } else {
      try {
        const content = await base64(file);
        setTriggerValue("file", { name: file.name, content });
        state.textContent = file.name;
      } catch {
        state.textContent = `${file.name} cannot be read. Check it, then choose it again.`;
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
