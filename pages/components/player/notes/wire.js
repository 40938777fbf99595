// The way of notes to the server: a note is saved or deleted by its id, so what is sent again changes nothing.

import { tr } from "../../shared/texts.js";

const LONGEST = 30_000; // milliseconds to wait for an answer
export const offline = () => tr("Not saved: no connection. Try again.");

/** @typedef {import("./model.js").Note} Note */

/**
 * Ask the server; raises an Error with words for people.
 * @param {string} address
 * @param {RequestInit} [how]
 */
async function ask(address, how = {}) {
  const answer = await fetch(address, { ...how, signal: AbortSignal.timeout(LONGEST) }).catch(() => null);
  if (!answer) throw new Error(offline());
  const body = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return body;
  const words = [body?.error?.message, body?.error?.guidance].filter(Boolean).join(" ");
  throw new Error(words ? tr("Not saved. {reason}", { reason: words }) : offline());
}

/** @param {string} address @returns {Promise<Note[]>} */
export const list = async (address) => (await ask(address)).notes;

/** @param {string} address @param {Note} note @returns {Promise<Note>} as it is stored */
export function save(address, { id, ...note }) {
  const headers = { "Content-Type": "application/json" };
  return ask(`${address}/${id}`, { method: "PUT", headers, body: JSON.stringify(note) });
}

/** @param {string} address @param {Note} note */
export const remove = (address, { id }) => ask(`${address}/${id}`, { method: "DELETE" });
