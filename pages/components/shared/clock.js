/**
 * Return a time in seconds as text, such as 0:05, 12:34 or 1:02:03.
 * @param {number} seconds
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Return a time in seconds as text with tenths, such as 1:02.3. @param {number} seconds */
export function tenths(seconds) {
  const all = Math.round(seconds * 10);
  return `${clock(all / 10)}.${all % 10}`;
}
