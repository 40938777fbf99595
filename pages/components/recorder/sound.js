// Opens the sound source: the microphone, alone or together with the sound of a tab or the screen.

import { tr } from "../shared/texts.js";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus", "audio/webm"];
const BITS = 64_000; // bit rate of the recording, bits per second for each channel

/** @typedef {{ title: string, message?: string, guidance?: string }} Problem */
/** @typedef {Awaited<ReturnType<typeof openSound>>} SoundSource */

/**
 * Return the reason why this page cannot record, null if it can.
 * @returns {Problem | null}
 */
export function hindrance() {
  if (!window.isSecureContext) {
    const guidance = tr("Open this page with https, or on the server itself as localhost.");
    return { title: tr("Browsers allow the microphone on secure pages only"), message: guidance };
  }
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
    return {
      title: tr("This browser cannot record"),
      message: tr("Use a newer browser, or record with another program and upload the file."),
    };
  }
  return null;
}

export const sharesSound = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

export async function microphones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId);
}

/**
 * Open the microphone, and with `both` also a tab or the screen. `level()` of the result is the loudness, 0 to 1.
 * @param {{ microphone: string, both: boolean }} wanted `microphone` is a device id, empty for the default device
 * @throws {Problem}
 */
export async function openSound({ microphone, both }) {
  // Ask for the tab before the microphone, because browsers open this dialog only immediately after a click.
  const shared = both ? await ask("getDisplayMedia", { video: true, audio: true }) : null;
  const close = (/** @type {MediaStream | null} */ stream) => stream?.getTracks().forEach((track) => track.stop());
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
    // Put the microphone on the left channel and the shared sound on the right one, because browsers record only one
    // track. The server makes a track of each channel (`stt/recorder/call_tracks.py`).
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
      return Math.min(1, Math.max(0, 1 + Math.log10(power + 1e-12) / 5)); // -50 dB or less is 0, 0 dB is 1
    },
    close() {
      close(voice);
      close(shared);
      context.close();
    },
  };
}

/**
 * Mix all channels of a source into one.
 * @param {AudioContext} context
 * @param {AudioNode} source
 */
function mono(context, source) {
  const node = new GainNode(context, { channelCount: 1, channelCountMode: "explicit" });
  source.connect(node);
  return node;
}

/** @param {SoundSource} sound */
export function recorderOf(sound) {
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  return new MediaRecorder(sound.stream, { mimeType, audioBitsPerSecond: BITS * sound.channels });
}

export const ending = (/** @type {string} */ type) =>
  type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";

/**
 * @template {"getUserMedia" | "getDisplayMedia"} Kind
 * @param {Kind} kind
 * @param {MediaStreamConstraints} wanted
 */
async function ask(kind, wanted) {
  try {
    return await navigator.mediaDevices[kind](wanted);
  } catch (error) {
    throw explained(/** @type {Error} */ (error), kind === "getUserMedia");
  }
}

/**
 * @param {Error} error
 * @param {boolean} microphone
 * @returns {Problem}
 */
function explained(error, microphone) {
  if (!microphone) {
    const message = tr("Press Record again and choose a tab, a window or the screen.");
    return error.name === "NotAllowedError"
      ? { title: tr("Nothing was shared"), message }
      : { title: tr("This browser cannot share sound"), message: tr("Record the microphone alone.") };
  }
  const causes = /** @type {Record<string, [string, string]>} */ ({
    NotAllowedError: [
      tr("The microphone is not allowed"),
      tr("Allow the microphone for this site, beside the address in the browser, then press Record again."),
    ],
    NotFoundError: [tr("There is no microphone"), tr("Connect a microphone, then press Record again.")],
    OverconstrainedError: [
      tr("This microphone is no longer connected"),
      tr("Choose another microphone, then press Record again."),
    ],
    NotReadableError: [
      tr("The microphone is in use"),
      tr("Close the other program that records, then press Record again."),
    ],
  });
  const [title, message] = causes[error.name] ?? [
    tr("The microphone does not answer"),
    tr("Connect the microphone again, or choose another one."),
  ];
  return { title, message };
}
