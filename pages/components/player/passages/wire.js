// Sends requests for transcribing a passage again.

import { ask } from "../../shared/request.js";
import { tr } from "../../shared/texts.js";

/**
 * @typedef {{ text: string, same: boolean }} Run some words; `same`: whether old and new text both have them
 * @typedef {{
 *   attempt: number, state: "queued" | "working" | "done" | "failed", start: number, end: number, model: string,
 *   percent: number, stage: string | null, error: { message?: string, guidance?: string } | null,
 *   old?: Run[], new?: Run[],
 * }} Passage
 */

/** @param {string} reason @param {number} status */
function explain(reason, status) {
  if (reason) return reason;
  return status ? tr("The server does not answer. Try again.") : tr("No connection. Try again.");
}

/**
 * Send a request, and return the JSON of the response. If the request fails, throw an Error with a message for users.
 * @param {string} address
 * @param {RequestInit} [options]
 */
export const askPassage = (address, options) => ask(address, options, explain);
