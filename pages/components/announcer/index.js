// The region stays in the page: screen readers speak what changes in one that they know already.
export default function ({ data, parentElement }) {
  const region = parentElement.querySelector(".stt-news");
  if (region.textContent !== data.text) region.textContent = data.text;
  if (!data.show || region.sttShown === data.show) return;
  region.sttShown = data.show;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  document.querySelector(`.st-key-${CSS.escape(data.show)}`)?.scrollIntoView({ behavior, block: "nearest" });
}
