"""Store the record of each transcription: its request, progress and result."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import database, lock_sqlite
from stt.db.tables import chunks, corrections, transcriptions, transcripts
from stt.errors import NotFound, SttError
from stt.kinds import DONE, FAILED, OPEN, QUEUED, WORKING
from stt.transcript import titles
from stt.transcript.model import Transcript

# Weight of the server's usual speed in the estimate of a job's speed: the usual speed counts like this many seconds of
# work. At the start of a job, its measured speed varies too much to be used alone.
PRIOR_WEIGHT = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """One transcription. Times are seconds since 1970; `duration` and `seconds_done` are seconds of audio.

    `worked` is seconds of computing; `confidence` 0 to 1; `cost` in US dollars.
    """

    id: str
    owner: str
    title: str
    model: str
    engine: str
    options: dict[str, Any]
    state: str
    priority: int
    created: float
    queued: float
    recording_id: str | None = None
    url: str | None = None
    stage: str | None = None
    attempt: int = 1
    started: float | None = None
    finished: float | None = None
    worked: float = 0.0
    expected: float | None = None
    duration: float | None = None
    seconds_done: float = 0.0
    language: str | None = None
    words: int | None = None
    confidence: float | None = None
    cost: float | None = None
    error: dict[str, str] | None = None
    provenance: dict[str, Any] | None = None
    claim: int | None = None  # fencing token of the worker that holds the lease (see `acquire_lease`)
    own_key: bool | None = None  # whether the visitor's key pays the provider; None in records of older versions
    dated: float | None = None  # date at which the recording was made, seconds since 1970
    dated_by: str | None = None  # kind of that date (see `stt.files.dates`)

    @property
    def pending(self) -> bool:
        """Return whether the job is queued or working."""
        return self.state in OPEN

    @property
    def fraction(self) -> float | None:
        """Return the share of audio that is done, 0 to 1.

        Return None for an unfinished job that runs at a provider or whose length is unknown.
        """
        if self.state == DONE:
            return 1.0
        if not self.duration or self.engine == "provider":
            return None
        return min(1.0, self.seconds_done / self.duration)

    def seconds_left(self, usual: float) -> float | None:
        """Estimate the seconds of work that are left; None if the length is unknown. `usual` is as in `speed`."""
        if not self.duration:
            return None
        return max(0.0, self.duration - self.seconds_done) / max(self.speed(usual), 0.01)

    def speed(self, usual: float) -> float:
        """Estimate the job's speed in seconds of audio per second of work.

        At first this is `usual`, the usual speed of this server; later it is mostly the speed of this job.
        """
        return (self.seconds_done + usual * PRIOR_WEIGHT) / (self.worked + PRIOR_WEIGHT)


_t = transcriptions.c
_COLUMNS = [_t[field.name] for field in fields(Job)]


def load(generation_id: str, owner: str | None) -> Job:
    """Return the job if `owner` owns it; `owner=None` skips that check. Raises NotFound if there is no such job."""
    query = sa.select(*_COLUMNS).where(_t.id == generation_id)
    if owner is not None:
        query = query.where(_t.owner == owner)
    row = queries.one(query) if _is_valid(generation_id) else None
    if row is None:
        raise NotFound("There is no such transcript.")
    return Job(*row)


def _is_valid(generation_id: str) -> bool:
    """Return whether a database accepts the text as an id: PostgreSQL rejects NUL, and both reject half a surrogate."""
    return generation_id.isprintable()


def jobs_of(
    owner: str, *, ids: list[str] | None = None, states: tuple[str, ...] | None = None, limit: int | None = None
) -> list[Job]:
    """Return the owner's jobs, newest first.

    `ids` and `states`, if given, select the jobs to return; `limit` is the maximum number of jobs.
    """
    ids = None if ids is None else [one for one in ids if _is_valid(one)]
    if ids is not None and not ids:  # SQLAlchemy fails on an empty list while another thread imports its ORM
        return []
    query = sa.select(*_COLUMNS).where(_t.owner == owner).order_by(_t.created.desc())
    if limit is not None:
        query = query.limit(limit)
    if ids is not None:
        query = query.where(_t.id.in_(ids))
    if states is not None:
        query = query.where(_t.state.in_(states))
    return [Job(*row) for row in queries.rows(query)]


def open_jobs(*where: sa.ColumnElement[bool]) -> list[Job]:
    """Return all owners' queued and working jobs that match `where`, oldest first."""
    query = sa.select(*_COLUMNS).where(_t.state.in_(OPEN), *where).order_by(_t.queued)
    return [Job(*row) for row in queries.rows(query)]


