"""Download a transcript as text, subtitles, a document or tables, and the recording itself."""

from __future__ import annotations

import itertools
from dataclasses import replace

import streamlit as st

from pages import session
from pages.escape import plain
from pages.format import time_zone
from pages.texts import tr, trn
from stt.export.formats import FORMATS, clock
from stt.export.subtitles import LINE_LENGTH, LINES, READING_SPEED, Cue, cues, too_fast
from stt.guard import base_path
from stt.notes import book
from stt.store import submissions
from stt.store.records import Job
from stt.transcript.model import Transcript
from stt.web.exports.addresses import NOTES, RAW, address

SHOWN = 60  # maximum length of a preview, characters
LISTED = 100  # maximum number of cues in the list of cues that are too fast


@session.fragment
def downloads(job: Job, transcript: Transcript, *, audio: bool) -> None:
    """Draw the Download menu. Its buttons are links to a route that makes the file.

    With `audio`, the menu also offers the recording.
    """
    with st.popover(tr("Download"), icon=":material/download:", key="downloads", on_change="rerun") as menu:
        if not menu.open:  # a closed menu is left empty: for ten hours of speech, its content takes seconds to compute
            return
        several = bool(transcript.speakers)
        noted = _notes(job)
        plain(tr("Text"), "stt-title")
        with st.container(horizontal=True):
            times = transcript.timed and st.checkbox(tr("With times"), key="text-times")
            speakers = several and st.checkbox(tr("With speakers"), value=True, key="text-speakers")
        beginning = _beginning(transcript)
        shown = FORMATS["txt"].write(beginning, times=times, speakers=speakers).decode().partition("\n")[0]
        plain(shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…", "stt-sample")
        _button(job, "txt", times=times, speakers=speakers, **noted)
        _subtitles(job, transcript, several)
        plain(tr("More"), "stt-title")
        for extension in ("docx", "csv", "json"):
            _button(job, extension, **(noted if FORMATS[extension].takes_notes else {}))
        if submissions.has_raw(job.id):
            _button(job, RAW)
        if audio:
            st.link_button(tr("The audio"), base_path.at(f"/audio/{job.id}?download"), width="stretch")


def _notes(job: Job) -> dict[str, bool]:
    """Draw a checkbox to add notes to other files and a button to download only the notes, if there are notes.

    Return the download option for formats that can contain notes, as a dictionary; empty if the box is not ticked.
    """
    if not book.count(job.id):
        return {}
    plain(tr("Notes"), "stt-title")
    chosen = st.checkbox(
        tr("With notes"), key="with-notes", help=tr("Adds the notes at the end of text, Word and JSON files.")
    )
    _button(job, NOTES)
    return {"notes": True} if chosen else {}


def _subtitles(job: Job, transcript: Transcript, several: bool) -> None:
    plain(tr("Subtitles"), "stt-title")
    with st.container(horizontal=True):
        letters = st.number_input(tr("Characters per line"), 8, 200, LINE_LENGTH, key="line-length", width=128)
        lines = st.number_input(tr("Lines per subtitle"), 1, 10, LINES, key="line-count", width=128)
    named = several and st.checkbox(tr("With speaker names"), key="subtitle-speakers")
    with st.container(horizontal=True):
        mark = st.checkbox(
            tr("Byte order mark"),
            key="subtitle-bom",
            help=tr("For players that display letters such as ü incorrectly."),
        )
        crlf = st.checkbox(
            tr("Windows line endings"), key="subtitle-crlf", help=tr("CRLF, for old players and editors.")
        )
    shown = _cues(transcript, letters, lines, named)
    plain("".join(cue.text for cue in shown[:1]), "stt-sample")
    if fast := too_fast(shown):
        label = trn(
            "{count:,} of {total:,} subtitles is too fast to read",
            "{count:,} of {total:,} subtitles are too fast to read",
            len(fast),
            total=len(shown),
        )
        with st.expander(label, icon=":material/speed:"):
            plain(tr("These have more than {speed:.0f} characters per second.", speed=READING_SPEED), "stt-hint")
            plain("\n".join(map(_preview, fast[:LISTED])), "stt-sample")
            if len(fast) > LISTED:
                plain(tr("And {count:,} more.", count=len(fast) - LISTED), "stt-hint")
    for extension in ("srt", "vtt"):
        _button(job, extension, line_length=letters, lines=lines, speakers=named, bom=mark, crlf=crlf)


def _cues(transcript: Transcript, letters: int, lines: int, named: bool) -> list[Cue]:
    """Return the cues that the subtitle file will have. The session caches the result for the last used options."""
    chosen = (letters, lines, named)
    cached = st.session_state.get("subtitle-cues")
    if cached is None or cached[0] is not transcript or cached[1] != chosen:
        cached = transcript, chosen, cues(transcript, letters, lines, speakers=named)
        st.session_state["subtitle-cues"] = cached
    return cached[2]


def _preview(cue: Cue) -> str:
    """Return a cue's start time, its reading speed, and its first words."""
    text = cue.text.replace("\n", " ")
    speed = tr("{speed:.0f} characters per second", speed=cue.speed)
    return f"{clock(cue.start)} · {speed} · {text if len(text) <= SHOWN else f'{text[:SHOWN]}…'}"


def _beginning(transcript: Transcript) -> Transcript:
    """Return a transcript with only the first segments of `transcript`, which are enough for a preview of the text."""
    count = itertools.accumulate(len(segment.text) for segment in transcript.segments)
    last = next((place for place, letters in enumerate(count, 1) if letters > 4 * SHOWN), None)
    return replace(transcript, segments=transcript.segments[:last])


def _button(job: Job, form: str, **options: float | bool) -> None:
    names = {RAW: tr("Raw response from the provider (JSON)"), NOTES: tr("Notes only (CSV)")}
    label = names[form] if form in names else FORMATS[form].label
    to = address(job.id, form, zone=time_zone().key, **options)
    st.link_button(label, to, key=f"download-{form}", width="stretch")
