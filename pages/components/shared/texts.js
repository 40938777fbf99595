// Translates the texts of the components, which are in English in the code. If there is a translation for the visitor's
// language, `pages/texts.py` puts it into the page.

/** @type {{ texts: Record<string, string[]>, plurals: number[] } | null | undefined} */
let translation;

function found() {
  if (translation === undefined) {
    const holder = document.querySelector(".stt-texts");
    translation = holder instanceof HTMLElement ? JSON.parse(holder.dataset.texts ?? "null") : null;
  }
  return translation;
}

/** @param {string} text @param {Record<string, unknown>} values */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Return a text in the visitor's language. Each name in braces, such as `{name}`, is replaced by its value in `values`.
 *
 * @param {string} text
 * @param {Record<string, unknown>} [values]
 */
export function tr(text, values = {}) {
  return filled(found()?.texts[text]?.[0] ?? text, values);
}

/**
 * Return a text in the visitor's language, in the grammatical form for `count`. `{count}` is replaced by the count, and
 * each other name in braces by its value in `values`.
 *
 * @param {string} one the English singular
 * @param {string} several the English plural
 * @param {number} count
 * @param {Record<string, unknown>} [values]
 */
export function trn(one, several, count, values = {}) {
  const { texts, plurals } = found() ?? { texts: /** @type {Record<string, string[]>} */ ({}), plurals: [] };
  const forms = texts[one];
  const form = forms
    ? forms[plurals[count < plurals.length ? count : 100 + (count % 100)]]
    : count === 1
      ? one
      : several;
  return filled(form, { count, ...values });
}

const ATTRIBUTES = ["aria-label", "title", "placeholder"];

const translated = new WeakSet(); // elements of components that `translate` has translated

/**
 * Translate the texts and labels in the HTML of a component. Later calls for the same component change nothing.
 *
 * @param {ParentNode} root
 */
export function translate(root) {
  if (!found() || translated.has(root)) return;
  translated.add(root);
  const walker = document.createTreeWalker(/** @type {Node} */ (/** @type {unknown} */ (root)), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.nodeValue ?? "").trim().replace(/\s+/g, " ");
    if (text) node.nodeValue = (node.nodeValue ?? "").replace(/\S(.*\S)?/s, () => tr(text));
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${name}]`))
      element.setAttribute(name, tr(element.getAttribute(name) ?? ""));
  }
}