def is_open(job: Job) -> bool:
    """Return whether this attempt is still queued or working, and was not queued by another request."""
    this = sa.and_(_attempt(job), _t.queued == job.queued)
    return bool(queries.value(sa.select(sa.exists().where(this, _t.state.in_(OPEN)))))


def lock(connection: sa.Connection, generation_id: str) -> None:
    """Lock the row of a job, if it exists, until the transaction of `connection` ends.

    A transaction that changes rows of a job in several tables must first lock the job's row, by this function or by a
    change of this row. Otherwise, on PostgreSQL, it and a deletion of the job may wait for each other.
    """
    lock_sqlite(connection)
    connection.execute(sa.select(_t.id).where(_t.id == generation_id).with_for_update(key_share=True))


def insert(
    job: Job,
    sealed_key: str | None = None,
    *,
    maker: str | None = None,
    also: Callable[[sa.Connection], None] = lambda _connection: None,
) -> None:
    """Insert a job, which the process `maker` queues afterwards. `also` runs in the transaction of the insert."""
    row = {field.name: getattr(job, field.name) for field in fields(Job)}
    with database().begin() as connection:
        connection.execute(transcriptions.insert().values(**row, sealed_key=sealed_key, maker=maker))
        also(connection)


def delete_unqueued(job: Job, also: Callable[[sa.Connection], None] | None) -> None:
    """Delete a job that could not be queued; `also` runs in the same transaction. Safe to repeat."""
    with database().begin() as connection:
        if also is not None:
            also(connection)
        for table in (transcriptions, transcripts, chunks):
            connection.execute(table.delete().where(table.c.id == job.id))


def creators(ids: list[str]) -> dict[str, str | None]:
    """Return the names of the processes that queue the jobs, keyed by job id.

    The name is None for a job of an older version of the app, which recorded no process.
    """
    return {row.id: row.maker for row in queries.rows(sa.select(_t.id, _t.maker).where(_t.id.in_(ids)))}


def begin(generation_id: str, attempt: int) -> bool:
    """Mark an attempt of a job as working; return False if the attempt is no longer queued or working."""
    begun = transcriptions.update().where(_t.id == generation_id, _t.attempt == attempt, _t.state.in_(OPEN))
    return queries.write(begun.values(state=WORKING, started=time.time())) == 1


def requeue(job: Job, **values: Any) -> bool:
    """Mark an ended job as queued again. `values` are more columns to set, such as the number of the new attempt.

    Return False if the state or the attempt of the job has changed since `job` was read.
    """
    return _update(job, (job.state,), state=QUEUED, error=None, finished=None, partial=None, claim=None, **values)


def undo_requeue(job: Job, before: Job) -> None:
    """Restore the state, error and end time from `before`, the job before a retry that could not be queued."""
    _update(job, OPEN, state=before.state, error=before.error, finished=before.finished, sealed_key=None)


def _update(job: Job, states: tuple[str, ...], **values: Any) -> bool:
    """Update this attempt if its state is one of `states`; return whether it was updated."""
    return queries.write(transcriptions.update().where(_attempt(job), _t.state.in_(states)).values(**values)) == 1


def _attempt(job: Job) -> sa.ColumnElement[bool]:
    """Return the SQL condition that no attempt of the job is newer than the attempt of `job`."""
    return sa.and_(_t.id == job.id, _t.attempt == job.attempt)


def recent_durations(model: str) -> list[tuple[float, float]]:
    """Return (seconds of audio, seconds until the result) of a model's last 50 finished jobs."""
    query = (
        sa.select(_t.duration, _t.worked)
        .where(_t.model == model, _t.state == DONE, _t.duration > 0, _t.worked > 0)
        .order_by(_t.finished.desc())
        .limit(50)
    )
    return [(row.duration, row.worked) for row in queries.rows(query)]


def transition(generation_id: str, expected: tuple[str, ...], state: str, **values: Any) -> bool:
    """Change the state of a job to `state`, if the old state is one of `expected`; return whether it was changed."""
    if state not in OPEN:
        values["sealed_key"] = None  # an ended job no longer needs the visitor's key
    changed = transcriptions.update().where(_t.id == generation_id, _t.state.in_(expected))
    return queries.write(changed.values(state=state, **values)) == 1


def acquire_lease(job: Job, number: int) -> bool:
    """Give the lease to the worker that dequeued the job at time `number`; return False if a newer lease exists.

    `number`, in milliseconds since 1970, is a fencing token: writes of a worker with an older token are ignored. If a
    worker was considered dead but resumes later, another worker has continued the job, and has a newer token.
    """
    is_newer = sa.or_(_t.claim.is_(None), _t.claim <= number)
    return queries.write(transcriptions.update().where(_attempt(job), is_newer).values(claim=number)) == 1


