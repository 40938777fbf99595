"""Correct speakers and title of a finished transcript, or restore its original. For texts, see `stt.editing`.

The table `transcripts` always holds the transcript that users see, so reading, search, exports and counts need no other
table. The first correction also stores the engine's original in the table `corrections`. Every correction of a
transcript names the revision that it is based on: if two tabs save changes of the same revision, the second save raises
Conflict. A correction of a title names the old title instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from stt.background.diarization import results
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import corrections, transcriptions, transcripts
from stt.editing import revisions, texts
from stt.errors import BadOption, Conflict, NotFound
from stt.store import records
from stt.store import transcripts as spoken
from stt.transcript import titles
from stt.transcript.model import Transcript

LONGEST_TITLE = titles.MAX_LENGTH
LONGEST_NAME = texts.LONGEST_NAME


@dataclass(frozen=True, slots=True)
class State:
    """The correction state of a transcript.

    `version` is the revision: it begins at 0, and rises with every correction, `restore` and `reapply`, and whenever a
    search for speakers adds speakers. `changed` is the time of the last correction, `restore` or `reapply`, in seconds
    since 1970. `corrected` is true if there are corrections and they are not set aside. `put_aside` is true from a
    `restore` until a `reapply` or another correction.
    """

    version: int = 0
    changed: float | None = None
    corrected: bool = False
    put_aside: bool = False


def state(generation_id: str, owner: str) -> State:
    """Return the correction state of a transcript. Raises NotFound if the owner has no such transcript.

    Call this before reading the transcript: if the transcript changes in between, saving a correction then raises
    Conflict, because the revision is outdated.
    """
    records.load(generation_id, owner)
    c = corrections.c
    query = sa.select(c.version, c.changed, c.aside.is_not(None).label("aside")).where(c.id == generation_id)
    with database().connect() as connection:
        revision = results.revision(connection, generation_id)
        row = connection.execute(query).first()
    return State(revision + row.version, row.changed, not row.aside, row.aside) if row else State(revision)


def with_speaker(transcript: Transcript, old: str, new: str) -> Transcript:
    """Return the transcript with speaker `old` renamed to `new`, also in its insights (`extras`).

    If a speaker `new` exists already, `old` is merged into `new`.
    """

    def named(speaker: str | None) -> str | None:
        return new if speaker == old else speaker

    segments = tuple(
        replace(s, speaker=named(s.speaker), words=tuple(replace(w, speaker=named(w.speaker)) for w in s.words))
        for s in transcript.segments
    )
    return replace(transcript, segments=segments, extras=_named(transcript.extras, named))


def _named(extras: dict[str, Any], named: Callable[[str | None], str | None]) -> dict[str, Any]:
    """Return the insights with renamed speakers: the names in the list "speakers", and "speaker" in each row."""

    def renamed(row: Any) -> Any:
        return row | {"speaker": named(row["speaker"])} if isinstance(row, dict) and "speaker" in row else row

    found = {name: list(map(renamed, rows)) if isinstance(rows, list) else rows for name, rows in extras.items()}
    if "speakers" in found:
        found["speakers"] = list(dict.fromkeys(map(named, found["speakers"])))
    return found


def machine(generation_id: str, owner: str) -> Transcript:
    """Return the transcript that the engine produced. Raises NotFound if the owner has no such transcript."""
    records.load(generation_id, owner)
    kept = queries.value(sa.select(corrections.c.machine).where(corrections.c.id == generation_id))
    return Transcript.from_dict(kept) if kept is not None else spoken.transcript_of(generation_id)


def restore(generation_id: str, owner: str, based_on: int) -> int:
    """Restore the engine's transcript and set the corrections aside; return the revision.

    Raises NotFound if the owner has no such finished transcript, Conflict if `based_on` is outdated.
    """
    records.load(generation_id, owner)
    with database().begin() as connection:
        _claim(connection, generation_id, based_on)
        row = connection.execute(corrections.select().where(corrections.c.id == generation_id)).one()
        if row.aside is None:
            _set(connection, generation_id, aside=current(connection, generation_id).to_dict())
        _keep(connection, generation_id, Transcript.from_dict(row.machine))
    return based_on + 1


def reapply(generation_id: str, owner: str, based_on: int) -> int:
    """Bring back the corrections that `restore` set aside; return the revision.

    Raises NotFound if the owner has no such transcript or no corrections are set aside, Conflict if `based_on` is
    outdated.
    """
    records.load(generation_id, owner)
    with database().begin() as connection:
        _claim(connection, generation_id, based_on)
        aside = connection.execute(sa.select(corrections.c.aside).where(corrections.c.id == generation_id)).scalar()
        if aside is None:
            raise NotFound("There are no corrections to restore.", guidance="Reload the page.")
        _set(connection, generation_id, aside=None)
        _keep(connection, generation_id, Transcript.from_dict(aside))
    return based_on + 1


def retitle(generation_id: str, owner: str, title: str, was: str) -> None:
    """Change the title from `was` to `title`.

    Raises NotFound if the owner has no such transcript, BadOption if `title` is empty or too long, Conflict if another
    title was set meanwhile.
    """
    if titles.is_too_long(title):
        raise BadOption(f"A title takes at most {LONGEST_TITLE:,} characters.", guidance="Shorten it.")
    tidy = titles.tidy(title)
    if not tidy:
        raise BadOption("A transcript needs a title.", guidance="Enter one.")
    records.load(generation_id, owner)
    with database().begin() as connection:
        if not records.retitle(connection, generation_id, was, tidy, transcriptions.c.owner == owner):
            raise Conflict("The title was changed in another tab.", guidance="Reload the page to see it.")


def change(
    generation_id: str,
    owner: str,
    based_on: int,
    changed: Callable[[Transcript, sa.Connection], Transcript],
) -> int:
    """Save the transcript that `changed` returns; return the revision, which is still `based_on` if nothing changed.

    `changed` is called in the transaction that saves the transcript, and may change other rows in this transaction.
    They too are only saved if the transcript changed. Raises NotFound if the owner has no such finished transcript,
    Conflict if `based_on` is outdated, and the errors of `changed`.
    """
    records.load(generation_id, owner)
    with database().begin() as connection:
        _claim(connection, generation_id, based_on)
        before = current(connection, generation_id)
        after = changed(before, connection)
        if after == before:
            connection.rollback()
            return based_on
        _set(connection, generation_id, aside=None)
        _keep(connection, generation_id, after)
    return based_on + 1


def _claim(connection: sa.Connection, generation_id: str, based_on: int) -> None:
    """Lock the corrections and increase the revision, before the transcript is read and changed in this transaction.

    Raises Conflict if `based_on` is outdated, NotFound if the transcript is not finished.
    """
    try:
        revisions.lock(connection, generation_id)
    except IntegrityError as error:  # another tab has just made the first correction of this transcript
        raise Conflict("This transcript was changed in another tab.") from error
    if revisions.revision(connection, generation_id) != based_on:
        raise Conflict("This transcript was changed in another tab.")
    _set(connection, generation_id, version=corrections.c.version + 1, changed=time.time())


def current(connection: sa.Connection, generation_id: str) -> Transcript:
    """Return the transcript that users see, read in the transaction of `connection`."""
    query = sa.select(transcripts.c.transcript).where(transcripts.c.id == generation_id)
    return Transcript.from_dict(connection.execute(query).scalar_one())


def _set(connection: sa.Connection, generation_id: str, **values: object) -> None:
    connection.execute(corrections.update().where(corrections.c.id == generation_id).values(**values))


def _keep(connection: sa.Connection, generation_id: str, transcript: Transcript) -> None:
    """Save the changed transcript, its text, its word count and its confidence."""
    new = {"transcript": transcript.to_dict(), "text": transcript.text}
    connection.execute(transcripts.update().where(transcripts.c.id == generation_id).values(**new))
    counts = {"words": transcript.word_count, "confidence": transcript.confidence}
    connection.execute(transcriptions.update().where(transcriptions.c.id == generation_id).values(**counts))
