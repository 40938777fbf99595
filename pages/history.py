"""History: every transcript in one sortable table."""

import pandas as pd
import streamlit as st

from pages import visitor
from pages.widgets.amounts import time_of, time_zone
from pages.widgets.plain import sentence
from stt import history, records
from stt.errors import SttError
from stt.languages import LANGUAGES

STATES = [records.QUEUED, records.WORKING, records.DONE, records.FAILED, records.CANCELLED]
OPEN = "open"  # the column of buttons that open a transcript
owner = visitor.owner()
state = st.session_state


def filters() -> dict:
    text, model, states = st.columns([2, 1, 1])
    return {
        "text": text.text_input("Search", placeholder="In titles and transcripts", bind="query-params", key="q") or "",
        "models": model.multiselect("Model", history.models_of(owner), placeholder="All"),
        "states": states.multiselect("State", STATES, format_func=str.capitalize, placeholder="All"),
    }


def table(jobs: list[records.Job]) -> list[records.Job]:
    """The table; which rows are chosen. A click on a row opens it."""
    frame = pd.DataFrame(
        {
            OPEN: ["Read"] * len(jobs),
            "Created": pd.to_datetime([job.created for job in jobs], unit="s", utc=True).tz_convert(time_zone()),
            "Title": [job.title for job in jobs],
            "Length": [time_of(job.duration) for job in jobs],
            "Words": pd.array([job.words for job in jobs], dtype="Int64"),
            "Language": [LANGUAGES.get(job.language or "", job.language) for job in jobs],
            "Model": [job.model for job in jobs],
            "Confidence": [job.confidence for job in jobs],
            "State": [job.state.capitalize() for job in jobs],
        }
    )
    # Selections are positions: another set of rows must not inherit them (streamlit#17026).
    version = hash(tuple(job.id for job in jobs))
    event = st.dataframe(
        frame,
        hide_index=True,
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        key=f"table-{version}",
        column_config={
            OPEN: st.column_config.ButtonColumn(
                "", type="tertiary", width="small", key="opened", on_click=lambda: None
            ),
            "Created": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", width="medium"),
            "Title": st.column_config.TextColumn(width="large"),
            "Length": st.column_config.TimeColumn(format="H:mm:ss", width="small"),
            "Words": st.column_config.NumberColumn(format="localized", width="small"),
            "Language": st.column_config.TextColumn(width="small"),
            "State": st.column_config.TextColumn(width="small"),
            "Confidence": st.column_config.NumberColumn(format="percent", width="small"),
        },
    )
    pressed = state.get("opened")
    if pressed is not None:
        open_transcript(jobs[pressed["row"]])
    # A click on a header can select the first cell of its own accord, so the first column does not open by selection.
    cell = next((cell for cell in event.selection.cells if cell[1] != OPEN), None)
    if cell is None:
        state.pop("clicked", None)
    elif state.get("clicked") != (version, cell):
        state.clicked = version, cell
        open_transcript(jobs[cell[0]])
    return [jobs[row] for row in event.selection.rows]


def open_transcript(job: records.Job) -> None:
    st.switch_page("transcript.py", query_params={"id": job.id})


@st.dialog("Delete for good?")
def confirm_delete(chosen: list[records.Job]) -> None:
    what = f"“{chosen[0].title}”" if len(chosen) == 1 else f"{len(chosen)} transcripts"
    st.text(f"{what} and the audio will be deleted. This cannot be undone.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep"):
            st.rerun()
        if st.button("Delete", type="primary", key="confirm-delete"):
            for job in chosen:
                try:
                    history.delete(job.id, owner)
                except SttError as error:
                    st.session_state.notice = sentence(error.to_dict())
            st.rerun()


st.set_page_config(layout="wide")
st.title("History", anchor=False)
if "notice" in state:
    st.error(state.pop("notice"))
wanted = filters()
found = history.find(owner, **wanted)
with st.container(key="history"):
    if found:
        count = "1 transcript" if len(found) == 1 else f"{len(found):,} transcripts"
        st.caption(f"{count}. Click a row to read it, tick rows to do more.")
        chosen = table(found)
        with st.container(horizontal=True):
            if st.button("Read", disabled=len(chosen) != 1, icon=":material/article:"):
                open_transcript(chosen[0])
            if st.button("Delete", disabled=not chosen, icon=":material/delete:"):
                confirm_delete(chosen)
    elif any(wanted.values()):
        st.info("Nothing matches. Change the search or the filters.")
    else:
        st.info("No transcripts yet. They appear here as soon as you start one.")
        st.page_link("transcribe.py", label="Transcribe a recording", icon=":material/graphic_eq:")
