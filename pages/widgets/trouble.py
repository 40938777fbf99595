"""What every page says while the database does not answer or the disk is full; the page comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.widgets.plain import sentence
from stt.db.engine import DB_UNAVAILABLE
from stt.errors import DatabaseUnavailable
from stt.ops import health

AGAIN = 2.0  # seconds


@contextmanager
def may_be_away(*, again: bool = True) -> Iterator[None]:
    """Draw what is inside, or say that the database is away. `again`: look until it is back, then draw all anew."""
    try:
        yield
    except DB_UNAVAILABLE:
        st.error(sentence(DatabaseUnavailable("The database of this server does not answer.").to_dict()))
        if again:
            st.fragment(_back, run_every=AGAIN)()


def full_disk() -> None:
    """Say so while there is no room for recordings."""
    if not health.has_room():
        st.warning(
            "The disk of this server is full: recordings cannot be added, and jobs wait. Whoever runs it has to make "
            "room; then they go on by themselves."
        )


def _back() -> None:
    if health.database_answers():
        st.rerun()
