"""Store what is known about the speakers of a transcript: the state of the search, its result, and people's changes.

Each transcript has one row; the row's `attempt` rises with every search. The analysis of the sound is stored with the
recording's track, so that another search, or a search in another version of the transcript, can reuse it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from stt.audio import tracks
from stt.background import attempts
from stt.background.attempts import CANCELLED, DONE, NONE, OPEN, QUEUED
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import analyses, corrections, diarizations, transcripts
from stt.kinds import ON_DEVICE
from stt.speakers import Diarization, label
from stt.store.records import Job
from stt.transcript.model import Transcript

AUTOMATIC = "auto"
BEGINS = 300.0  # seconds after a job's end during which a requested search that has not begun is still expected
_d = diarizations.c


@dataclass(frozen=True, slots=True)
class Search:
    """Hold the progress of a search. `percent` is 0 to 100; `requested` and `found` are numbers of speakers.

    `requested` is None if the search estimates the number. `stage` describes a step other than the analysis, as text;
    `error` is what `SttError.to_dict` returns.
    """

    state: str
    percent: int = 0
    stage: str | None = None
    error: dict[str, str] | None = None
    requested: int | None = None
    found: int | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_fewer(self) -> bool:
        """Return whether the search found fewer speakers than requested."""
        return self.requested is not None and self.found is not None and self.found < self.requested


@dataclass(frozen=True, slots=True)
class Attempt(attempts.Attempt):
    """One search for the speakers of a transcript. `requested` is the requested number of speakers."""

    table = diarizations
    kind = "speakers"

    requested: int | None = None


def wants_speakers(options: dict[str, Any]) -> bool:
    """Return whether a job with these options requests a search for speakers."""
    return bool(options.get("speakers")) and not has_speaker_channels(options)


def has_speaker_channels(options: dict[str, Any]) -> bool:
    """Return whether a job with these options treats each channel or each track as a speaker."""
    return bool(options.get("channels_are_speakers")) or options.get("track") == tracks.ALL


def number_of(options: dict[str, Any]) -> int | None:
    """Return the number of speakers that the options give, or None if it is to be estimated."""
    given = str(options.get("speakers") or AUTOMATIC)
    return int(given) if given.isdigit() else None


def is_awaited(job: Job, search: Search | None) -> bool:
    """Return whether a finished job requests a search for speakers that has not ended yet."""
    if not wants_speakers(job.options) or job.engine != ON_DEVICE:
        return False
    if search is None:  # the search begins soon after the job's end
        return job.finished is not None and time.time() - job.finished < BEGINS
    return search.is_open


def names_of(count: int) -> list[str]:
    """Return the initial names of `count` speakers: "Speaker 1" and so on."""
    return [f"Speaker {number}" for number in range(1, count + 1)]


def search_of(generation_id: str) -> Search | None:
    """Return the state of the transcript's newest search, or None if there was no search."""
    query = sa.select(_d.state, _d.percent, _d.stage, _d.error, _d.requested, _d.names).where(_d.id == generation_id)
    row = queries.one(query)
    if row is None or row.state == NONE:
        return None
    found = len(set(row.names)) if row.names is not None and row.state == DONE else None
    return Search(row.state, row.percent, row.stage, row.error, row.requested, found)


def revision(connection: sa.Connection, generation_id: str, *, hold: bool = False) -> int:
    """Return the number of searches that have added speakers to a transcript.

    `hold` locks the row, so that no other transaction can add speakers until this transaction ends.
    """
    query = sa.select(_d.revision).where(_d.id == generation_id)
    return int(connection.execute(query.with_for_update() if hold else query).scalar() or 0)


def next_attempt(generation_id: str, requested: int | None, *, first: bool = False) -> Attempt | None:
    """Record a new search and return it. If a search is open already, return the open search instead.

    With `first`, return None if an earlier search has ended.
    """
    values = {"state": QUEUED, "percent": 0, "stage": None, "tries": 0, "requested": requested, "error": None}
    with database().begin() as connection:
        ensure_row(connection, generation_id)
        row = connection.execute(_locked(generation_id)).one()
        if row.state in OPEN:
            return Attempt(generation_id, row.attempt, row.requested)
        if first and row.state != NONE:
            return None
        new = Attempt(generation_id, row.attempt + 1, requested)
        changed = diarizations.update().where(_d.id == generation_id)
        connection.execute(changed.values(**values, attempt=new.attempt, at=time.time()))
    return new


