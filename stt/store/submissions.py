"""What is kept of a job at the provider: whether its create was sent, its id there, its own answer, the visitor's
key.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from stt.db.engine import database
from stt.db.tables import transcriptions, transcripts
from stt.store.records import Job
from stt.transcript.model import Transcript


def sealed_key(generation_id: str) -> str | None:
    with database().connect() as connection:
        return connection.execute(
            sa.select(transcriptions.c.sealed_key).where(transcriptions.c.id == generation_id)
        ).scalar()


def mark_sent(job: Job) -> bool:
    """Note that the create of this attempt may reach the provider from now on; False if that was noted before."""
    t = transcriptions.c
    new = sa.and_(t.id == job.id, sa.or_(t.sent.is_(None), t.sent != job.attempt))
    with database().begin() as connection:
        return connection.execute(transcriptions.update().where(new).values(sent=job.attempt)).rowcount == 1


def mark_unsent(job: Job) -> None:
    """Note that the provider has surely not taken this attempt's create."""
    t = transcriptions.c
    with database().begin() as connection:
        mine = sa.and_(t.id == job.id, t.sent == job.attempt)
        connection.execute(transcriptions.update().where(mine).values(sent=None))


def was_sent(job: Job) -> bool:
    t = transcriptions.c
    with database().connect() as connection:
        return connection.execute(sa.select(t.sent).where(t.id == job.id)).scalar() == job.attempt


def id_of(generation_id: str) -> str | None:
    """The provider's id of an earlier attempt whose result may still be had."""
    with database().connect() as connection:
        return connection.execute(
            sa.select(transcriptions.c.remote_id).where(transcriptions.c.id == generation_id)
        ).scalar()


def keep_id(generation_id: str, remote_id: str | None) -> None:
    """Remember the provider's id, also of a job that was cancelled meanwhile: a retry then fetches what is paid for."""
    this = transcriptions.update().where(transcriptions.c.id == generation_id)
    with database().begin() as connection:
        connection.execute(this.values(remote_id=remote_id))


def keep_raw(generation_id: str, raw: Any) -> None:
    """Keep an answer of the provider that holds no transcript, so that nothing paid for is lost, unless it was
    deleted.
    """
    empty, mine = Transcript(), transcriptions.c.id == generation_id
    with database().begin() as connection:
        connection.execute(transcripts.delete().where(transcripts.c.id == generation_id))
        if connection.execute(sa.select(transcriptions.c.id).where(mine).with_for_update()).first() is None:
            return
        connection.execute(transcripts.insert().values(id=generation_id, transcript=empty.to_dict(), text="", raw=raw))


def raw_of(generation_id: str) -> Any:
    """The provider's own answer, or None."""
    with database().connect() as connection:
        return connection.execute(sa.select(transcripts.c.raw).where(transcripts.c.id == generation_id)).scalar()


def has_raw(generation_id: str) -> bool:
    """Whether there is an answer of the provider, without reading it."""
    raw = sa.cast(transcripts.c.raw, sa.Text)
    query = sa.select(sa.exists().where(transcripts.c.id == generation_id, raw.is_not(None), raw != "null"))
    with database().connect() as connection:
        return bool(connection.execute(query).scalar())
