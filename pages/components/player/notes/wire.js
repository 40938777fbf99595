// Sends requests for notes. A note is saved or deleted by its id, so a request that is sent twice has the same effect
// as one that is sent once.

import { ask, withJson } from "../../shared/request.js";
import { tr } from "../../shared/texts.js";

/** @typedef {import("./model.js").Note} Note */

const explain = (/** @type {string} */ reason) =>
  reason ? tr("Not saved. {reason}", { reason }) : tr("Not saved: no connection. Try again.");

/** @param {string} address @returns {Promise<Note[]>} */
export const list = async (address) => (await ask(address, undefined, explain)).notes;

/** @param {string} address @param {Note} note @returns {Promise<Note>} the stored note */
export const save = (address, { id, ...note }) => ask(`${address}/${id}`, withJson("PUT", note), explain);

/** @param {string} address @param {Note} note */
export const remove = (address, { id }) => ask(`${address}/${id}`, { method: "DELETE" }, explain);
