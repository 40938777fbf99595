// The uploader. Each component key has one `Shelf` object, which contains the uploads. The object outlives the element
// that shows the uploads, so that they continue while another page is open.

import { base64 } from "../shared/base64.js";
import { make, makeButton, partsOf } from "../shared/dom.js";
import { lasting } from "../shared/keeping/lasting.js";
import { size } from "../shared/size.js";
import { explained } from "../shared/request.js";
import { report, working } from "../shared/keeping/working.js";
import { tr, trn } from "../shared/texts.js";
import { grouped, timeLeft, wellFormed } from "./progress.js";

/**
 * @typedef {File & { folder?: boolean }} Chosen
 * @typedef {import("../shared/request.js").Problem} Problem
 * @typedef {{
 *   file: Chosen,
 *   state: "waiting" | "sending" | "checking" | "failed",
 *   sent: number,
 *   marks: { at: number, sent: number }[],
 *   error: { title: string, text: string } | null,
 *   again: boolean,
 *   request: XMLHttpRequest | null,
 *   row: HTMLElement | null,
 * }} Upload `sent`: bytes sent; `marks`: see `timeLeft`; `again`: whether a retry may succeed
 * @typedef {import("../shared/keeping/working.js").Work & {
 *   uploads: Upload[],
 *   view: ReturnType<typeof open> | null,
 *   limit: number,
 *   url: string,
 *   endings: string[],
 *   longestText: number,
 *   mostTexts: number,
 *   textsReceived: number,
 *   textsSent: Promise<void>,
 * }} Shelf `limit`: maximum bytes of a recording; `longestText`: of a transcript, and of all in one message, which has at
 *   most `mostTexts`; `textsReceived`: messages that Python has received; `endings`: extensions of transcripts
 */

const AT_ONCE = 2; // maximum number of concurrent uploads
const CHECK = 100; // interval between checks whether Python has received a message of transcripts, milliseconds
const CHECKS = 600; // number of such checks on the open page, after which the message counts as lost
const shelves = lasting("shelves", () => {
  const all = /** @type {Map<string, Shelf>} */ (new Map());
  window.addEventListener("beforeunload", (event) => {
    const busy = [...all.values()].some((shelf) => shelf.uploads.some((upload) => !upload.error));
    if (busy) event.preventDefault();
  });
  return all;
});

export default working(
  ".stt-uploader",
  shelves,
  "uploaded",
  () => ({ uploads: [], textsSent: Promise.resolve() }),
  open,
);

// ---- sending -------------------------------------------------------------------------------------------------------

/** @param {Shelf} shelf @param {Chosen[]} files */
function add(shelf, files) {
  const isText = (/** @type {Chosen} */ file) =>
    !file.folder &&
    file.size <= shelf.longestText &&
    shelf.endings.some((end) => file.name.toLowerCase().endsWith(end));
  const texts = files.filter(isText);
  for (const group of grouped(texts, shelf.longestText, shelf.mostTexts)) {
    shelf.textsSent = shelf.textsSent.then(() => sendTexts(shelf, group));
  }
  for (const file of files.filter((one) => !texts.includes(one))) {
    const upload = addRow(shelf, file);
    if (file.folder) {
      fail(shelf, upload, {
        title: tr("Folders cannot be uploaded"),
        message: tr("Open the folder and add the recordings in it."),
      });
    } else if (file.size === 0) {
      const message = tr("Check that the recording was saved, then add it again.");
      fail(shelf, upload, { title: tr("The file is empty"), message });
    } else if (file.size > shelf.limit) {
      const [has, limit] = [size(file.size), size(shelf.limit)];
      const both = tr("The file is {size}; the limit is {limit}.", { size: has, limit });
      const message = has === limit ? tr("The file is just over the limit of {limit}.", { limit }) : both;
      const guidance = tr("Cut the recording into parts, or save it in a compressed format such as MP3 or M4A.");
      fail(shelf, upload, { title: tr("Too large"), message, guidance });
    }
  }
  next(shelf);
}

/** Add a row for a file, and return it. @param {Shelf} shelf @param {Chosen} file @returns {Upload} */
function addRow(shelf, file) {
  /** @type {Upload} */
  const upload = { file, state: "waiting", sent: 0, marks: [], error: null, again: false, request: null, row: null };
  shelf.uploads.push(upload);
  return upload;
}

/**
 * Send transcripts to Python in one message, and wait until Python has received it: a second message would replace it.
 * They are not uploaded, because they are small.
 * @param {Shelf} shelf @param {Chosen[]} files
 */
