"""Store the notes on a transcription. Only the owner of the transcription can change its notes."""

from __future__ import annotations

import math
import re
import time
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from stt.db import queries
from stt.db.engine import database
from stt.db.tables import notes, transcriptions
from stt.errors import BadOption, LimitReached, NotFound
from stt.files.json_values import clean
from stt.store import records
from stt.transcript.notes import COLOURS, Note

MOST = 2000  # maximum number of notes on a transcript
LONGEST_TEXT = 5000  # maximum length of a note, characters
LATEST = 1e7  # maximum start and end of a note if the duration of the recording is unknown, seconds
ID = re.compile("[A-Za-z0-9_-]{8,40}")
_n = notes.c


def of(generation_id: str, owner: str | None) -> list[Note]:
    """Return the notes on a transcription, sorted by start time. `owner=None` skips the check of the owner.

    Raises NotFound if there is no such transcription of this owner.
    """
    records.load(generation_id, owner)
    query = sa.select(_n.note, _n.start, _n.end, _n.text, _n.colour).where(_n.id == generation_id)
    return [Note(*row) for row in queries.rows(query.order_by(_n.start, _n.created, _n.note))]


def count(generation_id: str) -> int:
    """Return the number of notes on a transcription."""
    return queries.value(sa.select(sa.func.count()).select_from(notes).where(_n.id == generation_id)) or 0


def put(generation_id: str, owner: str, note: Note) -> Note:
    """Save a note, replacing a note with the same id, and return it as stored.

    Raises NotFound if the owner has no such transcription, BadOption if the note is invalid, LimitReached if the
    transcription would have more than MOST notes.
    """
    note = _checked(note, records.load(generation_id, owner).duration)
    values = {"start": note.start, "end": note.end, "text": note.text, "colour": note.colour}
    own = sa.and_(_n.id == generation_id, _n.note == note.id)
    with database().begin() as connection:
        # This update changes no value. It locks the transcription, so that two requests cannot both add the last
        # allowed note: on SQLite, a transaction takes its lock only when it first writes.
        held = transcriptions.update().where(transcriptions.c.id == generation_id)
        connection.execute(held.values(owner=transcriptions.c.owner))
        if connection.execute(notes.update().where(own).values(**values)).rowcount:
            return note
        known = sa.select(sa.func.count()).select_from(notes).where(_n.id == generation_id)
        if (connection.execute(known).scalar() or 0) >= MOST:
            raise LimitReached(f"A transcript takes at most {MOST:,} notes.", guidance="Delete some first.")
        row = {"id": generation_id, "note": note.id, "created": time.time(), **values}
        try:
            connection.execute(notes.insert().values(**row))
        except IntegrityError as error:  # the transcript was deleted meanwhile
            raise NotFound("There is no such transcript.") from error
    return note


def delete(generation_id: str, owner: str, note_id: str) -> None:
    """Delete a note, if the note exists. Raises NotFound if the owner has no such transcription."""
    records.load(generation_id, owner)
    if ID.fullmatch(note_id):  # PostgreSQL rejects some characters that the path of a request may contain
        queries.write(notes.delete().where(_n.id == generation_id, _n.note == note_id))


def _checked(note: Note, duration: float | None) -> Note:
    """Return a note in the form that is stored: with times rounded to milliseconds and a clean text.

    Raises BadOption if the id, a time, the text or the colour is invalid.
    """
    if not ID.fullmatch(note.id):
        raise BadOption("The id of a note has 8 to 40 letters, digits, - or _.")
    lines = clean(note.text).splitlines()
    text = "\n".join(line.rstrip() for line in lines).strip()
    if len(text) > LONGEST_TEXT:
        raise BadOption(f"A note takes at most {LONGEST_TEXT:,} characters.", guidance="Shorten it.")
    latest = duration or LATEST
    start, end = round(note.start, 3), None if note.end is None else round(note.end, 3)
    if not (math.isfinite(start) and 0 <= start <= latest + 1):
        raise BadOption("This time is outside the recording.", guidance="Choose a time within it.")
    if end is None:
        if not text:
            raise BadOption("A note needs a text.", guidance="Write one, or highlight words.")
        return replace(note, start=start, text=text, colour=None)
    if not (math.isfinite(end) and start < end <= latest + 60):
        raise BadOption("A highlight must end after it starts, within the recording.")
    colour = note.colour or COLOURS[0]
    if colour not in COLOURS:
        raise BadOption("There is no such colour.", guidance=f"Choose from {', '.join(COLOURS)}.")
    return Note(note.id, start, end, text, colour)
