"""Who is looking at this page, and which jobs they follow."""

from __future__ import annotations

import time

import streamlit as st
from pydantic import SecretStr

from stt import access, records

RECENT = 24 * 3600  # seconds; rows of jobs that ended longer ago are found in the history only
MOST_ROWS = 12


def recognise() -> None:
    """Set the owner of this session, and take up again what a reload or another tab left running."""
    state = st.session_state
    known = access.owner_of(access.visitor(st.context.cookies))
    if known is None:
        # Cookies are off: this session has its own things, until it ends.
        known = state.get("owner") or access.owner_of(access.new_visitor())
    state.owner = known
    if "generation_ids" not in state:
        state.generation_ids = [job.id for job in _recent() if job.finished is None or job.state != records.CANCELLED]
    else:
        running = [job.id for job in records.jobs_of(known, states=records.OPEN)]
        state.generation_ids = [*(i for i in running if i not in state.generation_ids), *state.generation_ids]


def owner() -> str:
    return st.session_state.owner


def key() -> SecretStr | None:
    """The visitor's own key for the AI/ML API: in the memory of this session, nowhere else."""
    return st.session_state.get("api_key")


def follow(generation_id: str) -> None:
    """Show the row of this job on the Transcribe page."""
    if generation_id not in st.session_state.generation_ids:
        st.session_state.generation_ids.insert(0, generation_id)


def followed() -> list[records.Job]:
    """The jobs of this session, newest first."""
    return records.jobs_of(owner(), ids=st.session_state.generation_ids)


def forget_finished() -> None:
    """Take the rows of ended jobs off the Transcribe page; the history keeps them."""
    open_ids = {job.id for job in followed() if job.pending}
    st.session_state.generation_ids = [i for i in st.session_state.generation_ids if i in open_ids]


def _recent() -> list[records.Job]:
    since = time.time() - RECENT
    return [job for job in records.jobs_of(owner(), limit=MOST_ROWS) if job.pending or job.created >= since]
