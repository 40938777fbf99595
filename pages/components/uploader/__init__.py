"""Draw the drop zone for files. The script of the drop zone sends the files to a route of this app.

Streamlit's `st.file_uploader` would hold several copies of a file in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from pages.components import component
from pages.components.text_file import read
from stt.guard import base_path

_uploader = component("uploader")


MOST_TEXTS = 20  # maximum number of transcripts in one message; the script sends more in several messages


class DroppedText(NamedTuple):
    """A transcript that was dropped into a drop zone. Its `id` is unique in the session."""

    id: str
    name: str
    content: bytes


def uploader(key: str, limit_bytes: int, *, endings: Sequence[str], longest_text: int) -> list[str]:
    """Draw the drop zone and return the ids of the recordings uploaded through it, oldest first.

    Files of at most `longest_text` bytes with one of the `endings`, such as ".srt", count as transcripts, which
    `dropped_texts` returns.

    The returned list has one entry per finished upload and only grows while the session lasts, even across pages. An id
    is in the list twice if the route returns the same id for two uploads.

    Each other file is sent as the raw body of `POST /upload`, with its name (percent-encoded UTF-8) in the header
    `X-File-Name`, and the time of its last change, in milliseconds since 1970, in `X-File-Modified`. The route responds
    with 201 and `{"id": …}`, or with 4xx or 5xx and `{"title", "message", "guidance"}`, which the row of the file then
    shows. Files over `limit_bytes` are refused before they are sent. At most two files are sent at once. Sending
    continues while the visitor has another page of the app open.
    """
    # Streamlit drops the component's state while another page is open, and restores it one run after this page opens
    # again. Therefore, the ids are stored in the session as well.
    known = st.session_state.setdefault(f"stt_uploaded_{key}", [])
    known += (st.session_state.get(key, {}).get("uploaded") or [])[len(known) :]

    received = f"stt_texts_received_{key}"  # number of messages; the script waits for it before it sends the next

    def keep() -> None:
        # Streamlit delivers the message to one run only, and that run can end before it calls `dropped_texts`.
        message = st.session_state[received] = st.session_state.get(received, 0) + 1
        sent = st.session_state[key].get("texts")
        texts = [read(one, longest_text) for one in sent[:MOST_TEXTS]] if isinstance(sent, list) else []
        dropped = [DroppedText(f"{message}-{place}", *text) for place, text in enumerate(texts) if text]
        st.session_state.setdefault(f"stt_texts_{key}", []).extend(dropped)

    texts = {
        "endings": tuple(endings),  # a tuple: for a list, Streamlit imports pandas
        "longestText": longest_text,
        "mostTexts": MOST_TEXTS,
        "textsReceived": st.session_state.get(received, 0),
    }
    _uploader(
        key=key,
        data={"key": key, "limit": limit_bytes, "url": base_path.at("/upload"), "known": len(known), **texts},
        default={"uploaded": []},
        on_uploaded_change=lambda: None,
        on_texts_change=keep,
    )
    return list(known)


def dropped_texts(key: str) -> list[DroppedText]:
    """Return the transcripts dropped into the drop zone `key` since the last call."""
    texts: list[DroppedText] = st.session_state.pop(f"stt_texts_{key}", [])
    return texts
