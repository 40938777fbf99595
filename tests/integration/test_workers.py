"""Test how a worker finds jobs that are assigned to it but that it does not run."""

from __future__ import annotations

import threading
from itertools import count
from pathlib import Path

import pytest
from dbos import DBOS, SetWorkflowID

from stt.cluster import workers
from stt.jobs import queues
from tests.waiting import until

WORKFLOW = "waits"
numbers = count()
started, proceed = [threading.Event(), threading.Event()], [threading.Event(), threading.Event()]
ended: list[int] = []


@workers.track_running
def wait_to_proceed(number: int) -> None:
    started[number].set()
    assert proceed[number].wait(60)


@DBOS.workflow(name=WORKFLOW)
def waiting_workflow() -> None:
    number = next(numbers)
    try:
        wait_to_proceed(number)
    finally:
        ended.append(number)


def test_a_job_that_a_worker_runs_again_is_not_requeued_when_the_outdated_execution_ends(
    engine: Path, monkeypatch: pytest.MonkeyPatch
):
    """Requeue a running job, as if this worker had been suspended, and let the worker dequeue it again.

    Only a queue that runs several jobs at once starts the second execution before the first has ended.
    """
    monkeypatch.setattr(workers, "WORKFLOWS", [WORKFLOW])
    with SetWorkflowID("twice-1"):
        DBOS.enqueue_workflow(queues.PROVIDER_QUEUE, waiting_workflow)
    try:
        assert started[0].wait(30)
        DBOS.resume_workflows(["twice-1"], queue_name=queues.PROVIDER_QUEUE)
        assert started[1].wait(30)
        assert not workers.requeue_unstarted(DBOS.executor_id, {})
        proceed[0].set()
        until(lambda: ended == [0])
        assert not workers.requeue_unstarted(DBOS.executor_id, {}), "the second execution still runs"
    finally:
        for event in proceed:
            event.set()
    until(lambda: ended == [0, 1])
    assert "twice-1" not in workers._running
