"""Draw the dialog that imports an existing transcript from a file or from pasted text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st

from pages import session
from pages.compat.streamlit import key_for
from pages.components.text_file import text_file
from pages.components.uploader import DroppedText
from pages.escape import markdown, plain, sentence, show_errors, title_and_facts
from pages.format import beginning
from pages.sections.track_choice import track_choice
from pages.texts import tr, trn
from stt.aiml import offered
from stt.aiml.catalog import LOCAL, TRACK
from stt.audio import tracks
from stt.errors import InputError
from stt.imports import accepted
from stt.store import recordings
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.transcript import titles
from stt.transcript.languages import LANGUAGES

if TYPE_CHECKING:
    from stt.imports.reader import Imported

FILE, TEXT, ENCODING, READ = "bring-file", "bring-text", "bring-encoding", "bring-read"
LANGUAGE = "bring-language"
DETECT = ""
TITLE = 60  # maximum length of the title that is made from the first words of a pasted text, characters
NO_RECORDING = ""


def import_button(job: Job, recording: Recording) -> None:
    """Draw the button that imports a transcript as another version of `recording`, which belongs to `job`."""
    if st.button(tr("Import a transcript"), icon=":material/upload_file:", key="bring"):
        _forget()
        _of_version(job, recording)


def import_row(ids: Sequence[str], on_added: Callable[[str], None]) -> None:
    """Draw the button that imports a transcript. The visitor can choose a recording that the transcript belongs to.

    `ids` are the ids of the recordings to choose from, which have no job yet. After the import, `on_added` is called
    with the id of the chosen recording, or with "" if none was chosen.
    """
    if st.button(tr("Import a transcript"), type="tertiary", icon=":material/upload_file:", key="bring"):
        _forget()
        _of_waiting(list(ids), on_added)


def dropped_rows(texts: list[DroppedText], found: Sequence[Recording], on_added: Callable[[str], None]) -> None:
    """Draw a row for each transcript that was dropped into the drop zone, with buttons to import and to remove it.

    Imported and removed transcripts are deleted from `texts`. `found` are the recordings to choose from. `on_added` is
    called as in `import_row`.
    """
    # The keys have the transcript's id, not its place: the second half of a double click on Remove must not remove the
    # transcript that has moved up.
    for text in texts:
        partner = _partner(text.name, found, alone=len(texts) == 1)
        with st.container(
            border=True, horizontal=True, wrap=False, vertical_alignment="center", key=f"dropped-{text.id}"
        ):
            about = tr("A transcript, for {recording}", recording=partner.name) if partner else tr("A transcript")
            title_and_facts(text.name, about)
            if st.button(
                tr("Add transcript"), key=f"dropped-add-{text.id}", type="tertiary", icon=":material/upload_file:"
            ):
                _forget()
                st.session_state[FILE] = (text.name, text.content)
                if partner:
                    st.session_state["bring-recording"] = partner.id

                def added(recording_id: str, text: DroppedText = text) -> None:
                    if text in texts:
                        texts.remove(text)
                    if recording_id:
                        on_added(recording_id)

                _of_waiting([recording.id for recording in found], added)
            if st.button(tr("Remove"), key=f"dropped-remove-{text.id}", type="tertiary", icon=":material/close:"):
                texts.remove(text)
                st.rerun()


def _partner(name: str, found: Sequence[Recording], *, alone: bool) -> Recording | None:
    """Return the recording that belongs to the transcript file `name`: the recording with the same name.

    If no recording has the same name, return the only recording if there is exactly one and the transcript is the only
    one, too (`alone`). Otherwise, return None.
    """
    stem = PurePath(name).stem.casefold()
    for recording in found:
        own = PurePath(recording.name).stem.casefold()
        if stem == own or stem.startswith(f"{own}."):  # for example "talk.en.srt" and "talk.mp3"
            return recording
    return found[0] if alone and len(found) == 1 else None


@session.dialog(lambda: tr("Import a transcript"))
def _of_version(job: Job, recording: Recording) -> None:
    plain(
        tr(
            "The transcript becomes a version of this recording. You can read, correct and export it, and compare it "
            "with other versions."
        ),
        "stt-hint",
    )
    imported = _transcript_input()
    same = {TRACK: job.options[TRACK]} if job.options.get(TRACK, tracks.ALL) != tracks.ALL else {}
    options = same | _language(imported, recording)
    if _pressed(imported):
        _import_transcript(imported, recording, options, job.title)


@session.dialog(lambda: tr("Import a transcript"))
def _of_waiting(ids: list[str], on_added: Callable[[str], None]) -> None:
    plain(tr("Import existing subtitles or a text, to read, correct and export it here."), "stt-hint")
    imported = _transcript_input()
    known = {recording.id: recording for recording in recordings.find_all(ids, session.owner())}
    chosen = st.selectbox(
        tr("Recording"),
        [*known, NO_RECORDING],
        format_func=lambda i: known[i].name if i in known else tr("Without a recording"),
        key="bring-recording",
    )
    recording = known.get(chosen)
    if recording is None and not known:
        plain(tr("To play the words, add the recording before you import the transcript."), "stt-hint")
    model = offered.known().find(LOCAL)
    options = track_choice(recording, model, "bring") if recording else {}
    options = {name: value for name, value in options.items() if value != tracks.ALL}
    options |= _language(imported, recording)
    if _pressed(imported):
        _import_transcript(imported, recording, options, "", on_added)


def _transcript_input() -> Imported | None:
    """Draw the file field and the text box, and return the transcript; None if there is no input or an error."""
    state = st.session_state
    sent = text_file(tr("Transcript file"), key_for("file", "bring"), accepted.ENDINGS, accepted.MOST)
    if sent is not None:
        _forget_choices()
        state[FILE], state[TEXT] = sent, ""
    text = st.text_area(
        tr("Or paste it (up to {count:,} characters)", count=accepted.MOST_PASTED),
        height=120,
        key=TEXT,
        max_chars=accepted.MOST_PASTED,
    )
    if text.strip() and state.get(FILE) is not None:
        _forget_choices()
        state[FILE] = None
    source = (state.get(FILE), text, state.get(ENCODING))
    kept = state.get(READ)
    if kept is None or kept[0] != source:
        kept = state[READ] = (source, *_read(state.get(FILE), text, state.get(ENCODING)))
    imported: Imported | None
    _, imported, error = kept
    if error:
        st.error(markdown(error))
    if imported is not None:
        _facts(imported)
    return imported


def _read(file: tuple[str, bytes] | None, text: str, encoding: str | None) -> tuple[Imported | None, str]:
    """Read a transcript from `file` (name, content) or from the pasted `text`.

    Return (transcript, "") or (None, error message); (None, "") without input.
    """
    from stt.imports import reader  # imported here, because importing it at the start would delay the first page

    try:
        if file is not None:
            return reader.read(file[1], file[0], encoding=encoding), ""
        return (reader.pasted(text), "") if text.strip() else (None, "")
    except InputError as error:
        return None, sentence(error.to_dict())


def _facts(imported: Imported) -> None:
    """Draw facts about the transcript, and sentences about what was fixed or left out when its file was read.

    If the encoding of the file is uncertain, also draw a field to choose the encoding.
    """
    transcript = imported.transcript
    count = len(transcript.segments)
    parts = [imported.name] if imported.name else []
    parts += [
        imported.format,
        trn("{count:,} segment", "{count:,} segments", count),
        trn("{count:,} word", "{count:,} words", transcript.word_count),
    ]
    parts += [tr("speakers: {names}", names=", ".join(transcript.speakers[:6]))] if transcript.speakers else []
    parts.append(tr("times: {times}", times=imported.provenance["times"]))
    plain(" · ".join(parts), "stt-facts")
    for note in imported.notes:
        plain(note, "stt-hint")
    if imported.choices:
        from stt.imports.references import encodings

        st.session_state.setdefault(f"{ENCODING}-box", imported.encoding)

        def read_again() -> None:
            st.session_state[ENCODING] = st.session_state[f"{ENCODING}-box"]

        choices = st.session_state.setdefault(f"{ENCODING}-choices", imported.choices)
        st.selectbox(
            tr("Encoding"),
            choices,
            format_func=lambda codec: encodings.NAMES.get(codec, codec),
            key=f"{ENCODING}-box",
            on_change=read_again,
        )
        plain(tr("If letters look wrong, choose another encoding."), "stt-hint")
        plain(transcript.text[:300], "stt-text")


def _language(imported: Imported | None, recording: Recording | None) -> dict[str, str]:
    """Draw a field for the language if the transcript must be aligned with the recording to get word times.

    Return the job's language option, empty if the language is to be detected or no alignment is needed.
    """
    if imported is None or recording is None or all(segment.words for segment in imported.transcript.segments):
        return {}
    given = imported.transcript.language
    codes = [DETECT, *LANGUAGES]
    language = st.selectbox(
        tr("Language"),
        codes,
        index=codes.index(given) if given in LANGUAGES else 0,
        format_func=lambda code: LANGUAGES.get(code, tr("Detect")),
        key=LANGUAGE,
    )
    plain(tr("The words of the transcript are then aligned with the recording, so you can play each word."), "stt-hint")
    return {"language": language} if language else {}


def _pressed(imported: Imported | None) -> bool:
    if not st.button(tr("Add transcript"), type="primary", key="bring-start"):
        return False
    if imported is None and not st.session_state[READ][2]:
        st.error(tr("Choose a file or paste a text first."))
    return imported is not None


def _import_transcript(
    imported: Imported | None,
    recording: Recording | None,
    options: dict[str, str],
    title: str,
    on_added: Callable[[str], None] = lambda recording_id: None,
) -> None:
    from stt.jobs import importing  # imported here, because importing dbos takes half a second

    assert imported is not None
    if not title and recording is None:
        title = titles.of_name(imported.name) if imported.name else beginning(imported.transcript.text, TITLE)
    with show_errors():
        made = importing.import_transcript(
            imported.for_sound if recording else imported.transcript,
            recording,
            provenance=imported.provenance,
            title=title,  # if empty, the title is made from the recording's name
            options=options,
            owner=session.owner(),
            address=session.address(),
        )
        session.following().insert(0, made)
        on_added(recording.id if recording else "")
        st.switch_page("transcript.py", query_params={"id": made})


def _forget_choices() -> None:
    """Delete the encoding and the language from the session, because they belong to the previous transcript."""
    for name in (ENCODING, f"{ENCODING}-box", f"{ENCODING}-choices", LANGUAGE):
        st.session_state.pop(name, None)


def _forget() -> None:
    """Delete the values of the dialog's fields from the session, so that the dialog opens empty."""
    for name in [name for name in st.session_state if str(name).startswith("bring-")]:
        del st.session_state[name]
