// The region stays in the page: screen readers speak what changes in one that they know already.

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap(); // region -> the key of what was last brought into view for it

/** @param {import("../shared/staying.js").Call} call */
export default function ({ data, parentElement }) {
  const region = /** @type {HTMLElement} */ (parentElement.querySelector(".stt-news"));
  if (region.textContent !== data.text) region.textContent = data.text;
  if (!data.show || shown.get(region) === data.show) return;
  shown.set(region, data.show);
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  document.querySelector(`.st-key-${CSS.escape(data.show)}`)?.scrollIntoView({ behavior, block: "nearest" });
}
