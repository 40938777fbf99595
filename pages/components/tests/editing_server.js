// A stand-in for the server with which the tests of editing exchange steps.

import { spaced } from "../player/editing/lines.js";
import { packed } from "./lines.js";

/** @typedef {import("../player/editing/saving/store.js").Kept} Kept */

/** A stand-in for the server. It stores revisions and the keys of steps, and can be unavailable or lose a response. */
export class Server {
  revisions = /** @type {string[][]} */ ([]);
  answers = /** @type {Map<string, number>} */ (new Map());
  bodies = /** @type {Kept[]} */ ([]);
  away = false;
  losing = false; // whether the server performs a step, but its response is lost
  strict = false; // whether a step must name the number of its paragraph at the newest revision

  /** @param {string[]} texts */
  constructor(...texts) {
    this.revisions.push(texts);
  }

  get texts() {
    return this.revisions[this.revisions.length - 1];
  }

  /** @type {import("../player/editing/saving/queue.js").Send} */
  send = async (body, since) => {
    if (this.away) return { status: 0, answer: null };
    const base = body ? body.based_on : since;
    const found = body ? this.take(body) : {};
    if (this.losing) return { status: 0, answer: null };
    const [before, now] = [this.revisions[base], this.texts];
    let at = 0;
    while (at < Math.min(before.length, now.length) && before[at] === now[at]) at += 1;
    let last = 0;
    while (last < Math.min(before.length, now.length) - at && before.at(-1 - last) === now.at(-1 - last)) last += 1;
    const paragraphs = now.slice(at, now.length - last).map((text, i) => packed(text, at + i));
    const splices = before === now ? [] : [{ at, removed: before.length - last - at, paragraphs }];
    const answer = { revision: this.revisions.length - 1, undo: this.revisions.length - 1, redo: 0, splices, ...found };
    return { status: "error" in found ? ("conflict" in found ? 409 : 400) : 200, answer };
  };

  /** @param {Kept} body */
  take(body) {
    const { key, step } = body;
    this.bodies.push({ key, based_on: 0, step });
    if (this.answers.has(key)) return {};
    const { paragraph, was, text, at, of } = /** @type {any} */ (step);
    const texts = [...this.texts];
    if (step.do === "undo") {
      this.revisions.push(this.revisions[this.revisions.length - 2]);
      return {};
    }
    if (step.do === "replace") {
      for (const place of /** @type {any} */ (step.only)) {
        const points = Array.from(texts[place.paragraph]);
        points.splice(place.from, place.to - place.from, /** @type {any} */ (step.with));
        texts[place.paragraph] = points.join("");
      }
      this.revisions.push(texts);
      return { replaced: /** @type {any} */ (step.only).length };
    }
    const newest = body.based_on === this.revisions.length - 1;
    const exact = texts[paragraph] === was && (newest || !this.strict);
    const place = exact ? paragraph : this.strict ? -1 : texts.indexOf(was);
    if (text === "refused") return { error: { message: "Too long." } };
    if (of !== undefined) return { error: { message: "Changed." }, conflict: { paragraph: null, text: "" } };
    if (place < 0 && (texts.length || was)) {
      const there = this.revisions[body.based_on].length === texts.length;
      const conflict = { paragraph: there ? paragraph : null, text: there ? texts[paragraph] : "" };
      return { error: { message: "Changed." }, conflict };
    }
    if (step.do === "text") texts[place] = spaced(text);
    if (step.do === "delete") texts.splice(place, 1);
    if (step.do === "merge") texts.splice(place - 1, 2, `${texts[place - 1]} ${text}`);
    if (step.do === "split") {
      if (place < 0 && !texts.length) texts.push("");
      const points = Array.from(text);
      const parts = [points.slice(0, at), points.slice(at)].map((part) => part.join("").trim());
      texts.splice(Math.max(place, 0), 1, ...parts.filter(Boolean));
    }
    this.revisions.push(texts);
    this.answers.set(key, this.revisions.length - 1);
    return {};
  }
}
