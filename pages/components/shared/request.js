// Sends requests to the server and reads the JSON of its responses.

const LONGEST = 30_000; // milliseconds to wait for a response

/** @typedef {{ title?: string, message?: string, guidance?: string }} Problem an error in the server's format */

/**
 * Send a request. Return the HTTP status and the JSON of the response. The status is 0 without a connection, or if the
 * response takes longer than `longest` milliseconds.
 * @param {string} address
 * @param {RequestInit} [options]
 * @returns {Promise<{ status: number, answer: any }>}
 */
export async function request(address, options, longest = LONGEST) {
  try {
    const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(longest) });
    return { status: answer.status, answer: await answer.json().catch(() => null) };
  } catch {
    return { status: 0, answer: null };
  }
}

/** Return the `options` of a request with a JSON body. @param {string} method @param {object} body */
export const withJson = (method, body) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

/**
 * Send a request and return the JSON of the response. If the request fails, throw an Error with a message for users.
 * @param {string} address
 * @param {RequestInit | undefined} options
 * @param {(reason: string, status: number) => string} explain returns the Error's message. `reason` is the message in
 *   the response, "" if it has none; `status` is as in `request`.
 */
export async function ask(address, options, explain) {
  const { status, answer } = await request(address, options);
  if (status >= 200 && status < 300) return answer;
  throw new Error(explain(explained(answer?.error), status));
}

/**
 * Return the message and the guidance of a problem as one text. A part that equals `title` is omitted.
 * @param {Problem | null | undefined} problem
 * @param {string} [title] the title that the page shows above this text
 */
export const explained = (problem, title) =>
  [problem?.message, problem?.guidance].filter((part) => part && part !== title).join(" ");
