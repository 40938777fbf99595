"""Which queue a job waits in, and whose turn it is there.

Short recordings have a queue of their own: a voice message need not wait until somebody's lecture is done. Both queues
share the machine (see `turns`), so more jobs at once are not more work at once.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from stt import kinds
from stt.db.engine import database
from stt.db.tables import transcriptions
from stt.kinds import OPEN, QUEUED, WORKING
from stt.settings import settings
from stt.store.records import Job, open_jobs

SHORT = 60.0  # seconds of audio at most
HERE, SHORT_HERE, PROVIDER = "on-device", "on-device-short", "provider"


@dataclass(frozen=True, slots=True)
class Wait:
    """How many jobs of the queue go before, how many are in work, and the seconds until the start, if that is known."""

    before: int
    working: int
    seconds: float | None


def at_once() -> dict[str, int]:
    """All queues, and how many jobs of each this process works on at once."""
    here = settings().stt_jobs_at_once
    return {HERE: here, SHORT_HERE: here, PROVIDER: settings().stt_provider_jobs_at_once}


def queue_of(engine: str, duration: float | None) -> str:
    """The queue for a recording of so many seconds; links are long until they are downloaded."""
    if engine == kinds.PROVIDER:
        return PROVIDER
    return SHORT_HERE if duration is not None and duration <= SHORT else HERE


def next_turn(owner: str, engine: str, duration: float | None) -> int:
    """The turn of a new job of `owner` in its queue: 1 or more, lower goes first.

    Start-time fair queueing: it comes after the visitor's own open ones, but no later than what is being worked on
    now. With 200 of another visitor waiting, a newcomer's first job is the next to start.
    """
    t = transcriptions.c
    here = _in_queue(queue_of(engine, duration))

    def highest(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.coalesce(sa.func.max(t.turn), 0)).where(here, *where).scalar_subquery()

    now = highest(t.state == WORKING)
    own = [highest(t.owner == owner, t.state == state) for state in OPEN]  # each is a look into an index
    with database().connect() as connection:
        working, *mine = connection.execute(sa.select(now, *own)).one()
    numbers: list[int] = [1, working, *(turn + 1 for turn in mine)]
    return max(numbers)


def wait(job: Job, usual: float) -> Wait:
    """What a waiting job waits for. `usual` is the speed of this server, in seconds of audio a second."""
    t = transcriptions.c
    here = _in_queue(queue_of(job.engine, job.duration))
    first = sa.or_(t.turn < job.turn, sa.and_(t.turn == job.turn, t.queued < job.queued))
    before = sa.select(t.duration).where(here, t.state == QUEUED, first).order_by(t.turn, t.queued)
    with database().connect() as connection:
        ahead = connection.execute(before).scalars().all()
    working = [] if job.engine == kinds.PROVIDER else open_jobs(here, t.state == WORKING)
    return Wait(len(ahead), len(working), _until_start(working, ahead, usual))


def _until_start(working: list[Job], ahead: Sequence[float | None], usual: float) -> float | None:
    """Seconds until one of those in work, and of those ahead, has made room."""
    if not working or None in ahead or any(job.duration is None for job in working):
        return None
    # Those in work go on side by side, and whoever ends makes room for the next.
    pace = sum(job.speed(usual) for job in working) / len(working)
    ends = [max(0.0, job.duration - job.seconds_done) for job in working if job.duration]
    heapq.heapify(ends)
    for duration in ahead:
        heapq.heapreplace(ends, ends[0] + (duration or 0.0))
    return ends[0] / max(pace, 0.01)


def _in_queue(queue: str) -> sa.ColumnElement[bool]:
    t = transcriptions.c
    if queue == PROVIDER:
        return t.engine == kinds.PROVIDER
    short = sa.func.coalesce(t.duration, sa.literal(SHORT + 1)) <= SHORT
    return sa.and_(t.engine == kinds.ON_DEVICE, short if queue == SHORT_HERE else sa.not_(short))
