"""Internals of DBOS: the threads that poll its queues.

DBOS polls each queue in a thread of its own, at a fixed interval. Polling ten queues several times a second keeps a
tenth of a core busy, even if nobody uses the app. Here, a queue that is idle is polled rarely, and at once after
`enqueue` in this process, or in another one that announces it. Two polls are never closer together than DBOS has them:
it counts a workflow as running only when it is started in another thread, some time after it was taken from the queue,
so a poll within that time could exceed the queue's limit of workflows at once. Here, workflows are counted from the
moment they are taken.

This module imports DBOS within its functions, because that takes half a second.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

IDLE_INTERVAL = 2.0  # time between two polls of an idle queue, seconds
BUSY_SECONDS = 3.0  # seconds after a start, an `enqueue` or the end of a workflow in which a queue is not yet idle
_STOP_INTERVAL = 0.2  # interval at which a waiting thread checks whether DBOS is being stopped, seconds

log = logging.getLogger("stt.compat.dbos_queues")
_events: dict[str, threading.Event] = {}  # by queue; set by `wake`
_announce: Callable[[str], None] | None = None
_is_informed: Callable[[], bool] = bool  # returns False
_stopped = threading.Event()  # set by `stop_polling`


def enqueue(queue: str, workflow: Callable[..., Any], *values: Any) -> None:
    """Put a workflow with these arguments into a queue, and make the processes that poll the queue poll it at once."""
    from dbos import DBOS

    DBOS.enqueue_workflow(queue, workflow, *values)
    announce(queue)


def announce(queue: str) -> None:
    """Make the processes that poll this queue poll it at once, because a workflow was put into it."""
    wake(queue)
    if _announce is not None:
        _announce(queue)


def wake(queue: str) -> None:
    """Make this process poll this queue at once, if it polls it."""
    _enqueued(queue).set()


def poll_idle_queues_rarely(is_informed: Callable[[], bool], announce: Callable[[str], None] | None = None) -> None:
    """Poll queues only every IDLE_INTERVAL while they are idle. Call this before DBOS is launched.

    `is_informed` returns whether this process learns at once of each workflow that is put into a queue. While it
    returns False, idle queues are polled as often as others. `announce` tells the other processes, if there are any,
    that a workflow was put into the queue of this name.
    """
    global _announce, _is_informed
    from dbos import _queue as module

    _is_informed, _announce = is_informed, announce
    _stopped.clear()
    internals: Any = module
    poll, execute = (getattr(internals, name, None) for name in ("queue_worker_thread", "execute_dequeued_workflow"))
    if poll is None or execute is None:
        log.warning("this version of DBOS polls its queues in another way, so idle queues are polled often")
    elif not hasattr(poll, "__wrapped__"):
        internals.queue_worker_thread, internals.execute_dequeued_workflow = _rarely_while_idle(poll), _counted(execute)


def stop_polling() -> None:
    """Let this process take no further workflows from the queues, because it is about to exit."""
    _stopped.set()


def _enqueued(queue: str) -> threading.Event:
    return _events.setdefault(queue, threading.Event())


def _rarely_while_idle(poll: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(poll)
    def poll_queue(stop: threading.Event, dbos: Any, queue: Any) -> None:
        running = functools.partial(dbos._active_workflows_set.count_for_queue, queue.name)
        poll(PollingWait(stop, _enqueued(queue.name), running, IDLE_INTERVAL, _is_informed), dbos, queue)

    return poll_queue


def _counted(execute: Callable[..., Any]) -> Callable[..., Any]:
    """Return `execute`, which starts a workflow that was taken from a queue, changed to count it as running at once.

    The count of a workflow is a reference count: it goes up here, and down once DBOS itself counts the workflow, or if
    it is not started.
    """
    taken: dict[str, Any] = {}  # by workflow id

    def release(workflow_id: str, *_: object) -> None:
        if (entry := taken.pop(workflow_id, None)) is not None:
            entry.release()

    def releasing(add: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(add)
        def add_and_release(workflow_id: str, *values: Any) -> Any:
            entry = add(workflow_id, *values)
            release(workflow_id)
            return entry

        return add_and_release

    @functools.wraps(execute)
    def execute_counted(dbos: Any, status: Any, *values: Any) -> Any:
        workflow_id, active = status["workflow_uuid"], dbos._active_workflows_set
        if not hasattr(active.add, "__wrapped__"):
            active.add = releasing(active.add)
        taken[workflow_id] = active.add.__wrapped__(
            workflow_id, status.get("queue_name"), status.get("queue_partition_key")
        )
        future = None
        try:
            handle = execute(dbos, status, *values)
            future = getattr(handle, "future", None)
            return handle
        finally:
            if future is None:
                release(workflow_id)
            else:
                future.add_done_callback(functools.partial(release, workflow_id))

    return execute_counted


class PollingWait:
    """Replace the event with which DBOS stops the thread of a queue, and on which that thread waits between polls.

    A queue is idle if for BUSY_SECONDS nothing was enqueued, and none of its workflows ran in this process, as counted
    by `running`. A wait of an idle queue lasts `idle_interval` seconds or until `enqueued` is set, but no less than any
    other wait. While `is_informed` returns False, it lasts no longer than any other wait.
    """

    def __init__(
        self,
        stop: threading.Event,
        enqueued: threading.Event,
        running: Callable[[], int],
        idle_interval: float,
        is_informed: Callable[[], bool],
    ) -> None:
        self._stop, self._enqueued, self._running, self._idle_interval = stop, enqueued, running, idle_interval
        self._is_informed = is_informed
        self._busy_until = time.monotonic() + BUSY_SECONDS

    def is_set(self) -> bool:
        return self._stop.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait until the queue is to be polled again, and return whether DBOS is being stopped."""
        was_running = self._running()
        self._stop.wait(timeout)
        if was_running or self._running():
            self._busy_until = time.monotonic() + BUSY_SECONDS
        elif time.monotonic() > self._busy_until:
            self._wait_for_enqueue(self._idle_interval - timeout)
        if self._enqueued.is_set():
            self._enqueued.clear()
            self._busy_until = time.monotonic() + BUSY_SECONDS
        while _stopped.is_set() and not self._stop.wait(_STOP_INTERVAL):
            pass
        return self._stop.is_set()

    def _wait_for_enqueue(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stop.is_set() and self._is_informed() and (left := end - time.monotonic()) > 0:
            if self._enqueued.wait(min(left, _STOP_INTERVAL)):
                return
