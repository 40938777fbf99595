"""Draw notices on every page: one that the host has set, one for a full disk, and one for a lost connection."""

from html import escape

import streamlit as st

from pages.escape import plain
from pages.texts import tr
from stt.ops import health
from stt.settings import settings


def notice() -> None:
    """Draw the host's notice as plain text, never as Markdown; draw nothing if the host has set no notice."""
    if text := (settings().banner or "").strip():
        with st.container(border=True, key="server-notice"):
            plain(text, role="note")


def full_disk() -> None:
    """Draw a warning while the disk has no room for recordings."""
    if not health.has_room():
        st.warning(
            tr(
                "The disk of this server is full: recordings cannot be added, and jobs wait. Jobs continue "
                "automatically as soon as disk space is available."
            )
        )


def connection() -> None:
    """Draw the notice that the style sheet shows while the server is unavailable.

    The notice replaces Streamlit's dialog, which would take the keyboard focus from a visitor who is typing.
    """
    text = tr("No connection to the server. This page reconnects automatically and keeps what you typed.")
    st.html(f'<p class="stt-away" role="status">{escape(text)}</p>')
