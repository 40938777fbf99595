"""Draw search, filters and sort order of the history. The URL of the page stores them, for bookmarks and Back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import streamlit as st

from pages.format import time_zone
from pages.texts import tr
from stt import kinds
from stt.db import fulltext
from stt.library import history
from stt.transcript.languages import LANGUAGES

MINUTE, HOUR = 60, 3600
ORDER, PAGE = "order", "page"  # query parameters in the URL of the page
_FILTERS = ("model", "engine", "language", "tag", "state", "length", "dates")


def states() -> dict[str, str]:
    """Return the name of each job state."""
    return {
        kinds.QUEUED: tr("Queued"),
        kinds.WORKING: tr("Working"),
        kinds.DONE: tr("Done"),
        kinds.FAILED: tr("Failed"),
        kinds.CANCELLED: tr("Cancelled"),
    }


def _engines() -> dict[str, str]:
    return {
        kinds.ON_DEVICE: tr("On this machine"),
        kinds.PROVIDER: tr("AI/ML API"),
        kinds.ALIGNMENT: tr("Imported transcripts"),
    }


def _lengths() -> dict[tuple[int | None, int | None], str]:
    return {
        (None, MINUTE): tr("Under 1 minute"),
        (MINUTE, 10 * MINUTE): tr("1 to 10 minutes"),
        (10 * MINUTE, HOUR): tr("10 minutes to 1 hour"),
        (HOUR, None): tr("Over 1 hour"),
    }


def _orders() -> dict[tuple[str, bool], str]:
    """Return the display name of each sort order (column, descending).

    Each column has two orders. A first click on the column's name applies the first of the two, a second click the
    other one.
    """
    return {
        ("created", True): tr("Newest first"),
        ("created", False): tr("Oldest first"),
        ("dated", True): tr("Latest recording first"),
        ("dated", False): tr("Earliest recording first"),
        ("title", False): tr("Title, A to Z"),
        ("title", True): tr("Title, Z to A"),
        ("duration", True): tr("Longest first"),
        ("duration", False): tr("Shortest first"),
        ("words", True): tr("Most words first"),
        ("words", False): tr("Fewest words first"),
        ("language", False): tr("Language, A to Z"),
        ("language", True): tr("Language, Z to A"),
        ("model", False): tr("Model, A to Z"),
        ("model", True): tr("Model, Z to A"),
        ("confidence", False): tr("Lowest confidence first"),
        ("confidence", True): tr("Highest confidence first"),
        ("cost", True): tr("Highest cost first"),
        ("cost", False): tr("Lowest cost first"),
        ("state", False): tr("State, A to Z"),
        ("state", True): tr("State, Z to A"),
    }


def restore_view() -> None:
    """Restore search, filters, sort order and page number when the visitor returns with the browser's Back button.

    When `st.switch_page` leaves the History page, Streamlit first puts the new page's query parameters into the URL of
    the History page. After Back, that URL would therefore contain a transcript's id instead of the search.
    """
    address, state = st.query_params, st.session_state
    if "id" not in address and "ids" not in address:
        return
    address.from_dict(state.get("history_address", {}))
    st.rerun()  # only at the start of a run do widgets read their values from the URL


def remember_view() -> None:
    address = st.query_params
    st.session_state.history_address = {name: address.get_all(name) for name in address}


def first_page() -> None:
    st.query_params.pop(PAGE, None)


def page_number(pages: int, view: object) -> int:
    """Draw page controls if there are several pages, and return the number of the current page, from 1.

    When `view` (filter, sort, descending) changes, the controls start again at the page number in the URL, or at 1.
    """
    try:
        number = min(max(1, int(st.query_params.get(PAGE, 1))), pages)
    except ValueError:
        number = 1
    number = st.pagination(pages, default=number, key=f"page-{hash(repr(view))}-{pages}") if pages > 1 else 1
    if number > 1:
        st.query_params[PAGE] = str(number)
    else:
        first_page()
    return number


def sort_by(column: str) -> None:
    """Sort the history by `column`, one of `history.SORTS`. A second call for the same column reverses the order."""
    first, second = [order for order in _orders() if order[0] == column]
    st.session_state[ORDER] = second if st.session_state.get(ORDER) == first else first
    first_page()


def search_filters_order(owner: str) -> tuple[history.Filter, str, bool]:
    """Draw search, filters and sort order above the table. Return the filter, the sort column, and `descending`."""
    known = history.choices(owner)
    with st.container(horizontal=True, vertical_alignment="bottom", key="history-bar"):
        text = st.text_input(
            tr("Search"),
            placeholder=tr("In titles and transcripts"),
            help=tr(
                "Finds transcripts that contain all of the words, in any order. "
                "A word of four or more letters also matches longer words that begin with it. "
                "Put a phrase in quotation marks."
            ),
            bind="query-params",
            key="q",
            on_change=first_page,
            max_chars=fulltext.MAX_QUERY,
        )
        # In the first run of a session, the values of the filters are in the URL, but not yet in the session state.
        state, address = st.session_state, st.query_params
        active = sum(bool(state[key]) if key in state else key in address for key in _FILTERS)
        with st.popover(tr("Filters ({count})", count=active) if active else tr("Filters"), icon=":material/tune:"):
            wanted = _filters(known)
        orders = _orders()
        order = st.selectbox(
            tr("Sort by"),
            list(orders),
            format_func=orders.__getitem__,
            key=ORDER,
            bind="query-params",
            on_change=first_page,
            width=220,
            filter_mode=None,
        )
    if fulltext.is_cut(text or ""):
        st.caption(
            tr(
                "Only the first {words} words and {characters} characters of a search are used.",
                words=fulltext.MAX_WORDS,
                characters=fulltext.MAX_QUERY,
            )
        )
    return {**wanted, "text": text or ""}, *order


def _filters(known: history.Choices) -> history.Filter:
    def several(label: str, options: list[str], key: str, names: Any = str) -> list[str]:
        return st.multiselect(
            label, options, format_func=names, placeholder=tr("All"), key=key, bind="query-params", on_change=first_page
        )

    engines, names_of_states, lengths = _engines(), states(), _lengths()
    chosen: history.Filter = {
        "models": several(tr("Model"), known.models, "model"),
        "engines": several(tr("Engine"), list(engines), "engine", lambda engine: engines.get(engine, engine)),
        "languages": several(tr("Language"), known.languages, "language", lambda code: LANGUAGES.get(code, code)),
        "tags": several(tr("Tag"), known.tags, "tag") if known.tags else [],
        "states": several(tr("State"), list(names_of_states), "state", lambda state: names_of_states.get(state, state)),
    }
    length = st.selectbox(
        tr("Length"),
        list(lengths),
        index=None,
        format_func=lengths.__getitem__,
        placeholder=tr("Any"),
        key="length",
        bind="query-params",
        on_change=first_page,
    )
    days = st.date_input(
        tr("Created"), value=[], key="dates", bind="query-params", on_change=first_page, format="DD/MM/YYYY"
    )
    shortest, longest = length or (None, None)
    since, until = _moments(days)
    return {**chosen, "shortest": shortest, "longest": longest, "since": since, "until": until}


def _moments(days: Sequence[date]) -> tuple[float | None, float | None]:
    """Return the start of the first day and the end of the last day as timestamps; (None, None) without days."""
    if not days:
        return None, None
    first, last = days[0], days[-1] + timedelta(days=1)
    since, until = (datetime.combine(day, time(), time_zone()).timestamp() for day in (first, last))
    return since, until
