"""Offer the visitor's vocabulary at the start of a job."""

from __future__ import annotations

from typing import Any

import streamlit as st

from stt.library import vocabulary
from stt.vocabulary import terms

HELP = "Names and terms that you keep on the Settings page. They are recognised more often, and replacements are made."


def counted(count: int) -> str:
    """Return a number of terms in words."""
    return "1 term" if count == 1 else f"{count} terms"


def vocabulary_choice(owner: str, model_id: str) -> dict[str, Any]:
    """Draw the switch of the owner's vocabulary, and return the option of the job; nothing without any terms."""
    known = vocabulary.terms_of(owner)
    if not known:
        return {}
    wanted = st.toggle(f"Vocabulary ({counted(len(known))})", True, help=HELP, key=f"{model_id}-{terms.OPTION}")
    return {terms.OPTION: [term.line for term in known]} if wanted else {}
