"""Enforce the quotas of a host: check them before a job is created, then count its usage. Days begin at midnight UTC.

Each refusal names the quota, and says what the visitor can do or when the quota resets. The usage of a job still counts
after the job is deleted, except audio that was never decoded. If visitors are identified only by a cookie, usage is
also counted for their network address, so that deleting the cookie does not reset a quota.
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
from stt.db import queries
from stt.db.engine import advisory_lock, database
from stt.db.locks import QUOTA_LOCK
from stt.db.tables import transcriptions, usage
from stt.errors import BadOption, LimitReached, TooLarge
from stt.kinds import OPEN
from stt.settings import settings
from stt.store import recordings
from stt.store.recordings import Recording
from stt.store.records import Job

DAY = 24 * 3600  # seconds
NETWORK = "network address"
USAGE_RETENTION = 2 * DAY  # time for which usage is stored at least, and network addresses at most, seconds
LENGTH_TOLERANCE = 5.0  # maximum seconds by which decoded audio may exceed its declared or allowed length
SHORTEN = "Cut it into shorter parts, or contact the administrator."
QUOTAS = ("jobs_per_visitor", "minutes_per_visitor", "minutes_per_day", "dollars_per_day")

_t = transcriptions.c
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Used:
    """Today's usage: seconds of audio of one visitor (`mine`) and of all visitors (`all`), and US dollars.

    `dollars` is the cost of all visitors' jobs that this server's key pays for.
    """

    mine: float
    all: float
    dollars: float


@contextlib.contextmanager
def reserve(job: Job, address: str | None = None) -> Iterator[None]:
    """Check `job` against the quotas, let the caller create the job inside the block, then count its usage.

    `address` is the client's network address, if known. On all machines together, only one such block runs at a time,
    so that two tabs cannot both use the rest of a quota. Raises TooLarge if the recording is longer than the host
    allows, and LimitReached if the job would exceed a quota.
    """
    recordings.check_length(job.title, job.duration)
    hashed = clients.address_hash(address) if address and job.owner.startswith("visitor:") else None
    with _serialized():
        seconds, dollars = _expected_usage(job)
        _check(job, seconds, dollars, hashed)
        yield
        _insert_usage(job, seconds, dollars or 0.0, hashed)


def reserve_length(job: Job, seconds: float) -> None:
    """Check and count the length of a downloaded recording, which was unknown when the job was created.

    `seconds` is the length times `times_decoded`, because the recording is not stored yet. Raises LimitReached if it
    would exceed a quota. Safe to repeat after a crash, because it replaces what is already counted for this attempt.
    """
    with _serialized():
        _update_usage(job, seconds=0.0)
        _check_daily_quotas(job, seconds)
        _update_usage(job, seconds=seconds)


def check_decoded(job: Job, seconds: float, promised: float) -> None:
    """Check the length that is decoded so far (`seconds`) against the maximum length and the quotas.

    `promised` is the declared length, which is already counted. If the decoded length exceeds the declared length, the
    additional seconds are checked against the quotas and counted. Raises TooLarge if the recording is longer than the
    host allows, and LimitReached if the additional seconds would exceed a quota.
    """
    longest = settings().max_duration_minutes
    if seconds > longest * 60 + LENGTH_TOLERANCE:
        raise TooLarge(f"It is longer than the limit of {_minutes(longest * 60)}, whatever length the file declares.")
    if seconds <= promised + LENGTH_TOLERANCE:
        return
    with _serialized():
        mine, others = _counted_seconds(job)
        seconds = seconds * _times_decoded(job) - others
        if seconds > mine:
            _check_daily_quotas(job, seconds - mine)
            _update_usage(job, seconds=seconds)


def settle(job: Job, seconds: float, dollars: float | None) -> None:
    """Replace the reserved usage of a finished job by its actual usage.

    If `dollars` is None, because the cost is unknown, the reserved dollars stay counted.
    """
    values: dict[str, Any] = {"seconds": seconds * _times_decoded(job)}
    if job.engine in kinds.HERE:  # subtract the chunks that are counted for earlier attempts
        values["seconds"] = max(0.0, values["seconds"] - _counted_seconds(job)[1])
    if dollars is not None:
        # If no dollars were reserved, for example because the visitor's own key pays, the cost is not counted.
        values["dollars"] = sa.case((usage.c.dollars > 0, dollars), else_=usage.c.dollars)
    _update_usage(job, **values)


def release(job: Job, *, sent: bool) -> None:
    """Release the unused reservation of a job that ended without a result.

    For a job on this server, the audio that was not decoded is released. For a job at a provider, `sent` tells whether
    the job was sent to the provider: if so, nothing is released, otherwise everything.
    """
    if job.engine in kinds.HERE:
        mine, others = _counted_seconds(job)
        _update_usage(job, seconds=max(0.0, min(mine, job.seconds_done * _times_decoded(job) - others)))
    elif not sent:
        _update_usage(job, seconds=0.0, dollars=0.0)


def drop_reservation(job: Job) -> None:
    """Delete the usage of an attempt that was never queued."""
    queries.write(usage.delete().where(usage.c.id == job.id, usage.c.attempt == job.attempt))


def clean_usage() -> None:
    """Delete usage older than USAGE_RETENTION, except that of jobs that are not done, and old network addresses.

    A later attempt at a job must not count the audio that earlier attempts have decoded (see `_expected_usage`).
    """
    old = usage.c.at < time.time() - USAGE_RETENTION
    needed = sa.exists().where(_t.id == usage.c.id, _t.state != kinds.DONE)
    queries.write(usage.delete().where(old, ~needed))
    queries.write(usage.update().where(old, usage.c.address.is_not(None)).values(address=None))


def used(owner: str) -> Used:
    """Return the usage of `owner` and of all owners since midnight UTC."""
    mine = sa.func.sum(sa.case((usage.c.owner == owner, usage.c.seconds), else_=0.0))
    query = sa.select(mine, sa.func.sum(usage.c.seconds), sa.func.sum(usage.c.dollars)).where(usage.c.at >= _midnight())
    return Used(*(value or 0.0 for value in queries.single(query)))


def open_jobs(owner: str) -> int:
    return queries.value(sa.select(sa.func.count()).where(_t.owner == owner, _t.state.in_(OPEN))) or 0


def _used_from(address: str) -> float:
    """Return the seconds of audio of all clients at this network address since midnight UTC."""
    query = sa.select(sa.func.sum(usage.c.seconds)).where(usage.c.at >= _midnight(), usage.c.address == address)
    return queries.value(query) or 0.0


def _open_jobs_from(address: str) -> int:
    recent = usage.c.at >= time.time() - USAGE_RETENTION  # only the column `at` has an index
    theirs = sa.select(usage.c.id).where(recent, usage.c.address == address)
    query = sa.select(sa.func.count()).where(_t.state.in_(OPEN), _t.id.in_(theirs))
    return queries.value(query) or 0


def resets_in() -> str:
    """Return the sentence that says when daily quotas reset."""
    minutes = max(1, round((_midnight() + DAY - time.time()) / 60))
    wait = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"Resets at midnight UTC, in {wait}."


def _check(job: Job, seconds: float, dollars: float | None, address: str | None) -> None:
    limits = settings()
    if (most := limits.jobs_per_visitor) is not None:
        what = "One transcription at once is" if most == 1 else f"{most:,} transcriptions at once are"
        _check_jobs(open_jobs(job.owner), most, f"{what} the limit for each visitor.")
        if address is not None:
            most *= limits.visitors_per_address
            _check_jobs(
                _open_jobs_from(address), most, f"{most:,} transcriptions at once are the limit for each {NETWORK}."
            )
    if (limits.minutes_per_visitor, limits.minutes_per_day, limits.dollars_per_day) == (None, None, None):
        return  # without daily quotas, do not sum up the day's usage, because the sum is slow after many jobs
    usage_today = _check_daily_quotas(job, seconds if job.duration is not None else None, address)
    if limits.dollars_per_day is not None:
        _check_dollars(limits.dollars_per_day, usage_today.dollars, dollars, known=job.duration is not None)


def _check_jobs(number: int, most: int, rule: str) -> None:
    if number >= most:
        raise LimitReached(rule, guidance="Wait until one of your transcriptions finishes, or cancel one.")


def _check_daily_quotas(job: Job, seconds: float | None, address: str | None = None) -> Used:
    """Check the daily quotas of audio and return today's usage before this job.

    `seconds` is the length to add, or None for a link of unknown length. `address` is the hash of the client's network
    address, if usage is also limited for the address. Raises LimitReached if a quota would be exceeded.
    """
    limits, usage_today = settings(), used(job.owner)
    for limit, before, scope in (
        (limits.minutes_per_visitor, usage_today.mine, "for each visitor"),
        (limits.minutes_per_day, usage_today.all, "for all visitors together"),
    ):
        if limit is not None:
            _check_minutes(limit * 60, before, seconds, scope)
    if limits.minutes_per_visitor is not None and address is not None:
        most = limits.minutes_per_visitor * limits.visitors_per_address * 60
        _check_minutes(most, _used_from(address), seconds, f"for each {NETWORK}")
    return usage_today


def _check_minutes(limit: float, before: float, seconds: float | None, scope: str) -> None:
    """Check a quota of audio; raise LimitReached if `before` and `seconds` together exceed `limit`.

    A link whose length is still unknown (`seconds` is None) is accepted while any of the quota is left.
    """
    rule = f"The limit is {_minutes(limit)} of audio a day {scope}"
    if seconds is not None and seconds > limit:
        raise LimitReached(f"{rule}, and this recording alone is {_minutes(seconds)} long.", guidance=SHORTEN)
    if before >= limit if seconds is None else before + seconds > limit:
        raise LimitReached(f"{rule}, and {_minutes(max(0.0, limit - before))} are left today.", guidance=resets_in())


def _check_dollars(limit: float, before: float, dollars: float | None, *, known: bool) -> None:
    """Check the quota of dollars; `dollars` is None if the price is unknown.

    `known` tells whether the length of the recording is known; if not, `dollars` is the price of the longest allowed
    recording.
    """
    rule = f"The limit is ${limit:,.2f} a day on this server's key"
    other = "Or enter a key of your own on the Settings page."
    if dollars is None or (dollars > limit and not known):
        raise LimitReached(
            f"{rule}, and the cost of this recording is not known in advance.",
            guidance="Upload the file instead of giving a link, choose a model with a price, or enter your own key.",
        )
    if dollars > limit:
        raise LimitReached(
            f"{rule}, and this recording alone costs about ${dollars:,.4f}.", guidance=f"{SHORTEN} {other}"
        )
    if dollars and before + dollars > limit + 1e-9:
        left = max(0.0, limit - before)
        raise LimitReached(f"{rule}, and ${left:,.4f} are left today.", guidance=f"{resets_in()} {other}")


def _expected_usage(job: Job) -> tuple[float, float | None]:
    """Return the expected seconds of audio and US dollars of this attempt. Dollars are None if the price is unknown."""
    seconds = (job.duration or 0.0) * _times_decoded(job)
    if job.engine in kinds.HERE:
        # A later attempt continues where the earlier attempts ended. The audio that they decoded is already counted.
        return max(0.0, seconds - _counted_seconds(job)[1]) if job.attempt > 1 else seconds, 0.0
    if job.own_key:
        return seconds, 0.0
    length = job.duration if job.duration is not None else settings().max_duration_minutes * 60
    try:
        return seconds, offered.known().find(job.model).cost(length)
    except BadOption:  # the job is a retry, and its model no longer exists
        return seconds, None


def times_decoded(job: Job, recording: Recording) -> int:
    """Return how often the recording is decoded: once for each channel or track that is a speaker, otherwise once."""
    if job.options.get("track") == tracks.ALL:
        return max(1, len(tracks.speakers(tracks.of_rows(recording.tracks))))
    apart = job.options.get("channels_are_speakers") and recording.channels <= tracks.MOST_APART
    return max(1, recording.channels) if apart else 1


def _times_decoded(job: Job) -> int:
    """Return what `times_decoded` returns for the job's recording, or 1 if it is not downloaded yet or was deleted."""
    if job.options.get("track") != tracks.ALL and not job.options.get("channels_are_speakers"):
        return 1
    # While a job runs, its recording may have been downloaded after `job` was read.
    recording_id = job.recording_id or queries.value(sa.select(_t.recording_id).where(_t.id == job.id))
    recording = recordings.find_or_none(recording_id, None)
    return times_decoded(job, recording) if recording else 1


