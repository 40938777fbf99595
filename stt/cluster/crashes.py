"""Count the processes that crash while they read a recording; fail the job after the third crash.

Before a process reads or decodes a chunk of a job, it adds a mark, which is a row of the table `crashes` with the
number of the chunk. The process removes the mark afterwards, also after an error. A process that is stopped in an
orderly way removes all its marks. If a job has a mark of another process, the job was therefore interrupted by a crash
of that process.

A crash interrupts all jobs of a process, but only one of them may have caused it. Each job with a mark of another
process is therefore a suspect. The next chunks of a suspect are decoded alone, while the other jobs of this process
wait. A good recording that was decoded beside a faulty one is then affected by one crash at most, and a job that was
running when somebody killed the process continues. A job is no longer a suspect when both the marked chunk and the next
chunk are done, because the next chunk may have been prefetched during the crash. Crashes at different positions of a
recording are thus not added up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import sqlalchemy as sa

from stt.backoff import pause
from stt.cluster import processes
from stt.db import queries
from stt.db.engine import DB_UNAVAILABLE, database
from stt.db.tables import crashes, transcriptions
from stt.errors import Cancelled, UnsafeRecording

MAX_CRASHES = 3  # number of crashes at one position of a recording after which the job fails
# If processes that do not read this recording crash too, somebody is probably killing processes. For each process that
# crashed without reading the recording (a bystander), CRASHES_PER_BYSTANDER crashes of the job are excused. A job with
# CERTAIN_CRASHES crashes fails in any case. Requeued jobs go first, so they are running more often than other jobs when
# somebody kills a process; one bystander therefore excuses more than one crash.
CRASHES_PER_BYSTANDER, CERTAIN_CRASHES = 3, 10
POLL_INTERVAL = 0.1  # time between two attempts of a waiting job to decode, seconds
# Time for which a suspect lets other jobs go first, seconds. If suspects always went first, a suspect would be decoding
# whenever somebody kills a process, and a job with a good recording would reach MAX_CRASHES.
YIELD_SECONDS = 60.0
POLLS_PER_CANCEL_CHECK = 20  # number of attempts to decode after which a waiting job checks whether it was cancelled
_c = crashes.c

log = logging.getLogger("stt.cluster.crashes")
_stopping = threading.Event()


class _DecodeGate:
    """Let any number of jobs decode at once, or one suspect alone.

    A suspect that has waited for YIELD_SECONDS gets priority: jobs that are not suspects may not begin before it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = self._waiting = 0  # numbers of decoding jobs, and of suspects that wait with priority
        self._alone = False

    @property
    def wanted_alone(self) -> bool:
        """Return whether a suspect is decoding alone, or waits with priority to do so."""
        return self._alone or self._waiting > 0

    def enter(self, alone: bool, cancelled: Callable[[], bool]) -> None:
        """Wait until a job may decode; if `alone`, until no other job decodes.

        Raises Cancelled if `cancelled` returns true.
        """
        first, until = False, time.monotonic() + YIELD_SECONDS
        try:
            for attempt in count(1):
                if self._entered(alone):
                    return
                if not attempt % POLLS_PER_CANCEL_CHECK and cancelled():
                    raise Cancelled()
                if alone and not first and time.monotonic() > until:
                    with self._lock:
                        first, self._waiting = True, self._waiting + 1
                pause(POLL_INTERVAL)
        finally:
            with self._lock:
                self._waiting -= first

    def _entered(self, alone: bool) -> bool:
        with self._lock:
            if self._alone or (self._inside if alone else self._waiting):
                return False
            self._inside, self._alone = self._inside + 1, alone
            return True

    def leave(self) -> None:
        with self._lock:
            self._inside, self._alone = self._inside - 1, False


_gate = _DecodeGate()


