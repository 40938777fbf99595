// Functions for DOM elements.

/** @typedef {Record<string, string | number | ((event: any) => void)>} Attributes a function is an event handler */

/**
 * Set attributes and handlers of an element. Return the element.
 * @template {Element} Kind
 * @param {Kind} element
 * @param {Attributes} attributes
 */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") Object.assign(element, { [name]: value });
    else element.setAttribute(name, String(value));
  }
  return element;
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string | (Node | string)[]} [content] its text or its children
 * @param {Attributes} [attributes]
 */
export function make(tag, className = "", content = "", attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  if (typeof content === "string") element.textContent = content;
  else element.append(...content);
  return set(element, attributes);
}

/**
 * Make a button with a click handler.
 * @param {string} className
 * @param {string | (Node | string)[]} content
 * @param {(event: any) => void} onclick
 * @param {Attributes} [attributes]
 */
export const makeButton = (className, content, onclick, attributes = {}) =>
  make("button", className, content, { type: "button", onclick, ...attributes });

/**
 * Return a function that finds an element inside `root`. The arguments of this function are the element's CSS class
 * without `prefix` and optionally the expected DOM class. The function throws a TypeError if there is no such element.
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
 * Return the nearest ancestor that scrolls `element`, null if the window scrolls it. An IntersectionObserver needs this
 * ancestor as its root, because margins around the window have no effect inside a scrolling element.
 * @param {Element} element
 * @returns {Element | null}
 */
export function scrollerOf(element) {
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return null;
}

/**
 * Return whether an input method handles a key press, for example Enter to choose a character. Safari reports the key
 * that ends a composition only by the key code 229.
 * @param {KeyboardEvent} event
 */
export const composes = (event) => event.isComposing || event.keyCode === 229;

/** Return Streamlit's header, which covers the top of the page. */
export const pageHeader = () => document.querySelector("[data-testid=stHeader]");
