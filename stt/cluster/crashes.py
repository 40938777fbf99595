"""Count the processes that went down while they read a recording: after three, the recording is at fault.

A process marks a job before it reads or decodes a chunk of its recording, and takes the mark off after, however that
ended; a process that stops in order takes all of its marks off. So a mark of another process says that it went down
in the middle of that chunk. Three of them fail the job.

Jobs side by side in one process share its death, so a job with a mark of another process is a suspect: it decodes its
next chunks alone, while the others of this process wait. A neighbour of the recording at fault is thus blamed once at
most, and a job that was merely there when somebody killed the process goes on. What passes the chunk, and the one
after, which may have been begun ahead, is no suspect any more: only crashes at one place of a recording add up.
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
from stt.db.engine import AWAY, database
from stt.db.tables import crashes, transcriptions
from stt.errors import Cancelled, UnsafeRecording

MOST = 3  # processes
# Where others went down meanwhile, somebody kills them: each that did without this recording speaks for it three times,
# until SURELY. For those who kill meet a job that was left behind more often than chance has it, as it goes first.
FOR_IT, SURELY = 3, 10
LOOK = 0.1  # seconds between two looks whether there is room
# Seconds for which a suspect lets the others go on before it. If it went first, it would be what is decoding whenever
# somebody kills a process: of 200 jobs with 30 kills, 8 innocent ones were there three times.
GIVE_WAY = 60.0
ASK = 20  # looks after which a waiting job asks whether it was cancelled
_c = crashes.c

log = logging.getLogger("stt.cluster.crashes")
_stopping = threading.Event()


class _Room:
    """Any number of jobs decode at once, or one suspect alone. A suspect that has waited long goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = self._waiting = 0  # jobs that decode; suspects that let nobody before them any more
        self._alone = False

    @property
    def wanted_alone(self) -> bool:
        """Whether a suspect is inside or waits."""
        return self._alone or self._waiting > 0

    def enter(self, alone: bool, cancelled: Callable[[], bool]) -> None:
        """Raises Cancelled while it waits."""
        first, until = False, time.monotonic() + GIVE_WAY
        try:
            for look in count(1):
                if self._entered(alone):
                    return
                if not look % ASK and cancelled():
                    raise Cancelled()
                if alone and not first and time.monotonic() > until:
                    with self._lock:
                        first, self._waiting = True, self._waiting + 1
                pause(LOOK)
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


_room = _Room()


class Watch:
    """Watch over the chunks of one job in this process. Used as a context manager, which takes the mark off."""

    def __init__(self, generation_id: str, cancelled: Callable[[], bool]) -> None:
        self._id, self._cancelled = generation_id, cancelled
        self._inside = self._suspect = False

    @property
    def one_by_one(self) -> bool:
        """Whether nothing may be begun ahead: this job is a suspect, or another one waits to be alone."""
        return self._suspect or _room.wanted_alone

    def enter(self, part: int) -> None:
        """Read or decode chunk number `part` from now on.

        Waits while a suspect decodes alone. Raises UnsafeRecording after the third crash (see SURELY), and Cancelled.
        """
        suspect = self._counted(part) > 0
        if self._inside and suspect != self._suspect:
            self._step_out()
        if not self._inside:
            _room.enter(suspect, self._cancelled)
            self._inside, self._suspect = True, suspect
        _mark(self._id, part)

    def leave(self) -> None:
        """Nothing of the recording is being read or decoded any more."""
        if self._inside:
            self._step_out()
            _unmark(_c.id == self._id, _c.process == processes.NAME)

    def _step_out(self) -> None:
        self._inside = self._suspect = False
        _room.leave()

    def _counted(self, part: int) -> int:
        others = sa.and_(_c.id == self._id, _c.process != processes.NAME)
        with database().begin() as connection:
            # The chunk before may have gone down because of this one, which was begun ahead.
            connection.execute(crashes.delete().where(others, _c.part < part - 1))
            mine = set(connection.execute(sa.select(_c.process).where(others)).scalars())
        found = len(mine)
        if found >= SURELY or (found >= MOST and found > FOR_IT * self._elsewhere(mine)):
            raise UnsafeRecording(f"The server stopped {found} times while it read this recording.")
        if found:
            log.warning("%s decodes alone: %d processes went down while they read it", self._id, found)
        return found

    def _elsewhere(self, mine: set[str]) -> int:
        """How many processes went down while this job waited or was worked on, but did not read its recording."""
        t = transcriptions.c
        queued = sa.select(t.queued).where(t.id == self._id).scalar_subquery()
        meanwhile = sa.or_(t.finished.is_(None), t.finished > queued)
        query = sa.select(_c.process).join(transcriptions, t.id == _c.id).where(_c.id != self._id, meanwhile)
        with database().connect() as connection:
            return len(set(connection.execute(query).scalars()) - mine - processes.alive())

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_error: object) -> None:
        self.leave()


def begin() -> None:
    """This process takes jobs from now on. What a restart of the machine cut off is no crash."""
    _stopping.clear()
    if database().dialect.name == "sqlite":  # on PostgreSQL the mark may be another machine's
        _unmark(_c.boot != processes.boot(), _c.process != processes.NAME)


def end() -> None:
    """This process stops in order: that is no crash of what it reads."""
    _stopping.set()
    _unmark(_c.process == processes.NAME)


def forgive(generation_id: str) -> None:
    """Begin at zero, as somebody wants the job tried again."""
    _unmark(_c.id == generation_id)


def _mark(generation_id: str, part: int) -> None:
    if _stopping.is_set():
        return
    this = sa.and_(_c.id == generation_id, _c.process == processes.NAME)
    row = {"id": generation_id, "process": processes.NAME, "boot": processes.boot(), "part": part}
    with suppress(sa.exc.IntegrityError), database().begin() as connection:  # deleted meanwhile
        if not connection.execute(crashes.update().where(this).values(part=part)).rowcount:
            connection.execute(crashes.insert().values(row))


def _unmark(*where: sa.ColumnElement[bool]) -> None:
    with suppress(*AWAY), database().begin() as connection:
        connection.execute(crashes.delete().where(*where))
