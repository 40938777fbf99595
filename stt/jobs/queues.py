"""Choose the queue of a job, and the priority of the job in that queue.

Short recordings have their own queue, so a voice message need not wait for a lecture. A semaphore limits how many jobs
decode at once (see `stt.whisper.fair_semaphore`), so additional queues do not overload the machine.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from stt import kinds
from stt.db import queries
from stt.db.tables import transcriptions
from stt.kinds import OPEN, QUEUED, WORKING
from stt.models import known, shelf
from stt.settings import settings
from stt.store.records import Job, open_jobs

SHORT_SECONDS = 60.0  # maximum length of a short recording, seconds
ON_DEVICE_QUEUE, SHORT_QUEUE, PROVIDER_QUEUE = "on-device", "on-device-short", "provider"
DOWNLOAD_QUEUE = "on-device-download"  # for jobs that must download a model first; other jobs need not wait
_t = transcriptions.c


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Describe the position of a waiting job in its queue.

    `before` is the number of jobs that start earlier. `working` is the number of running jobs of the queue, always 0
    for the provider's queue. `seconds` is the estimated time until the job starts, or None if the time is unknown.
    """

    before: int
    working: int
    seconds: float | None


def worker_limits() -> dict[str, int]:
    """Return the maximum number of jobs that this process runs at once, for each queue."""
    here = settings().max_concurrent_jobs
    others = {PROVIDER_QUEUE: settings().provider_max_jobs}
    return dict.fromkeys((ON_DEVICE_QUEUE, SHORT_QUEUE, DOWNLOAD_QUEUE), here) | others


def queue_for(job: Job) -> str:
    """Return DOWNLOAD_QUEUE if the job's model must be downloaded first, else the queue that `queue_of` returns."""
    if job.engine == kinds.ON_DEVICE and not shelf.is_available(known.find(job.model)):
        return DOWNLOAD_QUEUE
    return queue_of(job.engine, job.duration)


def queue_of(engine: str, duration: float | None) -> str:
    """Return the queue for a recording of `duration` seconds.

    `duration` is None for a link that is not downloaded yet. Such a recording counts as long.
    """
    if engine == kinds.PROVIDER:
        return PROVIDER_QUEUE
    return SHORT_QUEUE if duration is not None and duration <= SHORT_SECONDS else ON_DEVICE_QUEUE


def next_priority(owner: str, engine: str, duration: float | None) -> int:
    """Return the priority of a new job of `owner` in its queue: a number from 1, where lower numbers go first.

    The priorities implement start-time fair queueing. The new priority is one more than the largest priority of the
    owner's open jobs in the queue, and at least the largest priority of all running jobs in the queue. Even if 200 jobs
    of another visitor are queued, the first job of a new visitor therefore starts next.
    """
    here = _in_queue(queue_of(engine, duration))

    def highest(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return sa.select(sa.func.coalesce(sa.func.max(_t.priority), 0)).where(here, *where).scalar_subquery()

    now = highest(_t.state == WORKING)
    own = [highest(_t.owner == owner, _t.state == state) for state in OPEN]  # one fast index lookup for each state
    working, *mine = queries.single(sa.select(now, *own))
    numbers: list[int] = [1, working, *(last + 1 for last in mine)]
    return max(numbers)


def queue_position(job: Job, usual: float) -> QueuePosition:
    """Return the position of a queued job in its queue.

    `usual` is the usual speed of this server, in seconds of audio per second of work.
    """
    here = _in_queue(queue_of(job.engine, job.duration))
    first = sa.or_(_t.priority < job.priority, sa.and_(_t.priority == job.priority, _t.queued < job.queued))
    before = sa.select(_t.duration).where(here, _t.state == QUEUED, first).order_by(_t.priority, _t.queued)
    ahead = queries.values(before)
    working = [] if job.engine == kinds.PROVIDER else open_jobs(here, _t.state == WORKING)
    return QueuePosition(len(ahead), len(working), _until_start(working, ahead, usual))


def _until_start(working: list[Job], ahead: Sequence[float | None], usual: float) -> float | None:
    """Estimate the seconds until a job starts, from the `working` jobs and the durations of the jobs `ahead` of it.

    Return None if no job is working, or the duration of one of these jobs is unknown.
    """
    if not working or None in ahead or any(job.duration is None for job in working):
        return None
    # Running jobs progress in parallel. When a running job ends, the next job starts.
    pace = sum(job.speed(usual) for job in working) / len(working)
    ends = [max(0.0, job.duration - job.seconds_done) for job in working if job.duration]
    heapq.heapify(ends)
    for duration in ahead:
        heapq.heapreplace(ends, ends[0] + (duration or 0.0))
    return ends[0] / max(pace, 0.01)


def _in_queue(queue: str) -> sa.ColumnElement[bool]:
    if queue == PROVIDER_QUEUE:
        return _t.engine == kinds.PROVIDER
    short = sa.func.coalesce(_t.duration, sa.literal(SHORT_SECONDS + 1)) <= SHORT_SECONDS
    return sa.and_(_t.engine.in_(kinds.HERE), short if queue == SHORT_QUEUE else sa.not_(short))
