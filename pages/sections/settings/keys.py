"""Change the keyboard shortcuts of the player."""

from __future__ import annotations

import streamlit as st

from pages.components.key_choice import key_choice
from pages.escape import plain
from pages.texts import tr


def player_keys() -> None:
    """Draw the section of the Settings page with the player's keyboard shortcuts."""
    st.subheader(tr("Keyboard shortcuts of the player"), anchor=False)
    plain(
        tr(
            "These work while you type, too, and with a foot pedal that sends keys, such as F13. "
            "Press a button here, then the new key. This browser keeps them, as another one may have another keyboard."
        ),
        "stt-hint",
    )
    key_choice()
