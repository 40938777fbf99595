"""Known voices: whom this server recognises for the visitor, and how it forgets them."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages import session
from pages.escape import plain
from pages.format import when
from stt.errors import SttError
from stt.library import voices
from stt.library.voices import Voice
from stt.settings import settings


def known_voices() -> None:
    """Draw the section of the Settings page; nothing where the host does not want voices to be kept."""
    if not voices.allowed():
        return
    st.subheader("Known voices", anchor=False)
    everybody = settings().access == "shared"
    plain(
        "“Remember this voice” at a transcript keeps the voiceprint of a speaker: numbers by which the voice is known "
        "again, not the sound. " + ("Everybody on this server uses it." if everybody else "Only you see and use it."),
        "stt-hint",
    )
    known = voices.all_of(session.owner())
    for voice in known:
        _row(voice)
    if not known:
        plain("No voice is kept.", "stt-facts")


def _row(voice: Voice) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"voice-{voice.id}"):
        with st.container(gap=None):
            plain(voice.name, "stt-title")
            plain(f"Kept since {when(voice.created)}", "stt-facts")
        if st.button("Delete", key=f"forget-{voice.id}", help="Nobody is recognised by this voice from now on."):
            with suppress(SttError):  # another tab was faster
                voices.delete(voice.id, session.owner())
            st.rerun()
