"""What is done with ticked transcripts: read, compare, take away, delete."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages import visitor
from pages.widgets.amounts import when
from pages.widgets.plain import sentence
from stt import history, records
from stt.errors import SttError
from stt.exports import FORMATS, bundle
from stt.records import Job

MOST_COMPARED = 6
COMPARE = "compare.py"
_PAGES = Path(__file__).parents[1]


def open_transcript(job: Job) -> None:
    st.switch_page("transcript.py", query_params={"id": job.id})


def history_actions(owner: str, chosen: list[Job]) -> None:
    with st.container(horizontal=True, key="history-actions"):
        if st.button("Read", disabled=len(chosen) != 1, icon=":material/article:"):
            open_transcript(chosen[0])
        if (_PAGES / COMPARE).exists() and st.button(
            "Compare", disabled=not 2 <= len(chosen) <= MOST_COMPARED, icon=":material/compare_arrows:"
        ):
            st.switch_page(COMPARE, query_params={"ids": ",".join(job.id for job in chosen)})
        with st.popover("Download", disabled=not chosen, icon=":material/download:"):
            _download(chosen)
        if st.button("Delete", disabled=not chosen, icon=":material/delete:"):
            _confirm_delete(owner, chosen)


def _download(chosen: list[Job]) -> None:
    forms = st.multiselect(
        "Formats", list(FORMATS), default=["txt"], format_func=lambda form: FORMATS[form].label, key="zip-formats"
    )

    # Now, as the file is made later and elsewhere, where nobody knows the visitor's time zone.
    facts = [{"model": job.model, "created": when(job.created)} for job in chosen]

    def packed() -> bytes:
        # One after the other: only one transcript at a time is in memory.
        named = zip(chosen, facts, strict=True)
        return bundle(((job.title, records.transcript_of(job.id), about) for job, about in named), forms)

    st.download_button(
        "Download as one ZIP",
        visitor.only_for_me(packed),
        "transcripts.zip",
        "application/zip",
        disabled=not forms,
        on_click="ignore",
        icon=":material/folder_zip:",
        key="download-zip",
        width="stretch",
    )


@st.dialog("Delete for good?")
def _confirm_delete(owner: str, chosen: list[Job]) -> None:
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
