"""Test what this project assumes about DBOS."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID

from stt.compat import dbos as compat
from stt.db.job_database import job_engine_arguments
from stt.ops import logs
from tests.waiting import until

QUEUE = "playback"  # runs one workflow at a time
entered, proceed = threading.Event(), threading.Event()
ended: list[BaseException | None] = []
thread_names: list[str] = []


@DBOS.workflow(name="compat-waits")
def waiting_workflow() -> None:
    """Wait for `proceed`, run a step, and record the exception that ends the workflow, or None."""
    thread_names.append(threading.current_thread().name)
    entered.set()
    proceed.wait(60)
    try:
        DBOS.run_step({"name": "after"}, time.time)
    except BaseException as error:
        ended.append(error)
        raise
    ended.append(None)


@DBOS.workflow(name="compat-asks")
def status_workflow(outside: bool) -> None:
    if outside:
        compat.outside_workflow(DBOS.get_workflow_status, "none")
    else:
        DBOS.get_workflow_status("none")


def enqueue(name: str, workflow: Callable[..., None], *values: object) -> None:
    entered.clear()
    proceed.clear()
    ended.clear()
    with SetWorkflowID(name):
        DBOS.enqueue_workflow(QUEUE, workflow, *values)


def test_dbos_ends_a_reassigned_workflow_with_a_base_exception(engine: Path):
    enqueue("reassigned-1", waiting_workflow)
    assert entered.wait(30)
    status = DBOS.get_workflow_status("reassigned-1")
    assert status is not None and status.status == "PENDING"
    DBOS.resume_workflows(["reassigned-1"], queue_name=QUEUE)
    until(lambda: (now := DBOS.get_workflow_status("reassigned-1")) and now.status == "ENQUEUED")
    proceed.set()
    until(lambda: ended)
    assert isinstance(ended[0], BaseException) and not isinstance(ended[0], Exception)
    until(lambda: DBOS.get_workflow_status("reassigned-1").status == "SUCCESS")
    assert ended[1:] == [None], "and the worker that has it now runs it"


def test_dbos_ends_a_cancelled_workflow_with_a_base_exception(engine: Path):
    enqueue("cancelled-1", waiting_workflow)
    assert entered.wait(30)
    DBOS.cancel_workflow("cancelled-1")
    proceed.set()
    until(lambda: ended)
    assert isinstance(ended[0], BaseException) and not isinstance(ended[0], Exception)


def test_dbos_logs_an_error_for_a_workflow_that_is_deleted_while_it_ends(engine: Path, caplog):
    logs.adopt()
    enqueue("deleted-1", waiting_workflow)
    assert entered.wait(30)
    DBOS.cancel_workflow("deleted-1")
    DBOS.delete_workflow("deleted-1")
    proceed.set()
    until(lambda: "a workflow was deleted while it ended" in caplog.messages)
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]


def test_dbos_records_who_dequeued_a_workflow_and_when(engine: Path):
    enqueue("dequeued-1", waiting_workflow)
    assert entered.wait(30)
    status = DBOS.get_workflow_status("dequeued-1")
    proceed.set()
    assert status.executor_id == DBOS.executor_id and status.queue_name == QUEUE
    assert status.dequeued_at / 1000 == pytest.approx(time.time(), abs=60)
    until(lambda: ended)


@pytest.mark.parametrize(("outside", "steps"), [(False, 1), (True, 0)])
def test_dbos_stores_a_call_within_a_workflow_as_a_step_unless_the_context_is_left(
    engine: Path, outside: bool, steps: int
):
    name = f"asks-{int(outside)}"
    enqueue(name, status_workflow, outside)
    until(lambda: (status := DBOS.get_workflow_status(name)) and status.status == "SUCCESS")
    assert len(DBOS.list_workflow_steps(name)) == steps


def test_dbos_runs_workflows_in_threads_with_its_prefix(engine: Path):
    thread_names.clear()
    enqueue("named-1", waiting_workflow)
    assert entered.wait(30)
    assert thread_names[0].startswith(compat._THREADS) and compat.works()
    proceed.set()
    until(lambda: ended)


def test_dbos_rows_get_timestamps_with_an_old_sqlite_too(tmp_path: Path):
    """Insert a default with the SQL function that DBOS needs on Python 3.12 and newer.

    Without help, SQLite before 3.42 returns NULL for this function.
    """
    rows = sa.create_engine(f"sqlite:///{tmp_path / 'jobs.db'}", connect_args=job_engine_arguments())
    with rows.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE dated (a INTEGER, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))"
        )
        connection.exec_driver_sql("INSERT INTO dated (a) VALUES (1)")
        at = connection.exec_driver_sql("SELECT at FROM dated").scalar()
    rows.dispose()
    assert at / 1000 == pytest.approx(time.time(), abs=60)
