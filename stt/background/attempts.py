"""Record attempts at background work on a transcript, and queue their workflows.

Each kind of work has a table with one row for each transcript. The row describes the newest attempt, which a DBOS
workflow carries out. An attempt is open until it is done, has failed or is cancelled. If the process that runs the
workflow is killed, the attempt stays open, and the workflow starts again on this machine or on another.
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

from stt.cluster import workers
from stt.compat import dbos_queues
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

    Each kind of work has a subclass. Its `table` is the database table with the rows of this kind of work, and its
    `kind` is a word that is part of each workflow id.
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

        The part before the last dash is the generation id, by which `stt.store.erasure` finds workflows to delete.
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
    """Set columns in the row of an attempt if the attempt is still open; return whether it was open.

    The columns are, for example, the progress or the final state.
    """
    change = attempt.table.update().where(_still_open(attempt))
    return queries.write(change.values(**values, at=time.time())) == 1


def fail(attempt: Attempt, error: SttError) -> None:
    update(attempt, state=FAILED, stage=None, error=error.to_dict())


def enqueue(attempt: Attempt, queue: str, workflow: Callable[[str, int], None]) -> None:
    """Queue the workflow of an open attempt, unless the workflow exists already. The job engine must be running.

    If the workflow has ended without recording the end of the attempt, mark the attempt as failed.
    """
    status = DBOS.get_workflow_status(attempt.work)
    if status is not None and status.status in FINISHED_STATUSES:
        fail(attempt, SttError("The server stopped before this was finished."))
    if status is None:
        with SetWorkflowID(attempt.work):
            dbos_queues.enqueue(queue, workflow, attempt.id, attempt.attempt)


@contextmanager
def failing(attempt: Attempt, work: str, log: logging.Logger) -> Iterator[None]:
    """Catch any exception in the block, log it, and mark the attempt as failed with this error.

    `work` names the kind of work in the log, such as "speakers". Cancelled and NotFound, which mean that the attempt
    was cancelled or the transcript was deleted, are only logged. Raises Stopping if the job engine is being stopped.
    """
    try:
        yield
    except (Cancelled, NotFound):
        log.info("%s not wanted any more: %s", work, attempt.id)
    except SttError as error:
        workers.check_stopping()
        log.warning("%s failed: %s %s %s", work, attempt.id, type(error).__name__, error.detail)
        with_retries(fail, attempt, error)
    except Exception as error:
        workers.check_stopping()
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

        The database is accessed at most once every REPORT seconds; calls in between return the previous result. Raises
        Stopping if the job engine is being stopped.
        """
        workers.check_stopping()
        if self._wanted and time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORT
            with suppress(*DB_UNAVAILABLE):  # progress is not essential; a later call stores it
                self._wanted = update(self._attempt, percent=self._percent, stage=self.stage)
        return not self._wanted

    def check_cancelled(self) -> None:
        """Store the progress as `cancelled` does. Raises Cancelled if `cancelled` returns true."""
        if self.cancelled():
            raise Cancelled()


def _still_open(attempt: Attempt) -> sa.ColumnElement[bool]:
    return sa.and_(attempt.row, attempt.table.c.state.in_(OPEN))
