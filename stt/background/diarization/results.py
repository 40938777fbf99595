"""Store the state and the result of the search for the speakers of a transcript.

Each transcript has one row in the table `diarizations`. The number `attempt` in the row rises with every new search.
`stt.library.speakers` stores in the same row how people have changed the speakers. The analysis of the sound is stored
for each track of a recording, so that later searches in any transcript of the recording can reuse the analysis.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from stt import kinds
from stt.audio import tracks
from stt.background import attempts
from stt.background.attempts import CANCELLED, DONE, NONE, OPEN, QUEUED
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import analyses, corrections, diarizations, transcripts
from stt.speakers import Diarization, label
from stt.store import records
from stt.store.records import Job
from stt.transcript.model import Transcript

AUTOMATIC = "auto"
BEGINS = 300.0  # seconds after the end of a job for which the start of its search is still expected
_d = diarizations.c


@dataclass(frozen=True, slots=True)
class Search:
    """Hold the state of a search for speakers. `percent` is its progress from 0 to 100.

    `stage` describes a step other than the analysis, such as a download, as text. `error` is the error of a failed
    search, as `SttError.to_dict` returns it. `requested` and `found` are numbers of speakers. `requested` is None if
    the search estimates the number, and `found` is None until the search is done.
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
    """One search for the speakers of a transcript.

    `requested` is the requested number of speakers, or None if the search estimates the number.
    """

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
    """Return the number of speakers that a job's options request, or None if the search must estimate the number."""
    given = str(options.get("speakers") or AUTOMATIC)
    return int(given) if given.isdecimal() else None


def is_awaited(job: Job, search: Search | None) -> bool:
    """Return whether the search for speakers that a finished job requests is open, or is still expected to begin.

    `search` is the newest search in the job's transcript, or None if there was no search. For a job that failed or was
    cancelled, no search is expected.
    """
    if job.state != kinds.DONE or not wants_speakers(job.options) or job.engine != kinds.ON_DEVICE:
        return False
    if search is None:  # no search has begun; it is expected soon after the job's end
        return job.finished is not None and time.time() - job.finished < BEGINS
    return search.is_open


def names_of(count: int) -> list[str]:
    """Return the initial names of `count` speakers: "Speaker 1" and so on."""
    return [f"Speaker {number}" for number in range(1, count + 1)]


def search_of(generation_id: str) -> Search | None:
    """Return the newest search for the speakers of a transcript, or None if there was no search."""
    query = sa.select(_d.state, _d.percent, _d.stage, _d.error, _d.requested, _d.names).where(_d.id == generation_id)
    row = queries.one(query)
    if row is None or row.state == NONE:
        return None
    found = len(set(row.names)) if row.names is not None and row.state == DONE else None
    return Search(row.state, row.percent, row.stage, row.error, row.requested, found)


def revision(connection: sa.Connection, generation_id: str, *, hold: bool = False) -> int:
    """Return the number of searches that have added speakers to a transcript.

    With `hold`, the transcript's row is locked: no other transaction can add speakers until this transaction ends.
    """
    query = sa.select(_d.revision).where(_d.id == generation_id)
    return int(connection.execute(query.with_for_update() if hold else query).scalar() or 0)


def next_attempt(generation_id: str, requested: int | None, *, first: bool = False) -> Attempt | None:
    """Record a new search for `requested` speakers and return it. If a search is open already, return the open search.

    `requested` is None if the search must estimate the number. With `first`, nothing is recorded and the result is None
    if an earlier search has ended. Raises IntegrityError if the transcript does not exist.
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
    """Cancel the open search in a transcript, if there is one. The speakers in the transcript do not change."""
    this = sa.and_(_d.id == generation_id, _d.state.in_(OPEN))
    queries.write(diarizations.update().where(this).values(state=CANCELLED, stage=None, at=time.time()))


def open_attempts() -> list[Attempt]:
    query = sa.select(_d.id, _d.attempt, _d.requested).where(_d.state.in_(OPEN))
    return [Attempt(row.id, row.attempt, row.requested) for row in queries.rows(query)]


def finish(attempt: Attempt, found: Diarization) -> bool:
    """Save the result of a search and add the speakers to the transcript.

    Return False, and save nothing, if the search is no longer open or the transcript was deleted. The engine's original
    transcript and corrections that were set aside get the speakers too. If there is only one speaker, no speaker names
    are added.
    """
    names = names_of(len(found.speakers))
    with database().begin() as connection:
        records.lock(connection, attempt.id)
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
    """Return the transcript in the dictionary `stored`, with speaker names added to its segments and words.

    `found` is the diarization, and `names` are the names of its speakers, in the order of `found.speakers`. If there is
    only one speaker, the segments and words get None in place of a name.
    """
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
    """Save the analysis of a chunk, unless it is saved already. Raises IntegrityError if the recording was deleted.

    `number` counts the chunks of the track from 0, and `last` marks the last one.
    """
    row = {"id": recording_id, "track": track, "number": number, "analysis": analysis, "last": last}
    with database().begin() as connection:
        queries.insert_missing(connection, analyses, row)


def analyses_of(recording_id: str, track: str) -> list[dict[str, Any]]:
    """Return the saved analyses of a track's chunks, in the order of the chunks."""
    a = analyses.c
    query = sa.select(a.analysis).where(a.id == recording_id, a.track == track).order_by(a.number)
    return queries.values(query)


def analysed(recording_id: str, track: str) -> tuple[int, bool]:
    """Return the number of analysed chunks of the track, and whether the whole track has been analysed."""
    a = analyses.c
    query = sa.select(a.number, a.last).where(a.id == recording_id, a.track == track)
    row = queries.one(query.order_by(a.number.desc()).limit(1))
    return (row.number + 1, row.last) if row else (0, False)
