"""Heartbeats and failover of workers that share one database.

Each worker updates its heartbeat in the database. One worker at a time requeues the jobs of workers whose heartbeat
has timed out. Finished steps are checkpoints, so a requeued job continues from its last checkpoint.

If the connection breaks after the database has dequeued a job and before the worker gets the answer, the job is
assigned to a worker that does not know the job. Each worker therefore looks for jobs that are assigned to it, but that
it does not run, and requeues them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import sqlalchemy as sa
from dbos import DBOS, WorkflowStatus

from stt.cluster import processes
from stt.compat import dbos_queues
from stt.db import queries
from stt.db.engine import advisory_lock, database
from stt.db.locks import FAILOVER_LOCK
from stt.db.tables import executors
from stt.settings import settings

HEARTBEAT_INTERVAL = 5.0  # time between two heartbeats of a worker, seconds
HEARTBEAT_TIMEOUT = processes.HEARTBEAT_TIMEOUT
JOB_WORKFLOW = "transcription"  # DBOS's name of the workflow that runs a job
COPY_WORKFLOW = "playback-copy"  # the workflow that makes a playback copy
SPEAKERS_WORKFLOW = "speakers"  # the workflow that finds speakers
PASSAGE_WORKFLOW = "passage"  # the workflow that transcribes a passage again
WORKFLOWS = [JOB_WORKFLOW, COPY_WORKFLOW, SPEAKERS_WORKFLOW, PASSAGE_WORKFLOW]

log = logging.getLogger("stt.cluster.workers")
P = ParamSpec("P")
# Workflow id -> number of its executions in this process. There are two if this worker was suspended, its job was
# requeued, and it has dequeued the job again before the outdated execution notices.
_running: Counter[str] = Counter()
_running_lock = threading.Lock()
_stopping = threading.Event()  # set while the job engine of this process is stopped, or is being stopped
NotStarted = dict[tuple[str, int | None], WorkflowStatus]


def name() -> str:
    """Return this worker's name.

    On PostgreSQL, the name differs at every start. On SQLite, which has only one worker, it is always `local`.
    """
    return processes.NAME if settings().database_url else "local"


def track_running(workflow: Callable[P, None]) -> Callable[P, None]:
    """Decorate a workflow so that each of its executions is counted in `_running` while it runs.

    Place this decorator below `DBOS.workflow`.
    """

    @wraps(workflow)
    def run(*args: P.args, **values: P.kwargs) -> None:
        workflow_id = str(DBOS.workflow_id)
        with _running_lock:
            _running[workflow_id] += 1
        try:
            workflow(*args, **values)
        finally:
            with _running_lock:
                _running[workflow_id] -= 1
                if not _running[workflow_id]:
                    del _running[workflow_id]

    return run


class Stopping(BaseException):
    """Raised in a workflow because the job engine is being stopped.

    Neither DBOS nor a workflow catches it as an error, so the work does not fail, but continues at the next start.
    """


def set_stopping(stopping: bool) -> None:
    """Set whether workflows of this process must end, to continue at the next start of the job engine."""
    if stopping:
        _stopping.set()
    else:
        _stopping.clear()


def check_stopping() -> None:
    """Raise Stopping if workflows of this process must end.

    Call this regularly in a workflow, and before an error is recorded as the end of the work: the error may come from
    the end of the program, at which Python refuses new threads.
    """
    if _stopping.is_set():
        raise Stopping()


class Heartbeat:
    """A thread that sends heartbeats and requeues the jobs of dead workers until `stop` is called.

    It calls `reconcile` once, when the workers that died just before this start have timed out.
    """

    def __init__(self, worker: str, reconcile: Callable[[], None]) -> None:
        self.worker = worker
        self._reconcile = reconcile
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        # Times of the last heartbeat, of the last late heartbeat, and of the last check for jobs that were not started.
        started = last = steady = checked = time.monotonic()
        before: NotStarted = {}
        reconciled = False
        while not self._ended.wait(HEARTBEAT_INTERVAL):
            try:
                send_heartbeat(self.worker)
                now = time.monotonic()
                if now - last > 2 * HEARTBEAT_INTERVAL:
                    # The heartbeat is late: the database was unavailable, or this process was suspended. Other workers
                    # may look dead for the same reason, so wait for HEARTBEAT_TIMEOUT before requeueing their jobs.
                    steady = now
                last = now
                if now - steady >= HEARTBEAT_TIMEOUT:
                    requeue_from_dead_workers()
                if now - checked >= HEARTBEAT_TIMEOUT:
                    checked, before = now, requeue_unstarted(self.worker, before)
                if not reconciled and now - started >= 2 * HEARTBEAT_TIMEOUT:
                    self._reconcile()
                    reconciled = True
            except Exception as error:  # for example without a database; the loop tries again  # noqa: BLE001
                log.warning("no heartbeat: %s", type(error).__name__)

    def stop(self) -> None:
        """Stop the thread and remove this worker's heartbeat, so that other workers see this worker as dead at once."""
        self._ended.set()
        self._thread.join()
        queries.write(executors.delete().where(executors.c.id == self.worker))


def send_heartbeat(worker: str) -> None:
    """Record that this worker is alive."""
    # Use the database's clock, because clocks of machines may differ.
    now = sa.text("extract(epoch from now())")
    with database().begin() as connection:
        seen = connection.execute(executors.update().where(executors.c.id == worker).values(seen=now))
        if not seen.rowcount:
            connection.execute(executors.insert().values(id=worker, seen=now))


def requeue_from_dead_workers() -> int:
    """Requeue the jobs of dead workers and return the number of these jobs.

    Return 0 if another worker is requeueing jobs at the moment.
    """
    with advisory_lock(FAILOVER_LOCK, wait=False) as alone:
        if not alone:
            return 0
        alive = processes.alive(HEARTBEAT_TIMEOUT)
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        orphans = [work for work in pending if work.executor_id not in alive]
        if orphans:
            log.warning("requeued %d jobs of dead workers", _requeue(orphans))
        return len(orphans)


def requeue_unstarted(worker: str, before: NotStarted) -> NotStarted:
    """Requeue jobs that are assigned to this worker, but that two consecutive checks found not running.

    `before` is the result of the previous check. Return the jobs that only this check has found not running. One check
    is not enough, because a job is assigned shortly before it starts.
    """
    pending = DBOS.list_workflows(
        status="PENDING", executor_id=worker, name=WORKFLOWS, load_input=False, load_output=False
    )
    not_started = {(work.workflow_id, work.dequeued_at): work for work in pending if work.workflow_id not in _running}
    if lost := [not_started.pop(key) for key in before if key in not_started]:
        log.warning("requeued %d assigned jobs that were never started", _requeue(lost))
    return not_started


def release_own_jobs(worker: str) -> int:
    """Requeue all jobs of this worker, which is about to stop, and return the number of jobs."""
    return _requeue(DBOS.list_workflows(status="PENDING", executor_id=worker, load_input=False, load_output=False))


def _requeue(works: list[WorkflowStatus]) -> int:
    """Put workflows back into their queues and return their number.

    A worker that still runs a requeued workflow can no longer write results: its fencing token is outdated.
    """
    queues = defaultdict(list)
    for work in works:
        if work.queue_name:
            queues[work.queue_name].append(work.workflow_id)
    for queue, ids in queues.items():
        DBOS.resume_workflows(ids, queue_name=queue)
        dbos_queues.announce(queue)
    return sum(map(len, queues.values()))
