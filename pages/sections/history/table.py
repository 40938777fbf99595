"""Draw one page of the history as a table. A click on a column name sorts the transcripts of all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages import session
from pages.format import day, time_of, time_zone
from pages.sections.history.filters import sort_by, states
from pages.texts import tr
from stt.db.fulltext import Snippet
from stt.store.records import Job
from stt.transcript.languages import LANGUAGES

if TYPE_CHECKING:
    from pages.compat.streamlit import ButtonColumnResult, ColumnConfig

OPEN = "open"  # name of the first column, whose buttons open a transcript
OPENED = "history_opened"  # session state key: id of the transcript whose Read button was just clicked
CONTEXT = "Found"
HEIGHT = 560  # pixels; less than the height of a phone's screen, so that the page can be scrolled by touch
SORTS = {
    "Created": "created",
    "Recorded": "dated",
    "Title": "title",
    "Length": "duration",
    "Words": "words",
    "Language": "language",
    "Model": "model",
    "Confidence": "confidence",
    "Cost": "cost",
    "State": "state",
}


def history_table(
    jobs: list[Job], found: dict[str, Snippet], *, sort: str, descending: bool, priced: bool
) -> tuple[list[Job], str | None]:
    """Draw the table. Return the ticked jobs, and the id of the job whose row was clicked, or None.

    A click on a Read button stores the id of its job in the session, under OPENED, before the page runs again.
    `found` has the search hits by job id. The Cost column is shown only if `priced`.
    """
    state = st.session_state
    columns = _columns(jobs, found, priced)
    # Streamlit stores a selection as row numbers. When the rows change, a new key discards the selection
    # (streamlit#17026).
    ids = [job.id for job in jobs]
    version = hash((sort, descending, *ids))
    key, pressed = f"table-{version}", f"opened-{version}"

    def selected() -> None:
        # Columns are selectable, so a click on a header selects the column. Otherwise, the click would sort only the
        # rows of this page.
        chosen = state[key].selection.columns
        if chosen and chosen[0] in SORTS:
            sort_by(SORTS[chosen[0]])

    def press() -> None:
        # Streamlit reports a click as a row number. If the rows have changed since they were drawn, it calls the
        # callback of the drawn rows.
        state[OPENED] = ids[state[pressed]["row"]]

    button = st.column_config.ButtonColumn(
        "", type="tertiary", width="small", key=pressed, on_click=session.callback(press)
    )
    event = st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        on_select=selected,
        selection_mode=["multi-row", "single-column", "single-cell"],
        key=key,
        column_config=_config(sort, descending, bool(found)) | {OPEN: button},
        placeholder="",
        height=HEIGHT if len(jobs) > 15 else "auto",
        alt=tr("Transcripts, one per row"),
    )
    # A click on a header may also select the first cell. Therefore, selecting a cell of the first column opens nothing.
    cell = next((cell for cell in event.selection.cells if cell[1] != OPEN), None)
    opened = None
    if cell is None:
        state.pop("clicked", None)
    elif state.get("clicked") != (version, cell):
        state.clicked = version, cell
        opened = ids[cell[0]]
    return [jobs[row] for row in event.selection.rows], opened


def _columns(jobs: list[Job], found: dict[str, Snippet], priced: bool) -> dict[str, object]:
    columns: dict[str, object] = {
        OPEN: [tr("Read")] * len(jobs),
        "Title": [job.title for job in jobs],  # before all other facts, because a phone shows only the first columns
    }
    if found:
        columns[CONTEXT] = [str(found.get(job.id, "")) for job in jobs]
    columns |= {
        "Created": pd.to_datetime([job.created for job in jobs], unit="s", utc=True).tz_convert(time_zone()),
        "Recorded": [day(job.dated, job.dated_by) for job in jobs],
        "Length": [time_of(job.duration) for job in jobs],
        "Words": pd.array([job.words for job in jobs], dtype="Int64"),
        "Language": [LANGUAGES.get(job.language or "", job.language) for job in jobs],
        "Model": [job.model for job in jobs],
        "Confidence": pd.array([c if (c := job.confidence) is None else int(c * 100) for job in jobs], dtype="Int64"),
    }
    if priced:
        columns["Cost"] = pd.array([job.cost for job in jobs], dtype="Float64")
    names = states()
    return columns | {"State": [names[job.state] for job in jobs]}


def _config(sort: str, descending: bool, searched: bool) -> dict[str, ColumnConfig | ButtonColumnResult | str | None]:
    def label(column: str, name: str) -> str:
        return f"{name} {'↓' if descending else '↑'}" if SORTS[column] == sort else name

    column = st.column_config
    return {
        "Title": column.TextColumn(label("Title", tr("Title")), width=260 if searched else 360),
        CONTEXT: column.TextColumn(tr("Found in the text"), width=520),
        "Created": column.DatetimeColumn(label("Created", tr("Created")), format="D MMM YYYY, HH:mm", width=160),
        "Recorded": column.TextColumn(
            label("Recorded", tr("Recorded")),
            width=120,
            help=tr(
                "The recording date stored in the file. If the file has none, “by” and the date of its last change are "
                "shown."
            ),
        ),
        "Length": column.TimeColumn(label("Length", tr("Length")), format="H:mm:ss", width="small"),
        "Words": column.NumberColumn(label("Words", tr("Words")), format="localized", width="small"),
        "Language": column.TextColumn(label("Language", tr("Language")), width="small"),
        "Model": column.TextColumn(label("Model", tr("Model"))),
        "Confidence": column.NumberColumn(label("Confidence", tr("Confidence")), format="%d %%", width="small"),
        "Cost": column.NumberColumn(label("Cost", tr("Cost")), format="$%.4f", width="small"),
        "State": column.TextColumn(label("State", tr("State")), width="small"),
    }
