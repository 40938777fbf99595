"""Draw a field for a small text file. The script sends the file as one component message.

Streamlit's `st.file_uploader` would need a route that is open to everybody.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.components import component

_text_file = component("text_file")


def text_file(label: str, key: str, endings: Sequence[str], most: int) -> tuple[str, bytes] | None:
    """Draw the field and return the name and the bytes of a newly chosen file; None if no new file has arrived.

    `endings` are the accepted endings of file names, such as ".txt". The script does not send files over `most` bytes.
    This function ignores a message that is invalid or has a larger file.
    """
    arrived = f"{key}-arrived"

    def keep() -> None:
        # Streamlit delivers the message to one run only, and that run can end before it reaches this field.
        st.session_state[arrived] = st.session_state[key].get("file")

    _text_file(key=key, data={"label": label, "endings": list(endings), "most": most}, on_file_change=keep)
    sent, st.session_state[arrived] = st.session_state.get(arrived), None
    return read(sent, most)


def read(sent: Any, most: int) -> tuple[str, bytes] | None:
    """Return the name and the bytes of the file in the message `sent`; None if it is invalid or over `most` bytes."""
    if not isinstance(sent, dict) or not all(isinstance(sent.get(part), str) for part in ("name", "content")):
        return None
    try:
        content = base64.b64decode(sent["content"], validate=True)
    except (binascii.Error, ValueError):
        return None
    return (sent["name"][:200], content) if len(content) <= most else None
