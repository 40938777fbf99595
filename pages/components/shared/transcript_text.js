// Passes the text of the transcript from the player to the copy button. The button is another component, so it sends an
// event, which the player answers.

const ASKED = "stt-transcript-text";

/**
 * Return the text of the transcript on this page, "" if there is no transcript.
 * @returns {string}
 */
export function askForText() {
  const answer = { text: "" };
  document.dispatchEvent(new CustomEvent(ASKED, { detail: answer }));
  return answer.text;
}

/**
 * Answer the requests of `askForText` with the text that `text` returns, until the signal is aborted.
 * @param {() => string} text
 * @param {AbortSignal} signal
 */
export function answerWithText(text, signal) {
  const answer = (/** @type {Event} */ event) => {
    const { detail } = /** @type {CustomEvent<{ text: string }>} */ (event);
    detail.text ||= text();
  };
  document.addEventListener(ASKED, answer, { signal });
}
