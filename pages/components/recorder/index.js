// A recorder lives in `recorders`, one for each key, and outlasts the element that shows it: what is recorded goes on
// while another page is open. They hang on the window because an edit of this file makes it a new module.
const recorders = (window.sttRecorders ??= new Map());
const PIECE = 1000; // milliseconds of sound in a piece
const SHOWN = 250; // milliseconds between two looks at the clock
const TELL_AGAIN = 2000; // milliseconds
const IDLE = { state: "idle", media: null, sound: null, sending: null };

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".stt-recorder");
  if (!recorders.has(data.key)) recorders.set(data.key, { ...IDLE, done: [], both: false, microphone: "", view: null });
  const recorder = recorders.get(data.key);
  Object.assign(recorder, { url: data.url, longest: data.seconds, known: data.known });
  recorder.tell = () => setStateValue("recorded", [...recorder.done]);
  if (recorder.view?.root !== root) {
    recorder.view?.close();
    recorder.view = show(root, recorder);
    if (recorder.done.length) report(recorder); // the server forgets the state of a page that was left
  }
  const view = recorder.view;
  const turn = (view.turn = (view.turn ?? 0) + 1);
  return () => {
    if (view.turn !== turn) return; // a late clean-up must not close what a later call still shows
    view.close();
    if (recorder.view === view) recorder.view = null;
  };
}

window.addEventListener("beforeunload", (event) => {
  if ([...recorders.values()].some((recorder) => recorder.sending)) event.preventDefault();
});
window.addEventListener("pagehide", (event) => {
  if (!event.persisted) for (const recorder of recorders.values()) recorder.sending?.leave();
});

// ---- recording -----------------------------------------------------------------------------------------------------

async function begin(recorder) {
  Object.assign(recorder, { state: "asking", error: null, ran: 0, since: null });
  recorder.view?.draw();
  try {
    recorder.sound = await openSound(recorder);
    recorder.media = recorderOf(recorder.sound);
  } catch (error) {
    recorder.sound?.close();
    const unknown = { title: "This browser cannot record", message: "Use a newer one, or upload a recording." };
    return end(recorder, error.title ? error : unknown);
  }
  const { media, sound } = recorder;
  const stopped = (error) => stop(recorder, error);
  const name = `Recording of ${now()}.${ending(media.mimeType)}`;
  recorder.sending = new Sending(recorder.url, name, Boolean(sound.shared), () => changed(recorder), stopped);
  const sending = recorder.sending;
  media.ondataavailable = ({ data }) => sending.add(data);
  media.onstop = () => (sound.close(), sending.end());
  media.onerror = () => stopped({ title: "The browser stopped recording", message: "What was recorded is kept." });
  sound.microphone.onended = () =>
    stopped({ title: "The microphone was disconnected", message: "What was recorded is kept." });
  if (sound.shared) {
    sound.shared.onended = () => {
      if (media.state !== "inactive") recorder.view?.say("Sharing has ended. The microphone is still recorded.");
      Object.assign(recorder, { unshared: true });
      recorder.view?.draw();
    };
  }
  media.start(PIECE);
  Object.assign(recorder, { state: "recording", since: performance.now(), unshared: false });
  recorder.view?.say("Recording");
  recorder.view?.draw();
  recorder.view?.focus();
  recorder.view?.list(); // browsers name the microphones only now
}

function pause(recorder) {
  const { media, sending } = recorder;
  const on = recorder.state === "paused";
  if (on) media.resume();
  else media.pause();
  recorder.ran = elapsed(recorder);
  Object.assign(recorder, { state: on ? "recording" : "paused", since: on ? performance.now() : null });
  sending.paused = !on;
  sending.pump();
  recorder.view?.say(on ? "Recording" : "Paused");
  recorder.view?.draw();
}

/** End the recording; what was recorded is kept. `error` says why, if it was not the user. */
function stop(recorder, error = null) {
  recorder.error ??= error;
  if (recorder.media.state !== "inactive") {
    recorder.ran = elapsed(recorder);
    Object.assign(recorder, { state: "saving", since: null });
    recorder.media.stop();
  }
  changed(recorder);
}

