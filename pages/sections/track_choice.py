"""Draw the field that chooses a track of a recording with several tracks."""

from __future__ import annotations

import streamlit as st

from pages.escape import plain
from pages.texts import tr
from stt.aiml.catalog import TRACK, Model
from stt.audio import tracks
from stt.store.recordings import Recording


def each_is_a_speaker(recording: Recording, place: str) -> bool:
    """Return whether the visitor's choice, or the default, is that each track of the recording is one speaker.

    `place` is part of the field's key, as in `track_choice`.
    """
    several = tracks.of_rows(recording.tracks)
    picked = st.session_state.get(f"track-{place}-{recording.id}") or (tracks.usual(several) if several else "")
    return bool(picked == tracks.ALL)


def track_choice(recording: Recording, model: Model, place: str) -> dict[str, str]:
    """Draw a summary of the recording's tracks and the field that chooses one.

    Return the job's track option, empty for a recording with one track or if the choice needs no option. `place` keeps
    the fields apart if a page draws several for the same recording.
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