def ensure_row(connection: sa.Connection, generation_id: str) -> None:
    """Add the row of a transcript unless the row exists. Raises IntegrityError if the transcript does not exist."""
    row = {"id": generation_id, "state": NONE, "percent": 0, "attempt": 0, "tries": 0, "revision": 0, "at": time.time()}
    queries.insert_missing(connection, diarizations, row)


def _locked(generation_id: str) -> sa.Select[Any]:
    return sa.select(diarizations).where(_d.id == generation_id).with_for_update()


def cancel(generation_id: str) -> None:
    """Cancel an open search; the transcript keeps the speakers that it has."""
    this = sa.and_(_d.id == generation_id, _d.state.in_(OPEN))
    queries.write(diarizations.update().where(this).values(state=CANCELLED, stage=None, at=time.time()))


def open_attempts() -> list[Attempt]:
    query = sa.select(_d.id, _d.attempt, _d.requested).where(_d.state.in_(OPEN))
    return [Attempt(row.id, row.attempt, row.requested) for row in queries.rows(query)]


def finish(attempt: Attempt, found: Diarization) -> bool:
    """Save the result and add the speakers to the transcript. Return False if the attempt is no longer open.

    Both the corrected transcript and the engine's original transcript get the speakers. If there is only one speaker,
    the transcripts get no speaker names.
    """
    names = names_of(len(found.speakers))
    with database().begin() as connection:
        row = connection.execute(_locked(attempt.id)).first()
        if row is None or row.attempt != attempt.attempt or row.state not in OPEN:
            return False
        t, c = transcripts.c, corrections.c
        stored = connection.execute(sa.select(t.transcript).where(t.id == attempt.id)).scalar()
        if stored is None:
            return False
        connection.execute(
            transcripts.update().where(t.id == attempt.id).values(transcript=labelled(stored, found, names))
        )
        corrected = connection.execute(sa.select(c.machine, c.aside).where(c.id == attempt.id)).first()
        if corrected is not None:
            both = {"machine": labelled(corrected.machine, found, names)}
            if corrected.aside is not None:
                both["aside"] = labelled(corrected.aside, found, names)
            connection.execute(corrections.update().where(c.id == attempt.id).values(**both))
        values = {
            "state": DONE,
            "percent": 100,
            "stage": None,
            "error": None,
            "at": time.time(),
            "revision": row.revision + 1,
            "result": found.to_dict(),
            "names": names,
            "placed": None,
            "refused": None,
            "undo": None,
        }
        connection.execute(diarizations.update().where(_d.id == attempt.id).values(**values))
    return True


def labelled(stored: dict[str, Any], found: Diarization, names: list[str]) -> dict[str, Any]:
    """Return the `stored` transcript with the speakers `found`, called `names`. A single speaker gets no name."""
    transcript = Transcript.from_dict(stored)
    several = len(names) > 1
    segments = label(transcript.segments, found, names if several else [""] * len(names))
    rows = Transcript(segments=segments).to_dict()["segments"]
    if not several:
        for segment in rows:
            segment["speaker"] = None
            for word in segment["words"]:
                word["speaker"] = None
    return {**stored, "segments": rows}


def save_analysis(recording_id: str, track: str, number: int, analysis: dict[str, Any], last: bool) -> None:
    """Save the analysis of a chunk, unless it is saved already. Raises IntegrityError if the recording was deleted."""
    row = {"id": recording_id, "track": track, "number": number, "analysis": analysis, "last": last}
    with database().begin() as connection:
        queries.insert_missing(connection, analyses, row)


def analyses_of(recording_id: str, track: str) -> list[dict[str, Any]]:
    """Return the analyses of the track's chunks in order."""
    a = analyses.c
    query = sa.select(a.analysis).where(a.id == recording_id, a.track == track).order_by(a.number)
    return queries.values(query)


def analysed(recording_id: str, track: str) -> tuple[int, bool]:
    """Return the number of analysed chunks of the track, and whether the whole track has been analysed."""
    a = analyses.c
    query = sa.select(a.number, a.last).where(a.id == recording_id, a.track == track)
    row = queries.one(query.order_by(a.number.desc()).limit(1))
    return (row.number + 1, row.last) if row else (0, False)
