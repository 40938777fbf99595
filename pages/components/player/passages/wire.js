// Requests for a passage that is transcribed again.

import { ask } from "../../shared/request.js";
import { tr } from "../../shared/texts.js";

/**
 * @typedef {{ text: string, same: boolean }} Run
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

/** Send a request. Its Error has a message for users. @param {string} address @param {RequestInit} [options] */
export const askPassage = (address, options) => ask(address, options, explain);
