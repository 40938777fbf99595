// Uploads live in `shelves`, one for each key, and outlast the element that shows them: Streamlit calls the default
// export again whenever data change, and takes the element away when another page is opened. They hang on the window
// because an edit of this file makes it a new module.
const shelves = (window.sttShelves ??= new Map());
const AT_ONCE = 2;
const TELL_AGAIN = 2000; // milliseconds
const RETRY = { label: "Try again", className: "stt-upload-retry" };

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".stt-uploader");
  if (!shelves.has(data.key)) shelves.set(data.key, { uploads: [], done: [], view: null });
  const shelf = shelves.get(data.key);
  Object.assign(shelf, { limit: data.limit, url: data.url, known: data.known });
  shelf.tell = () => setStateValue("uploaded", [...shelf.done]);

  const hint = root.querySelector(".stt-drop-hint");
  hint.textContent = `Sound or video, up to ${size(data.limit)} each`;
  if (shelf.view?.root !== root) {
    shelf.view?.close();
    shelf.view = open(root, shelf);
    // The server forgets the state of a page that was left; what was finished meanwhile was never told.
    if (shelf.done.length) report(shelf);
  }
  const view = shelf.view;
  const turn = (view.turn = (view.turn ?? 0) + 1);
  return () => {
    // A late clean-up of an earlier call must not close what a later call still shows.
    if (view.turn !== turn) return;
    view.close();
    if (shelf.view === view) shelf.view = null;
  };
}

window.addEventListener("beforeunload", (event) => {
  const busy = [...shelves.values()].some((shelf) => shelf.uploads.some((upload) => !upload.error));
  if (busy) event.preventDefault();
});

// ---- sending -------------------------------------------------------------------------------------------------------

function add(shelf, files) {
  for (const file of files) {
    const upload = { file, state: "waiting", sent: 0, marks: [], error: null, row: null };
    shelf.uploads.push(upload);
    if (file.folder) {
      fail(shelf, upload, { title: "A folder", message: "Open it and add the recordings in it." });
    } else if (file.size === 0) {
      const message = "Check that the recording was saved, then add it again.";
      fail(shelf, upload, { title: "The file is empty", message });
    } else if (file.size > shelf.limit) {
      const [has, limit] = [size(file.size), size(shelf.limit)];
      const both = `It has ${has}, the limit is ${limit}.`;
      const message = has === limit ? `It is just over the limit of ${limit}.` : both;
      const guidance = "Cut it into parts, or save it in a compressed format such as MP3 or M4A.";
      fail(shelf, upload, { title: "Too large", message, guidance });
    }
  }
  next(shelf);
}

function next(shelf) {
  let free = AT_ONCE - shelf.uploads.filter((upload) => upload.request).length;
  for (const upload of shelf.uploads) {
    if (free > 0 && upload.state === "waiting") {
      send(shelf, upload);
      free -= 1;
    }
  }
  shelf.view?.draw();
}

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
    const answer = read(request.responseText);
    const { status } = request;
    if (status >= 200 && status < 300 && answer?.id) return finish(shelf, upload, answer.id);
    const again = status >= 500 || status === 429;
    const unknown = { title: "The server did not take the file", message: `It answered with status ${status}.` };
    fail(shelf, upload, answer?.title || answer?.message ? answer : unknown, again);
    next(shelf);
  };
  request.onerror = request.ontimeout = () => {
    fail(shelf, upload, { title: "The connection was interrupted", message: "Check the network, then try again." }, true);
    next(shelf);
  };
  request.open("POST", shelf.url);
  request.setRequestHeader("X-File-Name", encodeURIComponent(wellFormed(upload.file.name)));
  // A browser that does not know when a file was last changed says now, and the server takes that for no date.
  request.setRequestHeader("X-File-Modified", String(Math.max(0, Math.round(upload.file.lastModified || 0))));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(upload.file);
}

function finish(shelf, upload, id) {
  shelf.done.push(String(id));
  remove(shelf, upload);
  if (!shelf.view) return; // told when the page is opened again
  shelf.view.say(shelf.done.length === 1 ? "1 file uploaded" : `${shelf.done.length} files uploaded`);
  report(shelf);
}

/** Tell the page what is there, until it knows: what is said while the line to it is broken is lost. */
function report(shelf) {
  clearTimeout(shelf.again);
  if (!shelf.view) return;
  shelf.tell();
  shelf.again = setTimeout(() => shelf.known < shelf.done.length && report(shelf), TELL_AGAIN);
}

function fail(shelf, upload, { title, message, guidance }, again = false) {
  Object.assign(upload, { state: "failed", request: null, again });
  upload.error = { title: title || "", text: [message, guidance].filter((part) => part && part !== title).join(" ") };
  shelf.view?.draw();
}

function retry(shelf, upload) {
  Object.assign(upload, { state: "waiting", error: null, sent: 0 });
  next(shelf);
}

function remove(shelf, upload) {
  upload.request?.abort();
  upload.request = null;
  shelf.uploads = shelf.uploads.filter((other) => other !== upload);
  next(shelf);
}

// ---- showing -------------------------------------------------------------------------------------------------------

