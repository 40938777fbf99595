"""Store the finished chunks of a job, its text so far, and the transcript.

The text so far consists of the finished chunks and of `partial`, the segments of the current chunk.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from stt.db import queries
from stt.db.engine import database, snapshot
from stt.db.tables import chunks, transcriptions, transcripts
from stt.errors import NotFound
from stt.store import records
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript, joined


def save_chunk(
    job: Job,
    number: int,
    start: float,
    end: float,
    segments: list[dict[str, Any]],
    notes: dict[str, Any],
    *,
    seconds_done: float,
) -> None:
    """Save a finished chunk and the job's progress. `seconds_done` also counts the prefetched audio of the next chunk.

    Nothing is saved if the chunk was saved before, or if this worker no longer holds the lease.
    """
    done = sa.exists().where(chunks.c.id == job.id, chunks.c.number == number)
    progress = {"seconds_done": seconds_done, "partial": None, "worked": notes["worked"]}
    with database().begin() as connection:
        where = sa.and_(records.owned_by(job), ~done)
        if connection.execute(transcriptions.update().where(where).values(progress)).rowcount == 1:
            row = dict(id=job.id, number=number, start=start, end=end, segments=segments, notes=notes)
            connection.execute(chunks.insert().values(row))


def chunk(generation_id: str, number: int) -> dict[str, Any] | None:
    """Return a finished chunk as a dictionary with number, start, end, segments and notes; None if it is unfinished."""
    query = chunks.select().where(chunks.c.id == generation_id, chunks.c.number == number)
    row = queries.one(query)
    return row._asdict() if row else None


def chunks_of(generation_id: str) -> list[dict[str, Any]]:
    """Return the finished chunks in order, as dictionaries with number, start, end, segments and notes."""
    return [row._asdict() for row in queries.rows(_chunks_query(generation_id))]


def _chunks_query(generation_id: str) -> sa.Select[Any]:
    return chunks.select().where(chunks.c.id == generation_id).order_by(chunks.c.number)


def last_chunk(generation_id: str) -> dict[str, Any] | None:
    """Return number, end and notes of the last finished chunk, or None if there is none."""
    query = (
        sa.select(chunks.c.number, chunks.c.end, chunks.c.notes)
        .where(chunks.c.id == generation_id)
        .order_by(chunks.c.number.desc())
        .limit(1)
    )
    row = queries.one(query)
    return row._asdict() if row else None


def text_so_far(generation_id: str, last: int | None = None) -> str:
    """Return the text so far of a job. If `last` is given, only the newest `last` chunks are included."""
    query = sa.select(chunks.c.segments).where(chunks.c.id == generation_id).order_by(chunks.c.number.desc())
    if last is not None:
        query = query.limit(last)
    text_query = sa.select(transcripts.c.text).where(transcripts.c.id == generation_id)
    with snapshot() as connection:  # otherwise a chunk that is finished meanwhile might be missing
        # The text of an imported transcript is stored from the start. If its job has chunks, they are a decoding that
        # only the alignment uses.
        if (text := connection.execute(text_query).scalar()) is not None:
            return str(text)
        rows = [row.segments for row in connection.execute(query)][::-1]
        partial = connection.execute(
            sa.select(transcriptions.c.partial).where(transcriptions.c.id == generation_id)
        ).scalar()
    return joined(segment["text"] for row in [*rows, partial or []] for segment in row)


def transcript_of(generation_id: str) -> Transcript:
    """Return the finished transcript, or the transcript so far of an unfinished job.

    Raises NotFound if there is no such job, for example because it was deleted after the caller had loaded it.
    """
    with snapshot() as connection:  # otherwise a chunk that is finished meanwhile might be there twice
        saved = connection.execute(
            sa.select(transcripts.c.transcript).where(transcripts.c.id == generation_id)
        ).scalar()
        if saved is not None:
            return Transcript.from_dict(saved)
        row = connection.execute(
            sa.select(transcriptions.c.partial, transcriptions.c.duration).where(transcriptions.c.id == generation_id)
        ).first()
        rows = [row._asdict() for row in connection.execute(_chunks_query(generation_id))]
    if row is None:
        raise NotFound("There is no such transcript.")
    return _joined_chunks(rows, *row)


def beginning(generation_id: str, characters: int) -> str:
    """Return the first characters of the text of a finished transcript, without reading the rest."""
    first = sa.func.substr(transcripts.c.text, 1, characters)
    return queries.value(sa.select(first).where(transcripts.c.id == generation_id)) or ""


def assembled(generation_id: str) -> Transcript:
    """Join the segments of all finished chunks into a transcript, which ends with the last one."""
    return _joined_chunks(chunks_of(generation_id))


def _joined_chunks(
    rows: list[dict[str, Any]], partial: list[dict[str, Any]] | None = None, duration: float | None = None
) -> Transcript:
    """Join the segments of finished chunks, and `partial`, the segments of the current chunk, into a transcript.

    The transcript's duration is `duration`, or the end of the last finished chunk if that is later.
    """
    notes = [row["notes"] for row in rows]
    named = [n for n in notes if n.get("language")]
    data = [segment for row in rows for segment in row["segments"]] + list(partial or [])
    reached = rows[-1]["end"] if rows else 0.0
    found = Transcript.from_dict({"segments": data})
    # Segments that older versions stored have no language, but the notes of their chunks have one.
    language = next(iter(found.languages), named[0]["language"] if named else None)
    return Transcript.from_dict(
        {
            "segments": data,
            "duration": max(duration or 0.0, reached),
            "language": language,
            "language_probability": next(
                (n.get("language_probability") for n in named if n["language"] == language), None
            ),
            "lost": [lost for n in notes for lost in n.get("lost", ())],
        }
    )


def segment_rows(segments: list[Segment]) -> list[dict[str, Any]]:
    """Return segments as plain dictionaries in the form in which the database stores them."""
    rows: list[dict[str, Any]] = Transcript(segments=tuple(segments)).to_dict()["segments"]
    return rows
