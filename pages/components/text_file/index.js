// Reads a small text file and sends it to Python in one message. Streamlit's own file uploader is not used, because it
// would keep the file in the server's memory.
import { base64 } from "../shared/base64.js";
import { partsOf } from "../shared/dom.js";
import { tr, translate } from "../shared/texts.js";

/** @param {import("../shared/keeping/staying.js").Call} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const find = partsOf(parentElement, "stt-tf-");
  const endings = /** @type {string[]} */ (data.endings);
  const input = find("input", HTMLInputElement);
  const [zone, state] = [find("zone"), find("state")];
  translate(partsOf(parentElement, "stt-")("text-file"));
  find("label").textContent = data.label;
  const kinds = endings.map((ending) => ending.slice(1).toUpperCase()).join(", ");
  find("hint").textContent = tr("{kinds}, up to {size} MB", { kinds, size: data.most >> 20 });
  input.accept = endings.join(",");
  input.setAttribute("aria-label", data.label);

  /** @param {File | undefined} file */
  async function send(file) {
    if (!file) return;
    if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) {
      state.textContent = tr("{name} has the wrong file type. Choose one of these: {kinds}.", {
        name: file.name,
        kinds,
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
    input.value = ""; // without this, choosing the same file again would have no effect
  };
  zone.ondragover = (event) => (event.preventDefault(), zone.classList.add("stt-tf-over"));
  zone.ondragleave = () => zone.classList.remove("stt-tf-over");
  zone.ondrop = (event) => {
    event.preventDefault();
    zone.classList.remove("stt-tf-over");
    send(event.dataTransfer?.files[0]);
  };
}
