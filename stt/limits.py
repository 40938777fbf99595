"""The limits that a host sets: asked before a job is made, counted when it is. Days are those of UTC.

Each refusal says which limit, and when it frees. What a job took stays counted when it is deleted.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from stt import models, recordings
from stt.database import database, transcriptions, usage
from stt.errors import BadOption, LimitReached
from stt.records import OPEN, Job
from stt.settings import settings

DAY = 24 * 3600  # seconds
KEPT = 2 * DAY  # seconds after which what was counted is forgotten
ASK = "Cut it into shorter parts, or ask whoever runs this server."
MAKING = 7_318_842  # the advisory lock of who makes a job; any number that nobody else uses

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Used:
    """What was taken today: seconds of audio of one visitor, of all, and US dollars of all on this server's key."""

    mine: float
    all: float
    dollars: float


@contextlib.contextmanager
def admission(job: Job, *, own_key: bool = False) -> Iterator[None]:
    """Make `job` inside: it is within the limits then, and counted after. `own_key`: the visitor pays for it.

    One at a time over all machines, so that two tabs cannot both take what is left. Raises LimitReached, TooLarge.
    """
    recordings.check_length(job.title, job.duration)
    with _one_at_a_time():
        seconds, dollars = _asked(job, own_key)
        _check(job, seconds, dollars)
        yield
        _count(job, seconds, dollars or 0.0)


def admit_length(job: Job, seconds: float) -> None:
    """The length of a link is known now: it goes on if it is within the limits of the day, and counts from now on.

    Raises LimitReached. Done twice, by a server that was killed meanwhile, it counts once.
    """
    this = sa.and_(usage.c.id == job.id, usage.c.attempt == job.attempt)
    with _one_at_a_time():
        with database().begin() as connection:
            connection.execute(usage.update().where(this).values(seconds=0.0))
        _check_day(job, seconds)
        with database().begin() as connection:
            connection.execute(usage.update().where(this).values(seconds=seconds))


def settle(job: Job, seconds: float, dollars: float | None) -> None:
    """A job is done: what it really took, in place of what was expected. `dollars` None if nobody knows."""
    mine = sa.and_(usage.c.id == job.id, usage.c.attempt == job.attempt)
    values: dict[str, object] = {}
    if not _goes_on(job):
        values["seconds"] = seconds
    if dollars is not None:
        # Nothing was expected where the visitor pays with a key of their own, and nothing is counted now.
        values["dollars"] = sa.case((usage.c.dollars > 0, dollars), else_=usage.c.dollars)
    if values:
        with database().begin() as connection:
            connection.execute(usage.update().where(mine).values(**values))


def used(owner: str) -> Used:
    """What `owner` and all together have taken since midnight."""
    mine = sa.func.sum(sa.case((usage.c.owner == owner, usage.c.seconds), else_=0.0))
    query = sa.select(mine, sa.func.sum(usage.c.seconds), sa.func.sum(usage.c.dollars)).where(usage.c.at >= _midnight())
    with database().connect() as connection:
        return Used(*(value or 0.0 for value in connection.execute(query).one()))


def open_jobs(owner: str) -> int:
    t = transcriptions.c
    with database().connect() as connection:
        return connection.execute(sa.select(sa.func.count()).where(t.owner == owner, t.state.in_(OPEN))).scalar_one()


def frees() -> str:
    """When the day of the limits ends, in words."""
    minutes = max(1, round((_midnight() + DAY - time.time()) / 60))
    wait = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"It frees at midnight UTC, in {wait}."


