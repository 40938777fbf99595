// Made by "npm run build" from index.js and what it imports. Do not edit.

// shared/clock.js
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
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

// shared/keeping/lasting.js
function lasting(name, first) {
  const all = (
    /** @type {{ sttKept?: Map<string, any> }} */
    /** @type {unknown} */
    window
  );
  all.sttKept ??= /* @__PURE__ */ new Map();
  if (!all.sttKept.has(name)) all.sttKept.set(name, first());
  return all.sttKept.get(name);
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

// shared/size.js
function size(bytes) {
  for (
    const [unit, each] of
    /** @type {const} */
    [
      ["GB", 2 ** 30],
      ["MB", 2 ** 20],
      ["kB", 2 ** 10]
    ]
  ) {
    if (bytes >= each) return `${(bytes / each).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  }
  return tr("{count} bytes", { count: bytes });
}

// shared/request.js
var LONGEST = 3e4;
async function request(address, options, longest = LONGEST) {
  try {
    const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(longest) });
    return { status: answer.status, answer: await answer.json().catch(() => null) };
  } catch {
    return { status: 0, answer: null };
  }
}
var explained = (problem, title) => [problem?.message, problem?.guidance].filter((part) => part && part !== title).join(" ");

// shared/keeping/staying.js
var views = lasting("views", () => /* @__PURE__ */ new WeakMap());
function staying(selector, open) {
  return (call) => {
    const root = (
      /** @type {HTMLElement} */
      call.parentElement.querySelector(selector)
    );
    translate(root);
    const kept = views.get(root) ?? { view: open(root, call), turn: 0 };
    views.set(root, kept);
    kept.turn += 1;
    const { turn } = kept;
    kept.view.update(call);
    return () => {
      if (kept.turn !== turn) return;
      kept.view.close();
      views.delete(root);
    };
  };
}

// shared/keeping/working.js
var REPORT_AGAIN = 2e3;
function working(selector, kept, state, begin2, show2) {
  return staying(selector, (root, { data }) => {
    const fresh = () => ({ done: [], view: null, sendDone: () => {
    }, send: () => {
    }, ...begin2(), ...data });
    const item = kept.get(data.key) ?? /** @type {Item} */
    fresh();
    kept.set(data.key, item);
    item.view?.close();
    const view = item.view = show2(root, item);
    let reported = false;
    return {
      update({ data: data2, setStateValue, setTriggerValue }) {
        Object.assign(item, data2, { sendDone: () => setStateValue(state, [...item.done]), send: setTriggerValue });
        if (!reported && item.done.length) report(item);
        reported = true;
      },
      close() {
        view?.close();
        if (item.view === view) item.view = null;
      }
    };
  });
}
function report(item) {
  clearTimeout(item.timer);
  if (!item.view) return;
  item.sendDone();
  item.timer = setTimeout(() => item.known < item.done.length && report(item), REPORT_AGAIN);
}

// recorder/sending.js
var MOST = 1 << 20;
var ANSWER = 2e4;
var WAITS = [500, 1e3, 2e3, 4e3];
var STILL_HERE = 4e3;
var LAST = 6e4;
var Sending = class {
  id = (
    /** @type {string | null} */
    null
  );
  number = 0;
  // number of the next batch, counted from 0; the server calls a batch a piece
  queue = (
    /** @type {Blob[]} */
    []
  );
  batch = (
    /** @type {Blob | null} */
    null
  );
  // the joined pieces of one request, until the server acknowledges them
  head = (
    /** @type {Blob | null} */
    null
  );
  // the first piece of the recording, which has the file header
  tries = 0;
  trouble = (
    /** @type {Problem | null} */
    null
  );
  size = 0;
  // bytes recorded so far
  ending = false;
  recording = (
    /** @type {string | null} */
    null
  );
  error = (
    /** @type {Problem | null} */
    null
  );
  paused = false;
  pauseSent = false;
  // whether the current run of `pump` has reported the pause
  busy = false;
  /**
   * @param {string} url
   * @param {string} name
   * @param {boolean} shared whether the right channel is the sound of a tab or the screen
   * @param {() => void} changed called when something that the page shows has changed
   * @param {(problem: Problem) => void} refused called with the problem that ends the recording
   */
  constructor(url, name, shared, changed2, refused) {
    this.url = url;
    this.name = name;
    this.shared = shared;
    this.changed = changed2;
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
      while (!this.error && !this.recording && await this.step()) ;
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
    if (!this.paused || this.pauseSent) return this.pauseSent = false;
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
    const head = this.head && await beginning(this.head);
    if (!head || !this.batch)
      return this.fail({
        title: tr("The recording was interrupted"),
        message: tr("The part that reached the server is kept.")
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
    for (; ; ) {
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
    let size2 = 0;
    const over = this.queue.findIndex((blob) => (size2 += blob.size) > MOST);
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
    fetch(where, { method: "POST", body: fits ? last : null, keepalive: true }).catch(() => {
    });
  }
};
function soon(wait) {
  return new Promise((resolve) => {
    const go = () => (clearTimeout(timer), window.removeEventListener("online", go), resolve());
    const timer = setTimeout(go, wait);
    window.addEventListener("online", go);
  });
}
async function beginning(first) {
  const bytes = new Uint8Array(await first.arrayBuffer());
  const startOf = (mark) => bytes.findIndex((_, at) => mark.every((byte, i) => bytes[at + i] === byte));
  const cluster = startOf([31, 67, 182, 117]);
  if (cluster > 0) return first.slice(0, cluster);
  const box = startOf([109, 111, 111, 102]);
  return box > 4 ? first.slice(0, box - 4) : null;
}

// recorder/sound.js
var TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus", "audio/webm"];
var BITS = 64e3;
function hindrance() {
  if (!window.isSecureContext) {
    const guidance = tr("Open this page with https, or on the server itself as localhost.");
    return { title: tr("Browsers allow the microphone on secure pages only"), message: guidance };
  }
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
    return {
      title: tr("This browser cannot record"),
      message: tr("Use a newer browser, or record with another program and upload the file.")
    };
  }
  return null;
}
var sharesSound = () => Boolean(navigator.mediaDevices?.getDisplayMedia);
async function microphones() {
  const devices = await navigator.mediaDevices?.enumerateDevices?.() ?? [];
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId);
}
async function openSound({ microphone, both }) {
  const shared = both ? await ask("getDisplayMedia", { video: true, audio: true }) : null;
  const close = (stream2) => stream2?.getTracks().forEach((track) => track.stop());
  if (shared && !shared.getAudioTracks().length) {
    close(shared);
    const message = tr("Choose a tab or the whole screen, and turn on sharing of its audio in the browser's dialog.");
    throw { title: tr("No sound was shared"), message };
  }
  let voice;
  try {
    const device = microphone ? { deviceId: { exact: microphone } } : {};
    voice = await ask("getUserMedia", { audio: { ...device, channelCount: { ideal: 1 } } });
  } catch (error) {
    close(shared);
    throw error;
  }
  const context = new AudioContext();
  const source = context.createMediaStreamSource(voice);
  const meter = context.createAnalyser();
  meter.fftSize = 2048;
  source.connect(meter);
  let stream = voice;
  if (shared) {
    const merger = context.createChannelMerger(2);
    const target = new MediaStreamAudioDestinationNode(context, { channelCount: 2 });
    const other = context.createMediaStreamSource(new MediaStream(shared.getAudioTracks()));
    mono(context, source).connect(merger, 0, 0);
    mono(context, other).connect(merger, 0, 1);
    mono(context, other).connect(meter);
    merger.connect(target);
    stream = target.stream;
  }
  await context.resume();
  const samples = new Float32Array(meter.fftSize);
  return {
    stream,
    channels: shared ? 2 : 1,
    microphone: voice.getAudioTracks()[0],
    shared: shared?.getAudioTracks()[0] ?? null,
    level() {
      meter.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return Math.min(1, Math.max(0, 1 + Math.log10(power + 1e-12) / 5));
    },
    close() {
      close(voice);
      close(shared);
      context.close();
    }
  };
}
function mono(context, source) {
  const node = new GainNode(context, { channelCount: 1, channelCountMode: "explicit" });
  source.connect(node);
  return node;
}
function recorderOf(sound) {
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  return new MediaRecorder(sound.stream, { mimeType, audioBitsPerSecond: BITS * sound.channels });
}
var ending = (type) => type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
async function ask(kind, wanted) {
  try {
    return await navigator.mediaDevices[kind](wanted);
  } catch (error) {
    throw explained2(
      /** @type {Error} */
      error,
      kind === "getUserMedia"
    );
  }
}
function explained2(error, microphone) {
  if (!microphone) {
    const message2 = tr("Press Record again and choose a tab, a window or the screen.");
    return error.name === "NotAllowedError" ? { title: tr("Nothing was shared"), message: message2 } : { title: tr("This browser cannot share sound"), message: tr("Record the microphone alone.") };
  }
  const causes = (
    /** @type {Record<string, [string, string]>} */
    {
      NotAllowedError: [
        tr("The microphone is not allowed"),
        tr("Allow the microphone for this site, beside the address in the browser, then press Record again.")
      ],
      NotFoundError: [tr("There is no microphone"), tr("Connect a microphone, then press Record again.")],
      OverconstrainedError: [
        tr("This microphone is no longer connected"),
        tr("Choose another microphone, then press Record again.")
      ],
      NotReadableError: [
        tr("The microphone is in use"),
        tr("Close the other program that records, then press Record again.")
      ]
    }
  );
  const [title, message] = causes[error.name] ?? [
    tr("The microphone does not answer"),
    tr("Connect the microphone again, or choose another one.")
  ];
  return { title, message };
}

// recorder/index.js
var PIECE = 1e3;
var SHOWN = 250;
var IDLE = { state: (
  /** @type {State} */
  "idle"
), media: null, sound: null, sending: null };
var NEW = { ...IDLE, both: false, microphone: "", error: null, ran: 0, since: null, unshared: false };
var recorders = lasting("recorders", () => {
  const all = (
    /** @type {Map<string, Recorder>} */
    /* @__PURE__ */ new Map()
  );
  window.addEventListener("beforeunload", (event) => {
    if ([...all.values()].some((recorder) => recorder.sending)) event.preventDefault();
  });
  window.addEventListener("pagehide", (event) => {
    if (!event.persisted) for (const recorder of all.values()) recorder.sending?.leave();
  });
  return all;
});
var index_default = working(".stt-recorder", recorders, "recorded", () => ({ ...NEW }), show);
async function begin(recorder) {
  Object.assign(recorder, { state: "asking", error: null, ran: 0, since: null });
  recorder.view?.draw();
  try {
    recorder.sound = await openSound(recorder);
    recorder.media = recorderOf(recorder.sound);
  } catch (error) {
    recorder.sound?.close();
    const unknown = {
      title: tr("This browser cannot record"),
      message: tr("Use a newer browser, or upload a recording.")
    };
    const problem = (
      /** @type {Problem} */
      error
    );
    return end(recorder, problem.title ? problem : unknown);
  }
  const { media, sound } = recorder;
  const stopped = (error) => stop(recorder, error);
  const name = `Recording of ${now()}.${ending(media.mimeType)}`;
  recorder.sending = new Sending(recorder.url, name, Boolean(sound.shared), () => changed(recorder), stopped);
  const sending = recorder.sending;
  media.ondataavailable = ({ data }) => (sending.add(data), limit(recorder));
  media.onstop = () => (sound.close(), sending.end());
  media.onerror = () => stopped({ title: tr("The browser stopped recording"), message: tr("What was recorded is kept.") });
  sound.microphone.onended = () => stopped({ title: tr("The microphone was disconnected"), message: tr("What was recorded is kept.") });
  if (sound.shared) {
    sound.shared.onended = () => {
      if (media.state !== "inactive")
        recorder.view?.announce(tr("Sharing has ended. The microphone is still recorded."));
      recorder.unshared = true;
      recorder.view?.draw();
    };
  }
  media.start(PIECE);
  Object.assign(recorder, { state: "recording", since: performance.now(), unshared: false });
  recorder.view?.announce(tr("Recording"));
  recorder.view?.draw();
  recorder.view?.focus();
  recorder.view?.list();
}
function pause(recorder) {
  const { media, sending } = recorder;
  if (!media || !sending) return;
  const on = recorder.state === "paused";
  if (on) media.resume();
  else media.pause();
  recorder.ran = elapsed(recorder);
  Object.assign(recorder, { state: on ? "recording" : "paused", since: on ? performance.now() : null });
  sending.paused = !on;
  sending.pump();
  recorder.view?.announce(on ? tr("Recording") : tr("Paused"));
  recorder.view?.draw();
}
function stop(recorder, error = null) {
  recorder.error ??= error;
  if (recorder.media && recorder.media.state !== "inactive") {
    recorder.ran = elapsed(recorder);
    Object.assign(recorder, { state: "saving", since: null });
    recorder.media.stop();
  }
  changed(recorder);
}
function limit(recorder) {
  if (recorder.seconds && recorder.state === "recording" && elapsed(recorder) / 1e3 > recorder.seconds) {
    stop(recorder, {
      title: tr("The maximum length of a recording is reached"),
      message: tr("What was recorded is kept.")
    });
  }
}
function changed(recorder) {
  const { sending } = recorder;
  if (sending?.recording) {
    recorder.done.push(sending.recording);
    end(recorder, recorder.error);
    recorder.view?.announce(tr("The recording is in the list."));
    report(recorder);
  } else if (sending?.error && recorder.media?.state === "inactive") {
    end(recorder, sending.error);
  } else {
    recorder.view?.draw();
  }
}
function end(recorder, error) {
  Object.assign(recorder, { ...IDLE, error });
  recorder.view?.draw();
  recorder.view?.focus();
}
function elapsed({ ran, since }) {
  return ran + (since === null ? 0 : performance.now() - since);
}
function show(root, recorder) {
  const find = partsOf(root, "stt-rec-");
  const closing = new AbortController();
  const on = (target, name, act) => target?.addEventListener(name, act, { signal: closing.signal });
  const source = find("source", HTMLSelectElement);
  const microphone = find("microphone", HTMLSelectElement);
  const buttons = {
    start: find("start", HTMLButtonElement),
    pause: find("pause", HTMLButtonElement),
    stop: find("stop", HTMLButtonElement)
  };
  const hindered = hindrance();
  const both = find("both", HTMLOptionElement);
  both.hidden = both.disabled = !sharesSound();
  source.value = recorder.both ? "both" : "microphone";
  on(source, "change", () => recorder.both = source.value === "both");
  on(microphone, "change", () => recorder.microphone = microphone.value);
  on(buttons.start, "click", () => begin(recorder));
  on(buttons.pause, "click", () => pause(recorder));
  on(buttons.stop, "click", () => stop(recorder));
  async function list() {
    const found2 = await microphones();
    const options = found2.filter(({ deviceId }) => deviceId !== "default");
    microphone.replaceChildren(new Option(tr("Browser's default microphone"), ""));
    options.forEach(
      ({ deviceId, label }, i) => microphone.append(new Option(label || tr("Microphone {number}", { number: i + 1 }), deviceId))
    );
    microphone.value = options.some(({ deviceId }) => deviceId === recorder.microphone) ? recorder.microphone : "";
    recorder.microphone = microphone.value;
    find("which").hidden = options.length < 2;
  }
  on(navigator.mediaDevices, "devicechange", list);
  list();
  function draw() {
    const { state, sending } = recorder;
    const error = hindered ?? recorder.error;
    const running = state === "recording" || state === "paused";
    root.dataset.state = state;
    buttons.start.hidden = running || state === "saving";
    buttons.start.disabled = Boolean(hindered) || state === "asking";
    buttons.pause.hidden = buttons.stop.hidden = !running;
    buttons.pause.textContent = state === "paused" ? tr("Resume") : tr("Pause");
    source.disabled = microphone.disabled = Boolean(hindered) || state !== "idle";
    find("error").hidden = !error;
    find("error").children[0].textContent = error ? `${error.title}.` : "";
    find("error").children[1].textContent = explained(error, error?.title);
    const text = words(recorder);
    if (find("state").textContent !== text) find("state").textContent = text;
    find("size").textContent = sending ? size(sending.size) : "";
    tick();
  }
  function tick() {
    const seconds = recorder.state === "idle" ? 0 : Math.floor(elapsed(recorder) / 1e3);
    find("time").textContent = clock(seconds).padStart(5, "0");
  }
  const clockwork = setInterval(tick, SHOWN);
  let frame = 0;
  function meter() {
    const loud = recorder.state === "recording" ? recorder.sound?.level() ?? 0 : 0;
    find("level").style.width = `${Math.round(100 * loud)}%`;
    find("meter").setAttribute("aria-valuenow", String(Math.round(100 * loud)));
    frame = requestAnimationFrame(meter);
  }
  meter();
  draw();
  return {
    root,
    draw,
    list,
    announce: (text) => find("live").textContent = text,
    /** Focus the visible one of Record and Stop if the focus is in the recorder or on no element. */
    focus() {
      if (root.contains(document.activeElement) || document.activeElement === document.body) {
        (buttons.start.hidden ? buttons.stop : buttons.start).focus({ preventScroll: true });
      }
    },
    close: () => (clearInterval(clockwork), cancelAnimationFrame(frame), closing.abort())
  };
}
function words({ state, unshared, sound, sending }) {
  if (state === "asking") return tr("Waiting for your permission in the browser.");
  if (!sending) return tr("Each second is saved on the server as you speak.");
  if (sending.trouble) {
    const { title, guidance } = sending.trouble;
    const why = [`${title}.`, guidance].filter(Boolean).join(" ");
    const left = tr("{size} of the recording is not on the server yet: keep this page open.", {
      size: size(sending.left)
    });
    return `${why} ${left}`;
  }
  if (state === "saving") return tr("Saving");
  if (state === "paused") return tr("Paused. What was recorded is saved.");
  if (unshared) return tr("Sharing has ended. The microphone is still recorded.");
  return sound?.shared ? tr("Recording both: the microphone and the shared sound, each as its own track.") : tr("Recording");
}
var now = () => (/* @__PURE__ */ new Date()).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
export {
  index_default as default
};
