// What is said while files are sent.

import { tr } from "../shared/texts.js";

/**
 * Return how long sending will still take, such as ", 40 s left"; empty while nobody can tell.
 * @param {{ size: number }} file
 * @param {number} sent bytes
 * @param {{ at: number, sent: number }[]} marks milliseconds and bytes, of the last seconds
 */
export function timeLeft(file, sent, marks) {
  const [first, last] = [marks[0], marks[marks.length - 1]];
  if (!first || last.at - first.at < 1000 || last.sent === first.sent) return "";
  const seconds = ((file.size - sent) * (last.at - first.at)) / (last.sent - first.sent) / 1000;
  if (seconds <= 3) return "";
  return `, ${written(seconds)}`;
}

/** @param {number} seconds */
function written(seconds) {
  if (seconds < 60) return tr("{seconds} s left", { seconds: Math.ceil(seconds) });
  if (seconds < 3600) return tr("{minutes} min left", { minutes: Math.ceil(seconds / 60) });
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.ceil((seconds % 3600) / 60)];
  return tr("{hours} h {minutes} min left", { hours, minutes });
}

/**
 * Return a name without half characters, which cannot be encoded.
 * @param {string} name
 */
export function wellFormed(name) {
  return name.replace(/\p{Surrogate}/gu, "\ufffd");
}