function open(root, shelf) {
  const input = root.querySelector(".stt-file");
  const list = root.querySelector(".stt-uploads");
  const live = root.querySelector(".stt-live");
  const closing = new AbortController();
  const on = (target, name, act) => target.addEventListener(name, act, { signal: closing.signal });
  for (const upload of shelf.uploads) upload.row = null;

  on(input, "change", () => {
    add(shelf, [...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  on(input, "keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.click();
  });

  // The whole page takes drops: a file that misses the zone would otherwise replace the page.
  let leaving;
  const over = (yes) => root.classList.toggle("stt-over", yes);
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  on(document, "dragover", (event) => {
    if (!carriesFiles(event)) return;
    if (!event.defaultPrevented) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    }
    over(true);
    clearTimeout(leaving); // `dragleave` fires at every border inside the page; silence tells that it is over
    leaving = setTimeout(over, 300, false);
  });
  on(document, "drop", (event) => {
    if (!carriesFiles(event)) return;
    over(false);
    if (event.defaultPrevented) return; // somebody else's drop zone
    event.preventDefault();
    add(shelf, dropped(event.dataTransfer));
  });

  const draw = () => {
    const rows = shelf.uploads.map((upload) => (upload.row ??= makeRow(shelf, upload)));
    const gone = [...list.children].filter((row) => !rows.includes(row));
    const lost = gone.findIndex((row) => row.contains(document.activeElement));
    const place = lost >= 0 ? [...list.children].indexOf(gone[lost]) : -1;
    for (const row of gone) row.remove();
    for (const row of rows) if (row.parentNode !== list) list.append(row);
    for (const upload of shelf.uploads) drawRow(upload);
    list.hidden = rows.length === 0;
    // Keep the keyboard where it was: the next row's button, or the zone.
    if (place >= 0) (rows[Math.min(place, rows.length - 1)]?.querySelector(".stt-upload-close") ?? input).focus();
  };
  draw();
  const say = (words) => (live.textContent = words);
  return { root, draw, say, close: () => (clearTimeout(leaving), closing.abort()) };
}

function makeRow(shelf, upload) {
  const row = element("li", "stt-upload");
  const name = element("bdi", "stt-upload-name");
  const letters = Array.from(upload.file.name);
  const tail = letters.length > 24 ? 12 : 0; // long names lose their middle, and keep their extension
  name.title = upload.file.name;
  name.append(
    element("span", "stt-upload-head", letters.slice(0, letters.length - tail).join("")),
    element("span", "stt-upload-tail", letters.slice(letters.length - tail).join("")),
  );
  const bar = element("div", "stt-upload-bar");
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  bar.setAttribute("aria-label", `Uploading ${upload.file.name}`);
  bar.append(element("div", "stt-upload-done"));
  const error = element("div", "stt-upload-error");
  error.setAttribute("role", "alert");
  error.append(element("strong"), " ", element("span"));
  const actions = element("div", "stt-upload-actions");
  const again = element("button", RETRY.className, RETRY.label);
  const close = element("button", "stt-upload-close");
  again.type = close.type = "button";
  again.onclick = () => retry(shelf, upload);
  close.onclick = () => remove(shelf, upload);
  actions.append(again, close);
  row.append(name, element("span", "stt-upload-size", size(upload.file.size)), element("span", "stt-upload-state"));
  row.append(actions, bar, error);
  return row;
}

function drawRow({ row, file, state, sent, error, again, marks }) {
  const find = (name) => row.querySelector(`.stt-upload-${name}`);
  const percent = Math.floor((100 * sent) / Math.max(file.size, 1));
  const sending = `${percent} %${timeLeft(file, sent, marks)}`;
  const words = { waiting: "Waiting", checking: "Checking", failed: "Not uploaded", sending };
  row.dataset.state = state;
  find("state").textContent = words[state];
  find("bar").hidden = Boolean(error);
  find("bar").setAttribute("aria-valuenow", String(percent));
  find("done").style.width = `${percent}%`;
  find("error").hidden = !error;
  find("error").firstChild.textContent = error ? error.title.replace(/[.\s]*$/, ".") : "";
  find("error").lastChild.textContent = error?.text ?? "";
  find("retry").hidden = !(error && again);
  find("retry").setAttribute("aria-label", `${RETRY.label}: ${file.name}`);
  const label = error ? "Dismiss" : "Cancel";
  find("close").textContent = label;
  find("close").setAttribute("aria-label", `${label}: ${file.name}`);
}

// ---- words and numbers ---------------------------------------------------------------------------------------------

function timeLeft(file, sent, marks) {
  const [first, last] = [marks[0], marks[marks.length - 1]];
  if (!first || last.at - first.at < 1000 || last.sent === first.sent) return "";
  const seconds = ((file.size - sent) * (last.at - first.at)) / (last.sent - first.sent) / 1000;
  if (seconds <= 3) return "";
  if (seconds < 60) return `, ${Math.ceil(seconds)} s left`;
  if (seconds < 3600) return `, ${Math.ceil(seconds / 60)} min left`;
  return `, ${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min left`;
}

function size(bytes) {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit += 1;
  }
  return `${bytes < 10 && unit > 0 ? Number(bytes.toFixed(1)) : Math.round(bytes)} ${units[unit]}`;
}

function dropped(transfer) {
  // A folder comes as a file of no use: told apart by its entry.
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  const folder = (file) => ({ name: file.name, size: 0, folder: true });
  return [...transfer.files].map((file, i) => (entries[i]?.isDirectory ? folder(file) : file));
}

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function wellFormed(name) {
  return name.toWellFormed?.() ?? name.replace(/[\ud800-\udfff]/gu, "\ufffd"); // half an emoji cannot be encoded
}
