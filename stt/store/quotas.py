"""The limits that a host sets: asked before a job is made, counted when it is. Days are those of UTC.

Each refusal says which limit, and when it frees. What a job took stays counted when it is deleted; what was never
worked on is given back. Where visitors are known by a cookie alone, the address of the client counts as well, so that
dropping the cookie gives nobody another day.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from stt import kinds
from stt.aiml import offered
from stt.audio import tracks
from stt.auth import clients
from stt.db.engine import advisory_lock, database
from stt.db.locks import QUOTA_LOCK
from stt.db.tables import recordings as recordings_table
from stt.db.tables import transcriptions, usage
from stt.errors import BadOption, LimitReached, TooLarge
from stt.kinds import OPEN
from stt.settings import settings
from stt.store import recordings
from stt.store.records import Job

DAY = 24 * 3600  # seconds
NETWORK = "network address"
USAGE_RETENTION = 2 * DAY  # seconds after which what was counted is forgotten
LENGTH_TOLERANCE = 5.0  # seconds by which a file may be longer than it says before it counts
ASK = "Cut it into shorter parts, or ask whoever runs this server."
QUOTAS = ("stt_jobs_per_visitor", "stt_minutes_per_visitor", "stt_minutes_per_day", "stt_dollars_per_day")

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Used:
    """What was taken today: seconds of audio of one visitor, of all, and US dollars of all on this server's key."""

    mine: float
    all: float
    dollars: float


@contextlib.contextmanager
def reserve(job: Job, address: str | None = None) -> Iterator[None]:
    """Make `job` inside: it is within the limits then, and counted after. `address` is that of the client, if known.

    One at a time over all machines, so that two tabs cannot both take what is left. Raises LimitReached, TooLarge.
    """
    recordings.check_length(job.title, job.duration)
    hashed = clients.hashed(address) if address and job.owner.startswith("visitor:") else None
    with _serialized():
        seconds, dollars = _expected_usage(job)
        _check(job, seconds, dollars, hashed)
        yield
        _insert_usage(job, seconds, dollars or 0.0, hashed)


def reserve_length(job: Job, seconds: float) -> None:
    """The length of a link is known now: it goes on if it is within the limits of the day, and counts from now on.

    Raises LimitReached. Done twice, by a server that was killed meanwhile, it counts once.
    """
    seconds *= _times_decoded(job)
    with _serialized():
        _update_usage(job, seconds=0.0)
        _check_daily_quotas(job, seconds)
        _update_usage(job, seconds=seconds)


def check_decoded(job: Job, seconds: float, promised: float) -> None:
    """So many seconds of the job's recording are there, where `promised` were admitted: it goes on within the limits.

    What goes beyond the promise counts from now on. Raises TooLarge, LimitReached.
    """
    longest = settings().stt_length_limit
    if seconds > longest * 60 + LENGTH_TOLERANCE:
        raise TooLarge(f"It goes on after the limit of {_minutes(longest * 60)}, whatever the file says of its length.")
    if seconds <= promised + LENGTH_TOLERANCE:
        return
    with _serialized():
        mine, others = _counted_seconds(job)
        seconds = seconds * _times_decoded(job) - others
        if seconds > mine:
            _check_daily_quotas(job, seconds - mine)
            _update_usage(job, seconds=seconds)


def settle(job: Job, seconds: float, dollars: float | None) -> None:
    """A job is done: what it really took, in place of what was expected. `dollars` None if nobody knows."""
    values: dict[str, Any] = {"seconds": seconds * _times_decoded(job)}
    if job.engine == kinds.ON_DEVICE:  # it goes on from the chunks of the attempts before
        values["seconds"] = max(0.0, values["seconds"] - _counted_seconds(job)[1])
    if dollars is not None:
        # Nothing was expected where the visitor pays with a key of their own, and nothing is counted now.
        values["dollars"] = sa.case((usage.c.dollars > 0, dollars), else_=usage.c.dollars)
    _update_usage(job, **values)


