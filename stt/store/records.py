"""The record of each transcription: what was asked, how far it is, what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from stt.db.engine import database
from stt.db.tables import stretches, transcriptions, transcripts
from stt.errors import NotFound, SttError
from stt.kinds import DONE, FAILED, OPEN, QUEUED, WORKING
from stt.transcript import titles
from stt.transcript.model import Transcript

PRIOR_WEIGHT = 5.0  # seconds of work that the usual speed counts for; a job's own comes in windows, and jumps at first


@dataclass(frozen=True, slots=True)
class Job:
    """One transcription. Times of day in seconds since 1970; `duration`, `seconds_done` in seconds of audio.

    `worked` is seconds of computing; `confidence` 0 to 1; `cost` in US dollars.
    """

    id: str
    owner: str
    recording_id: str | None
    url: str | None
    title: str
    model: str
    engine: str
    options: dict[str, Any]
    state: str
    stage: str | None
    attempt: int
    turn: int
    created: float
    queued: float
    started: float | None
    finished: float | None
    worked: float
    expected: float | None
    duration: float | None
    seconds_done: float
    language: str | None
    words: int | None
    confidence: float | None
    cost: float | None
    error: dict[str, str] | None
    provenance: dict[str, Any] | None
    claim: int | None = None  # fencing token of the worker that holds the lease (see `acquire_lease`)
    own_key: bool | None = None  # the visitor pays the provider; None where an older version did not say
    dated: float | None = None  # the recording's own date, seconds since 1970
    dated_by: str | None = None  # what that is (see `stt.containers.dates`)

    @property
    def pending(self) -> bool:
        return self.state in OPEN

    @property
    def fraction(self) -> float | None:
        """Audio done of audio in all, 0 to 1; None where the length, or the provider's progress, is unknown."""
        if self.state == DONE:
            return 1.0
        if not self.duration or self.engine == "provider":
            return None
        return min(1.0, self.seconds_done / self.duration)

    def seconds_left(self, usual: float) -> float | None:
        """Estimated seconds of work left; `usual` is the speed that is usual here."""
        if not self.duration:
            return None
        return max(0.0, self.duration - self.seconds_done) / max(self.speed(usual), 0.01)

    def speed(self, usual: float) -> float:
        """Seconds of audio in a second of work, at first as `usual`, then more and more as seen with this job."""
        return (self.seconds_done + usual * PRIOR_WEIGHT) / (self.worked + PRIOR_WEIGHT)


_COLUMNS = [transcriptions.c[field.name] for field in fields(Job)]


def load(generation_id: str, owner: str | None) -> Job:
    """The job, if `owner` owns it; `None` is this server itself. Raises NotFound."""
    query = sa.select(*_COLUMNS).where(transcriptions.c.id == generation_id)
    if owner is not None:
        query = query.where(transcriptions.c.owner == owner)
    with database().connect() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound("There is no such transcript.")
    return Job(**row)


def jobs_of(
    owner: str, *, ids: list[str] | None = None, states: tuple[str, ...] | None = None, limit: int | None = None
) -> list[Job]:
    """The owner's jobs, newest first; only those of `ids` or in `states`, and at most `limit`, where given."""
    if ids is not None and not ids:  # a first page: SQLAlchemy fails by an empty list while its ORM is being imported
        return []
    query = sa.select(*_COLUMNS).where(transcriptions.c.owner == owner).order_by(transcriptions.c.created.desc())
    if limit is not None:
        query = query.limit(limit)
    if ids is not None:
        query = query.where(transcriptions.c.id.in_(ids))
    if states is not None:
        query = query.where(transcriptions.c.state.in_(states))
    with database().connect() as connection:
        return [Job(**row) for row in connection.execute(query).mappings()]


def open_jobs(*where: sa.ColumnElement[bool]) -> list[Job]:
    """Everybody's jobs that are waiting or being worked on, and for which `where` holds, oldest first."""
    query = sa.select(*_COLUMNS).where(transcriptions.c.state.in_(OPEN), *where).order_by(transcriptions.c.queued)
    with database().connect() as connection:
        return [Job(**row) for row in connection.execute(query).mappings()]


