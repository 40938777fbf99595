"""Store a job's submission to the provider: whether it was sent, the API key, the provider's id and response."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from stt import errors
from stt.db import queries
from stt.db.engine import database, lock_sqlite
from stt.db.tables import transcriptions, transcripts
from stt.errors import AnswerUnreadable, ProviderError, ResultExpired, SubmissionUncertain
from stt.store.records import Job
from stt.transcript.model import Transcript

_t = transcriptions.c
BILLED = (SubmissionUncertain, AnswerUnreadable, ResultExpired)  # errors of jobs that the provider may have completed


def sealed_key(generation_id: str) -> str | None:
    return queries.value(sa.select(_t.sealed_key).where(_t.id == generation_id))


def mark_submitted(job: Job) -> bool:
    """Note that the create request of this attempt is about to be sent; return False if that is noted already."""
    new = sa.and_(_t.id == job.id, sa.or_(_t.sent.is_(None), _t.sent != job.attempt))
    return queries.write(transcriptions.update().where(new).values(sent=job.attempt)) == 1


def unmark_submitted(job: Job) -> None:
    """Note that the provider has certainly not accepted the create request of this attempt."""
    mine = sa.and_(_t.id == job.id, _t.sent == job.attempt)
    queries.write(transcriptions.update().where(mine).values(sent=None))


def was_submitted(job: Job) -> bool:
    return queries.value(sa.select(_t.sent).where(_t.id == job.id)) == job.attempt


def may_be_billed(job: Job) -> bool:
    """Return whether the provider has or may have accepted a job, and has not reported that the job failed."""
    if provider_id(job.id) is not None:
        return True
    error = errors.from_dict(job.error) if job.error else None
    refused = isinstance(error, ProviderError) and not isinstance(error, BILLED)
    return was_submitted(job) and not refused


def provider_id(generation_id: str) -> str | None:
    """Return the provider's id of a job whose result may still be available; None if there is no such id."""
    return queries.value(sa.select(_t.remote_id).where(_t.id == generation_id))


def save_provider_id(generation_id: str, remote_id: str | None) -> None:
    """Save the provider's id of a job, even of a cancelled job, because a retry can then fetch the paid result."""
    this = transcriptions.update().where(_t.id == generation_id)
    queries.write(this.values(remote_id=remote_id))


def save_raw(generation_id: str, raw: Any) -> None:
    """Save a paid response of the provider that has no usable transcript, unless the job was deleted."""
    empty, mine = Transcript(), _t.id == generation_id
    with database().begin() as connection:
        lock_sqlite(connection)
        if connection.execute(sa.select(_t.id).where(mine).with_for_update()).first() is None:
            return
        connection.execute(transcripts.delete().where(transcripts.c.id == generation_id))
        connection.execute(transcripts.insert().values(id=generation_id, transcript=empty.to_dict(), text="", raw=raw))


def raw_response(generation_id: str) -> Any:
    """Return the provider's response as it was received, or None if there is none."""
    return queries.value(sa.select(transcripts.c.raw).where(transcripts.c.id == generation_id))


def has_raw(generation_id: str) -> bool:
    """Return whether a job has a raw response of the provider, without reading the response."""
    raw = sa.cast(transcripts.c.raw, sa.Text)
    query = sa.select(sa.exists().where(transcripts.c.id == generation_id, raw.is_not(None), raw != "null"))
    return bool(queries.value(query))
