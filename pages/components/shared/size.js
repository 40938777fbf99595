import { tr } from "./texts.js";

/**
 * Write a size in bytes as `megabytes` of stt/store/recordings.py does, such as 3.4 MB.
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