def is_open(job: Job) -> bool:
    """Whether this attempt of it still waits or is being worked on."""
    t = transcriptions.c
    this = sa.and_(t.id == job.id, t.attempt == job.attempt, t.state.in_(OPEN))
    with database().connect() as connection:
        return bool(connection.execute(sa.select(sa.exists().where(this))).scalar())


def insert(
    job: Job,
    sealed_key: str | None = None,
    *,
    maker: str | None = None,
    also: Callable[[sa.Connection], None] = lambda _connection: None,
) -> None:
    """Record a job that `maker`, a process, is about to queue; what `also` does is in the same transaction."""
    row = {field.name: getattr(job, field.name) for field in fields(Job)}
    with database().begin() as connection:
        also(connection)
        connection.execute(transcriptions.insert().values(**row, sealed_key=sealed_key, maker=maker))


def delete_unqueued(job: Job, *, also: Callable[[sa.Connection], None] = lambda _connection: None) -> None:
    """Remove a job that could not be queued; nothing happens the second time."""
    with database().begin() as connection:
        also(connection)
        for table in (transcriptions, transcripts, stretches):
            connection.execute(table.delete().where(table.c.id == job.id))


def creators(ids: list[str]) -> dict[str, str | None]:
    """Which process queues each of these jobs; None where an older version made it."""
    t = transcriptions.c
    with database().connect() as connection:
        return {row.id: row.maker for row in connection.execute(sa.select(t.id, t.maker).where(t.id.in_(ids)))}


def begin(generation_id: str, attempt: int) -> bool:
    """This attempt of an open job is being worked on from now on; False if it is not open any more."""
    t = transcriptions.c
    this = sa.and_(t.id == generation_id, t.attempt == attempt, t.state.in_(OPEN))
    values = {"state": WORKING, "started": time.time()}
    with database().begin() as connection:
        return connection.execute(transcriptions.update().where(this).values(values)).rowcount == 1


def requeue(job: Job, **values: Any) -> bool:
    """Let an ended job wait once more, with another attempt among `values`; False if it is not as `job` says any
    more.
    """
    return _from(job, (job.state,), state=QUEUED, error=None, finished=None, partial=None, claim=None, **values)


def undo_requeue(job: Job, before: Job) -> None:
    """The attempt could not be queued: the job has ended as `before`."""
    _from(job, OPEN, state=before.state, error=before.error, finished=before.finished, sealed_key=None)


def _from(job: Job, states: tuple[str, ...], **values: Any) -> bool:
    """Change this attempt of the job if it is in one of `states`; whether it was."""
    t = transcriptions.c
    this = sa.and_(t.id == job.id, t.attempt == job.attempt, t.state.in_(states))
    with database().begin() as connection:
        return connection.execute(transcriptions.update().where(this).values(**values)).rowcount == 1


def recent_durations(model: str) -> list[tuple[float, float]]:
    """(seconds of audio, seconds from create to result) of the last 50 finished jobs of a model."""
    t = transcriptions.c
    query = (
        sa.select(t.duration, t.worked)
        .where(t.model == model, t.state == DONE, t.duration > 0, t.worked > 0)
        .order_by(t.finished.desc())
        .limit(50)
    )
    with database().connect() as connection:
        return [(row.duration, row.worked) for row in connection.execute(query)]


def transition(generation_id: str, expected: tuple[str, ...], state: str, **values: Any) -> bool:
    """Change the state if it is one of `expected`; whether it was. This is the only way that states change."""
    where = sa.and_(transcriptions.c.id == generation_id, transcriptions.c.state.in_(expected))
    if state not in OPEN:
        values["sealed_key"] = None  # a visitor's key lies here no longer than the job needs it
    with database().begin() as connection:
        return connection.execute(transcriptions.update().where(where).values(state=state, **values)).rowcount == 1


