"""The session: who is looking at this page, which jobs they follow, and that the database may be away."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import streamlit as st
from pydantic import SecretStr

from pages.escape import sentence
from stt import kinds
from stt.auth import clients, sign_ins, visitors
from stt.db.engine import DB_UNAVAILABLE
from stt.errors import DatabaseUnavailable, NotFound
from stt.guard import base_path
from stt.ops import health
from stt.settings import settings
from stt.store import records

RECENT = 24 * 3600  # seconds; rows of jobs that ended longer ago are found in the history only
MOST_ROWS = 12
LOOK_FOR_DATABASE = 2.0  # seconds between two looks while it is away
RECOVERED = "recovered"  # in the session: a code was used just now
KEPT = ("api_key", RECOVERED)  # what a session remembers when its browser gets another history


def signs_in() -> bool:
    """Whether people sign in on this server."""
    return settings().access == "login"


def recognise() -> bool:
    """Set the owner of this session, and take up again what a reload or another tab left running.

    False if they must sign in first.
    """
    state = st.session_state
    name = visitors.visitor(st.context.cookies)
    if signs_in() and not _has_signed_in(name):
        state.clear()
        return False
    # Where cookies are off this session has its own things, until it ends.
    known = _now() or visitors.owner_of(visitors.new_visitor())
    if known is None:  # signed out in another tab at this very moment
        state.clear()
        return False
    if state.get("owner", known) != known:  # what it remembers is of another history
        kept = {key: state[key] for key in KEPT if key in state}
        state.clear()
        state.update(kept)
    state.owner = known
    if "generation_ids" not in state:
        state.generation_ids = [job.id for job in _recent() if job.finished is None or job.state != kinds.CANCELLED]
    else:
        running, ids = [job.id for job in records.jobs_of(known, states=kinds.OPEN)], following()
        ids[:0] = [i for i in running if i not in ids]
    return True


def _has_signed_in(name: str | None) -> bool:
    """Whether Streamlit and our own routes know who this is; the routes learn it here."""
    if name is None or not getattr(st.user, "is_logged_in", False):
        return False
    user = visitors.user(st.user.to_dict())
    if user is None:
        return False
    return sign_ins.sign_in(name, sign_ins.session_of(st.context.cookies), user) and visitors.owner_of(name) == user


def owner() -> str:
    """Whose things the visitor sees: asked anew each time, as another tab may have signed out. Raises NotFound."""
    if not still_here():
        st.rerun()  # to the page that asks to sign in; in a callback this does nothing
        raise NotFound("You have signed out.", guidance="Sign in again.")
    known: str = st.session_state.owner
    return known


def name() -> str:
    """The name in this browser's cookie, empty where it has none."""
    return visitors.visitor(st.context.cookies) or ""


def still_here() -> bool:
    """Return whether the visitor is still whom this session was begun for: signed in, and with the same history."""
    known = _now()
    return known is not None and known == st.session_state.get("owner")


def _now() -> str | None:
    """Return the owner that the visitor's cookie names at this moment; without a cookie, the one of this session."""
    name = visitors.visitor(st.context.cookies)
    if name is None and not signs_in():
        return visitors.owner_of(None) or st.session_state.get("owner")
    return visitors.owner_of(name)


@contextmanager
def may_be_away(*, again: bool = True) -> Iterator[None]:
    """Draw what is inside, or say that the database is away. `again`: look until it is back, then draw all anew."""
    try:
        yield
    except DB_UNAVAILABLE:
        st.error(sentence(DatabaseUnavailable("The database of this server does not answer.").to_dict()))
        if again:
            st.fragment(_back, run_every=LOOK_FOR_DATABASE)()


def _back() -> None:
    if health.database_answers():
        st.rerun()


def fragment(function: Callable[..., Any], **how: Any) -> Callable[..., Any]:
    """`st.fragment` with the visitor asked for at every run of it: `frame.py` is not run with those."""
    return st.fragment(_checked(function), **how)


def dialog(title: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`st.dialog` likewise: one that stands open in a tab shows and does nothing more after a sign-out in another."""
    return lambda function: st.dialog(title)(_checked(function))


def callback(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a widget calls, but nothing after a sign-out in another tab: callbacks run before the page that
    asks.
    """

    @wraps(function)
    def run(*values: Any, **named: Any) -> Any:
        try:
            here = still_here()
        except DB_UNAVAILABLE:  # the page, which comes next, says so
            return None
        return function(*values, **named) if here else None

    return run


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def run(*values: Any, **named: Any) -> Any:
        with may_be_away(again=False):
            if not still_here():
                st.rerun()
            return function(*values, **named)

    return run


def key() -> SecretStr | None:
    """The visitor's own key for the AI/ML API: in the memory of this session, nowhere else."""
    return st.session_state.get("api_key")


def address() -> str | None:
    """The network address of the visitor, for the limits."""
    peer = st.context.ip_address or "127.0.0.1"  # Streamlit has no address for this machine's own
    return clients.client_address(peer, st.context.headers.get("X-Forwarded-For"))


def server_address() -> str:
    """Return the address of this server as the visitor's browser sees it, without a slash at the end."""
    return "/".join((st.context.url or "").split("/")[:3]) + base_path.at("")


def following() -> list[str]:
    """Ids of the jobs that this session follows, newest first; to be changed in place.

    A run of a page can end wherever it asks the session, as here. So it is asked for before a job is made, which would
    be lost from sight in between.
    """
    ids: list[str] = st.session_state.generation_ids
    return ids


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