async function sendTexts(shelf, files) {
  const texts = [];
  const sent = /** @type {Chosen[]} */ ([]);
  for (const file of files) {
    try {
      texts.push({ name: wellFormed(file.name), content: await base64(file) });
      sent.push(file);
    } catch {
      const message = tr("Check the file, then add it again.");
      fail(shelf, addRow(shelf, file), { title: tr("The file cannot be read"), message });
    }
  }
  if (!texts.length) return;
  const before = shelf.textsReceived;
  shelf.send("texts", texts);
  for (let checks = 0; checks < CHECKS && shelf.textsReceived <= before; checks += shelf.view ? 1 : 0) {
    await new Promise((resolve) => setTimeout(resolve, CHECK));
  }
  if (shelf.textsReceived > before) return; // a restarted server counts from 0
  const [title, message] = [tr("The connection was interrupted"), tr("Check the network, then add the file again.")];
  for (const file of sent) fail(shelf, addRow(shelf, file), { title, message });
}

/** @param {Shelf} shelf */
function next(shelf) {
  const free = AT_ONCE - shelf.uploads.filter((upload) => upload.request).length;
  const waiting = shelf.uploads.filter((upload) => upload.state === "waiting");
  for (const upload of waiting.slice(0, free)) send(shelf, upload);
  shelf.view?.draw();
}

/** @param {Shelf} shelf @param {Upload} upload */
function send(shelf, upload) {
  const request = (upload.request = new XMLHttpRequest());
  Object.assign(upload, { state: "sending", sent: 0, marks: [{ at: performance.now(), sent: 0 }] });
  request.upload.onprogress = ({ loaded }) => {
    const now = performance.now();
    upload.sent = Math.min(loaded, upload.file.size);
    upload.marks.push({ at: now, sent: upload.sent });
    while (upload.marks.length > 2 && now - upload.marks[0].at > 8000) upload.marks.shift();
    shelf.view?.draw();
  };
  request.upload.onload = () => {
    Object.assign(upload, { state: "checking", sent: upload.file.size });
    shelf.view?.draw();
  };
  request.onload = () => {
    const { status, response: answer } = request;
    if (status >= 200 && status < 300 && answer?.id) return finish(shelf, upload, answer.id);
    const again = status >= 500 || status === 429;
    const unknown = {
      title: tr("The server did not accept the file"),
      message: tr("The server responded with status {status}.", { status }),
    };
    fail(shelf, upload, answer?.title || answer?.message ? answer : unknown, again);
    next(shelf);
  };
  request.onerror = () => {
    const [title, message] = [tr("The connection was interrupted"), tr("Check the network, then try again.")];
    fail(shelf, upload, { title, message }, true);
    next(shelf);
  };
  request.open("POST", shelf.url);
  request.responseType = "json";
  request.setRequestHeader("X-File-Name", encodeURIComponent(wellFormed(upload.file.name)));
  // A browser that does not know the time of a file's last change gives the current time, which the server ignores.
  request.setRequestHeader("X-File-Modified", String(Math.max(0, Math.round(upload.file.lastModified || 0))));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(upload.file);
}

/** @param {Shelf} shelf @param {Upload} upload @param {unknown} id */
function finish(shelf, upload, id) {
  shelf.done.push(String(id));
  remove(shelf, upload);
  if (!shelf.view) return; // the finished upload is reported when this page is opened again
  shelf.view.announce(trn("{count} file uploaded", "{count} files uploaded", shelf.done.length));
  report(shelf);
}

/** @param {Shelf} shelf @param {Upload} upload @param {Problem} problem */
function fail(shelf, upload, problem, again = false) {
  Object.assign(upload, { state: "failed", request: null, again });
  upload.error = { title: problem.title || "", text: explained(problem, problem.title) };
  shelf.view?.draw();
}

/** @param {Shelf} shelf @param {Upload} upload */
function retry(shelf, upload) {
  Object.assign(upload, { state: "waiting", error: null, sent: 0 });
  next(shelf);
}

/** @param {Shelf} shelf @param {Upload} upload */
function remove(shelf, upload) {
  upload.request?.abort();
  upload.request = null;
  shelf.uploads = shelf.uploads.filter((other) => other !== upload);
  next(shelf);
}

// ---- showing -------------------------------------------------------------------------------------------------------

