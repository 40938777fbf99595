import { tr } from "./texts.js";

/**
 * Return a size in bytes as text, such as 3.4 MB. `megabytes` in stt/store/recordings.py returns the same text.
 * @param {number} bytes
 */
export function size(bytes) {
  for (const [unit, each] of /** @type {const} */ ([
    ["GB", 2 ** 30],
    ["MB", 2 ** 20],
    ["kB", 2 ** 10],
  ])) {
    if (bytes >= each) return `${(bytes / each).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  }
  return tr("{count} bytes", { count: bytes });
}
