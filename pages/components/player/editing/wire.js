// The way to the server: a request for each step, and one that asks what has changed.

const LONGEST = 30_000; // milliseconds to wait for an answer

/**
 * Return what sends to an address.
 * @param {string} address
 * @returns {import("./queue.js").Send}
 */
export function sender(address) {
  return async (body, since, lasting) => {
    const signal = AbortSignal.timeout(LONGEST);
    const headers = { "Content-Type": "application/json" };
    const answer = body
      ? await fetch(address, { method: "POST", headers, body: JSON.stringify(body), keepalive: lasting, signal })
      : await fetch(`${address}?since=${since}`, { signal });
    return { status: answer.status, answer: await answer.json().catch(() => null) };
  };
}

/** A key that no other step has. `crypto.randomUUID` is for https and localhost only. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
