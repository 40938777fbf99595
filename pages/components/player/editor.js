// Correcting a paragraph where it stands. What somebody typed leaves the page only when it is saved or cancelled: a
// refusal, a newer text from another tab or a lost connection all keep it.

const PENCIL = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 20h4L19 9l-4-4L4 16zM13.5 6.5l4 4"/></svg>';
const ANSWER = 15_000; // milliseconds to wait for one

class Editor {
  constructor(root, text, reveal) {
    Object.assign(this, { text, reveal, send: () => {}, form: null, say: root.querySelector(".stt-say") });
  }

  open(paragraph) {
    if (this.form) {
      if (this.paragraph === paragraph || this.changed) return this.insist(paragraph);
      this.close();
    }
    this.form = make("form", "stt-editor");
    this.field = make("textarea", "stt-field");
    this.field.value = paragraph.text.trim();
    this.field.dir = "auto";
    this.field.setAttribute("aria-label", `Text of the paragraph at ${clock(paragraph.start)}`);
    this.problem = make("p", "stt-problem");
    this.problem.setAttribute("role", "alert");
    this.button = make("button", "stt-save", "Save");
    const cancel = make("button", "stt-cancel", "Cancel");
    cancel.type = "button";
    const row = make("div", "stt-editor-row");
    row.append(this.button, cancel, make("span", "stt-keys", "Ctrl+Enter saves, Esc cancels"));
    this.form.append(this.problem, this.field, row);
    this.attach(paragraph);
    this.tell("");

    cancel.onclick = () => this.cancel();
    this.field.oninput = () => this.grow();
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.save();
    };
    this.form.onkeydown = (event) => {
      if (event.isComposing) return;
      if (event.key === "Escape") this.cancel();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.save();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    this.field.focus({ preventScroll: true });
    this.reveal(() => this.form, true);
  }

  get changed() {
    return this.field.value.split(/\s+/).join(" ").trim() !== this.was.split(/\s+/).join(" ").trim();
  }

  /** Put the form into a paragraph in place of its text, or below it when that is `newer` than what was edited. */
  attach(paragraph, newer = false) {
    const typing = this.form.contains(document.activeElement) ? document.activeElement : null;
    const { selectionStart, selectionEnd } = this.field;
    if (this.paragraph) this.paragraph.body.hidden = false;
    Object.assign(this, { paragraph, was: paragraph.text, version: this.latest });
    paragraph.body.hidden = !newer;
    paragraph.box.append(this.form);
    this.grow();
    typing?.focus({ preventScroll: true });
    this.field.setSelectionRange(selectionStart, selectionEnd);
  }

  /** The paragraph that stands where the edited one did. */
  nearest() {
    const { paragraph: { start, box }, text: { paragraphs, timed } } = this;
    const known = timed && (paragraphs.find((p) => p.start === start) ?? this.text.paragraphAt(start));
    return known || paragraphs[Math.min(box.dataset.paragraph, paragraphs.length - 1)];
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }

  save() {
    if (this.number) return;
    if (!this.changed) return this.cancel();
    this.number = Date.now();
    this.tell("");
    this.button.textContent = "Saving";
    this.button.setAttribute("aria-disabled", "true");
    const late = "The server does not answer. Your text is still here: try again.";
    this.late = setTimeout(() => this.refuse(late), ANSWER);
    const paragraph = this.text.paragraphs.indexOf(this.paragraph);
    this.send("edit", { number: this.number, paragraph, text: this.field.value, version: this.version });
  }

  cancel() {
    if (this.number) return; // on its way
    const { paragraph } = this;
    this.close();
    paragraph.edit?.focus({ preventScroll: true });
  }

  close() {
    clearTimeout(this.late);
    if (this.paragraph) this.paragraph.body.hidden = false;
    this.form?.remove();
    Object.assign(this, { form: null, paragraph: null, number: null });
  }

  tell(words) {
    this.problem.textContent = words;
    this.problem.hidden = !words;
  }

  insist(paragraph) {
    if (this.paragraph !== paragraph) this.tell("Save or cancel this paragraph first.");
    this.reveal(() => this.form, true);
    this.field.focus({ preventScroll: true });
  }

  /** New data came: an answer to what was sent, or a change from elsewhere. */
  update({ version, edited }) {
    this.latest = version;
    if (!this.form) return;
    const answer = this.number && edited?.number === this.number ? edited : null;
    if (answer && !answer.error) return this.saved();
    if (version == null) return; // the machine's version is being looked at: the form waits
    if (!this.text.paragraphs.length) {
      this.text.box.append(this.form);
      return this.refuse("All text was removed in another tab meanwhile. Yours is kept here to copy.");
    }
    let newer = false;
    if (version !== this.version || !this.form.isConnected) {
      const { was, paragraph: { start } } = this;
      const same = this.text.paragraphs.find((p) => p.start === start && p.text === was);
      newer = !same;
      this.attach(same ?? this.nearest(), newer);
    }
    if (!answer) return newer && this.tell("Changed meanwhile: the newer text stands above. Saving replaces it.");
    const conflict = newer
      ? "Changed in another tab meanwhile: the newer text stands above, yours is kept here. Save again to replace it."
      : "Something else in this transcript was changed in another tab meanwhile. Yours is kept here: save again.";
    this.refuse(answer.conflict ? conflict : answer.error);
  }

  refuse(words) {
    clearTimeout(this.late);
    this.number = null;
    this.button.textContent = "Save";
    this.button.removeAttribute("aria-disabled");
    this.tell(words);
    this.reveal(() => this.form, true);
    this.field.focus({ preventScroll: true });
  }

  saved() {
    const place = this.nearest();
    const busy = this.form.contains(document.activeElement) || document.activeElement === document.body;
    this.close();
    this.say.textContent = "Saved.";
    if (busy) place?.edit?.focus({ preventScroll: true });
  }
}
