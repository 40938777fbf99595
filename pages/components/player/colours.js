// The colours of speakers, in the order of the speakers' names in the data from Python.

import colours from "./colours.json" with { type: "json" };

export const MOST_COLOURS = colours.length;

/**
 * Return the CSS colour of the speaker at index `place`. The colours repeat after the last one.
 * @param {number} place
 */
export function colourOf(place) {
  const { light, dark } = colours[place % colours.length];
  return `light-dark(${light}, ${dark})`;
}
