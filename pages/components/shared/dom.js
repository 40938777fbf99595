// Elements, and what scrolls them.

/**
 * Make an element with a class and a text.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * Return what finds the parts of a component by the ends of their classes.
 * @param {Element} root
 * @param {string} prefix such as "stt-"
 */
export function partsOf(root, prefix) {
  /**
   * @template {HTMLElement} [Kind=HTMLElement]
   * @param {string} name
   * @param {new () => Kind} [kind]
   */
  function part(name, kind) {
    const found = root.querySelector(`.${prefix}${name}`);
    if (found instanceof (kind ?? HTMLElement)) return /** @type {Kind} */ (found);
    throw new TypeError(`There is no .${prefix}${name} of this kind`);
  }
  return part;
}

/**
 * Find the box that scrolls an element; null is the window, whose margins would not reach into such a box.
 * @param {Element} element
 * @returns {Element | null}
 */
export function scrollerOf(element) {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return null;
}

/** Return Streamlit's header, which lies over the page. */
export const pageHeader = () => document.querySelector("[data-testid=stHeader]");