def release_lease(job: Job) -> None:
    """Clear the lease, so that a worker can acquire it even with an older token."""
    queries.write(transcriptions.update().where(_attempt(job)).values(claim=None))


def owned_by(job: Job) -> sa.ColumnElement[bool]:
    """Return the SQL condition that this attempt is working and that the fencing token of `job` is the newest."""
    working = sa.and_(_attempt(job), _t.state == WORKING)
    return working if job.claim is None else sa.and_(working, _t.claim == job.claim)


def update_progress(job: Job, within: sa.Connection | None = None, **values: Any) -> bool:
    """Record progress (`seconds_done`, `partial`, `stage` …), unless the job has ended or another worker has the lease.

    Return whether progress was recorded. `within`, if given, is a connection whose open transaction is used.
    """
    with database().begin() if within is None else nullcontext(within) as connection:
        return connection.execute(transcriptions.update().where(owned_by(job)).values(**values)).rowcount == 1


def retitle(
    connection: sa.Connection, generation_id: str, was: str, title: str, *where: sa.ColumnElement[bool]
) -> bool:
    """Change a title from `was` to `title`. Return False if the title is another one, or `where` is not fulfilled."""
    same = sa.and_(_t.id == generation_id, _t.title.in_([was, title]), *where)
    values = {"title": title, "title_key": titles.key(title)}
    return connection.execute(transcriptions.update().where(same).values(values)).rowcount == 1


def is_current(job: Job) -> bool:
    """Return whether the worker may continue: the job was not cancelled, deleted, retried or reassigned."""
    return bool(queries.value(sa.select(sa.exists().where(owned_by(job)))))


def finish(
    job: Job, transcript: Transcript, *, corrected: Transcript | None = None, raw: Any = None, **values: Any
) -> bool:
    """Save the transcript and mark the job as done, in one transaction.

    `corrected`, if given, is the transcript in which the job's vocabulary has replaced words; it is saved as a
    correction. `raw` is the provider's response. Return False if the job was cancelled, deleted or reassigned, or had
    finished before.
    """
    shown = corrected or transcript
    done = {
        "state": DONE,
        "stage": None,
        "partial": None,
        "sealed_key": None,
        "finished": time.time(),
        "duration": transcript.duration,
        "seconds_done": transcript.duration,
        "language": transcript.language,
        "words": shown.word_count,
        "confidence": shown.confidence,
        **values,
    }
    with database().begin() as connection:
        if connection.execute(transcriptions.update().where(owned_by(job)).values(**done)).rowcount != 1:
            return False
        connection.execute(transcripts.delete().where(transcripts.c.id == job.id))
        connection.execute(transcripts.insert().values(id=job.id, transcript=shown.to_dict(), text=shown.text, raw=raw))
        if corrected is not None:
            row = {"id": job.id, "version": 1, "changed": done["finished"], "machine": transcript.to_dict()}
            connection.execute(corrections.insert().values(row))
        connection.execute(chunks.delete().where(chunks.c.id == job.id))
        return True


def fail(job: Job, error: SttError) -> bool:
    """Mark the job as failed; return False if it was cancelled, deleted or reassigned."""
    failed = {"state": FAILED, "error": error.to_dict(), "finished": time.time(), "stage": None, "sealed_key": None}
    return queries.write(transcriptions.update().where(owned_by(job)).values(failed)) == 1


def usual_speed(model: str, default: float) -> float:
    """Return the seconds of audio that a model transcribes per second of work, or `default` if nothing was measured.

    The speed is measured in the model's last 20 finished jobs with more than 5 s of audio and 0.5 s of work.
    """
    recent = (
        sa.select(_t.duration, _t.worked)
        .where(_t.model == model, _t.state == DONE, _t.worked > 0.5, _t.duration > 5)
        .order_by(_t.finished.desc())
        .limit(20)
        .subquery()
    )
    audio, work = queries.single(sa.select(sa.func.sum(recent.c.duration), sa.func.sum(recent.c.worked)))
    return audio / work if work else default


def last_used(models: list[str]) -> dict[str, float]:
    """Return the time of the last finished job of each model. A model without finished jobs is left out."""
    query = (
        sa.select(_t.model, sa.func.max(_t.finished)).where(_t.model.in_(models), _t.state == DONE).group_by(_t.model)
    )
    return {model: at for model, at in queries.rows(query) if at is not None}
