"""Who is looking at this page, and which jobs they follow."""

from __future__ import annotations

import time

import streamlit as st
from pydantic import SecretStr

from stt import access, clients, records, sign_ins
from stt.settings import settings

RECENT = 24 * 3600  # seconds; rows of jobs that ended longer ago are found in the history only
MOST_ROWS = 12


def signs_in() -> bool:
    """Whether people sign in on this server."""
    return settings().stt_access == "login"


def recognise() -> bool:
    """Set the owner of this session, and take up again what a reload or another tab left running.

    False if they must sign in first.
    """
    state = st.session_state
    name = access.visitor(st.context.cookies)
    if signs_in() and not _has_signed_in(name):
        state.clear()
        return False
    known = access.owner_of(name)
    if known is None:
        # Cookies are off: this session has its own things, until it ends.
        known = state.get("owner") or access.owner_of(access.new_visitor())
    state.owner = known
    if "generation_ids" not in state:
        state.generation_ids = [job.id for job in _recent() if job.finished is None or job.state != records.CANCELLED]
    else:
        running, ids = [job.id for job in records.jobs_of(known, states=records.OPEN)], following()
        ids[:0] = [i for i in running if i not in ids]
    return True


def _has_signed_in(name: str | None) -> bool:
    """Whether Streamlit and our own routes know who this is; the routes learn it here."""
    if name is None or not getattr(st.user, "is_logged_in", False):
        return False
    user = access.user(st.user.to_dict())
    if user is None:
        return False
    sign_ins.sign_in(name, user)
    return access.owner_of(name) == user


def owner() -> str:
    return st.session_state.owner


def name() -> str:
    """The name in this browser's cookie, empty where it has none."""
    return access.visitor(st.context.cookies) or ""


def key() -> SecretStr | None:
    """The visitor's own key for the AI/ML API: in the memory of this session, nowhere else."""
    return st.session_state.get("api_key")


def address() -> str | None:
    """The network address of the visitor, for the limits."""
    peer = st.context.ip_address or "127.0.0.1"  # Streamlit has no address for this machine's own
    return clients.client(peer, st.context.headers.get("X-Forwarded-For"))


def following() -> list[str]:
    """Ids of the jobs that this session follows, newest first; to be changed in place.

    A run of a page can end wherever it asks the session, as here. So it is asked for before a job is made, which would
    be lost from sight in between.
    """
    return st.session_state.generation_ids


def followed() -> list[records.Job]:
    """The jobs of this session, newest first."""
    return records.jobs_of(owner(), ids=following())


def forget_finished() -> None:
    """Take the rows of ended jobs off the Transcribe page; the history keeps them."""
    open_ids = {job.id for job in followed() if job.pending}
    following()[:] = [i for i in following() if i in open_ids]


def _recent() -> list[records.Job]:
    since = time.time() - RECENT
    return [job for job in records.jobs_of(owner(), limit=MOST_ROWS) if job.pending or job.created >= since]