class Watch:
    """A context manager for a job that this process decodes.

    `enter` marks a chunk of the job; `leave`, or the exit from the context, removes the mark.
    """

    def __init__(self, generation_id: str, cancelled: Callable[[], bool]) -> None:
        self._id, self._cancelled = generation_id, cancelled
        self._inside = self._suspect = False

    @property
    def one_by_one(self) -> bool:
        """Return whether the job must not prefetch its next chunk.

        It must not if it is a suspect, or if another suspect in this process is decoding or waits with priority.
        """
        return self._suspect or _gate.wanted_alone

    def enter(self, part: int) -> None:
        """Wait until this job may decode, then mark chunk number `part` as being read or decoded.

        Raises Cancelled if the job is cancelled while it waits. Raises UnsafeRecording after MAX_CRASHES crashes, or
        after more crashes if some of them are excused (see CRASHES_PER_BYSTANDER).
        """
        suspect = self._counted(part) > 0
        if self._inside and suspect != self._suspect:
            self._step_out()
        if not self._inside:
            _gate.enter(suspect, self._cancelled)
            self._inside, self._suspect = True, suspect
        _add_mark(self._id, part)

    def leave(self) -> None:
        """Remove the mark and let other jobs decode, because this job has stopped reading and decoding."""
        if self._inside:
            self._step_out()
            _remove_marks(_c.id == self._id, _c.process == processes.NAME)

    def _step_out(self) -> None:
        self._inside = self._suspect = False
        _gate.leave()

    def _counted(self, part: int) -> int:
        others = sa.and_(_c.id == self._id, _c.process != processes.NAME)
        with database().begin() as connection:
            # Keep marks of the previous chunk: the crash may come from this chunk, if it was prefetched at that time.
            connection.execute(crashes.delete().where(others, _c.part < part - 1))
            mine = set(connection.execute(sa.select(_c.process).where(others)).scalars())
        found = len(mine)
        if found >= CERTAIN_CRASHES or (found >= MAX_CRASHES and found > CRASHES_PER_BYSTANDER * self._elsewhere(mine)):
            raise UnsafeRecording(f"The server stopped {found} times while it read this recording.")
        if found:
            log.warning("%s decodes alone: %d processes crashed while they read it", self._id, found)
        return found

    def _elsewhere(self, mine: set[str]) -> int:
        """Count the bystanders: processes that crashed after this job was queued, without reading its recording.

        `mine` are the names of the processes that crashed while they read the recording.
        """
        t = transcriptions.c
        queued = sa.select(t.queued).where(t.id == self._id).scalar_subquery()
        meanwhile = sa.or_(t.finished.is_(None), t.finished > queued)
        query = sa.select(_c.process).join(transcriptions, t.id == _c.id).where(_c.id != self._id, meanwhile)
        return len(set(queries.values(query)) - mine - processes.alive())

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_error: object) -> None:
        self.leave()


def start_worker() -> None:
    """Let this process add marks, also after `stop_worker`.

    On SQLite, also remove the marks from before a reboot of this machine, because a reboot is not a crash.
    """
    _stopping.clear()
    if database().dialect.name == "sqlite":  # on PostgreSQL, marks with another boot id may be of other machines
        _remove_marks(_c.boot != processes.boot_id(), _c.process != processes.NAME)


def stop_worker() -> None:
    """Remove all marks of this process and let it add no more, because an orderly stop is not a crash."""
    _stopping.set()
    _remove_marks(_c.process == processes.NAME)


def reset(generation_id: str) -> None:
    """Reset the crash count of a job, because a person retries the job."""
    _remove_marks(_c.id == generation_id)


def _add_mark(generation_id: str, part: int) -> None:
    if _stopping.is_set():
        return
    this = sa.and_(_c.id == generation_id, _c.process == processes.NAME)
    row = {"id": generation_id, "process": processes.NAME, "boot": processes.boot_id(), "part": part}
    with suppress(sa.exc.IntegrityError), database().begin() as connection:  # the insert fails if the job was deleted
        if not connection.execute(crashes.update().where(this).values(part=part)).rowcount:
            connection.execute(crashes.insert().values(row))
    if _stopping.is_set():  # set since the check above; `stop_worker` may not have seen the mark
        _remove_marks(this)


def _remove_marks(*where: sa.ColumnElement[bool]) -> None:
    with suppress(*DB_UNAVAILABLE):
        queries.write(crashes.delete().where(*where))
