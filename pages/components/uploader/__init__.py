"""Draw the drop zone. Files go to our own route; `st.file_uploader` would hold several copies in memory."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.components import component
from pages.components.text_file import read
from stt.guard import base_path

_uploader = component("uploader")


MOST_TEXTS = 20  # maximum texts of one drop


def uploader(key: str, limit_bytes: int, *, endings: Sequence[str], longest_text: int) -> list[str]:
    """Draw the drop zone and return the ids of the recordings uploaded through it, oldest first.

    Files of at most `longest_text` bytes with one of these `endings`, such as ".srt", are texts: see `dropped_texts`.

    The list has one entry per finished upload and only grows while the session lasts, even across pages. If the route
    returns the same id for a recording that is sent twice, it is listed twice. So keep the number of handled entries
    in the session, and handle `ids[handled:]`.

    Each file is the raw body of `POST /upload`, with its name (percent-encoded UTF-8) in `X-File-Name`, and the time of
    its last change, in milliseconds since 1970, in `X-File-Modified`. The route responds with 201 and `{"id": …}`, or
    with 4xx or 5xx and `{"title", "message", "guidance"}`, which the row then shows. Files over `limit_bytes` are
    refused before they are sent. Two are sent at once, even while other pages are open.
    """
    # Streamlit drops the component's state while another page is open, and restores it one run later.
    known = st.session_state.setdefault(f"stt_uploaded_{key}", [])
    known += (st.session_state.get(key, {}).get("uploaded") or [])[len(known) :]

    def keep() -> None:
        # A run can end before it reaches the list, and the message is delivered to one run only.
        sent = st.session_state[key].get("texts")
        texts = [read(one, longest_text) for one in sent[:MOST_TEXTS]] if isinstance(sent, list) else []
        st.session_state.setdefault(f"stt_texts_{key}", []).extend(filter(None, texts))

    texts = {"endings": list(endings), "longestText": longest_text}
    _uploader(
        key=key,
        data={"key": key, "limit": limit_bytes, "url": base_path.at("/upload"), "known": len(known), **texts},
        default={"uploaded": []},
        on_uploaded_change=lambda: None,
        on_texts_change=keep,
    )
    return list(known)


def dropped_texts(key: str) -> list[tuple[str, bytes]]:
    """Return names and contents of the texts dropped since the last call."""
    texts: list[tuple[str, bytes]] = st.session_state.pop(f"stt_texts_{key}", [])
    return texts
