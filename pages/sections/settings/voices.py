"""Draw the known voices that this server recognises for the visitor, each with a button to delete it."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages import session
from pages.escape import plain, title_and_facts
from pages.format import when
from pages.texts import tr
from stt.errors import SttError
from stt.library import voices
from stt.library.voices import Voice
from stt.settings import settings


def known_voices() -> None:
    """Draw the known voices section of the Settings page; nothing if the host does not allow storing voices."""
    if not voices.allowed():
        return
    st.subheader(tr("Known voices"), anchor=False)
    everybody = settings().access == "shared"
    kept = tr(
        "“Remember this voice” on a transcript stores the speaker’s voiceprint: numbers that identify the voice, not "
        "the sound."
    )
    users = (
        tr("Everybody on this server uses the voiceprints.")
        if everybody
        else tr("Only you see and use the voiceprints.")
    )
    plain(f"{kept} {users}", "stt-hint")
    known = voices.all_of(session.owner())
    for voice in known:
        _row(voice)
    if not known:
        plain(tr("No voices are stored."), "stt-facts")


def _row(voice: Voice) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"voice-{voice.id}"):
        title_and_facts(voice.name, tr("Stored since {day}", day=when(voice.created)))
        if st.button(tr("Delete"), key=f"forget-{voice.id}", help=tr("This voice will no longer be recognised.")):
            with suppress(SttError):  # the voice was already deleted in another tab
                voices.delete(voice.id, session.owner())
            st.rerun()
