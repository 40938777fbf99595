export default function ({ data, parentElement }) {
  const button = parentElement.querySelector(".stt-copy");
  const live = parentElement.querySelector(".stt-live");
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.text);
    } catch {
      copyThroughSelection(data.text); // browsers give the clipboard to https and localhost only
    }
    button.textContent = live.textContent = "Copied";
    clearTimeout(button.sttTimer);
    button.sttTimer = setTimeout(() => (button.textContent = "Copy text"), 2000);
  };
}

function copyThroughSelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
