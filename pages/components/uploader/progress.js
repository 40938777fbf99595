// What is said while files are sent.

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
  if (seconds < 60) return `, ${Math.ceil(seconds)} s left`;
  if (seconds < 3600) return `, ${Math.ceil(seconds / 60)} min left`;
  return `, ${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min left`;
}

/**
 * Return a name without half characters, which cannot be encoded.
 * @param {string} name
 */
export function wellFormed(name) {
  return name.replace(/\p{Surrogate}/gu, "\ufffd");
}
