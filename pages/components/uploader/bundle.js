// Made by "npm run build" from index.js and what it imports. Do not edit.

// shared/base64.js
function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const address = String(reader.result);
      resolve(address.slice(address.indexOf(",") + 1));
    };
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

// shared/dom.js
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") Object.assign(element, { [name]: value });
    else element.setAttribute(name, String(value));
  }
  return element;
}
function make(tag, className = "", content = "", attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  if (typeof content === "string") element.textContent = content;
  else element.append(...content);
  return set(element, attributes);
}
var makeButton = (className, content, onclick, attributes = {}) => make("button", className, content, { type: "button", onclick, ...attributes });
function partsOf(root, prefix) {
  function part(name, kind) {
    const found2 = root.querySelector(`.${prefix}${name}`);
    if (found2 instanceof (kind ?? HTMLElement)) return (
      /** @type {Kind} */
      found2
    );
    throw new TypeError(`There is no .${prefix}${name} of this kind`);
  }
  return part;
}

// shared/keeping/lasting.js
function lasting(name, first) {
  const all = (
    /** @type {{ sttKept?: Map<string, any> }} */
    /** @type {unknown} */
    window
  );
  all.sttKept ??= /* @__PURE__ */ new Map();
  if (!all.sttKept.has(name)) all.sttKept.set(name, first());
  return all.sttKept.get(name);
}

// shared/texts.js
var translation;
function found() {
  if (translation === void 0) {
    const holder = document.querySelector(".stt-texts");
    translation = holder instanceof HTMLElement ? JSON.parse(holder.dataset.texts ?? "null") : null;
  }
  return translation;
}
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? String(values[name]) : whole);
}
function tr(text, values = {}) {
  return filled(found()?.texts[text]?.[0] ?? text, values);
}
function trn(one, several, count, values = {}) {
  const { texts, plurals } = found() ?? { texts: (
    /** @type {Record<string, string[]>} */
    {}
  ), plurals: [] };
  const forms = texts[one];
  const form = forms ? forms[plurals[count < plurals.length ? count : 100 + count % 100]] : count === 1 ? one : several;
  return filled(form, { count, ...values });
}
var ATTRIBUTES = ["aria-label", "title", "placeholder"];
var translated = /* @__PURE__ */ new WeakSet();
function translate(root) {
  if (!found() || translated.has(root)) return;
  translated.add(root);
  const walker = document.createTreeWalker(
    /** @type {Node} */
    /** @type {unknown} */
    root,
    NodeFilter.SHOW_TEXT
  );
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (node.nodeValue ?? "").trim().replace(/\s+/g, " ");
    if (text) node.nodeValue = (node.nodeValue ?? "").replace(/\S(.*\S)?/s, () => tr(text));
  }
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[${name}]`))
      element.setAttribute(name, tr(element.getAttribute(name) ?? ""));
  }
}

// shared/size.js
function size(bytes) {
  for (
    const [unit, each] of
    /** @type {const} */
    [
      ["GB", 2 ** 30],
      ["MB", 2 ** 20],
      ["kB", 2 ** 10]
    ]
  ) {
    if (bytes >= each) return `${(bytes / each).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  }
  return tr("{count} bytes", { count: bytes });
}

// shared/request.js
var explained = (problem, title) => [problem?.message, problem?.guidance].filter((part) => part && part !== title).join(" ");

// shared/keeping/staying.js
var views = lasting("views", () => /* @__PURE__ */ new WeakMap());
function staying(selector, open2) {
  return (call) => {
    const root = (
      /** @type {HTMLElement} */
      call.parentElement.querySelector(selector)
    );
    translate(root);
    const kept = views.get(root) ?? { view: open2(root, call), turn: 0 };
    views.set(root, kept);
    kept.turn += 1;
    const { turn } = kept;
    kept.view.update(call);
    return () => {
      if (kept.turn !== turn) return;
      kept.view.close();
      views.delete(root);
    };
  };
}

// shared/keeping/working.js
var REPORT_AGAIN = 2e3;
function working(selector, kept, state, begin, show) {
  return staying(selector, (root, { data }) => {
    const fresh = () => ({ done: [], view: null, sendDone: () => {
    }, send: () => {
    }, ...begin(), ...data });
    const item = kept.get(data.key) ?? /** @type {Item} */
    fresh();
    kept.set(data.key, item);
    item.view?.close();
    const view = item.view = show(root, item);
    let reported = false;
    return {
      update({ data: data2, setStateValue, setTriggerValue }) {
        Object.assign(item, data2, { sendDone: () => setStateValue(state, [...item.done]), send: setTriggerValue });
        if (!reported && item.done.length) report(item);
        reported = true;
      },
      close() {
        view?.close();
        if (item.view === view) item.view = null;
      }
    };
  });
}
function report(item) {
  clearTimeout(item.timer);
  if (!item.view) return;
  item.sendDone();
  item.timer = setTimeout(() => item.known < item.done.length && report(item), REPORT_AGAIN);
}

