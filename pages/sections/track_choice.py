"""Draw the field to choose a track of a recording with several tracks."""

from __future__ import annotations

import streamlit as st

from pages.escape import plain
from pages.texts import tr
from stt.aiml.catalog import TRACK, Model
from stt.audio import tracks
from stt.store.recordings import Recording


def each_is_a_speaker(recording: Recording, place: str) -> bool:
    """Return whether each track of the recording is treated as one speaker, by the visitor's choice or by default.

    `place` is part of the key of the field that `track_choice` draws.
    """
    several = tracks.of_rows(recording.tracks)
    picked = st.session_state.get(f"track-{place}-{recording.id}") or (tracks.usual(several) if several else "")
    return bool(picked == tracks.ALL)


def track_choice(recording: Recording, model: Model, place: str) -> dict[str, str]:
    """Draw a summary of the recording's tracks, and the field to choose a track.

    Return the track option for the job as a dictionary. It is empty if the recording has one track, or if the chosen
    track is also used without the option. `place` makes the key of the field unique if a page draws several fields for
    the same recording.
    """
    several = tracks.of_rows(recording.tracks)
    if not several:
        return {}
    names = tracks.names_of(several)
    if not model.local:  # the provider transcribes only one track of a recording
        names.pop(tracks.ALL, None)
    chosen, usual = str(tracks.chosen(several) or ""), tracks.usual(several)
    usual = usual if usual in names else chosen
    key = f"track-{place}-{recording.id}"
    picked = st.session_state.get(key) or usual
    plain(tracks.summary(several, picked if picked in names else usual), "stt-facts")
    if len(names) > 1:
        picked = st.selectbox(
            tr("Track"),
            list(names),
            index=list(names).index(usual),
            format_func=lambda choice: names.get(choice, choice),
            key=key,
            label_visibility="collapsed",
        )
    return {TRACK: picked} if picked != chosen else {}