def release(job: Job, *, sent: bool) -> None:
    """The job ended before it was done: only what was decoded counts, or all of it if it was `sent` to the provider."""
    if job.engine == kinds.ON_DEVICE:
        mine, others = _counted_seconds(job)
        _update_usage(job, seconds=max(0.0, min(mine, job.seconds_done * _times_decoded(job) - others)))
    elif not sent:
        _update_usage(job, seconds=0.0, dollars=0.0)


def drop_reservation(job: Job) -> None:
    """This attempt was never queued: it counts nothing."""
    with database().begin() as connection:
        connection.execute(usage.delete().where(usage.c.id == job.id, usage.c.attempt == job.attempt))


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


def _used_from(address: str) -> float:
    """Seconds of audio that all clients of this address have taken since midnight."""
    query = sa.select(sa.func.sum(usage.c.seconds)).where(usage.c.at >= _midnight(), usage.c.address == address)
    with database().connect() as connection:
        return connection.execute(query).scalar() or 0.0


def _open_jobs_from(address: str) -> int:
    t = transcriptions.c
    theirs = sa.select(usage.c.id).where(usage.c.address == address)
    query = sa.select(sa.func.count()).where(t.state.in_(OPEN), t.id.in_(theirs))
    with database().connect() as connection:
        return connection.execute(query).scalar_one()


def resets_in() -> str:
    """When the day of the limits ends, in words."""
    minutes = max(1, round((_midnight() + DAY - time.time()) / 60))
    wait = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"Resets at midnight UTC, in {wait}."


def _check(job: Job, seconds: float, dollars: float | None, address: str | None) -> None:
    limits = settings()
    if (most := limits.stt_jobs_per_visitor) is not None:
        what = "One transcription at once is" if most == 1 else f"{most:,} transcriptions at once are"
        _check_jobs(open_jobs(job.owner), most, f"{what} the limit for each visitor.")
        if address is not None:
            most *= limits.stt_visitors_per_address
            _check_jobs(
                _open_jobs_from(address), most, f"{most:,} transcriptions at once are the limit for each {NETWORK}."
            )
    if (limits.stt_minutes_per_visitor, limits.stt_minutes_per_day, limits.stt_dollars_per_day) == (None, None, None):
        return  # adding up the day takes longer with every job of it
    taken = _check_daily_quotas(job, seconds if job.duration is not None else None, address)
    if limits.stt_dollars_per_day is not None:
        _check_dollars(limits.stt_dollars_per_day, taken.dollars, dollars, known=job.duration is not None)


def _check_jobs(number: int, most: int, said: str) -> None:
    if number >= most:
        raise LimitReached(said, guidance="Wait until one of your transcriptions finishes, or cancel one.")


def _check_daily_quotas(job: Job, seconds: float | None, address: str | None = None) -> Used:
    """What was taken before; `seconds` None is a link whose length is not known yet. Raises LimitReached."""
    limits, taken = settings(), used(job.owner)
    for limit, before, whose in (
        (limits.stt_minutes_per_visitor, taken.mine, "for each visitor"),
        (limits.stt_minutes_per_day, taken.all, "for all visitors together"),
    ):
        if limit is not None:
            _check_minutes(limit * 60, before, seconds, whose)
    if limits.stt_minutes_per_visitor is not None and address is not None:
        most = limits.stt_minutes_per_visitor * limits.stt_visitors_per_address * 60
        _check_minutes(most, _used_from(address), seconds, f"for each {NETWORK}")
    return taken


def _check_minutes(limit: float, before: float, seconds: float | None, whose: str) -> None:
    """A link of unknown length may begin as long as something is left; see `admit_length`."""
    said = f"The limit is {_minutes(limit)} of audio a day {whose}"
    if seconds is not None and seconds > limit:
        raise LimitReached(f"{said}, and this recording alone is {_minutes(seconds)} long.", guidance=ASK)
    if before >= limit if seconds is None else before + seconds > limit:
        raise LimitReached(f"{said}, and {_minutes(max(0.0, limit - before))} are left today.", guidance=resets_in())


