// Announces a text to screen readers in a live region, and scrolls to the container that Python names. The live region
// stays in the page, because screen readers announce a change only if the region existed before the change.

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap(); // live region -> key of the container that was last scrolled into view

/** @param {import("../shared/keeping/staying.js").Call} call */
export default function ({ data, parentElement }) {
  const region = /** @type {HTMLElement} */ (parentElement.querySelector(".stt-news"));
  if (region.textContent !== data.text) region.textContent = data.text;
  if (!data.show || shown.get(region) === data.show) return;
  shown.set(region, data.show);
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  document.querySelector(`.st-key-${CSS.escape(data.show)}`)?.scrollIntoView({ behavior, block: "nearest" });
}
