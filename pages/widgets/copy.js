export default function ({ data, parentElement }) {
  const button = parentElement.querySelector(".stt-copy");
  const label = parentElement.querySelector(".stt-copy-label");
  const live = parentElement.querySelector(".stt-live");
  button.onclick = async () => {
    await copyText(data.text);
    label.textContent = live.textContent = "Copied";
    clearTimeout(button.sttTimer);
    button.sttTimer = setTimeout(() => (label.textContent = "Copy text"), 2000);
  };
}
