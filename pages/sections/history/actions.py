"""Draw the actions on ticked transcripts: read, compare, tag, download, delete."""

from __future__ import annotations

import streamlit as st

from pages import session
from pages.escape import download_form, show_error, store_error
from pages.format import time_zone
from pages.sections.vocabulary_choice import known_tags, tags_input
from pages.texts import tr, trn
from stt.errors import SttError
from stt.export.formats import FORMATS
from stt.guard import base_path
from stt.library import history, tagging
from stt.store.records import Job
from stt.web.exports.addresses import MANY

MOST_COMPARED = 6  # maximum number of transcripts to compare
MOST_AT_ONCE = 1000  # maximum number of transcripts to tag, download or delete at once


def open_transcript(id: str, find: str = "") -> None:
    """Open the Transcript page of the job `id`. `find` is the initial text of the page's find box."""
    query = {"id": id, "find": find} if find else {"id": id}
    st.switch_page("transcript.py", query_params=query)


def every_one(count: int, wanted: history.Filter) -> bool:
    """Draw the "All" checkbox. Return whether it is ticked, which chooses the transcripts on all pages of the table.

    `count` is the number of transcripts that the filter `wanted` finds.
    """
    few = count <= MOST_AT_ONCE
    why = None if few else tr("At most {count:,} at once: search or filter first.", count=MOST_AT_ONCE)
    # Another filter finds other transcripts, so its checkbox has another key and is not ticked.
    key = f"every-one-{hash(repr(wanted))}-{count}"
    return st.checkbox(tr("All {count:,}", count=count), disabled=not few, help=why, key=key) and few


def history_actions(owner: str, chosen: list[Job]) -> None:
    """Draw the actions on the chosen transcripts."""
    if st.button(tr("Read"), disabled=len(chosen) != 1, icon=":material/article:"):
        open_transcript(chosen[0].id)
    if st.button(tr("Compare"), disabled=not 2 <= len(chosen) <= MOST_COMPARED, icon=":material/compare_arrows:"):
        st.switch_page("compare.py", query_params={"ids": ",".join(job.id for job in chosen)})
    if st.button(tr("Tags"), disabled=not chosen, icon=":material/label:"):
        # Read before the dialog opens: what another browser tab changes meanwhile was not shown, and must stay.
        shared = tagging.tags_of_all([job.id for job in chosen], owner)
        _tags(owner, chosen, shared, known_tags(owner, shared))
    with st.popover(tr("Download"), disabled=not chosen, icon=":material/download:"):
        _download(chosen)
    if st.button(tr("Delete"), disabled=not chosen, icon=":material/delete:"):
        _confirm_delete(owner, chosen)


@session.dialog(lambda: tr("Tags"))
def _tags(owner: str, chosen: list[Job], shared: list[str], known: list[str]) -> None:
    """Draw the tag dialog. The visitor can remove tags that all `chosen` have, and add tags to all of them.

    `shared` are the tags that all `chosen` have, and `known` are the tags to choose from.
    """
    st.text(
        tr("Tags of “{title}”.", title=chosen[0].title)
        if len(chosen) == 1
        else tr(
            "Tags that all {count:,} transcripts have. Other tags are not listed and are not changed.",
            count=len(chosen),
        )
    )
    with st.form("tags-form", border=False):
        wanted = tags_input(shared, known)
        if not st.form_submit_button(tr("Save"), type="primary"):
            return
    errors: dict[str, SttError] = {}  # one of each kind, because 1,000 transcripts can fail for the same reason
    for job in chosen:
        try:
            tagging.set_tags(job.id, owner, wanted, shared)
        except SttError as error:
            errors[error.message] = error
    for refusal in errors.values():
        show_error(refusal)
    if not errors:
        st.rerun()


def _download(chosen: list[Job]) -> None:
    forms = st.multiselect(
        tr("Formats"),
        list(FORMATS),
        default=["txt"],
        format_func=lambda form: FORMATS[form].label,
        key="zip-formats",
    )

    download_form(
        tr("Download as one ZIP"),
        base_path.at(MANY),
        {"ids": ",".join(job.id for job in chosen), "formats": ",".join(forms), "zone": time_zone().key},
        key="download-zip",
        icon="folder_zip",
        disabled=not forms,
    )


@session.dialog(lambda: tr("Delete permanently?"))
def _confirm_delete(owner: str, chosen: list[Job]) -> None:
    st.text(
        tr("“{title}” and its audio will be deleted. This cannot be undone.", title=chosen[0].title)
        if len(chosen) == 1
        else trn(
            "{count:,} transcript and its audio will be deleted. This cannot be undone.",
            "{count:,} transcripts and their audio will be deleted. This cannot be undone.",
            len(chosen),
        )
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(tr("Keep")):
            st.rerun()
        delete = st.button(tr("Delete"), type="primary", key="confirm-delete")
    if delete:
        with st.spinner(tr("Deleting")):
            for job in chosen:
                with store_error("notice"):
                    history.delete(job.id, owner)
        st.rerun()
