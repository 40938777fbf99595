// Texts for uploads: the remaining time, and file names that can be sent to the server.

import { tr } from "../shared/texts.js";

/**
 * Return the remaining time of an upload, such as ", 40 s left"; "" if it is unknown or at most 3 s.
 * @param {{ size: number }} file
 * @param {number} sent bytes
 * @param {{ at: number, sent: number }[]} marks the bytes `sent` at each time `at` (milliseconds) of the last seconds
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
  const all = Math.ceil(seconds / 60);
  if (all < 60) return tr("{minutes} min left", { minutes: all });
  return tr("{hours} h {minutes} min left", { hours: Math.floor(all / 60), minutes: all % 60 });
}

/**
 * Return a name with unpaired surrogates replaced, because they cannot be encoded as UTF-8.
 * @param {string} name
 */
export function wellFormed(name) {
  return name.replace(/\p{Surrogate}/gu, "\ufffd");
}

/**
 * Return files in groups, in the same order: each group has at most `most` files and, if it has several, at most `bytes`.
 * @template {{ size: number }} Sized
 * @param {Sized[]} files @param {number} bytes @param {number} most
 */
export function grouped(files, bytes, most) {
  const groups = /** @type {Sized[][]} */ ([]);
  let total = 0;
  for (const file of files) {
    const last = groups.at(-1);
    total += file.size;
    if (last && last.length < most && total <= bytes) last.push(file);
    else [total] = [file.size, groups.push([file])];
  }
  return groups;
}