def _check(job: Job, seconds: float, dollars: float | None) -> None:
    limits = settings()
    if limits.stt_jobs_per_visitor is not None and open_jobs(job.owner) >= limits.stt_jobs_per_visitor:
        number = limits.stt_jobs_per_visitor
        what = "One transcription at once is" if number == 1 else f"{number} transcriptions at once are"
        raise LimitReached(
            f"{what} the limit for each visitor.",
            guidance="It frees as soon as one of yours ends or is cancelled.",
        )
    if (limits.stt_minutes_per_visitor, limits.stt_minutes_per_day, limits.stt_dollars_per_day) == (None, None, None):
        return  # adding up the day takes longer with every job of it
    taken = _check_day(job, seconds if job.duration is not None else None)
    if limits.stt_dollars_per_day is not None:
        _check_dollars(limits.stt_dollars_per_day, taken.dollars, dollars)


def _check_day(job: Job, seconds: float | None) -> Used:
    """What was taken before; `seconds` None is a link whose length is not known yet. Raises LimitReached."""
    limits, taken = settings(), used(job.owner)
    for limit, before, whose in (
        (limits.stt_minutes_per_visitor, taken.mine, "for each visitor"),
        (limits.stt_minutes_per_day, taken.all, "for all visitors together"),
    ):
        if limit is not None:
            _check_minutes(limit * 60, before, seconds, whose)
    return taken


def _check_minutes(limit: float, before: float, seconds: float | None, whose: str) -> None:
    """A link of unknown length may begin as long as something is left; see `admit_length`."""
    said = f"The limit is {_minutes(limit)} of audio a day {whose}"
    if seconds is not None and seconds > limit:
        raise LimitReached(f"{said}, and this recording alone is {_minutes(seconds)} long.", guidance=ASK)
    if before >= limit if seconds is None else before + seconds > limit:
        raise LimitReached(f"{said}, and {_minutes(max(0.0, limit - before))} are left today.", guidance=frees())


def _check_dollars(limit: float, before: float, dollars: float | None) -> None:
    said = f"The limit is ${limit:,.2f} a day on this server's key"
    other = "Or enter a key of your own on the Settings page."
    if dollars is None:
        raise LimitReached(
            f"{said}, and what this one costs cannot be known before.",
            guidance="Upload the file in place of a link, choose a model with a price, or enter a key of your own.",
        )
    if dollars > limit:
        raise LimitReached(f"{said}, and this recording alone costs about ${dollars:,.4f}.", guidance=f"{ASK} {other}")
    if dollars and before + dollars > limit + 1e-9:
        left = max(0.0, limit - before)
        raise LimitReached(f"{said}, and ${left:,.4f} are left today.", guidance=f"{frees()} {other}")


def _asked(job: Job, own_key: bool) -> tuple[float, float | None]:
    """Seconds of audio and US dollars that this attempt is expected to take; None where the cost is unknown."""
    if _goes_on(job):
        return 0.0, 0.0
    seconds = job.duration or 0.0
    if own_key or job.engine == models.ON_DEVICE:
        return seconds, 0.0
    longest = settings().stt_length_limit
    length = job.duration if job.duration is not None else longest and longest * 60
    try:
        cost = models.known().cost(job.model, length) if length is not None else None
    except BadOption:  # a retry of a model that is gone
        cost = None
    return seconds, cost.dollars if cost else None


def _goes_on(job: Job) -> bool:
    """Whether this attempt goes on from the stretches of the one before, which was counted."""
    return job.attempt > 1 and job.engine == models.ON_DEVICE


def _count(job: Job, seconds: float, dollars: float) -> None:
    now = time.time()
    row = {"id": job.id, "attempt": job.attempt, "owner": job.owner, "at": now, "seconds": seconds, "dollars": dollars}
    with contextlib.suppress(sa.exc.IntegrityError), database().begin() as connection:  # pressed twice: counted once
        connection.execute(usage.delete().where(usage.c.at < now - KEPT))
        connection.execute(usage.insert().values(row))


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with _lock, contextlib.ExitStack() as stack:
        if database().dialect.name == "postgresql":
            connection = stack.enter_context(database().begin())
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MAKING)))
        yield


def _midnight() -> float:
    return time.time() // DAY * DAY


def _minutes(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:,.0f} min" if minutes == round(minutes) else f"{minutes:,.1f} min"
