"""What the host of this server says to all, on top of every page."""

import streamlit as st

from pages.widgets.plain import plain
from stt.settings import settings


def notice() -> None:
    """The host's text as it is, never as Markdown; nothing where there is none."""
    if text := (settings().stt_notice or "").strip():
        with st.container(border=True, key="server-notice"):
            plain(text, role="note")