def _counted_seconds(job: Job) -> tuple[float, float]:
    """Return the seconds that are counted for this attempt, and those for all other attempts of the job."""
    mine = sa.func.sum(sa.case((usage.c.attempt == job.attempt, usage.c.seconds), else_=0.0))
    query = sa.select(mine, sa.func.sum(usage.c.seconds)).where(usage.c.id == job.id)
    own, every = queries.single(query)
    return own or 0.0, (every or 0.0) - (own or 0.0)


def _update_usage(job: Job, **values: Any) -> None:
    this = sa.and_(usage.c.id == job.id, usage.c.attempt == job.attempt)
    queries.write(usage.update().where(this).values(**values))


def _insert_usage(job: Job, seconds: float, dollars: float, address: str | None) -> None:
    now = time.time()
    row = {"id": job.id, "attempt": job.attempt, "owner": job.owner, "at": now, "seconds": seconds, "dollars": dollars}
    row["address"] = address
    with contextlib.suppress(sa.exc.IntegrityError), database().begin() as connection:  # the attempt is already counted
        connection.execute(usage.insert().values(row))


@contextlib.contextmanager
def _serialized() -> Iterator[None]:
    """Run only one block at a time, on all machines together.

    If the host sets no quota, nothing is locked, and blocks may run concurrently.
    """
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
