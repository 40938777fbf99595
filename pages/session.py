"""Keep a visitor's session: identity, followed jobs, and what pages do while the database is unavailable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import streamlit as st
from pydantic import SecretStr

from pages.escape import sentence
from pages.texts import tr
from stt import kinds
from stt.auth import clients, sign_ins, visitors
from stt.db.engine import DB_UNAVAILABLE
from stt.errors import DatabaseUnavailable, NotFound
from stt.guard import base_path
from stt.ops import health
from stt.settings import settings
from stt.store import records

RECENT = 24 * 3600  # seconds after its creation for which a new session follows a job even if the job has ended
MOST_ROWS = 12  # maximum number of recent jobs that a new session follows
DATABASE_CHECK_INTERVAL = 2.0  # interval between checks while the database is unavailable, seconds
RECOVERED = "recovered"  # session state key: whether a recovery code was just used
KEPT_KEYS = ("api_key", RECOVERED)  # session state keys that are kept when the session gets another owner


def signs_in() -> bool:
    """Return whether people must sign in on this server."""
    return settings().access == "login"


def recognise() -> bool:
    """Set the owner of this session, and follow the owner's queued and running jobs, also those started in another tab.

    A new session also follows recent jobs that are done or failed. Return False if the visitor must sign in first.
    """
    state = st.session_state
    name = visitors.visitor(st.context.cookies)
    if signs_in() and not _has_signed_in(name):
        state.clear()
        return False
    # Without cookies the session gets a new owner, whose history is lost when the session ends.
    known = _current_owner() or visitors.owner_of(visitors.new_visitor())
    if known is None:  # the visitor has just signed out in another tab
        state.clear()
        return False
    if state.get("owner", known) != known:  # the session's values belong to another history
        kept = {key: state[key] for key in KEPT_KEYS if key in state}
        state.clear()
        state.update(kept)
    state.owner = known
    if "generation_ids" not in state:
        state.generation_ids = [job.id for job in _recent() if job.finished is None or job.state != kinds.CANCELLED]
    running, ids = [job.id for job in records.jobs_of(known, states=kinds.OPEN)], following()
    ids[:0] = [i for i in running if i not in ids]
    return True


def _has_signed_in(name: str | None) -> bool:
    """Return whether the visitor has signed in, and record the sign-in in the database, where HTTP routes check it."""
    if name is None or not getattr(st.user, "is_logged_in", False):
        return False
    user = visitors.user(st.user.to_dict())
    if user is None:
        return False
    return sign_ins.sign_in(name, sign_ins.session_of(st.context.cookies), user) and visitors.owner_of(name) == user


def owner() -> str:
    """Return the owner of the visitor's records.

    Each call checks that the owner is still current, because the visitor may sign out in another tab. If the owner is
    not current, rerun the page, or raise NotFound if no page is running.
    """
    if not is_current():
        st.rerun()  # ends the run of the page or of the callback; returns only outside of both
        raise NotFound(tr("You have signed out."), guidance=tr("Sign in again."))
    known: str = st.session_state.owner
    return known


def name() -> str:
    """Return the random visitor name in this browser's cookie; "" if there is no valid cookie."""
    return visitors.visitor(st.context.cookies) or ""


def is_current() -> bool:
    """Return whether the visitor is unchanged since the session began: still signed in, and with the same history."""
    known = _current_owner()
    return known is not None and known == st.session_state.get("owner")


def _current_owner() -> str | None:
    """Return the owner that belongs to the visitor's current cookie; None if the visitor must sign in.

    Without a cookie, return the owner of this session, or None in a new session.
    """
    name = visitors.visitor(st.context.cookies)
    if name is None and not signs_in():
        return visitors.owner_of(None) or st.session_state.get("owner")
    return visitors.owner_of(name)


@contextmanager
def show_database_errors(*, retry: bool = True) -> Iterator[None]:
    """Draw an error message if the `with` block fails because the database is unavailable.

    With `retry`, check the database every DATABASE_CHECK_INTERVAL seconds, and rerun the page once the database
    responds.
    """
    try:
        yield
    except DB_UNAVAILABLE:
        st.error(sentence(DatabaseUnavailable(tr("The database of this server does not answer.")).to_dict()))
        if retry:
            st.fragment(_rerun_when_it_answers, run_every=DATABASE_CHECK_INTERVAL)()


def _rerun_when_it_answers() -> None:
    if health.database_answers():
        st.rerun()


def fragment(function: Callable[..., Any], **how: Any) -> Callable[..., Any]:
    """Return `function` as an `st.fragment` that checks at each run that the visitor is still the same.

    `frame.py`, which identifies the visitor, does not run when a fragment runs.
    """
    return st.fragment(_checked(function), **how)


def dialog(title: Callable[[], str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator like `st.dialog`, whose dialog only reruns the page after a sign-out in another tab.

    `title` is a function that is called when the dialog opens, because the title is translated for each visitor.
    """

    def opening(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def run(*values: Any, **named: Any) -> Any:
            return st.dialog(title())(_checked(function))(*values, **named)

        return run

    return opening


def callback(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` as a widget's callback that does nothing after a sign-out in another tab.

    Streamlit runs callbacks before the page, and only the page identifies the visitor.
    """

    @wraps(function)
    def run(*values: Any, **named: Any) -> Any:
        try:
            current = is_current()
        except DB_UNAVAILABLE:  # the page runs next and reports the error
            return None
        return function(*values, **named) if current else None

    return run


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def run(*values: Any, **named: Any) -> Any:
        with show_database_errors(retry=False):
            if not is_current():
                st.rerun()
            return function(*values, **named)

    return run


def key() -> SecretStr | None:
    """Return the visitor's own key for the AI/ML API, or None. The key is stored only in the memory of this session."""
    return st.session_state.get("api_key")


def address() -> str | None:
    """Return the visitor's IP address, which quotas need."""
    peer = st.context.ip_address or "127.0.0.1"  # Streamlit gives no address for connections from this machine
    return clients.client_address(peer, st.context.headers.get_all("X-Forwarded-For"))


def server_address() -> str:
    """Return the URL of this app as the visitor's browser sees it, with the base path, without a slash at the end."""
    return "/".join((st.context.url or "").split("/")[:3]) + base_path.at("")


def following() -> list[str]:
    """Return the ids of the jobs that this session follows, as a list to change in place.

    A new id is inserted at the start; the others may be in any order (`followed` sorts by the date).

    Streamlit can end the run of a page whenever the page accesses the session, as this function does. Therefore, call
    this function before creating a job, not between creating the job and adding the job's id to the list.
    """
    ids: list[str] = st.session_state.generation_ids
    return ids


def followed() -> list[records.Job]:
    """Return the jobs that this session follows, newest first."""
    return records.jobs_of(owner(), ids=following())


def forget_finished() -> None:
    """Remove ended jobs from the Transcribe page. They stay in the history."""
    open_ids = {job.id for job in followed() if job.pending}
    following()[:] = [i for i in following() if i in open_ids]


def _recent() -> list[records.Job]:
    since = time.time() - RECENT
    return [job for job in records.jobs_of(owner(), limit=MOST_ROWS) if job.pending or job.created >= since]
