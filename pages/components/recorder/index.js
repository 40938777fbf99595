// The recorder. There is one `Recorder` object per component key. The object outlives the element that shows it, so
// that recording continues while another page is open.

import { clock } from "../shared/clock.js";
import { partsOf } from "../shared/dom.js";
import { lasting } from "../shared/keeping/lasting.js";
import { size } from "../shared/size.js";
import { explained } from "../shared/request.js";
import { report, working } from "../shared/keeping/working.js";
import { tr } from "../shared/texts.js";
import { Sending } from "./sending.js";
import { ending, hindrance, microphones, openSound, recorderOf, sharesSound } from "./sound.js";

/**
 * @typedef {import("./sound.js").Problem} Problem
 * @typedef {import("./sound.js").SoundSource} SoundSource
 * @typedef {"idle" | "asking" | "recording" | "paused" | "saving"} State
 * @typedef {import("../shared/keeping/working.js").Work & {
 *   state: State,
 *   media: MediaRecorder | null,
 *   sound: SoundSource | null,
 *   sending: Sending | null,
 *   both: boolean,
 *   microphone: string,
 *   view: ReturnType<typeof show> | null,
 *   url: string,
 *   seconds: number | null,
 *   error: Problem | null,
 *   ran: number,
 *   since: number | null,
 *   unshared: boolean,
 * }} Recorder `ran`: milliseconds recorded up to the last start, pause or resume; `since`: time of the last start or
 *   resume, null while paused; `seconds`: maximum duration; `unshared`: whether the user has ended sharing
 */

const PIECE = 1000; // milliseconds of sound in each piece from the browser's MediaRecorder
const SHOWN = 250; // milliseconds between two updates of the shown time
const IDLE = { state: /** @type {State} */ ("idle"), media: null, sound: null, sending: null };
const NEW = { ...IDLE, both: false, microphone: "", error: null, ran: 0, since: null, unshared: false };
const recorders = lasting("recorders", () => {
  const all = /** @type {Map<string, Recorder>} */ (new Map());
  window.addEventListener("beforeunload", (event) => {
    if ([...all.values()].some((recorder) => recorder.sending)) event.preventDefault();
  });
  window.addEventListener("pagehide", (event) => {
    if (!event.persisted) for (const recorder of all.values()) recorder.sending?.leave();
  });
  return all;
});

export default working(".stt-recorder", recorders, "recorded", () => ({ ...NEW }), show);

// ---- recording -----------------------------------------------------------------------------------------------------

/** @param {Recorder} recorder */
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
      message: tr("Use a newer browser, or upload a recording."),
    };
    const problem = /** @type {Problem} */ (error);
    return end(recorder, problem.title ? problem : unknown);
  }
  const { media, sound } = recorder;
  const stopped = (/** @type {Problem} */ error) => stop(recorder, error);
  const name = `Recording of ${now()}.${ending(media.mimeType)}`;
  recorder.sending = new Sending(recorder.url, name, Boolean(sound.shared), () => changed(recorder), stopped);
  const sending = recorder.sending;
  // The length is checked when sound arrives, because this also happens while no element shows the recorder, and because
  // browsers slow down timers of hidden tabs.
  media.ondataavailable = ({ data }) => (sending.add(data), limit(recorder));
  media.onstop = () => (sound.close(), sending.end());
  media.onerror = () =>
    stopped({ title: tr("The browser stopped recording"), message: tr("What was recorded is kept.") });
  sound.microphone.onended = () =>
    stopped({ title: tr("The microphone was disconnected"), message: tr("What was recorded is kept.") });
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
  recorder.view?.list(); // again, because browsers reveal the microphones' names only after the permission
}

/** @param {Recorder} recorder */
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

/**
 * End the recording and keep the recorded sound. `error` is the reason, or null if the user has pressed Stop.
 * @param {Recorder} recorder
 * @param {Problem | null} error
 */
function stop(recorder, error = null) {
  recorder.error ??= error;
  if (recorder.media && recorder.media.state !== "inactive") {
    recorder.ran = elapsed(recorder);
    Object.assign(recorder, { state: "saving", since: null });
    recorder.media.stop();
  }
  changed(recorder);
}