// uploader/progress.js
function timeLeft(file, sent, marks) {
  const [first, last] = [marks[0], marks[marks.length - 1]];
  if (!first || last.at - first.at < 1e3 || last.sent === first.sent) return "";
  const seconds = (file.size - sent) * (last.at - first.at) / (last.sent - first.sent) / 1e3;
  if (seconds <= 3) return "";
  return `, ${written(seconds)}`;
}
function written(seconds) {
  if (seconds < 60) return tr("{seconds} s left", { seconds: Math.ceil(seconds) });
  const all = Math.ceil(seconds / 60);
  if (all < 60) return tr("{minutes} min left", { minutes: all });
  return tr("{hours} h {minutes} min left", { hours: Math.floor(all / 60), minutes: all % 60 });
}
function wellFormed(name) {
  return name.replace(/\p{Surrogate}/gu, "\uFFFD");
}
function grouped(files, bytes, most) {
  const groups = (
    /** @type {Sized[][]} */
    []
  );
  let total = 0;
  for (const file of files) {
    const last = groups.at(-1);
    total += file.size;
    if (last && last.length < most && total <= bytes) last.push(file);
    else [total] = [file.size, groups.push([file])];
  }
  return groups;
}

// uploader/index.js
var AT_ONCE = 2;
var CHECK = 100;
var CHECKS = 600;
var shelves = lasting("shelves", () => {
  const all = (
    /** @type {Map<string, Shelf>} */
    /* @__PURE__ */ new Map()
  );
  window.addEventListener("beforeunload", (event) => {
    const busy = [...all.values()].some((shelf) => shelf.uploads.some((upload) => !upload.error));
    if (busy) event.preventDefault();
  });
  return all;
});
var index_default = working(
  ".stt-uploader",
  shelves,
  "uploaded",
  () => ({ uploads: [], textsSent: Promise.resolve() }),
  open
);
function add(shelf, files) {
  const isText = (file) => !file.folder && file.size <= shelf.longestText && shelf.endings.some((end) => file.name.toLowerCase().endsWith(end));
  const texts = files.filter(isText);
  for (const group of grouped(texts, shelf.longestText, shelf.mostTexts)) {
    shelf.textsSent = shelf.textsSent.then(() => sendTexts(shelf, group));
  }
  for (const file of files.filter((one) => !texts.includes(one))) {
    const upload = addRow(shelf, file);
    if (file.folder) {
      fail(shelf, upload, {
        title: tr("Folders cannot be uploaded"),
        message: tr("Open the folder and add the recordings in it.")
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
function addRow(shelf, file) {
  const upload = { file, state: "waiting", sent: 0, marks: [], error: null, again: false, request: null, row: null };
  shelf.uploads.push(upload);
  return upload;
}
async function sendTexts(shelf, files) {
  const texts = [];
  const sent = (
    /** @type {Chosen[]} */
    []
  );
  for (const file of files) {
    try {
      texts.push({ name: wellFormed(file.name), content: await base64(file) });
      sent.push(file);
    } catch {
      const message2 = tr("Check the file, then add it again.");
      fail(shelf, addRow(shelf, file), { title: tr("The file cannot be read"), message: message2 });
    }
  }
  if (!texts.length) return;
  const before = shelf.textsReceived;
  shelf.send("texts", texts);
  for (let checks = 0; checks < CHECKS && shelf.textsReceived <= before; checks += shelf.view ? 1 : 0) {
    await new Promise((resolve) => setTimeout(resolve, CHECK));
  }
  if (shelf.textsReceived > before) return;
  const [title, message] = [tr("The connection was interrupted"), tr("Check the network, then add the file again.")];
  for (const file of sent) fail(shelf, addRow(shelf, file), { title, message });
}
function next(shelf) {
  const free = AT_ONCE - shelf.uploads.filter((upload) => upload.request).length;
  const waiting = shelf.uploads.filter((upload) => upload.state === "waiting");
  for (const upload of waiting.slice(0, free)) send(shelf, upload);
  shelf.view?.draw();
}
function send(shelf, upload) {
  const request = upload.request = new XMLHttpRequest();
  Object.assign(upload, { state: "sending", sent: 0, marks: [{ at: performance.now(), sent: 0 }] });
  request.upload.onprogress = ({ loaded }) => {
    const now = performance.now();
    upload.sent = Math.min(loaded, upload.file.size);
    upload.marks.push({ at: now, sent: upload.sent });
    while (upload.marks.length > 2 && now - upload.marks[0].at > 8e3) upload.marks.shift();
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
      message: tr("The server responded with status {status}.", { status })
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
  request.setRequestHeader("X-File-Modified", String(Math.max(0, Math.round(upload.file.lastModified || 0))));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(upload.file);
}
function finish(shelf, upload, id) {
  shelf.done.push(String(id));
  remove(shelf, upload);
  if (!shelf.view) return;
  shelf.view.announce(trn("{count} file uploaded", "{count} files uploaded", shelf.done.length));
  report(shelf);
}
function fail(shelf, upload, problem, again = false) {
  Object.assign(upload, { state: "failed", request: null, again });
  upload.error = { title: problem.title || "", text: explained(problem, problem.title) };
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
function open(root, shelf) {
  const part = partsOf(root, "stt-");
  const input = part("file", HTMLInputElement);
  const button = (row) => row && partsOf(row, "stt-")("upload-close");
  const [list, live] = [part("uploads"), part("live")];
  const closing = new AbortController();
  const on = (target, name, act) => target?.addEventListener(name, act, { signal: closing.signal });
  for (const upload of shelf.uploads) upload.row = null;
  part("drop-hint").textContent = tr("Sound or video, up to {size} each", { size: size(shelf.limit) });
  on(input, "change", () => {
    add(shelf, [...input.files ?? []]);
    input.value = "";
  });
  on(input, "keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.click();
  });
  let leaving = (
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    void 0
  );
  const over = (yes) => root.classList.toggle("stt-over", yes);
  const carriesFiles = (event) => [...event.dataTransfer?.types ?? []].includes("Files");
  on(document, "dragover", (event) => {
    if (!carriesFiles(event)) return;
    if (!event.defaultPrevented) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    }
    over(true);
    clearTimeout(leaving);
    leaving = setTimeout(over, 300, false);
  });
  on(document, "drop", (event) => {
    if (!carriesFiles(event)) return;
    over(false);
    if (event.defaultPrevented) return;
    event.preventDefault();
    add(shelf, dropped(event.dataTransfer));
  });
  const draw = () => {
    const rows = shelf.uploads.map((upload) => upload.row ??= makeRow(shelf, upload));
    const shown = (
      /** @type {HTMLElement[]} */
      [...list.children]
    );
    const removed = shown.filter((row) => !rows.includes(row));
    const lost = removed.findIndex((row) => row.contains(document.activeElement));
    const place = lost >= 0 ? shown.indexOf(removed[lost]) : -1;
    for (const row of removed) row.remove();
    for (const row of rows) if (row.parentNode !== list) list.append(row);
    for (const upload of shelf.uploads) drawRow(upload);
    list.hidden = rows.length === 0;
    if (place >= 0) (button(rows[Math.min(place, rows.length - 1)]) ?? input).focus();
  };
  draw();
  const announce = (words) => live.textContent = words;
  return { root, draw, announce, close: () => (clearTimeout(leaving), closing.abort()) };
}
function makeRow(shelf, upload) {
  const { file } = upload;
  const letters = Array.from(file.name);
  const end = letters.length - (letters.length > 24 ? 12 : 0);
  const head = make("span", "stt-upload-head", letters.slice(0, end).join(""));
  const tail = make("span", "stt-upload-tail", letters.slice(end).join(""));
  const progress = {
    "aria-valuemin": 0,
    "aria-valuemax": 100,
    "aria-label": tr("Uploading {name}", { name: file.name })
  };
  return make("li", "stt-upload", [
    make("bdi", "stt-upload-name", [head, tail], { title: file.name }),
    make("span", "stt-upload-size", size(file.size)),
    make("span", "stt-upload-state"),
    make("div", "stt-upload-actions", [
      makeButton("stt-upload-retry", tr("Try again"), () => retry(shelf, upload)),
      makeButton("stt-upload-close", "", () => remove(shelf, upload))
    ]),
    make("div", "stt-upload-bar", [make("div", "stt-upload-done")], { role: "progressbar", ...progress }),
    make("div", "stt-upload-error", [make("strong"), " ", make("span")], { role: "alert" })
  ]);
}
function drawRow({ row, file, state, sent, error, again, marks }) {
  if (!row) return;
  const find = partsOf(row, "stt-upload-");
  const percent = Math.floor(100 * sent / Math.max(file.size, 1));
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
function dropped(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.());
  const folder = (file) => Object.assign(new File([], file.name), { folder: true });
  return [...transfer.files].map((file, i) => entries[i]?.isDirectory ? folder(file) : file);
}
export {
  index_default as default
};
