// Copies text to the clipboard. Browsers offer the clipboard API only on https pages and localhost. On other pages the
// text is put into a hidden field, selected and copied from there.

/** @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyThroughSelection(text);
  }
}

/** @param {string} text */
function copyThroughSelection(text) {
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  before?.focus?.({ preventScroll: true });
}
