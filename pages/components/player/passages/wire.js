// The way of a passage to the server.

import { tr } from "../../shared/texts.js";

const LONGEST = 30_000; // milliseconds to wait for an answer

/**
 * @typedef {{ text: string, same: boolean }} Run
 * @typedef {{
 *   attempt: number, state: "queued" | "working" | "done" | "failed", start: number, end: number, model: string,
 *   percent: number, stage: string | null, error: { message?: string, guidance?: string } | null,
 *   old?: Run[], new?: Run[],
 * }} Passage
 */

/**
 * Ask the server; raises an Error with words for people.
 * @param {string} address
 * @param {string} [method]
 * @param {object} [body]
 */
export async function ask(address, method = "GET", body) {
  const headers = body ? { "Content-Type": "application/json" } : undefined;
  const how = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(LONGEST) };
  const answer = await fetch(address, how).catch(() => null);
  if (!answer) throw new Error(tr("No connection. Try again."));
  const found = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return found;
  throw new Error(words(found?.error) || tr("The server does not answer. Try again."));
}

/** @param {{ message?: string, guidance?: string } | null | undefined} error */
export const words = (error) => [error?.message, error?.guidance].filter(Boolean).join(" ");
