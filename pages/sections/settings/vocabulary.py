"""Draw the text box for the visitor's vocabulary: names and terms, one per line."""

from __future__ import annotations

import streamlit as st

from pages import session
from pages.escape import plain, show_stored_error, store_error
from pages.sections.vocabulary_choice import counted
from pages.texts import tr
from stt.library import history, vocabulary
from stt.settings import settings
from stt.vocabulary import terms

state = st.session_state


def my_vocabulary() -> None:
    """Draw the vocabulary section of the Settings page."""
    st.subheader(tr("Vocabulary"), anchor=False)
    everybody = settings().access == "shared"
    hint = tr(
        "Names and terms that transcripts should get right, one per line. A line such as “Cyril → Cyrille” (or "
        "“Cyril -> Cyrille”) replaces the first with the second after transcription."
    )
    plain(hint + " " + tr("Everybody on this server uses these terms.") if everybody else hint, "stt-hint")
    tag = _list_choice(session.owner())
    known = "\n".join(term.line for term in vocabulary.terms_of(session.owner(), tag))
    with st.form(f"vocabulary-{tag or ''}", border=False):  # a form per list keeps unsaved text in its list
        typed = st.text_area(
            tr("Names and terms"),
            known,
            placeholder="Zarathustra\nCyril → Cyrille",
            height=160,
            max_chars=terms.LONGEST_TEXT,
            key=f"terms-{tag or ''}-{state.get('terms_drawn', 0)}",
        )
        if st.form_submit_button(tr("Save the vocabulary")):
            _save(typed, tag)
    show_stored_error("terms_error")
    if "terms_saved" in state:
        st.success(state.pop("terms_saved"))


def _list_choice(owner: str) -> str | None:
    """Draw a field to choose a list of terms. Return the tag of the list; None for the list for every recording."""
    with_terms = vocabulary.tags_with_terms(owner)
    tags = sorted({*with_terms, *history.choices(owner).tags}, key=str.casefold)
    if not tags:
        return None
    chosen: str = st.selectbox(
        tr("List"),
        ["", *tags],
        format_func=lambda tag: _label(tag, with_terms.get(tag, 0)),
        key="terms_list",
        help=tr("The terms of a tag are used for transcriptions that are started with that tag."),
        width=320,
    )
    return chosen or None


def _label(tag: str, count: int) -> str:
    if not tag:
        return tr("For every recording")
    return tr("Tag {tag} ({terms})", tag=tag, terms=counted(count)) if count else tr("Tag {tag}", tag=tag)


def _save(typed: str, tag: str | None) -> None:
    with store_error("terms_error"):
        found = vocabulary.save(session.owner(), typed, tag)
        empty = tr("The vocabulary is empty now.") if tag is None else tr("This tag has no terms now.")
        state.terms_saved = tr("Saved: {terms}.", terms=counted(len(found))) if found else empty
        state.terms_drawn = state.get("terms_drawn", 0) + 1  # a new key replaces the box by one with the saved terms
        st.rerun()