/** Something has happened to what is sent. */
function changed(recorder) {
  const { sending } = recorder;
  if (sending?.recording) {
    recorder.done.push(sending.recording);
    end(recorder, recorder.error);
    recorder.view?.say("The recording is in the list.");
    report(recorder);
  } else if (sending?.error && recorder.media.state === "inactive") {
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

/** Tell the page what is there, until it knows: what is said while the line to it is broken is lost. */
function report(recorder) {
  clearTimeout(recorder.again);
  if (!recorder.view) return;
  recorder.tell();
  recorder.again = setTimeout(() => recorder.known < recorder.done.length && report(recorder), TELL_AGAIN);
}

// ---- showing -------------------------------------------------------------------------------------------------------

function show(root, recorder) {
  const find = (name) => root.querySelector(`.stt-rec-${name}`);
  const closing = new AbortController();
  const on = (target, name, act) => target?.addEventListener(name, act, { signal: closing.signal });
  const [source, microphone] = [find("source"), find("microphone")];
  const buttons = { start: find("start"), pause: find("pause"), stop: find("stop") };
  const hindered = hindrance();

  find("both").hidden = find("both").disabled = !sharesSound();
  source.value = recorder.both ? "both" : "microphone";
  on(source, "change", () => (recorder.both = source.value === "both"));
  on(microphone, "change", () => (recorder.microphone = microphone.value));
  on(buttons.start, "click", () => begin(recorder));
  on(buttons.pause, "click", () => pause(recorder));
  on(buttons.stop, "click", () => stop(recorder));

  async function list() {
    const found = await microphones();
    const options = found.filter(({ deviceId }) => deviceId !== "default");
    microphone.replaceChildren(new Option("The browser's usual one", ""));
    options.forEach(({ deviceId, label }, i) => microphone.append(new Option(label || `Microphone ${i + 1}`, deviceId)));
    microphone.value = options.some(({ deviceId }) => deviceId === recorder.microphone) ? recorder.microphone : "";
    recorder.microphone = microphone.value;
    find("which").hidden = options.length < 2;
  }
  on(navigator.mediaDevices, "devicechange", list);
  list();

  function draw() {
    const { state, sending, sound } = recorder;
    const error = hindered ?? recorder.error;
    const running = state === "recording" || state === "paused";
    root.dataset.state = state;
    buttons.start.hidden = running || state === "saving";
    buttons.start.disabled = Boolean(hindered) || state === "asking";
    buttons.pause.hidden = buttons.stop.hidden = !running;
    buttons.pause.textContent = state === "paused" ? "Resume" : "Pause";
    source.disabled = microphone.disabled = Boolean(hindered) || state !== "idle";
    find("error").hidden = !error;
    find("error").firstChild.textContent = error ? `${error.title}.` : "";
    find("error").lastChild.textContent = error ? [error.message, error.guidance].filter((part) => part && part !== error.title).join(" ") : "";
    const said = words(recorder, sound, sending);
    if (find("state").textContent !== said) find("state").textContent = said;
    find("size").textContent = sending ? amount(sending.size) : "";
    tick();
  }

  function tick() {
    const seconds = recorder.state === "idle" ? 0 : Math.floor(elapsed(recorder) / 1000);
    find("time").textContent = clock(seconds);
    if (recorder.longest && recorder.state === "recording" && elapsed(recorder) / 1000 > recorder.longest) {
      stop(recorder, { title: "The longest recording is reached", message: "What was recorded is kept." });
    }
  }
  const clockwork = setInterval(tick, SHOWN);

  let frame;
  function meter() {
    const loud = recorder.state === "recording" ? recorder.sound.level() : 0;
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
    say: (said) => (find("live").textContent = said),
    /** Keep the keyboard where it can go on, if it was here. */
    focus() {
      if (root.contains(document.activeElement) || document.activeElement === document.body) {
        (buttons.start.hidden ? buttons.stop : buttons.start).focus({ preventScroll: true });
      }
    },
    close: () => (clearInterval(clockwork), cancelAnimationFrame(frame), closing.abort()),
  };
}

// ---- words and numbers ---------------------------------------------------------------------------------------------

function words({ state, unshared }, sound, sending) {
  if (state === "asking") return "Waiting for your permission in the browser.";
  if (!sending) return "Each second is saved on the server as you speak.";
  if (sending.trouble) {
    const { title, guidance } = sending.trouble;
    const why = [`${title}.`, guidance].filter(Boolean).join(" ");
    return `${why} ${amount(sending.left)} wait in this browser: keep this page open.`;
  }
  if (state === "saving") return "Saving";
  if (state === "paused") return "Paused. What was recorded is saved.";
  if (unshared) return "Sharing has ended. The microphone is still recorded.";
  return sound?.shared ? "Recording both: the microphone and the shared sound, each as its own track." : "Recording";
}

function clock(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function amount(bytes) {
  if (bytes < 1 << 20) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / (1 << 20)).toFixed(1)} MB`;
}

function now() {
  const style = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };
  return new Intl.DateTimeFormat("en-GB", style).format(new Date());
}
