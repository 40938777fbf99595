"""Draw search, filters and order of the history. All are in the address, for Back and for bookmarks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import streamlit as st

from pages.format import time_zone
from stt import kinds
from stt.db import fulltext
from stt.library import history
from stt.transcript.languages import LANGUAGES

STATES = [kinds.QUEUED, kinds.WORKING, kinds.DONE, kinds.FAILED, kinds.CANCELLED]
ENGINES = {kinds.ON_DEVICE: "On this machine", kinds.PROVIDER: "AI/ML API", kinds.ALIGNMENT: "Brought transcripts"}
MINUTE, HOUR = 60, 3600
LENGTHS = {
    "Under 1 minute": (None, MINUTE),
    "1 to 10 minutes": (MINUTE, 10 * MINUTE),
    "10 minutes to 1 hour": (10 * MINUTE, HOUR),
    "Over 1 hour": (HOUR, None),
}
# Labels of orders: (sort, descending). The first of each pair is that of a first click on the column.
ORDERS = {
    "Newest first": ("created", True),
    "Oldest first": ("created", False),
    "Latest recording first": ("dated", True),
    "Earliest recording first": ("dated", False),
    "Title, A to Z": ("title", False),
    "Title, Z to A": ("title", True),
    "Longest first": ("duration", True),
    "Shortest first": ("duration", False),
    "Most words first": ("words", True),
    "Fewest words first": ("words", False),
    "Language, A to Z": ("language", False),
    "Language, Z to A": ("language", True),
    "Model, A to Z": ("model", False),
    "Model, Z to A": ("model", True),
    "Lowest confidence first": ("confidence", False),
    "Highest confidence first": ("confidence", True),
    "Highest cost first": ("cost", True),
    "Lowest cost first": ("cost", False),
    "State, A to Z": ("state", False),
    "State, Z to A": ("state", True),
}
ORDER, PAGE = "order", "page"  # the keys in the address
_FILTERS = ("model", "engine", "language", "tag", "state", "length", "dates")


def as_it_was_left() -> None:
    """Show the view that Back should lead to.

    `st.switch_page` puts its own query on the page being left first, so Back would find a transcript's id in the
    history's address in place of the search.
    """
    address, state = st.query_params, st.session_state
    if "id" not in address and "ids" not in address:
        return
    address.from_dict(state.get("history_address", {}))
    st.rerun()  # widgets read their values from the address at the start of a run


def remember_view() -> None:
    address = st.query_params
    st.session_state.history_address = {name: address.get_all(name) for name in address}


def first_page() -> None:
    st.query_params.pop(PAGE, None)


def page_number(pages: int, view: object) -> int:
    """Draw page controls if there are several pages, and return the current one. Another `view` starts at page one."""
    try:
        asked = min(max(1, int(st.query_params.get(PAGE, 1))), pages)
    except ValueError:
        asked = 1
    number = st.pagination(pages, default=asked, key=f"page-{hash(repr(view))}-{pages}") if pages > 1 else 1
    if number > 1:
        st.query_params[PAGE] = str(number)
    else:
        first_page()
    return number


def sort_by(column: str) -> None:
    """Sort by one of `history.SORTS`. A second click reverses the order."""
    labels = [label for label, (sort, _) in ORDERS.items() if sort == column]
    first, second = labels
    st.session_state[ORDER] = second if st.session_state.get(ORDER) == first else first
    first_page()


def search_filters_order(owner: str) -> tuple[history.Wanted, str, bool]:
    """Draw the row above the table. Return what is wanted, the sort, and whether it is descending."""
    known = history.choices(owner)
    with st.container(horizontal=True, vertical_alignment="bottom", key="history-bar"):
        text = st.text_input(
            "Search",
            placeholder="In titles and transcripts",
            help="All words must be there, in any order. "
            "One of four letters or more may be the beginning of a longer word. "
            "Quotation marks keep words together.",
            bind="query-params",
            key="q",
            on_change=first_page,
            max_chars=fulltext.MAX_QUERY,
        )
        # At a session's first run, the values are only in the address.
        state, address = st.session_state, st.query_params
        active = sum(bool(state[key]) if key in state else key in address for key in _FILTERS)
        with st.popover(f"Filters ({active})" if active else "Filters", icon=":material/tune:"):
            wanted = _filters(known)
        order = st.selectbox(
            "Sort by", list(ORDERS), key=ORDER, bind="query-params", on_change=first_page, width=220, filter_mode=None
        )
    if fulltext.is_cut(text or ""):
        st.caption(
            f"Only the first {fulltext.MAX_WORDS} words of a search count, at most {fulltext.MAX_QUERY} characters."
        )
    return {**wanted, "text": text or ""}, *ORDERS[order]


def _filters(known: history.Choices) -> history.Wanted:
    def several(label: str, options: list[str], key: str, names: Any = str) -> list[str]:
        return st.multiselect(
            label, options, format_func=names, placeholder="All", key=key, bind="query-params", on_change=first_page
        )

    chosen: history.Wanted = {
        "models": several("Model", known.models, "model"),
        "engines": several("Engine", list(ENGINES), "engine", lambda engine: ENGINES.get(engine, engine)),
        "languages": several("Language", known.languages, "language", lambda code: LANGUAGES.get(code, code)),
        "tags": several("Tag", known.tags, "tag") if known.tags else [],
        "states": several("State", STATES, "state", str.capitalize),
    }
    length = st.selectbox(
        "Length", list(LENGTHS), index=None, placeholder="Any", key="length", bind="query-params", on_change=first_page
    )
    days = st.date_input(
        "Created", value=[], key="dates", bind="query-params", on_change=first_page, format="DD/MM/YYYY"
    )
    shortest, longest = LENGTHS[length] if length else (None, None)
    since, until = _moments(days)
    return {**chosen, "shortest": shortest, "longest": longest, "since": since, "until": until}


def _moments(days: Sequence[date]) -> tuple[float | None, float | None]:
    """Return the start of the first day and the end of the last one, as timestamps. A range of one day is complete."""
    if not days:
        return None, None
    first, last = days[0], days[-1] + timedelta(days=1)
    since, until = (datetime.combine(day, time(), time_zone()).timestamp() for day in (first, last))
    return since, until
