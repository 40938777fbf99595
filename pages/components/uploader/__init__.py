"""The drop zone. Files go straight to a route of ours: `st.file_uploader` would hold each in memory several times."""

from __future__ import annotations

import streamlit as st

from pages.components import component
from stt.guard import base_path

_uploader = component("uploader")


def uploader(key: str, limit_bytes: int) -> list[str]:
    """Draw the drop zone and return the media ids of what was uploaded through it, oldest first.

    The list has one entry for each finished upload and only grows while the session lasts, through other pages and
    back; if the route gives a recording that is sent twice the same id, it is there twice. So keep in the session
    how many entries were handled, and handle `ids[handled:]`.

    Each file is the raw body of `POST /upload`, its name, percent-encoded UTF-8, in `X-File-Name`, when it was
    last changed, in milliseconds since 1970, in `X-File-Modified`. The route
    answers 201 with `{"id": …}`, or 4xx or 5xx with `{"title", "message", "guidance"}`, which the row then shows.
    Files over `limit_bytes` are refused before they are sent. Two are sent at once, also while other pages are open.
    """
    # Streamlit drops the component's state while another page is open, and gets it again a run later.
    known = st.session_state.setdefault(f"stt_uploaded_{key}", [])
    known += (st.session_state.get(key, {}).get("uploaded") or [])[len(known) :]
    _uploader(
        key=key,
        data={"key": key, "limit": limit_bytes, "url": base_path.at("/upload"), "known": len(known)},
        default={"uploaded": []},
        on_uploaded_change=lambda: None,
    )
    return list(known)
