"""All transcripts of an owner: found, listed, deleted."""

from __future__ import annotations

from dataclasses import fields

import sqlalchemy as sa

from stt import recordings, records
from stt.database import database, stretches, transcriptions, transcripts
from stt.records import Job


def find(
    owner: str, *, text: str = "", models: list[str] | None = None, states: list[str] | None = None
) -> list[Job]:
    """The owner's transcriptions, newest first: those with `text` in the title or the words, of `models`, in `states`."""
    t = transcriptions.c
    query = (
        sa.select(*(t[field.name] for field in fields(Job)))
        .outerjoin(transcripts, transcripts.c.id == t.id)
        .where(t.owner == owner)
        .order_by(t.created.desc())
    )
    if text.strip():
        pattern = "%" + _escaped(text.strip()) + "%"
        query = query.where(t.title.ilike(pattern, escape="\\") | transcripts.c.text.ilike(pattern, escape="\\"))
    if models:
        query = query.where(t.model.in_(models))
    if states:
        query = query.where(t.state.in_(states))
    with database().connect() as connection:
        return [Job(**row) for row in connection.execute(query).mappings()]


def models_of(owner: str) -> list[str]:
    """The models that the owner has used."""
    query = sa.select(transcriptions.c.model).where(transcriptions.c.owner == owner).distinct()
    with database().connect() as connection:
        return sorted(connection.execute(query).scalars())


def delete(generation_id: str, owner: str) -> None:
    """Delete a transcription, and its recording unless another one still uses it. Raises NotFound.

    Work that is going on stops within two seconds.
    """
    job = records.load(generation_id, owner)
    with database().begin() as connection:
        for table in (transcriptions, transcripts, stretches):
            connection.execute(table.delete().where(table.c.id == generation_id))
        used = sa.select(sa.func.count()).where(transcriptions.c.recording_id == job.recording_id)
        still_used = job.recording_id is not None and connection.execute(used).scalar_one()
    if job.recording_id and not still_used:
        recordings.remove(job.recording_id, owner)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
