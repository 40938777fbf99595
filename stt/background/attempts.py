"""Attempts at background work on a transcript.

Each kind of work has a table with one row for each transcript: the newest attempt, which a workflow carries out. An
attempt is open until it is done, has failed or is cancelled. If the process is killed, the attempt stays open and its
workflow starts again, on this machine or another.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID

from stt.db import queries
from stt.db.engine import DB_UNAVAILABLE, database
from stt.errors import Cancelled, NotFound, SttError, UnsafeRecording
from stt.store.erasure import FINISHED_STATUSES
from stt.store.retrying import with_retries

NONE, QUEUED, WORKING, DONE, FAILED, CANCELLED = "none", "queued", "working", "done", "failed", "cancelled"
OPEN = (QUEUED, WORKING)
REPORT = 0.5  # minimum time between two updates of the progress in the database, seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at background work.

    Each kind of work has a subclass with its `table`, and with the `kind` that names its workflows.
    """

    table: ClassVar[sa.Table]
    kind: ClassVar[str]

    id: str  # generation id of the transcript
    attempt: int

    @property
    def row(self) -> sa.ColumnElement[bool]:
        """Return the SQL condition that selects the row of this attempt."""
        return sa.and_(self.table.c.id == self.id, self.table.c.attempt == self.attempt)

    @property
    def work(self) -> str:
        """Return the id of the attempt's workflow.

        `stt.store.erasure` finds workflows by the part before the last dash.
        """
        return f"{self.id}-{self.kind}.{self.attempt}"


def begin(attempt: Attempt, most: int) -> None:
    """Mark an attempt as working.

    Raises Cancelled if the attempt is not open. Raises UnsafeRecording if the attempt has already been begun `most`
    times, because the recording probably crashes the process.
    """
    c = attempt.table.c
    values = {"state": WORKING, "tries": c.tries + 1, "at": time.time()}
    with database().begin() as connection:
        if connection.execute(attempt.table.update().where(_still_open(attempt)).values(**values)).rowcount != 1:
            raise Cancelled()
        tries = connection.execute(sa.select(c.tries).where(attempt.row)).scalar_one()
    if tries > most:
        raise UnsafeRecording("This recording cannot be read safely.")


def update(attempt: Attempt, **values: Any) -> bool:
    """Set columns of an open attempt, such as its progress or its end; return whether the attempt was still open."""
    change = attempt.table.update().where(_still_open(attempt))
    return queries.write(change.values(**values, at=time.time())) == 1


def fail(attempt: Attempt, error: SttError) -> None:
    update(attempt, state=FAILED, stage=None, error=error.to_dict())


def enqueue(attempt: Attempt, queue: str, workflow: Callable[[str, int], None]) -> None:
    """Queue an attempt, unless it is queued already. The job engine must run.

    If the attempt's workflow has ended, but the row is still open, mark the attempt as failed.
    """
    status = DBOS.get_workflow_status(attempt.work)
    if status is not None and status.status in FINISHED_STATUSES:
        fail(attempt, SttError("The server stopped meanwhile."))
    if status is None:
        with SetWorkflowID(attempt.work):
            DBOS.enqueue_workflow(queue, workflow, attempt.id, attempt.attempt)


@contextmanager
def failing(attempt: Attempt, work: str, log: logging.Logger) -> Iterator[None]:
    """Catch an error, record it as the end of the attempt, and log that `work`, such as "speakers", failed.

    Record nothing if the attempt was cancelled or its recording was deleted.
    """
    try:
        yield
    except (Cancelled, NotFound):
        log.info("%s not wanted any more: %s", work, attempt.id)
    except SttError as error:
        log.warning("%s failed: %s %s %s", work, attempt.id, type(error).__name__, error.detail)
        with_retries(fail, attempt, error)
    except Exception as error:
        log.exception("%s failed: %s", work, attempt.id)
        with_retries(fail, attempt, SttError(detail=repr(error)))


class Progress:
    """Store the progress of an attempt in percent. Each update of the row also shows whether the attempt is still open.

    `stage` describes a step other than the main work, such as a download, as text.
    """

    def __init__(self, attempt: Attempt) -> None:
        self.stage: str | None = None
        self._attempt, self._percent, self._next, self._wanted = attempt, 0, 0.0, True

    def __call__(self, percent: float) -> None:
        self._percent = min(99, int(percent))
        self.check_cancelled()

    def set_stage(self, stage: str) -> None:
        self.stage = stage
        self.check_cancelled()

    def cancelled(self) -> bool:
        """Store the progress, and return whether somebody has cancelled the attempt or deleted the transcript.

        The database is accessed at most once in REPORT seconds; other calls return the last result.
        """
        if self._wanted and time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORT
            with suppress(*DB_UNAVAILABLE):  # progress is not essential; a later call stores it
                self._wanted = update(self._attempt, percent=self._percent, stage=self.stage)
        return not self._wanted

    def check_cancelled(self) -> None:
        """Store the progress. Raises Cancelled if the attempt was cancelled or the transcript was deleted."""
        if self.cancelled():
            raise Cancelled()


def _still_open(attempt: Attempt) -> sa.ColumnElement[bool]:
    return sa.and_(attempt.row, attempt.table.c.state.in_(OPEN))
