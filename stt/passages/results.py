"""Keep what is known of the passage of a transcript that is transcribed again: request, progress and result.

There is one at a time for each transcript, `attempt` rising with every one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from stt.db import queries
from stt.db.engine import database
from stt.db.tables import passages
from stt.errors import Conflict, SttError
from stt.transcript.model import Segment, Transcript

NONE, QUEUED, WORKING, DONE, FAILED = "none", "queued", "working", "done", "failed"
OPEN = (QUEUED, WORKING)
_p = passages.c


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage from `start` to `end` in seconds, and how far it is: `percent` 0 to 100.

    `stage` is what it does besides transcribing, as text; `error` as `SttError.to_dict` gives it; `segments` are the
    result, with times of the recording.
    """

    id: str  # of the transcript
    attempt: int
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

    @property
    def work(self) -> str:
        """Return the id of its workflow. `stt.store.erasure` deletes by the part before the last dash."""
        return f"{self.id}-passage.{self.attempt}"

    @property
    def row(self) -> sa.ColumnElement[bool]:
        return sa.and_(_p.id == self.id, _p.attempt == self.attempt)


def of(generation_id: str) -> Passage | None:
    """Return the passage that is transcribed, or whose result waits for a decision; None if there is none."""
    row = queries.one(sa.select(passages).where(_p.id == generation_id, _p.state != NONE))
    return None if row is None else _passage(row)


def next_attempt(generation_id: str, start: float, end: float, model: str, options: dict[str, Any]) -> Passage:
    """Record a new passage and return it; a result that nobody has taken is dropped.

    Raises Conflict if one is being transcribed, and IntegrityError if there is no such transcript.
    """
    values = {"state": QUEUED, "start": start, "end": end, "model": model, "options": options, "percent": 0}
    values |= {"stage": None, "tries": 0, "error": None, "result": None, "at": time.time()}
    with database().begin() as connection:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        first = insert(passages).values(id=generation_id, attempt=0, **{**values, "state": NONE})
        connection.execute(first.on_conflict_do_nothing())
        row = connection.execute(sa.select(passages).where(_p.id == generation_id).with_for_update()).one()
        if row.state in OPEN:
            raise Conflict(
                "A passage of this transcript is being transcribed.", guidance="Wait until it is done, or cancel it."
            )
        new = Passage(generation_id, row.attempt + 1, QUEUED, start, end, model, options)
        changed = passages.update().where(_p.id == generation_id)
        connection.execute(changed.values(**values, attempt=new.attempt))
    return new


def begin(passage: Passage) -> int:
    """Mark a passage as working; return how often it was begun, 0 if it is not open any more."""
    this = sa.and_(passage.row, _p.state.in_(OPEN))
    values = {"state": WORKING, "tries": _p.tries + 1, "at": time.time()}
    with database().begin() as connection:
        if connection.execute(passages.update().where(this).values(**values)).rowcount != 1:
            return 0
        return int(connection.execute(sa.select(_p.tries).where(passage.row)).scalar_one())


def update(passage: Passage, **values: Any) -> bool:
    """Record progress; return whether the passage is still wanted."""
    this = sa.and_(passage.row, _p.state.in_(OPEN))
    return queries.write(passages.update().where(this).values(**values, at=time.time())) == 1


def finish(passage: Passage, segments: tuple[Segment, ...]) -> bool:
    """Save the result; return False if it is not wanted any more."""
    rows = Transcript(segments=segments).to_dict()["segments"]
    return update(passage, state=DONE, percent=100, stage=None, result=rows)


def fail(passage: Passage, error: SttError) -> None:
    update(passage, state=FAILED, stage=None, error=error.to_dict())


def drop(passage: Passage) -> bool:
    """Forget a passage, whatever became of it; its work stops. Return whether there was one."""
    values: dict[str, Any] = {
        "state": NONE,
        "stage": None,
        "error": None,
        "result": None,
        "options": {},
        "at": time.time(),
    }
    return queries.write(passages.update().where(passage.row, _p.state != NONE).values(**values)) == 1


def open_passages() -> list[Passage]:
    return [_passage(row) for row in queries.rows(sa.select(passages).where(_p.state.in_(OPEN)))]


def _passage(row: Any) -> Passage:
    segments = Transcript.from_dict({"segments": row.result or []}).segments
    return Passage(
        row.id, row.attempt, row.state, row.start, row.end, row.model, row.options, row.percent, row.stage, row.error,
        segments,
    )  # fmt: skip
