export default function ({ parentElement }) {
  const button = parentElement.querySelector(".stt-copy");
  const label = parentElement.querySelector(".stt-copy-label");
  const live = parentElement.querySelector(".stt-live");
  button.onclick = async () => {
    await copyText(document.querySelector(".stt-transcript")?.sttText() ?? ""); // see player_text.js
    label.textContent = live.textContent = "Copied";
    clearTimeout(button.sttTimer);
    button.sttTimer = setTimeout(() => (label.textContent = "Copy text"), 2000);
  };
}