/**
 * Stop the recording if it has reached the maximum length.
 * @param {Recorder} recorder
 */
function limit(recorder) {
  if (recorder.seconds && recorder.state === "recording" && elapsed(recorder) / 1000 > recorder.seconds) {
    stop(recorder, {
      title: tr("The maximum length of a recording is reached"),
      message: tr("What was recorded is kept."),
    });
  }
}

/**
 * Update the recorder after its `sending` has made progress, finished or failed.
 * @param {Recorder} recorder
 */
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

/** @param {Recorder} recorder @param {Problem | null} error */
function end(recorder, error) {
  Object.assign(recorder, { ...IDLE, error });
  recorder.view?.draw();
  recorder.view?.focus();
}

/** @param {Recorder} recorder */
function elapsed({ ran, since }) {
  return ran + (since === null ? 0 : performance.now() - since);
}

// ---- showing -------------------------------------------------------------------------------------------------------

/** @param {HTMLElement} root @param {Recorder} recorder */
function show(root, recorder) {
  const find = partsOf(root, "stt-rec-");
  const closing = new AbortController();
  /** @type {import("../shared/sound/sound.js").Listen} */
  const on = (target, name, act) => target?.addEventListener(name, act, { signal: closing.signal });
  const source = find("source", HTMLSelectElement);
  const microphone = find("microphone", HTMLSelectElement);
  const buttons = {
    start: find("start", HTMLButtonElement),
    pause: find("pause", HTMLButtonElement),
    stop: find("stop", HTMLButtonElement),
  };
  const hindered = hindrance();

  const both = find("both", HTMLOptionElement);
  both.hidden = both.disabled = !sharesSound();
  source.value = recorder.both ? "both" : "microphone";
  on(source, "change", () => (recorder.both = source.value === "both"));
  on(microphone, "change", () => (recorder.microphone = microphone.value));
  on(buttons.start, "click", () => begin(recorder));
  on(buttons.pause, "click", () => pause(recorder));
  on(buttons.stop, "click", () => stop(recorder));

  async function list() {
    const found = await microphones();
    const options = found.filter(({ deviceId }) => deviceId !== "default");
    microphone.replaceChildren(new Option(tr("Browser's default microphone"), ""));
    options.forEach(({ deviceId, label }, i) =>
      microphone.append(new Option(label || tr("Microphone {number}", { number: i + 1 }), deviceId)),
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
    const seconds = recorder.state === "idle" ? 0 : Math.floor(elapsed(recorder) / 1000);
    find("time").textContent = clock(seconds).padStart(5, "0");
  }
  const clockwork = setInterval(tick, SHOWN);

  let frame = 0;
  function meter() {
    const loud = recorder.state === "recording" ? (recorder.sound?.level() ?? 0) : 0;
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
    announce: (/** @type {string} */ text) => (find("live").textContent = text),
    /** Focus the visible one of Record and Stop if the focus is in the recorder or on no element. */
    focus() {
      if (root.contains(document.activeElement) || document.activeElement === document.body) {
        (buttons.start.hidden ? buttons.stop : buttons.start).focus({ preventScroll: true });
      }
    },
    close: () => (clearInterval(clockwork), cancelAnimationFrame(frame), closing.abort()),
  };
}

// ---- texts ---------------------------------------------------------------------------------------------------------

/** @param {Recorder} recorder */
function words({ state, unshared, sound, sending }) {
  if (state === "asking") return tr("Waiting for your permission in the browser.");
  if (!sending) return tr("Each second is saved on the server as you speak.");
  if (sending.trouble) {
    const { title, guidance } = sending.trouble;
    const why = [`${title}.`, guidance].filter(Boolean).join(" ");
    const left = tr("{size} of the recording is not on the server yet: keep this page open.", {
      size: size(sending.left),
    });
    return `${why} ${left}`;
  }
  if (state === "saving") return tr("Saving");
  if (state === "paused") return tr("Paused. What was recorded is saved.");
  if (unshared) return tr("Sharing has ended. The microphone is still recorded.");
  return sound?.shared
    ? tr("Recording both: the microphone and the shared sound, each as its own track.")
    : tr("Recording");
}

const now = () => new Date().toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