def acquire_lease(job: Job, number: int) -> bool:
    """Make the process that took the job from its queue at `number` the one that may write to it; whether it is now.

    Numbers rise. A process that was thought dead and wakes up has a lower one than who took its job over: what it
    still writes changes nothing.
    """
    t = transcriptions.c
    mine = sa.and_(t.id == job.id, t.attempt == job.attempt, sa.or_(t.claim.is_(None), t.claim <= number))
    with database().begin() as connection:
        return connection.execute(transcriptions.update().where(mine).values(claim=number)).rowcount == 1


def release_lease(job: Job) -> None:
    """Forget who held the job, so that any number may claim it."""
    t = transcriptions.c
    with database().begin() as connection:
        connection.execute(transcriptions.update().where(t.id == job.id, t.attempt == job.attempt).values(claim=None))


def owned_by(job: Job) -> sa.ColumnElement[bool]:
    """This attempt of the job is being worked on, and by nobody newer."""
    t = transcriptions.c
    held = sa.and_(t.id == job.id, t.state == WORKING, t.attempt == job.attempt)
    return held if job.claim is None else sa.and_(held, t.claim == job.claim)


def update_progress(job: Job, within: sa.Connection | None = None, **values: Any) -> bool:
    """Note progress (`seconds_done`, `partial`, `stage` …) of a job; whether it is still being worked on.

    In the transaction of `within` where that is given.
    """
    with database().begin() if within is None else nullcontext(within) as connection:
        return connection.execute(transcriptions.update().where(owned_by(job)).values(**values)).rowcount == 1


def retitle(
    connection: sa.Connection, generation_id: str, was: str, title: str, *where: sa.ColumnElement[bool]
) -> bool:
    """Give a transcription another title, where it still is what it `was`; whether it was."""
    t = transcriptions.c
    same = sa.and_(t.id == generation_id, t.title.in_([was, title]), *where)
    values = {"title": title, "title_key": titles.key(title)}
    return connection.execute(transcriptions.update().where(same).values(values)).rowcount == 1


def is_current(job: Job) -> bool:
    """Whether to go on: the job was not cancelled, deleted, started anew or taken over by another process."""
    with database().connect() as connection:
        return bool(connection.execute(sa.select(sa.exists().where(owned_by(job)))).scalar())


def finish(job: Job, transcript: Transcript, *, raw: Any = None, **values: Any) -> bool:
    """Save the transcript and call the job done, together.

    False if it was cancelled, deleted or taken over meanwhile, and the second time.
    """
    done = {
        "state": DONE,
        "stage": None,
        "partial": None,
        "sealed_key": None,
        "finished": time.time(),
        "duration": transcript.duration,
        "seconds_done": transcript.duration,
        "language": transcript.language,
        "words": transcript.word_count,
        "confidence": transcript.confidence,
        **values,
    }
    with database().begin() as connection:
        if connection.execute(transcriptions.update().where(owned_by(job)).values(**done)).rowcount != 1:
            return False
        connection.execute(transcripts.delete().where(transcripts.c.id == job.id))
        connection.execute(
            transcripts.insert().values(id=job.id, transcript=transcript.to_dict(), text=transcript.text, raw=raw)
        )
        connection.execute(stretches.delete().where(stretches.c.id == job.id))
        return True


def fail(job: Job, error: SttError) -> bool:
    """Call the job failed; False if it was cancelled, deleted or taken over meanwhile."""
    failed = {"state": FAILED, "error": error.to_dict(), "finished": time.time(), "stage": None, "sealed_key": None}
    with database().begin() as connection:
        return connection.execute(transcriptions.update().where(owned_by(job)).values(failed)).rowcount == 1


def usual_speed(model: str, default: float) -> float:
    """How many seconds of audio this server transcribes in a second, from its last 20 finished jobs."""
    t = transcriptions.c
    recent = (
        sa.select(t.duration, t.worked)
        .where(t.model == model, t.state == DONE, t.worked > 0.5, t.duration > 5)
        .order_by(t.finished.desc())
        .limit(20)
        .subquery()
    )
    with database().connect() as connection:
        audio, work = connection.execute(sa.select(sa.func.sum(recent.c.duration), sa.func.sum(recent.c.worked))).one()
    return audio / work if work else default
