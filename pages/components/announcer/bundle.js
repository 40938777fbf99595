// Made by "npm run build" from index.js and what it imports. Do not edit.

// announcer/index.js
var shown = /* @__PURE__ */ new WeakMap();
function index_default({ data, parentElement }) {
  const region = (
    /** @type {HTMLElement} */
    parentElement.querySelector(".stt-news")
  );
  if (region.textContent !== data.text) region.textContent = data.text;
  if (!data.show || shown.get(region) === data.show) return;
  shown.set(region, data.show);
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  document.querySelector(`.st-key-${CSS.escape(data.show)}`)?.scrollIntoView({ behavior, block: "nearest" });
}
export {
  index_default as default
};
