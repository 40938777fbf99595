"""Run attempts at background work on a transcript: each has a row in the table of that work, and a workflow.

An attempt is open until it is done, has failed or is cancelled. It stays open if its process is killed; its workflow
then starts again, on this machine or another.
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
REPORT = 0.5  # interval between updates of the progress, seconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt. Each kind of work is a subclass with its table and a name for its workflows."""

    table: ClassVar[sa.Table]
    kind: ClassVar[str]

    id: str  # the transcript's
    attempt: int

    @property
    def row(self) -> sa.ColumnElement[bool]:
        """Return the condition of its row."""
        return sa.and_(self.table.c.id == self.id, self.table.c.attempt == self.attempt)

    @property
    def work(self) -> str:
        """Return the id of its workflow. `stt.store.erasure` deletes by the part before the last dash."""
        return f"{self.id}-{self.kind}.{self.attempt}"


def begin(attempt: Attempt, most: int) -> None:
    """Mark an attempt as working.

    Raises Cancelled if it is not open, UnsafeRecording if it was begun `most` times before.
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
    """Record progress or an end; return whether the attempt was still open."""
    change = attempt.table.update().where(_still_open(attempt))
    return queries.write(change.values(**values, at=time.time())) == 1


def fail(attempt: Attempt, error: SttError) -> None:
    update(attempt, state=FAILED, stage=None, error=error.to_dict())


def enqueue(attempt: Attempt, queue: str, workflow: Callable[[str, int], None]) -> None:
    """Queue an attempt, or mark it as failed if its workflow ended without recording it. The job engine must run."""
    status = DBOS.get_workflow_status(attempt.work)
    if status is not None and status.status in FINISHED_STATUSES:
        fail(attempt, SttError("The server stopped meanwhile."))
    if status is None:
        with SetWorkflowID(attempt.work):
            DBOS.enqueue_workflow(queue, workflow, attempt.id, attempt.attempt)


@contextmanager
def failing(attempt: Attempt, work: str, log: logging.Logger) -> Iterator[None]:
    """Catch errors: record one as the end of the attempt, and log that `work`, such as "speakers", failed.

    Where the attempt is cancelled or its recording deleted, there is nothing to record.
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
    """Record the progress of an attempt in percent, and notice when it is cancelled.

    `stage` says what else it is doing, as text.
    """

    def __init__(self, attempt: Attempt) -> None:
        self.stage: str | None = None
        self._attempt, self._percent, self._next, self._wanted = attempt, 0, 0.0, True

    def __call__(self, percent: float) -> None:
        self._percent = min(99, int(percent))
        self.check_cancelled()

    def says(self, stage: str) -> None:
        self.stage = stage
        self.check_cancelled()

    def cancelled(self) -> bool:
        """Record the progress, and return whether somebody has cancelled the attempt or deleted the transcript.

        The database is updated at most every REPORT seconds.
        """
        if self._wanted and time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORT
            with suppress(*DB_UNAVAILABLE):  # recorded next time
                self._wanted = update(self._attempt, percent=self._percent, stage=self.stage)
        return not self._wanted

    def check_cancelled(self) -> None:
        """Record the progress; raise Cancelled if the attempt was cancelled or the transcript deleted."""
        if self.cancelled():
            raise Cancelled()


def _still_open(attempt: Attempt) -> sa.ColumnElement[bool]:
    return sa.and_(attempt.row, attempt.table.c.state.in_(OPEN))