def _check_dollars(limit: float, before: float, dollars: float | None, *, known: bool) -> None:
    """`known` is whether the length is; else `dollars` is for the longest recording that is allowed."""
    said = f"The limit is ${limit:,.2f} a day on this server's key"
    other = "Or enter a key of your own on the Settings page."
    if dollars is None or (dollars > limit and not known):
        raise LimitReached(
            f"{said}, and what this one costs cannot be known before.",
            guidance="Upload the file in place of a link, choose a model with a price, or enter a key of your own.",
        )
    if dollars > limit:
        raise LimitReached(f"{said}, and this recording alone costs about ${dollars:,.4f}.", guidance=f"{ASK} {other}")
    if dollars and before + dollars > limit + 1e-9:
        left = max(0.0, limit - before)
        raise LimitReached(f"{said}, and ${left:,.4f} are left today.", guidance=f"{resets_in()} {other}")


def _expected_usage(job: Job) -> tuple[float, float | None]:
    """Seconds of audio and US dollars that this attempt is expected to take; None where the cost is unknown."""
    seconds = (job.duration or 0.0) * _times_decoded(job)
    if job.engine == kinds.ON_DEVICE:
        # The attempts before count what they decoded, and this one goes on from there.
        return max(0.0, seconds - _counted_seconds(job)[1]) if job.attempt > 1 else seconds, 0.0
    if job.own_key:
        return seconds, 0.0
    length = job.duration if job.duration is not None else settings().stt_length_limit * 60
    try:
        cost = offered.known().cost(job.model, length)
    except BadOption:  # a retry of a model that is gone
        cost = None
    return seconds, cost.dollars if cost else None


def _times_decoded(job: Job) -> int:
    """How often the recording is decoded: once for each channel or track where these are speakers."""
    every_track = job.options.get("track") == tracks.ALL
    if not (job.options.get("channels_are_speakers") or every_track) or job.recording_id is None:
        return 1
    what = recordings_table.c.tracks if every_track else recordings_table.c.channels
    with database().connect() as connection:
        found = connection.execute(sa.select(what).where(recordings_table.c.id == job.recording_id)).scalar()
    return max(1, len(tracks.speakers(tracks.of_rows(found))) if every_track else found or 1)


def _counted_seconds(job: Job) -> tuple[float, float]:
    """The seconds that count for this attempt, and for all others of the job."""
    mine = sa.func.sum(sa.case((usage.c.attempt == job.attempt, usage.c.seconds), else_=0.0))
    query = sa.select(mine, sa.func.sum(usage.c.seconds)).where(usage.c.id == job.id)
    with database().connect() as connection:
        own, every = connection.execute(query).one()
    return own or 0.0, (every or 0.0) - (own or 0.0)


def _update_usage(job: Job, **values: Any) -> None:
    this = sa.and_(usage.c.id == job.id, usage.c.attempt == job.attempt)
    with database().begin() as connection:
        connection.execute(usage.update().where(this).values(**values))


def _insert_usage(job: Job, seconds: float, dollars: float, address: str | None) -> None:
    now = time.time()
    row = {"id": job.id, "attempt": job.attempt, "owner": job.owner, "at": now, "seconds": seconds, "dollars": dollars}
    row["address"] = address
    with contextlib.suppress(sa.exc.IntegrityError), database().begin() as connection:  # pressed twice: counted once
        connection.execute(usage.delete().where(usage.c.at < now - USAGE_RETENTION))
        connection.execute(usage.insert().values(row))


@contextlib.contextmanager
def _serialized() -> Iterator[None]:
    """A host that sets no limits has creates side by side."""
    if all(getattr(settings(), name) is None for name in QUOTAS):
        yield
        return
    with _lock, advisory_lock(QUOTA_LOCK):
        yield


def _midnight() -> float:
    return time.time() // DAY * DAY


def _minutes(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:,.0f} min" if minutes == round(minutes) else f"{minutes:,.1f} min"
