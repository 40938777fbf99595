"""Draw the vocabulary: names and terms, one a line."""

from __future__ import annotations

import streamlit as st

from pages import session
from pages.escape import markdown, plain, sentence
from pages.sections.vocabulary_choice import counted
from stt.errors import SttError
from stt.library import vocabulary
from stt.settings import settings
from stt.vocabulary import terms

state = st.session_state


def my_vocabulary() -> None:
    """Draw the section of the Settings page."""
    st.subheader("Vocabulary", anchor=False)
    everybody = settings().access == "shared"
    plain(
        "Names and terms that transcripts should get right, one a line. “Cyril → Cyrille”, or with “->”, replaces the "
        "first by the second after transcription." + (" Everybody on this server uses them." if everybody else ""),
        "stt-hint",
    )
    known = "\n".join(term.line for term in vocabulary.terms_of(session.owner()))
    with st.form("vocabulary", border=False):
        typed = st.text_area(
            "Names and terms",
            known,
            placeholder="Zarathustra\nCyril → Cyrille",
            height=160,
            max_chars=terms.LONGEST_TEXT,
            key=f"terms-{state.get('terms_drawn', 0)}",
        )
        if st.form_submit_button("Save the vocabulary"):
            _save(typed)
    if "terms_error" in state:
        st.error(markdown(state.pop("terms_error")))
    if "terms_saved" in state:
        st.success(state.pop("terms_saved"))


def _save(typed: str) -> None:
    try:
        found = vocabulary.save(session.owner(), typed)
    except SttError as error:
        state.terms_error = sentence(error.to_dict())
        return
    state.terms_saved = f"Saved: {counted(len(found))}." if found else "The vocabulary is empty now."
    state.terms_drawn = state.get("terms_drawn", 0) + 1  # a new box, which shows the terms as they were read
    st.rerun()
