// A lane for each speaker under the waveform, with a bar wherever the speaker speaks.

import { make, partsOf, set } from "../../shared/dom.js";
import { colourOf, MOST_COLOURS } from "../colours.js";
import { lastAtMost } from "./spoken.js";

const PARTS = 1000; // length of a lane in units; a bar is at least one unit long, or it would be invisible
const NEAR = 6; // maximum pixels between a click and a turn if the click is to go to the start of the turn
const NAMED = 6; // maximum number of lanes with which names are shown; with more lanes, no lane shows one
const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {{ start: number, end: number }} Turn
 * @typedef {{ start: number, end: number, speaker?: string, words?: Turn[] }} Spoken
 */

/**
 * Return the start and the end of each bar of a lane, in units from 0 to PARTS. Each bar is at least one unit long.
 * Bars that touch are merged.
 * @param {Turn[]} turns sorted by start
 * @param {number} total seconds
 */
export function bars(turns, total) {
  const made = /** @type {[number, number][]} */ ([]);
  for (const { start, end } of turns) {
    const from = Math.min(Math.max(Math.floor((start / total) * PARTS), 0), PARTS - 1);
    const to = Math.min(Math.max(Math.ceil((end / total) * PARTS), from + 1), PARTS);
    const before = made.at(-1);
    if (before && from <= before[1]) before[1] = Math.max(before[1], to);
    else made.push([from, to]);
  }
  return made;
}

/**
 * Return the position in seconds to which a click on a lane seeks: the start of the turn at or near the clicked
 * position; if there is no such turn, the clicked position.
 * @param {Turn[]} turns sorted by start
 * @param {number} seconds the clicked position
 * @param {number} slack maximum distance of a near turn, seconds
 */
export function targetOf(turns, seconds, slack) {
  const place = lastAtMost(turns, (turn) => turn.start, seconds);
  const [before, after] = [turns[place], turns[place + 1]];
  if (before && seconds <= before.end) return before.start;
  if (after && after.start - seconds <= slack) return after.start;
  return before && seconds - before.end <= slack ? before.start : seconds;
}

export class Lanes {
  /** @param {HTMLElement} root @param {(seconds: number) => void} goTo */
  constructor(root, goTo) {
    this.box = partsOf(root, "stt-")("lanes");
    this.goTo = goTo;
  }

  /**
   * @param {string[]} speakers in the order of their colours; empty if only one person speaks
   * @param {Spoken[]} paragraphs
   * @param {number} total seconds
   */
  show(speakers, paragraphs, total) {
    const shown = total > 0 ? speakers.slice(0, MOST_COLOURS) : [];
    this.box.hidden = !shown.length;
    this.box.classList.toggle("stt-lanes-named", shown.length <= NAMED);
    this.box.replaceChildren(...shown.map((name, place) => this.lane(name, place, paragraphs, total)));
  }

  /** @param {string} name @param {number} place @param {Spoken[]} paragraphs @param {number} total */
  lane(name, place, paragraphs, total) {
    const own = paragraphs.filter((paragraph) => paragraph.speaker === name);
    const turns = own.flatMap((paragraph) => (paragraph.words?.length ? paragraph.words : paragraph));
    turns.sort((a, b) => a.start - b.start);
    const [drawing, path] = [document.createElementNS(SVG, "svg"), document.createElementNS(SVG, "path")];
    const box = { class: "stt-turns", viewBox: `0 0 ${PARTS} 1`, preserveAspectRatio: "none" };
    set(drawing, { ...box, "aria-hidden": "true" }).append(path); // screen readers read the label of the track instead
    path.setAttribute("d", bars(turns, total).map(([from, to]) => `M${from} 0H${to}V1H${from}z`).join("")); // prettier-ignore
    const track = make("div", "stt-track", [drawing], { title: name, role: "img", "aria-label": name });
    track.onclick = (event) => {
      const { left, width } = track.getBoundingClientRect();
      const perPixel = total / width;
      this.goTo(targetOf(own, (event.clientX - left) * perPixel, NEAR * perPixel));
    };
    const label = make("span", "stt-lane-name", name, { dir: "auto", "aria-hidden": "true" });
    const lane = make("div", "stt-lane", [track, label]);
    lane.style.setProperty("--stt-voice", colourOf(place));
    return lane;
  }
}
