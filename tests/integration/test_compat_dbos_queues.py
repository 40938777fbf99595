"""Test what this project assumes about the threads in which DBOS polls its queues."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from dbos import DBOS, SetWorkflowID, _core

from stt.compat import dbos_queues
from stt.jobs.queues import SHORT_QUEUE
from tests.waiting import until

ONE_AT_A_TIME = "playback"  # queue that runs one workflow at a time
FAR = 3600.0  # seconds; longer than any test
BUSY_SECONDS = dbos_queues.BUSY_SECONDS  # as it is outside the tests of this file

ran: list[str] = []
entered, proceed = threading.Event(), threading.Event()


@DBOS.workflow(name="compat-queue-runs")
def quick_workflow(name: str) -> None:
    ran.append(name)


@DBOS.workflow(name="compat-queue-waits")
def waiting_workflow() -> None:
    entered.set()
    proceed.wait(60)


@pytest.fixture(scope="module", autouse=True)
def idle_queues_are_not_polled() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbos_queues, "IDLE_INTERVAL", FAR)
        patch.setattr(dbos_queues, "BUSY_SECONDS", 0.0)
        yield


def enqueue(queue: str, name: str) -> None:
    with SetWorkflowID(name):
        dbos_queues.enqueue(queue, quick_workflow, name)


def test_dbos_polls_an_idle_queue_only_after_enqueue(engine: Path):
    names: list[str] = []

    def is_unnoticed() -> bool:
        """Return whether a workflow that DBOS itself enqueues waits longer than the usual interval between two polls.

        It does not wait if the queue's thread has only just started, because its first poll takes the workflow.
        """
        name = f"unnoticed-{len(names)}"
        names.append(name)
        with SetWorkflowID(name):
            DBOS.enqueue_workflow(SHORT_QUEUE, quick_workflow, name)
        for number in range(3):  # takes longer than the usual interval
            other = f"{name}-{number}"
            enqueue(ONE_AT_A_TIME, other)
            until(lambda other=other: other in ran)
        status = DBOS.get_workflow_status(name)
        return status is not None and status.status == "ENQUEUED"

    until(is_unnoticed)
    enqueue(SHORT_QUEUE, "next")
    until(lambda: {*names, "next"} <= set(ran))


def test_dbos_starts_the_next_workflow_of_a_full_queue_once_the_first_ends(
    engine: Path, monkeypatch: pytest.MonkeyPatch
):
    # The first workflow may end between a poll, which finds the queue full, and the wait after it, which then sees no
    # running workflow. The next poll comes in time only because the queue counts as busy a little longer.
    monkeypatch.setattr(dbos_queues, "BUSY_SECONDS", BUSY_SECONDS)
    with SetWorkflowID("first"):
        dbos_queues.enqueue(ONE_AT_A_TIME, waiting_workflow)
    assert entered.wait(30)
    enqueue(ONE_AT_A_TIME, "second")
    status = DBOS.get_workflow_status("second")
    assert status is not None and status.status == "ENQUEUED"
    proceed.set()
    until(lambda: "second" in ran)


def test_limit_of_a_queue_holds_although_dbos_starts_a_workflow_late(engine: Path, monkeypatch: pytest.MonkeyPatch):
    """DBOS checks the roles of a workflow in the thread that runs it, before it counts it as running."""
    check, late, go = _core._check_required_roles_or_finalize_error, [], threading.Event()

    def check_late(dbos, status, *values):
        if status["workflow_uuid"].startswith("late-"):
            late.append(status["workflow_uuid"])
            go.wait(60)
        return check(dbos, status, *values)

    monkeypatch.setattr(_core, "_check_required_roles_or_finalize_error", check_late)
    monkeypatch.setattr(dbos_queues, "BUSY_SECONDS", FAR)
    enqueue(ONE_AT_A_TIME, "late-1")
    until(lambda: late)
    enqueue(ONE_AT_A_TIME, "late-2")
    for number in range(5):  # the usual interval of the other queue is longer
        enqueue("speakers", f"meanwhile-{number}")
        until(lambda number=number: f"meanwhile-{number}" in ran)
    assert late == ["late-1"]
    go.set()
    until(lambda: {"late-1", "late-2"} <= set(ran))


@pytest.mark.parametrize("fails", [False, True])
def test_workflow_that_dbos_does_not_start_is_not_counted(fails: bool):
    """DBOS does not start a workflow that has ended since it was taken, or that it cannot read."""
    dbos = SimpleNamespace(_active_workflows_set=_core.ActiveWorkflowById())
    status = {"workflow_uuid": "ended", "queue_name": ONE_AT_A_TIME}
    counts: list[int] = []

    def execute(dbos, status, token):
        counts.append(dbos._active_workflows_set.count_for_queue(ONE_AT_A_TIME))
        if fails:
            raise KeyError

    with pytest.raises(KeyError) if fails else nullcontext():
        dbos_queues._counted(execute)(dbos, status, "token")
    assert [*counts, dbos._active_workflows_set.count_for_queue(ONE_AT_A_TIME)] == [1, 0]


def test_dbos_counts_the_running_workflows_of_a_queue_and_stops_threads_by_their_event():
    """Call `wait` as DBOS does. An idle queue waits long, and a busy one only for the usual interval."""
    stop, enqueued, running = threading.Event(), threading.Event(), [1]
    wait = dbos_queues.PollingWait(stop, enqueued, lambda: running[0], FAR, lambda: True)
    assert not wait.wait(0.01), "a queue with a running workflow is polled as usual"
    running[0] = 0
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(wait.wait(0.01)))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive(), "an idle queue is not polled"
    enqueued.set()
    waiting.join(30)
    assert results == [False] and not enqueued.is_set()
    waiting = threading.Thread(target=lambda: results.append(wait.wait(0.01)))
    waiting.start()
    stop.set()
    waiting.join(30)
    assert results == [False, True] and wait.is_set()


def test_dbos_polls_no_queue_twice_within_the_usual_interval():
    """DBOS registers a workflow that it takes from a queue a moment later, in another thread.

    If it polled again before that, it would start more workflows than the queue's limit.
    """
    stop, enqueued = threading.Event(), threading.Event()
    wait = dbos_queues.PollingWait(stop, enqueued, lambda: 0, FAR, lambda: True)
    waiting = threading.Thread(target=lambda: wait.wait(FAR))
    waiting.start()
    enqueued.set()
    waiting.join(0.5)
    assert waiting.is_alive()
    stop.set()
    waiting.join(30)
    assert not waiting.is_alive()


def test_dbos_polls_a_queue_soon_after_its_workflow_ends():
    """Check that the next workflow of a full queue does not wait for the interval of an idle queue."""
    running = iter([1])  # the workflow runs at the start of the wait, and has ended at its end
    wait = dbos_queues.PollingWait(threading.Event(), threading.Event(), lambda: next(running, 0), FAR, lambda: True)
    waiting = threading.Thread(target=lambda: wait.wait(0.01), daemon=True)
    waiting.start()
    waiting.join(30)
    assert not waiting.is_alive()


def test_idle_queues_are_polled_as_usual_while_announcements_are_not_received():
    informed = [False]
    stop = threading.Event()
    wait = dbos_queues.PollingWait(stop, threading.Event(), lambda: 0, FAR, lambda: informed[0])
    assert not wait.wait(0.01)
    informed[0] = True
    waiting = threading.Thread(target=lambda: wait.wait(0.01))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    informed[0] = False  # the connection is lost during the wait
    waiting.join(30)
    assert not waiting.is_alive()


def test_process_that_is_about_to_exit_polls_no_queue(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dbos_queues, "_stopped", threading.Event())
    enqueued = threading.Event()
    wait = dbos_queues.PollingWait(threading.Event(), enqueued, lambda: 1, FAR, lambda: True)
    dbos_queues.stop_polling()
    enqueued.set()
    waiting = threading.Thread(target=lambda: wait.wait(0.01))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    dbos_queues._stopped.clear()
    waiting.join(30)
    assert not waiting.is_alive()
