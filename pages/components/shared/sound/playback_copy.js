// Finds the URL of the sound to play: the recording itself if browsers can seek it exactly, otherwise a playback copy.
// The server makes the copy when it is first requested, and needs a few seconds for an hour of sound.

const FIRST_WAIT = 1000; // milliseconds between the first and the second request; later waits are longer
const LONGEST_WAIT = 5000; // maximum milliseconds between two requests
const TRIES = 5; // consecutive failed requests after which the sound is loaded, whether or not its copy is ready

export class PlaybackCopy {
  /**
   * @param {(address: string, failed: boolean) => void} ready is called with the URL of the sound. If the server could
   *   not make the copy, `failed` is true and the URL is that of the original recording.
   * @param {(percent: number) => void} wait is called repeatedly while the server makes the copy.
   */
  constructor(ready, wait) {
    this.ready = ready;
    this.wait = wait;
    this.wanted = /** @type {string | null} */ (null);
  }

  /** @param {string | null} address */
  async find(address) {
    this.wanted = address;
    if (!address) return;
    const state = address.replace(/(?=\?|$)/, "/state");
    let unanswered = 0;
    for (let time = 0; ; time += 1) {
      const answer = await fetch(state).catch(() => null);
      const found = answer?.ok ? await answer.json().catch(() => null) : null;
      if (this.wanted !== address) return;
      const lost = !answer || answer.status >= 500;
      unanswered = lost ? unanswered + 1 : 0;
      if (found?.state === "making") this.wait(found.percent);
      else if (!lost || unanswered >= TRIES) {
        const failed = found?.state === "failed";
        const original = `${address}${address.includes("?") ? "&" : "?"}original`;
        return this.ready(failed ? original : address, failed);
      }
      await new Promise((done) => setTimeout(done, Math.min(FIRST_WAIT * (1 + time / 10), LONGEST_WAIT)));
      if (this.wanted !== address) return;
    }
  }

  close() {
    this.wanted = null;
  }
}
