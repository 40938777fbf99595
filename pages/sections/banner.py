"""Draw what stands on top of every page: the notice of the host, and a warning while the disk is full."""

import streamlit as st

from pages.escape import plain
from stt.ops import health
from stt.settings import settings


def notice() -> None:
    """The host's text as it is, never as Markdown; nothing where there is none."""
    if text := (settings().banner or "").strip():
        with st.container(border=True, key="server-notice"):
            plain(text, role="note")


def full_disk() -> None:
    """Say so while there is no room for recordings."""
    if not health.has_room():
        st.warning(
            "The disk of this server is full: recordings cannot be added, and jobs wait. Whoever runs it has to make "
            "room; then they go on by themselves."
        )
