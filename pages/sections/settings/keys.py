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
            "The shortcuts also work while you type, and with a foot pedal that sends keys, such as F13. "
            "Press a button in the table, then the new key. The shortcuts are stored in this browser only."
        ),
        "stt-hint",
    )
    key_choice()
