// Sends requests for editing: one request sends a step, another one gets the changes since a revision.

import { request, withJson } from "../../../shared/request.js";

/**
 * Return a function that sends a step to an address. If the step is null, the function requests the changes since a
 * revision.
 * @param {string} address
 * @returns {import("./queue.js").Send}
 */
export function sender(address) {
  return (body, since, lasting) =>
    body ? request(address, { ...withJson("POST", body), keepalive: lasting }) : request(`${address}?since=${since}`);
}

/** Return a random UUID for a step. `crypto.randomUUID` exists only on https pages and localhost. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
