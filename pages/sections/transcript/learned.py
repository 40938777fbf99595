"""Offer to add a word to the vocabulary after the same correction was made three times."""

from __future__ import annotations

import streamlit as st

from pages import session
from pages.escape import plain, show_errors
from pages.texts import tr
from stt.library import vocabulary


def learned() -> None:
    """Ask whether to add the suggested term to the vocabulary; draw nothing if no term is suggested."""
    owner = session.owner()
    # The container exists even when empty, so that later elements keep their positions.
    with st.container(horizontal=True, vertical_alignment="center", key="learned"):
        offered = vocabulary.suggestion(owner)
        if offered is None:
            return
        plain(tr("Add “{term}” to your vocabulary?", term=offered.after), "stt-facts", fit=True)
        if st.button(tr("Add"), key="learned-add", icon=":material/add:"):
            with show_errors():
                vocabulary.accept(owner, offered)
                st.rerun()
        if st.button(
            tr("Never add"), key="learned-refuse", type="tertiary", help=tr("You are not asked about this term again.")
        ):
            vocabulary.refuse(owner, offered)
            st.rerun()
