"""Count processes that crash while they read a recording; fail the job after the third crash.

A process adds a mark before it reads or decodes a chunk and removes it afterwards, also after an error. A process that
stops in order removes all its marks. A mark of another process therefore means a crash in the middle of that chunk.

Jobs in one process crash together, so a job with another process's mark is a suspect: its next chunks are decoded
alone, while other jobs of this process wait. A neighbour of the faulty recording is thus blamed once at most, and a
job that was merely present when somebody killed the process continues. A job that gets past the chunk and the next
one, which may have been prefetched, is cleared: only crashes at one position of a recording add up.
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

MAX_CRASHES = 3
# If processes without this recording crash too, somebody is killing them: each such bystander excuses three crashes,
# up to CERTAIN_CRASHES. Three, because requeued jobs go first, and so are at work more often when somebody kills.
CRASHES_PER_BYSTANDER, CERTAIN_CRASHES = 3, 10
POLL_INTERVAL = 0.1  # seconds
# Seconds for which a suspect lets other jobs go first. If it always went first, it would be decoding whenever somebody
# kills a process, and innocent jobs would reach three crashes.
YIELD_SECONDS = 60.0
POLLS_PER_CANCEL_CHECK = 20
_c = crashes.c

log = logging.getLogger("stt.cluster.crashes")
_stopping = threading.Event()


class _DecodeGate:
    """Let any number of jobs decode at once, or one suspect alone. A suspect that has waited long goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = self._waiting = 0  # jobs that decode; suspects waiting with priority
        self._alone = False

    @property
    def wanted_alone(self) -> bool:
        """Return whether a suspect is inside or waits with priority."""
        return self._alone or self._waiting > 0

    def enter(self, alone: bool, cancelled: Callable[[], bool]) -> None:
        """Wait until the job may decode. Raises Cancelled."""
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
    """Mark the chunks of one job that this process decodes. A context manager, which removes the mark."""

    def __init__(self, generation_id: str, cancelled: Callable[[], bool]) -> None:
        self._id, self._cancelled = generation_id, cancelled
        self._inside = self._suspect = False

    @property
    def one_by_one(self) -> bool:
        """Return whether prefetching is forbidden: this job is a suspect, or a suspect waits."""
        return self._suspect or _gate.wanted_alone

    def enter(self, part: int) -> None:
        """Mark chunk number `part` as being read or decoded, after waiting while a suspect decodes alone.

        Raises UnsafeRecording after the third crash (see CERTAIN_CRASHES), and Cancelled.
        """
        suspect = self._counted(part) > 0
        if self._inside and suspect != self._suspect:
            self._step_out()
        if not self._inside:
            _gate.enter(suspect, self._cancelled)
            self._inside, self._suspect = True, suspect
        _add_mark(self._id, part)

    def leave(self) -> None:
        """Remove the mark: nothing of the recording is being read or decoded."""
        if self._inside:
            self._step_out()
            _remove_marks(_c.id == self._id, _c.process == processes.NAME)

    def _step_out(self) -> None:
        self._inside = self._suspect = False
        _gate.leave()

    def _counted(self, part: int) -> int:
        others = sa.and_(_c.id == self._id, _c.process != processes.NAME)
        with database().begin() as connection:
            # Keep marks of the previous chunk: this one, prefetched, may have caused that crash.
            connection.execute(crashes.delete().where(others, _c.part < part - 1))
            mine = set(connection.execute(sa.select(_c.process).where(others)).scalars())
        found = len(mine)
        if found >= CERTAIN_CRASHES or (found >= MAX_CRASHES and found > CRASHES_PER_BYSTANDER * self._elsewhere(mine)):
            raise UnsafeRecording(f"The server stopped {found} times while it read this recording.")
        if found:
            log.warning("%s decodes alone: %d processes crashed while they read it", self._id, found)
        return found

    def _elsewhere(self, mine: set[str]) -> int:
        """Return how many processes crashed since this job was queued without reading its recording."""
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
    """Prepare to take jobs: marks from before a reboot of this machine are no crashes."""
    _stopping.clear()
    if database().dialect.name == "sqlite":  # on PostgreSQL the mark may be another machine's
        _remove_marks(_c.boot != processes.boot_id(), _c.process != processes.NAME)


def stop_worker() -> None:
    """Remove all marks of this process and add no more: an orderly stop is no crash."""
    _stopping.set()
    _remove_marks(_c.process == processes.NAME)


def reset(generation_id: str) -> None:
    """Reset a job's crash count, because somebody retries it."""
    _remove_marks(_c.id == generation_id)


def _add_mark(generation_id: str, part: int) -> None:
    if _stopping.is_set():
        return
    this = sa.and_(_c.id == generation_id, _c.process == processes.NAME)
    row = {"id": generation_id, "process": processes.NAME, "boot": processes.boot_id(), "part": part}
    with suppress(sa.exc.IntegrityError), database().begin() as connection:  # the job was deleted meanwhile
        if not connection.execute(crashes.update().where(this).values(part=part)).rowcount:
            connection.execute(crashes.insert().values(row))


def _remove_marks(*where: sa.ColumnElement[bool]) -> None:
    with suppress(*DB_UNAVAILABLE):
        queries.write(crashes.delete().where(*where))
