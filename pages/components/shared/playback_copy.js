// What there is to play: the recording itself where browsers seek it exactly, else a copy of its sound. The server makes
// that when it is first needed, a few seconds for an hour; until then the text can be read, and a position is kept.

const FIRST_WAIT = 1000; // milliseconds between two requests at first, then ever longer
const LONGEST_WAIT = 5000;
const TRIES = 5; // requests without an answer, after which the sound is tried as it is

export class PlaybackCopy {
  /**
   * @param {(address: string, failed: boolean) => void} ready is called with where the sound is: the original if there
   *   is no copy.
   * @param {(percent: number) => void} wait is called before, again and again.
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
