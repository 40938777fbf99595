"""The choice of the language that is spoken."""

from __future__ import annotations

import streamlit as st

from stt.languages import LANGUAGES

DETECT = "Detect"


def language_choice() -> str | None:
    """A code such as "en", or None to detect."""
    return st.selectbox(
        "Language",
        [None, *LANGUAGES],
        format_func=lambda code: LANGUAGES[code] if code else DETECT,
        help="Detect listens to the beginning. Choose the language when you know it: it is surer.",
    )
