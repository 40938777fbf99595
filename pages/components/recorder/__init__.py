"""Draw the recorder. It streams to the server while recording; `st.audio_input` would keep all of it in memory."""

from __future__ import annotations

import streamlit as st

from pages.components import component
from stt.guard import base_path

_recorder = component("recorder")


def recorder(key: str, longest: float | None) -> list[str]:
    """Draw the recorder and return the ids of the recordings that were finished in it, oldest first.

    The list only grows while the session lasts, like that of `uploader`. `longest` is the maximum length of a recording
    in seconds, at which it stops. Recording continues while another page is open.

    `POST /record` begins a recording, `POST /record/{id}?piece=N` adds to it, `POST /record/{id}/finish` ends it (see
    `stt.web.recorder`).
    """
    # Streamlit drops the component's state while another page is open, and restores it one run later.
    known = st.session_state.setdefault(f"stt_recorded_{key}", [])
    known += (st.session_state.get(key, {}).get("recorded") or [])[len(known) :]
    _recorder(
        key=key,
        data={"key": key, "seconds": longest, "url": base_path.at("/record"), "known": len(known)},
        default={"recorded": []},
        on_recorded_change=lambda: None,
    )
    return list(known)
