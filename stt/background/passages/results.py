"""Store requests to transcribe a passage again, with their progress and results.

A transcript has at most one such request at a time, which is a row of the table `passages`. The number `attempt` in the
row rises with every new request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from stt.background import attempts
from stt.background.attempts import DONE, NONE, OPEN, QUEUED
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import passages
from stt.errors import Conflict
from stt.transcript.model import Segment, Transcript

_p = passages.c


@dataclass(frozen=True, slots=True)
class Passage(attempts.Attempt):
    """A request to transcribe again what is spoken from `start` to `end` (seconds), and its progress and result.

    `percent` is 0 to 100. `stage` describes a step other than transcribing, such as a download, as text. `error` is the
    error of a failed attempt, as `SttError.to_dict` returns it. `segments` are the result, with times in seconds from
    the start of the recording; before the attempt is done, there are none.
    """

    table = passages
    kind = "passage"

    state: str
    start: float
    end: float
    model: str
    options: dict[str, Any]
    percent: int = 0
    stage: str | None = None
    error: dict[str, str] | None = None
    segments: tuple[Segment, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


def of(generation_id: str) -> Passage | None:
    """Return the transcript's newest passage in any state; None if there was none, or it was accepted or deleted."""
    row = queries.one(sa.select(passages).where(_p.id == generation_id, _p.state != NONE))
    return None if row is None else _passage(row)


def next_attempt(generation_id: str, start: float, end: float, model: str, options: dict[str, Any]) -> Passage:
    """Record a new passage and return it. The result of an earlier passage that nobody has accepted is deleted.

    Raises Conflict if another passage of the transcript is queued or being transcribed, and IntegrityError if the
    transcript does not exist.
    """
    values = {"state": QUEUED, "start": start, "end": end, "model": model, "options": options, "percent": 0}
    values |= {"stage": None, "tries": 0, "error": None, "result": None, "at": time.time()}
    with database().begin() as connection:
        queries.insert_missing(connection, passages, {**values, "id": generation_id, "attempt": 0, "state": NONE})
        row = connection.execute(sa.select(passages).where(_p.id == generation_id).with_for_update()).one()
        if row.state in OPEN:
            raise Conflict(
                "A passage of this transcript is being transcribed.", guidance="Wait until it is done, or cancel it."
            )
        new = Passage(generation_id, row.attempt + 1, QUEUED, start, end, model, options)
        changed = passages.update().where(_p.id == generation_id)
        connection.execute(changed.values(**values, attempt=new.attempt))
    return new


def finish(passage: Passage, segments: tuple[Segment, ...]) -> bool:
    """Save the new segments of a passage and mark it as done; return False if the passage is no longer open."""
    rows = Transcript(segments=segments).to_dict()["segments"]
    return attempts.update(passage, state=DONE, percent=100, stage=None, result=rows)


def drop(passage: Passage) -> bool:
    """Delete a passage in any state and stop its transcription. Return False if it is already deleted or replaced."""
    changed = passages.update().where(passage.row, _p.state != NONE)
    emptied = changed.values(state=NONE, stage=None, error=None, result=None, options={}, at=time.time())
    return queries.write(emptied) == 1


def open_passages() -> list[Passage]:
    return [_passage(row) for row in queries.rows(sa.select(passages).where(_p.state.in_(OPEN)))]


def _passage(row: Any) -> Passage:
    segments = Transcript.from_dict({"segments": row.result or []}).segments
    return Passage(
        row.id, row.attempt, row.state, row.start, row.end, row.model, row.options, row.percent, row.stage, row.error,
        segments,
    )  # fmt: skip
