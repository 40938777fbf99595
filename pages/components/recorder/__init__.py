"""Draw the recorder, which sends sound to the server while recording.

Streamlit's `st.audio_input` would keep the whole recording in memory.
"""

from __future__ import annotations

import streamlit as st

from pages.components import component
from stt.guard import base_path

_recorder = component("recorder")


def recorder(key: str, longest: float | None) -> list[str]:
    """Draw the recorder and return the ids of the recordings that were finished in it, oldest first.

    The list only grows while the session lasts. A recording stops when it is `longest` seconds long; None means no
    limit. Recording continues while the visitor has another page of the app open.

    The script begins a recording with `POST /record`, sends pieces of sound with `POST /record/{id}?piece=N`, and ends
    the recording with `POST /record/{id}/finish` (see `stt.web.recorder`).
    """
    # Streamlit drops the component's state while another page is open, and restores it one run after this page opens
    # again. Therefore, the ids are stored in the session as well.
    known = st.session_state.setdefault(f"stt_recorded_{key}", [])
    known += (st.session_state.get(key, {}).get("recorded") or [])[len(known) :]
    _recorder(
        key=key,
        data={"key": key, "seconds": longest, "url": base_path.at("/record"), "known": len(known)},
        default={"recorded": []},
        on_recorded_change=lambda: None,
    )
    return list(known)