/** @param {HTMLElement} root @param {Shelf} shelf */
function open(root, shelf) {
  const part = partsOf(root, "stt-");
  const input = part("file", HTMLInputElement);
  const button = (/** @type {HTMLElement | undefined} */ row) => row && partsOf(row, "stt-")("upload-close");
  const [list, live] = [part("uploads"), part("live")];
  const closing = new AbortController();
  /** @type {import("../shared/sound/sound.js").Listen} */
  const on = (target, name, act) => target?.addEventListener(name, act, { signal: closing.signal });
  for (const upload of shelf.uploads) upload.row = null;
  part("drop-hint").textContent = tr("Sound or video, up to {size} each", { size: size(shelf.limit) });

  on(input, "change", () => {
    add(shelf, [...(input.files ?? [])]);
    input.value = ""; // without this, choosing the same file again would have no effect
  });
  on(input, "keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.click();
  });

  // The whole page accepts dropped files, because the browser would otherwise open a file dropped outside the zone.
  let leaving = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  const over = (/** @type {boolean} */ yes) => root.classList.toggle("stt-over", yes);
  const carriesFiles = (/** @type {DragEvent} */ event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  on(document, "dragover", (event) => {
    if (!carriesFiles(event)) return;
    if (!event.defaultPrevented) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    }
    over(true);
    // `dragleave` fires at the edge of every element, so a pause in `dragover` events counts as the end of the drag.
    clearTimeout(leaving);
    leaving = setTimeout(over, 300, false);
  });
  on(document, "drop", (event) => {
    if (!carriesFiles(event)) return;
    over(false);
    if (event.defaultPrevented) return; // another drop zone has handled the drop
    event.preventDefault();
    add(shelf, dropped(event.dataTransfer));
  });

  const draw = () => {
    const rows = shelf.uploads.map((upload) => (upload.row ??= makeRow(shelf, upload)));
    const shown = /** @type {HTMLElement[]} */ ([...list.children]);
    const removed = shown.filter((row) => !rows.includes(row));
    const lost = removed.findIndex((row) => row.contains(document.activeElement));
    const place = lost >= 0 ? shown.indexOf(removed[lost]) : -1;
    for (const row of removed) row.remove();
    for (const row of rows) if (row.parentNode !== list) list.append(row);
    for (const upload of shelf.uploads) drawRow(upload);
    list.hidden = rows.length === 0;
    // If the removed row had the focus, focus the button of the next row, or the file input if no row is left.
    if (place >= 0) (button(rows[Math.min(place, rows.length - 1)]) ?? input).focus();
  };
  draw();
  const announce = (/** @type {string} */ words) => (live.textContent = words);
  return { root, draw, announce, close: () => (clearTimeout(leaving), closing.abort()) };
}

/** @param {Shelf} shelf @param {Upload} upload */
function makeRow(shelf, upload) {
  const { file } = upload;
  const letters = Array.from(file.name);
  const end = letters.length - (letters.length > 24 ? 12 : 0); // only the head is shortened, so the extension is shown
  const head = make("span", "stt-upload-head", letters.slice(0, end).join(""));
  const tail = make("span", "stt-upload-tail", letters.slice(end).join(""));
  const progress = {
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    "aria-label": tr("Uploading {name}", { name: file.name }),
  };
  return make("li", "stt-upload", [
    make("bdi", "stt-upload-name", [head, tail], { title: file.name }),
    make("span", "stt-upload-size", size(file.size)),
    make("span", "stt-upload-state"),
    make("div", "stt-upload-actions", [
      makeButton("stt-upload-retry", tr("Try again"), () => retry(shelf, upload)),
      makeButton("stt-upload-close", "", () => remove(shelf, upload)),
    ]),
    make("div", "stt-upload-bar", [make("div", "stt-upload-done")], { role: "progressbar", ...progress }),
    make("div", "stt-upload-error", [make("strong"), " ", make("span")], { role: "alert" }),
  ]);
}

/** @param {Upload} upload */
function drawRow({ row, file, state, sent, error, again, marks }) {
  if (!row) return;
  const find = partsOf(row, "stt-upload-");
  const percent = Math.floor((100 * sent) / Math.max(file.size, 1));
  const sending = `${percent} %${timeLeft(file, sent, marks)}`;
  const words = { waiting: tr("Waiting"), checking: tr("Checking"), failed: tr("Not uploaded"), sending };
  row.dataset.state = state;
  find("state").textContent = words[state];
  find("bar").hidden = Boolean(error);
  find("bar").setAttribute("aria-valuenow", String(percent));
  find("done").style.width = `${percent}%`;
  find("error").hidden = !error;
  find("error").children[0].textContent = error ? error.title.replace(/[.\s]*$/, ".") : "";
  find("error").children[1].textContent = error?.text ?? "";
  find("retry").hidden = !(error && again);
  find("retry").setAttribute("aria-label", tr("Try again: {name}", { name: file.name }));
  const { name } = file;
  find("close").textContent = error ? tr("Dismiss") : tr("Cancel");
  find("close").setAttribute("aria-label", error ? tr("Dismiss: {name}", { name }) : tr("Cancel: {name}", { name }));
}

// ---- dropped files ---------------------------------------------------------------------------------------------

/**
 * @param {DataTransfer} transfer
 * @returns {Chosen[]}
 */
function dropped(transfer) {
  // A dropped folder appears as an unusable file, so it is recognised by its file system entry.
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  const folder = (/** @type {File} */ file) => Object.assign(new File([], file.name), { folder: true });
  return [...transfer.files].map((file, i) => (entries[i]?.isDirectory ? folder(file) : file));
}
