"""Draw the row of a job: name, progress, text so far, and actions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from html import escape

import streamlit as st

import stt
from pages.escape import plain, sentence, store_error
from pages.format import beginning, length, percent
from pages.session import address, key, owner
from pages.texts import tr, trn
from stt import kinds
from stt.jobs import queues
from stt.library import speed
from stt.store import transcripts
from stt.store.records import Job

SHOWN = 700  # maximum characters of text in a row: the end of the text so far, or the start of a finished text
STARTING = 2.0  # maximum seconds for which the first queued job is shown as "Starting" while other jobs run
FRESH = 10.0  # seconds for which FAST_REFRESH applies after the newest open job was started, or queued
# Intervals between two refreshes of the job rows, seconds. A refresh takes 0.09 s of CPU time on a fast computer, and
# several times as much on a phone. Most of this time is spent in the browser, which redraws the whole page.
FAST_REFRESH, REFRESH = 0.5, 0.75


def job_row(job: Job, usual: Callable[[str], float] = speed.usual) -> None:
    """Draw the row of a job. In every state of the job, the row has the same elements at the same positions.

    `usual` returns the usual speed of a model, as `speed.usual` does.

    Until a run ends, the browser keeps the previous run's elements at positions that are not drawn yet. An element that
    moved when the state changed would therefore appear twice during the run.
    """
    with st.container(border=True, key=f"job-{job.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            plain(job.title, "stt-title")
            _button(job)
        st.html(_progress(job, usual))
        st.html(_text(job))


def ending(job: Job) -> str:
    """Return how a job ended, as a sentence for screen readers."""
    return f"{job.title}: {_state(job)}".replace(" · ", ", ")


def refresh_interval(jobs: Iterable[Job]) -> float | None:
    """Return the refresh interval for `jobs` in seconds, shorter for new jobs; None if all jobs have ended."""
    newest = max((job.started or job.queued for job in jobs if job.pending), default=None)
    if newest is None:
        return None
    return FAST_REFRESH if time.time() - newest < FRESH else REFRESH


def _progress(job: Job, usual: Callable[[str], float]) -> str:
    """Return a job's state as a line of HTML, with a progress bar below it if the progress is known."""
    line = f'<p class="stt-state stt-{job.state}" dir="auto">{escape(_state(job, usual))}</p>'
    if job.state != kinds.WORKING or job.fraction is None or _prepares(job):
        return line
    label = escape(tr("Progress of {title}", title=job.title))
    percent = f"{job.fraction * 100:.1f}"
    return f'{line}<progress class="stt-progress" max="100" value="{percent}" aria-label="{label}"></progress>'


def _text(job: Job) -> str:
    """Return text as HTML: the beginning of the transcript if the job is done, otherwise the end of the text so far."""
    done = job.state == kinds.DONE
    text = (
        beginning(transcripts.beginning(job.id, SHOWN + 1), SHOWN)
        if done
        else _end_of(transcripts.text_so_far(job.id, last=3))
    )
    if text:
        return f'<p class="stt-text stt-so-far" dir="auto">{escape(text)}</p>'
    if done:
        nothing = tr("No speech was found in this recording.")
        return f'<p class="stt-hint">{escape(nothing)}</p>'
    return '<p class="stt-nothing" hidden></p>'


def _button(job: Job) -> None:
    if job.pending:
        if st.button(tr("Cancel"), key=f"cancel-{job.id}", icon=":material/close:"):
            _do(stt.cancel, job)
    elif job.state == kinds.DONE:
        if st.button(tr("Read"), key=f"read-{job.id}", type="primary", icon=":material/article:"):
            st.switch_page("transcript.py", query_params={"id": job.id})
    else:
        if job.error and job.error["kind"] == "AnswerUnreadable":  # the Transcript page offers the provider's response
            if st.button(tr("Read"), key=f"read-{job.id}", icon=":material/article:"):
                st.switch_page("transcript.py", query_params={"id": job.id})
        if st.button(tr("Retry"), key=f"retry-{job.id}", icon=":material/refresh:"):
            _do(partial(stt.retry, key=key(), address=address()), job)


def _do(action: Callable[..., object], job: Job) -> None:
    with store_error("notice"):
        action(job.id, owner=owner())
    st.rerun()


def _state(job: Job, usual: Callable[[str], float] = speed.usual) -> str:
    """Return the job's state in one line, with progress and remaining time, or with the cause of a failure."""
    if job.state == kinds.QUEUED:
        return _in_line(job, usual(job.model))
    if job.state == kinds.WORKING and job.engine == kinds.PROVIDER:
        return _at_the_provider(job)
    if job.state == kinds.WORKING:
        if _prepares(job):
            return job.stage or ""
        left = job.seconds_left(usual(job.model))
        parts = [job.stage or (tr("Transcribing") if job.engine == kinds.ON_DEVICE else tr("Aligning"))]
        if job.fraction is not None:
            parts.append(percent(job.fraction))
        if left is not None:
            parts.append(tr("about {duration} left", duration=length(max(1.0, left))))
        return " · ".join(parts)
    if job.state == kinds.DONE:
        parts = [tr("Done"), length(job.duration), trn("{count:,} word", "{count:,} words", job.words or 0)]
        if job.duration and job.worked:
            parts.append(tr("{speed:.1f} times real time", speed=job.duration / job.worked))
        if lost := (job.provenance or {}).get("seconds_lost"):
            parts.append(tr("{duration} of audio could not be read", duration=length(lost)))
        return " · ".join(parts)
    if job.state == kinds.CANCELLED:
        return tr("Cancelled. The text so far is kept.")
    return tr("Failed: {why}", why=sentence(job.error)) if job.error else tr("Failed.")


def _prepares(job: Job) -> bool:
    """Return whether the job is still fetching its recording or model: it has a stage, but no audio is done yet."""
    return bool(job.stage) and not job.seconds_done


def _in_line(job: Job, usual: float) -> str:
    """Return a queued job's position in the queue and, if known, the time until the job starts, in one line."""
    wait = queues.queue_position(job, usual)
    if not wait.before and (not wait.working or time.time() - job.queued < STARTING):
        return tr("Starting")
    parts = [
        trn("Waiting: {count} job before this one", "Waiting: {count} jobs before this one", wait.before)
        if wait.before
        else tr("Waiting: next in the queue")
    ]
    if wait.seconds is not None:
        parts.append(tr("starts in about {duration}", duration=length(max(1.0, wait.seconds))))
    return " · ".join(parts)


def _at_the_provider(job: Job) -> str:
    """Return, in one line, the stage of a job at the provider, the time since its start, and the usual time if known.

    There is no percentage, because the provider does not report one.
    """
    parts = [
        job.stage or tr("Sending to the provider"),
        tr("{duration} so far", duration=length(max(1.0, time.time() - (job.started or 0)))),
    ]
    if job.expected:
        parts.append(tr("usually about {duration}", duration=length(max(1.0, job.expected))))
    return " · ".join(parts)


def _end_of(text: str) -> str:
    end = text[-SHOWN:]
    return text if len(text) <= SHOWN else f"… {end.partition(' ')[2] or end}"
