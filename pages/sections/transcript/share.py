"""Create, list and revoke share links. Anybody with a share link can read the transcript."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import streamlit as st

from pages import session
from pages.components.player import moment
from pages.escape import plain, show_errors, title_and_facts
from pages.format import time_zone, when
from pages.texts import tr
from stt import kinds
from stt.errors import SttError
from stt.library import sharing, versions
from stt.notes import book
from stt.store.records import Job

USUAL = 7  # default lifetime of a link, days


def share_button(job: Job) -> None:
    """Draw the Share button if the job is done."""
    if job.state == kinds.DONE and st.button(tr("Share"), icon=":material/share:", key="share"):
        _share(job)


@session.dialog(lambda: tr("Share this transcript"))
def _share(job: Job) -> None:
    plain(
        tr("Anyone with the link can read this transcript, without an account. They see nothing else of yours."),
        "stt-hint",
    )
    with st.form("share", border=False):
        today = datetime.now(time_zone()).date()
        first, usual, last = (today + timedelta(days=days) for days in (1, USUAL, sharing.MAX_DAYS))
        until = st.date_input(tr("The link works until"), usual, first, last, format="DD/MM/YYYY")
        at = st.number_input(
            tr("Start playback at (seconds)"), min_value=0.0, value=moment() or 0.0, step=1.0, format="%.1f"
        )
        sound = versions.has_sound(job)
        audio = st.checkbox(tr("With the audio"), value=sound, disabled=not sound)
        count = book.count(job.id)
        notes = count > 0 and st.checkbox(
            tr("With notes ({count:,})", count=count), help=tr("Readers see the notes, but cannot change them.")
        )
        if st.form_submit_button(tr("Create link"), type="primary"):
            _make(job, (until - today).days, at, audio=audio, notes=notes)
    for share in sharing.all_of(job.id, job.owner):
        _row(share, job)


def _make(job: Job, days: int, at: float, *, audio: bool, notes: bool) -> None:
    with show_errors():
        token = sharing.create(job.id, job.owner, days=days, audio=audio, notes=notes)
        st.success(tr("Copy the link now: it is not shown again."), icon=":material/link:")
        place = f"&at={at:g}" if at else ""
        st.code(f"{session.server_address()}/shared?token={token}{place}", language=None, wrap_lines=True)


def _row(share: sharing.Share, job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        ends = tr("expired {day}", day=when(share.ends)) if share.ended else tr("expires {day}", day=when(share.ends))
        content = {
            (True, True): tr("With the audio and notes"),
            (True, False): tr("With the audio"),
            (False, True): tr("With notes"),
            (False, False): tr("Without the audio"),
        }[share.audio, share.notes]
        title_and_facts(tr("Link of {day}", day=when(share.created)), f"{content}, {ends}")
        if st.button(tr("Revoke"), key=f"revoke-{share.id}", help=tr("The link will no longer work.")):
            with suppress(SttError):  # the link was already revoked in another tab
                sharing.revoke(share.id, job.owner)
            st.rerun(scope="fragment")
