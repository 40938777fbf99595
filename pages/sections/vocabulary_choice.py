"""Draw the fields for tags, and the switch for the visitor's vocabulary at the start of a job."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from pages.texts import tr, trn
from stt.library import history, vocabulary
from stt.library.tagging import MOST as MOST_TAGS
from stt.vocabulary import terms


def counted(count: int) -> str:
    """Return a number of terms as text, such as "3 terms"."""
    return trn("{count} term", "{count} terms", count)


def tag_choice(owner: str, key: str, usual: Iterable[str] = ()) -> list[str]:
    """Draw a field to choose tags that have a list of terms, if there are any, and return the chosen tags.

    The new transcript gets the chosen tags, and its job uses the terms of these tags.
    """
    known = vocabulary.tags_with_terms(owner)
    if not known:
        return []
    return st.multiselect(
        tr("Tags"),
        list(known),
        [tag for tag in usual if tag in known],
        format_func=lambda tag: f"{tag} ({counted(known[tag])})",
        key=key,
        max_selections=MOST_TAGS,
        select_all=False,
        placeholder=tr("None"),
        help=tr(
            "The terms of these tags are used in addition to those for every recording, and the new "
            "transcript gets these tags."
        ),
    )


def known_tags(owner: str, tags: list[str]) -> list[str]:
    """Return `tags` and the owner's other tags, sorted."""
    return sorted({*tags, *history.choices(owner).tags}, key=str.casefold)


def tags_input(tags: list[str], known: list[str]) -> list[str]:
    """Draw a field that initially contains `tags`, and return the tags that it contains now.

    The visitor can remove tags, add other tags of `known`, and type new ones. Pass the same values while the field is
    shown: other values make a new field, and what the visitor has chosen is lost.
    """
    return st.multiselect(
        tr("Tags"),
        known,
        tags,
        accept_new_options=True,
        max_selections=MOST_TAGS,
        placeholder=tr("Choose, or type a new one"),
    )


def vocabulary_choice(owner: str, key: str, tags: Iterable[str] = ()) -> dict[str, Any]:
    """Draw the switch for the use of the vocabulary of `owner` and `tags`; nothing if the vocabulary has no terms.

    Return the vocabulary option for the job as a dictionary, which is empty if the switch is off.
    """
    known = vocabulary.combined(owner, tags)
    if not known:
        return {}
    used = known[: terms.MOST]
    count = counted(len(known))
    wanted = st.toggle(
        tr("Vocabulary ({terms})", terms=count)
        if used == known
        else tr("Vocabulary (the first {used} of {terms})", used=len(used), terms=count),
        True,
        help=tr(
            "The names and terms on the Settings page are recognised more reliably, and their replacements are applied."
        ),
        key=f"{key}-{terms.OPTION}",
    )
    return {terms.OPTION: [term.line for term in used]} if wanted else {}
