"""Many machines on one database: who is alive, and who takes over from the dead.

Every process tells the database that it lives. One at a time looks for work that belongs to nobody alive and puts it
back into its queue; finished steps are remembered, so the next one goes on from the last checkpoint.

A process may also have work that it does not know of: the database broke off just when it had given a job from the
queue, before it could say so. Each process looks for such work of its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import sqlalchemy as sa
from dbos import DBOS, WorkflowStatus

from stt.cluster import processes
from stt.db.engine import advisory_lock, database
from stt.db.locks import LOOKING
from stt.db.tables import executors
from stt.settings import settings

BEAT = 5.0  # seconds between two signs of life
DEAD = processes.DEAD
WORK = "transcription"  # the workflow of a job
COPY = "playback-copy"  # that of a playback copy

log = logging.getLogger("stt.cluster.workers")
P = ParamSpec("P")
_noticed: set[str] = set()  # ids of the workflows that run in this process
Unnoticed = dict[tuple[str, int | None], WorkflowStatus]


def name() -> str:
    """What this process is called: always the same on SQLite, where it is alone; else new at every start."""
    return processes.NAME if settings().stt_database_url else "local"


def noticed(workflow: Callable[P, None]) -> Callable[P, None]:
    """Decorator, below DBOS's own: this process knows that it is at work on it."""

    @wraps(workflow)
    def run(*args: P.args, **values: P.kwargs) -> None:
        here = str(DBOS.workflow_id)
        _noticed.add(here)
        try:
            workflow(*args, **values)
        finally:
            _noticed.discard(here)

    return run


class Heart:
    """Beats while the process lives. `stop` hands its work back at once."""

    def __init__(self, executor: str) -> None:
        self.executor = executor
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heart", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        last = steady = looked = time.monotonic()  # since `steady` no sign of life was late
        before: Unnoticed = {}
        while not self._ended.wait(BEAT):
            try:
                sign_of_life(self.executor)
                now = time.monotonic()
                if now - last > 2 * BEAT:
                    # The database was away, or this process stood still. The others may seem dead for the same
                    # reason, and get the time to show that they are not.
                    steady = now
                last = now
                if now - steady >= DEAD:
                    take_over()
                if now - looked >= DEAD:
                    looked, before = now, take_up(self.executor, before)
            except Exception as error:  # the database is away: the next beat finds it back  # noqa: BLE001
                log.warning("no heartbeat: %s", type(error).__name__)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        with database().begin() as connection:
            connection.execute(executors.delete().where(executors.c.id == self.executor))


def sign_of_life(executor: str) -> None:
    # The clock of the database, as those of the machines may differ.
    now = sa.text("extract(epoch from now())")
    with database().begin() as connection:
        seen = connection.execute(executors.update().where(executors.c.id == executor).values(seen=now))
        if not seen.rowcount:
            connection.execute(executors.insert().values(id=executor, seen=now))


def take_over() -> int:
    """Put the work of dead processes back into its queues; how many jobs. Only one process looks at a time."""
    with advisory_lock(LOOKING, wait=False) as alone:
        if not alone:
            return 0
        alive = processes.alive(DEAD)
        working = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        orphans = [work for work in working if work.executor_id not in alive]
        if orphans:
            log.warning("took over %d jobs of processes that are gone", _put_back(orphans))
        return len(orphans)


def take_up(executor: str, before: Unnoticed) -> Unnoticed:
    """Put the work of this process back that it does not know of, now nor when it looked `before`; what is new of it.

    Twice, because it hears of a job a moment after the database has given it.
    """
    working = DBOS.list_workflows(
        status="PENDING", executor_id=executor, name=[WORK, COPY], load_input=False, load_output=False
    )
    unnoticed = {(work.workflow_id, work.dequeued_at): work for work in working if work.workflow_id not in _noticed}
    if lost := [unnoticed.pop(key) for key in before if key in unnoticed]:
        log.warning("found %d jobs that this process had been given unnoticed", _put_back(lost))
    return unnoticed


def hand_back(executor: str) -> int:
    """Put the work of this process, which ends now, back into its queues; how many jobs."""
    return _put_back(DBOS.list_workflows(status="PENDING", executor_id=executor, load_input=False, load_output=False))


def _put_back(works: list[WorkflowStatus]) -> int:
    """Others take these from their queues again. Who works on one still may not write to it any more."""
    queues = defaultdict(list)
    for work in works:
        if work.queue_name:
            queues[work.queue_name].append(work.workflow_id)
    for queue, ids in queues.items():
        DBOS.resume_workflows(ids, queue_name=queue)
    return sum(map(len, queues.values()))
