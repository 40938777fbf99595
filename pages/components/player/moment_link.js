// A link to the moment that is heard: on the clipboard, and through the server in the address, from where sharing takes it.

const CHECKED = 2000; // milliseconds that the button says so

class MomentLink {
  constructor(root, position) {
    this.at = null; // seconds, of the last link
    this.send = () => {};
    const button = root.querySelector(".stt-moment");
    const say = root.querySelector(".stt-say");
    button.onclick = async () => {
      this.at = Math.round(position() * 10) / 10;
      const address = new URL(location.href);
      address.searchParams.set("at", this.at);
      await copyText(address.href);
      this.send("moment", this.at);
      say.textContent = `The link to ${clock(this.at)} is on the clipboard.`;
      button.classList.add("stt-done");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => button.classList.remove("stt-done"), CHECKED);
    };
  }
}
