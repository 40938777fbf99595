// Sends the pieces of sound in order, during the recording. A request is repeated while the connection or server fails.

import { request } from "../shared/request.js";
import { tr } from "../shared/texts.js";

const MOST = 1 << 20; // maximum bytes of a request with several pieces; after an interruption, many pieces wait
const ANSWER = 20_000; // milliseconds to wait for a response
const WAITS = [500, 1000, 2000, 4000]; // milliseconds before each retry; the last value is repeated
const STILL_HERE = 4000; // milliseconds between two alive signals of a paused recording
const LAST = 60_000; // maximum bytes of sound in the last request; browsers send at most 64 KiB while a page closes

/** @typedef {import("./sound.js").Problem} Problem */

export class Sending {
  id = /** @type {string | null} */ (null);
  number = 0; // number of the next batch, counted from 0; the server calls a batch a piece
  queue = /** @type {Blob[]} */ ([]);
  batch = /** @type {Blob | null} */ (null); // the joined pieces of one request, until the server acknowledges them
  head = /** @type {Blob | null} */ (null); // the first piece of the recording, which has the file header
  tries = 0;
  trouble = /** @type {Problem | null} */ (null);
  size = 0; // bytes recorded so far
  ending = false;
  recording = /** @type {string | null} */ (null);
  error = /** @type {Problem | null} */ (null);
  paused = false;
  pauseSent = false; // whether the current run of `pump` has reported the pause
  busy = false;

  /**
   * @param {string} url
   * @param {string} name
   * @param {boolean} shared whether the right channel is the sound of a tab or the screen
   * @param {() => void} changed called when something that the page shows has changed
   * @param {(problem: Problem) => void} refused called with the problem that ends the recording
   */
  constructor(url, name, shared, changed, refused) {
    this.url = url;
    this.name = name;
    this.shared = shared;
    this.changed = changed;
    this.refused = refused;
    this.signs = setInterval(() => this.paused && this.pump(), STILL_HERE);
  }

  /** @param {Blob} blob */
  add(blob) {
    if (!blob.size || this.error) return;
    this.head ??= blob;
    this.queue.push(blob);
    this.size += blob.size;
    this.pump();
  }

  /** Return the number of bytes that the server has not acknowledged yet. */
  get left() {
    return this.queue.reduce((sum, blob) => sum + blob.size, this.batch?.size ?? 0);
  }

  /** Finish the recording on the server as soon as all pieces have arrived. Do not call `add` after this. */
  end() {
    this.ending = true;
    this.pump();
  }

  async pump() {
    if (this.busy) return;
    this.busy = true;
    try {
      while (!this.error && !this.recording && (await this.step()));
    } finally {
      this.busy = false;
    }
    if (this.error || this.recording) clearInterval(this.signs);
    this.changed();
  }

  /** Send the next request, if there is one. Return whether `pump` should call this function again. */
  async step() {
    if (!this.id) {
      const named = { "X-File-Name": encodeURIComponent(this.name) };
      const { status, answer } = await this.post(this.shared ? `${this.url}?shared=1` : this.url, null, named);
      if (status === 201) this.id = answer.id;
      else this.fail(answer);
      return true;
    }
    this.batch ??= this.take();
    if (this.batch) return this.sendBatch(this.batch);
    if (this.ending) return this.finish();
    if (!this.paused || this.pauseSent) return (this.pauseSent = false);
    this.pauseSent = true;
    await this.post(`${this.url}/${this.id}?piece=${this.number}&paused=1`, null);
    return true;
  }

  /** @param {Blob} batch */
  async sendBatch(batch) {
    const { status, answer } = await this.post(`${this.url}/${this.id}?piece=${this.number}`, batch);
    if (status === 200) {
      this.number = answer.next;
      this.batch = null;
    } else if (status === 404 || status === 409) {
      await this.goOn();
    } else if (status === 413 && this.number > 0) {
      Object.assign(this, { batch: null, queue: [], ending: true });
      this.refused(answer);
    } else {
      this.fail(answer);
    }
    return true;
  }

  async finish() {
    const { status, answer } = await this.post(`${this.url}/${this.id}/finish`, null);
    if (status === 201) this.recording = answer.id;
    else if (status === 409) return true;
    else this.fail(answer);
    return false;
  }

  /**
   * Continue with another recording, which begins with the same file header, because the server accepts no more pieces
   * of this one. The usual cause is that no piece arrived for too long.
   */
  async goOn() {
    const head = this.head && (await beginning(this.head));
    if (!head || !this.batch)
      return this.fail({
        title: tr("The recording was interrupted"),
        message: tr("The part that reached the server is kept."),
      });
    this.batch = new Blob([head, this.batch]);
    Object.assign(this, { id: null, number: 0 });
  }

  /**
   * Send a request and return the response. Repeat the request after a network error, after a response with status 5xx,
   * and after status 429 if the server has given the recording an id.
   * @param {string} url
   * @param {Blob | null} body
   * @param {Record<string, string>} [headers]
   */
  async post(url, body, headers) {
    for (;;) {
      const { status, answer } = await request(url, { method: "POST", body, headers }, ANSWER);
      const busy = status === 429 && this.id;
      if (status && status < 500 && !busy) {
        Object.assign(this, { tries: 0, trouble: null });
        this.changed();
        return { status, answer };
      }
      this.trouble = answer?.title ? answer : { title: tr("The connection is lost") };
      this.changed();
      await soon(WAITS[Math.min(this.tries, WAITS.length - 1)]);
      this.tries += 1;
    }
  }

  /** Take the next pieces from the queue and return them as one batch, null if there are none. */
  take() {
    let size = 0;
    const over = this.queue.findIndex((blob) => (size += blob.size) > MOST);
    const count = over < 0 ? this.queue.length : Math.max(over, 1);
    return count ? new Blob(this.queue.splice(0, count)) : null;
  }

  /** @param {Problem | null} answer */
  fail(answer) {
    this.error = answer?.title ? answer : { title: tr("The server did not accept the recording") };
    this.refused(this.error);
  }

  /**
   * Finish the recording because the page closes. The request outlives the page. It contains the remaining sound if the
   * sound has less than LAST bytes.
   */
  leave() {
    if (!this.id || this.recording || this.error) return;
    const last = new Blob(this.batch ? [this.batch, ...this.queue] : this.queue);
    const fits = last.size > 0 && last.size < LAST;
    const where = `${this.url}/${this.id}/finish${fits ? `?piece=${this.number}` : ""}`;
    fetch(where, { method: "POST", body: fits ? last : null, keepalive: true }).catch(() => {});
  }
}

/**
 * Wait for `wait` milliseconds, or until the browser comes online if that is earlier.
 * @param {number} wait milliseconds
 */
function soon(wait) {
  return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
    const go = () => (clearTimeout(timer), window.removeEventListener("online", go), resolve());
    const timer = setTimeout(go, wait);
    window.addEventListener("online", go);
  });
}

/**
 * Return the file header, which ends where the sound begins: in WebM at the first cluster, in MP4 at the first `moof`
 * box. Return null if neither is found.
 * @param {Blob} first the first piece of a recording
 */
async function beginning(first) {
  const bytes = new Uint8Array(await first.arrayBuffer());
  const startOf = (/** @type {number[]} */ mark) =>
    bytes.findIndex((_, at) => mark.every((byte, i) => bytes[at + i] === byte));
  const cluster = startOf([0x1f, 0x43, 0xb6, 0x75]);
  if (cluster > 0) return first.slice(0, cluster);
  const box = startOf([0x6d, 0x6f, 0x6f, 0x66]);
  return box > 4 ? first.slice(0, box - 4) : null;
}
