"""A transcript to take away: as text, subtitles, a document, tables, and the recording itself."""

from __future__ import annotations

import itertools
from dataclasses import replace

import streamlit as st

from pages import visitor
from pages.widgets.amounts import time_zone
from pages.widgets.plain import plain
from stt import remote
from stt.cues import cues
from stt.export_addresses import RAW, address
from stt.exports import FORMATS
from stt.records import Job
from stt.transcript import Transcript

SHOWN = 60  # characters of the text as it will be


@visitor.fragment
def downloads(job: Job, transcript: Transcript, *, audio: bool) -> None:
    """What there is to choose, and the buttons; a route of ours makes the file when its button is pressed."""
    several = bool(transcript.speakers)
    plain("Text", "stt-title")
    with st.container(horizontal=True):
        times = transcript.timed and st.checkbox("With times", key="text-times")
        speakers = several and st.checkbox("With speakers", value=True, key="text-speakers")
    beginning = _beginning(transcript)
    shown = FORMATS["txt"].write(beginning, times=times, speakers=speakers).decode().partition("\n")[0]
    plain(shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…", "stt-sample")
    _button(job, "txt", times=times, speakers=speakers)
    plain("Subtitles", "stt-title")
    with st.container(horizontal=True):
        letters = st.number_input("Letters a line", 8, 200, 42, key="line-length", width=128)
        lines = st.number_input("Lines a subtitle", 1, 10, 2, key="line-count", width=128)
    named = several and st.checkbox("Name the speakers", key="subtitle-speakers")
    plain("".join(cue.text for cue in cues(beginning, letters, lines, speakers=named)[:1]), "stt-sample")
    for extension in ("srt", "vtt"):
        _button(job, extension, line_length=letters, lines=lines, speakers=named)
    plain("More", "stt-title")
    for extension in ("docx", "csv", "json"):
        _button(job, extension)
    if remote.has_raw(job.id):
        _button(job, RAW)
    if audio:
        st.link_button("The audio", f"/audio/{job.id}?download", width="stretch")


def _beginning(transcript: Transcript) -> Transcript:
    """Enough to show what a choice does."""
    count = itertools.accumulate(len(segment.text) for segment in transcript.segments)
    last = next((place for place, letters in enumerate(count, 1) if letters > 4 * SHOWN), None)
    return replace(transcript, segments=transcript.segments[:last])


def _button(job: Job, form: str, **options: float | bool) -> None:
    label = "The provider's raw answer (JSON)" if form == RAW else FORMATS[form].label
    to = address(job.id, form, zone=time_zone().key, **options)
    st.link_button(label, to, key=f"download-{form}", width="stretch")
