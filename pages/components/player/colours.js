// The colours of speakers, in the order in which Python tells their names.

import colours from "./colours.json" with { type: "json" };

export const MOST_COLOURS = colours.length;

/**
 * Return the colour of the speaker at a place of the list, for CSS. After the last comes the first again.
 * @param {number} place
 */
export function colourOf(place) {
  const { light, dark } = colours[place % colours.length];
  return `light-dark(${light}, ${dark})`;
}
