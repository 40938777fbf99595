"""Correct a transcript: its paragraphs in the player, its title and tags in a dialog; or restore the original."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages import session
from pages.escape import plain, show_errors
from pages.format import when
from pages.sections.vocabulary_choice import known_tags, tags_input
from pages.texts import tr
from stt import kinds
from stt.editing import revisions
from stt.guard import base_path
from stt.library import corrections, tagging
from stt.library.corrections import LONGEST_TITLE
from stt.store.records import Job
from stt.transcript.model import Transcript


def editing(job: Job, state: corrections.State) -> dict[str, Any]:
    """Return the player's arguments that make its paragraphs editable; empty if the job is not done."""
    if job.state != kinds.DONE:
        return {}
    undo, redo = revisions.steps_left(job.id, job.owner)
    address = base_path.at(f"/transcripts/{job.id}/edits")
    return {"version": state.version, "edits": address, "undo": undo, "redo": redo}


def tag_line(job: Job) -> None:
    with st.container():  # drawn even if empty, so that later elements keep their positions
        if found := tagging.tags_of(job.id, job.owner):
            plain(tr("Tags: {names}", names=", ".join(found)), "stt-facts")


def details_button(job: Job) -> None:
    if st.button(tr("Details"), icon=":material/edit:", key="details", help=tr("Title and tags")):
        tags = tagging.tags_of(job.id, job.owner)
        _details(job, tags, known_tags(job.owner, tags))


@session.dialog(lambda: tr("Title and tags"))
def _details(job: Job, tags: list[str], known: list[str]) -> None:
    with st.form("details-form", border=False):
        title = st.text_input(tr("Title"), job.title, max_chars=LONGEST_TITLE)
        wanted = tags_input(tags, known)
        if not st.form_submit_button(tr("Save"), type="primary"):
            return
    with show_errors():
        if title != job.title:
            corrections.retitle(job.id, job.owner, title, job.title)
        tagging.set_tags(job.id, job.owner, wanted, tags)
        st.rerun()


def machines_version(job: Job, state: corrections.State) -> Transcript | None:
    """Draw how the transcript was corrected, a switch to show the original, and buttons to restore one or the other.

    Return the original transcript if the visitor has switched to it, else None.
    """
    # The container exists even when empty, so that later elements keep their positions. Otherwise, the player would
    # restart.
    with st.container(horizontal=True, vertical_alignment="center", key="corrected"):
        if not (state.corrected or state.put_aside):
            return None
        if state.put_aside:
            words = tr("The original transcript was restored. If you correct it, the earlier corrections are lost.")
            plain(words, "stt-facts", fit=True)
            if st.button(tr("Restore corrections"), icon=":material/redo:"):
                _go(corrections.reapply, job, state)
            return None
        plain(_description(job, state), "stt-facts", fit=True)
        shown = st.toggle(tr("Show original"), key=f"machine-{job.id}-{state.version}")
        if shown and st.button(tr("Restore original"), icon=":material/undo:"):
            _go(corrections.restore, job, state)
    return corrections.machine(job.id, job.owner) if shown else None


def _description(job: Job, state: corrections.State) -> str:
    """Return how the transcript was corrected: by the vocabulary, or by hand and when."""
    made = (job.provenance or {}).get("replacements")
    if made and state.changed == job.finished:  # nobody has corrected it since the job ended
        return tr("Replacements from your vocabulary: {terms}.", terms=made)
    return tr("Corrected by hand, {day}.", day=when(state.changed)) if state.changed else tr("Corrected.")


def _go(act: Any, job: Job, state: corrections.State) -> None:
    with show_errors():
        act(job.id, job.owner, state.version)
        st.rerun()
