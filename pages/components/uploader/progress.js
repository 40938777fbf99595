// Texts shown while files are sent.

import { tr } from "../shared/texts.js";

/**
 * Return the remaining time of an upload, such as ", 40 s left"; "" while it is unknown.
 * @param {{ size: number }} file
 * @param {number} sent bytes
 * @param {{ at: number, sent: number }[]} marks progress in the last seconds: time in milliseconds, and bytes sent
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
 * Return a name with unpaired surrogates replaced, because they cannot be encoded as UTF-8.
 * @param {string} name
 */
export function wellFormed(name) {
  return name.replace(/\p{Surrogate}/gu, "\ufffd");
}
