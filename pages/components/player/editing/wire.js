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
