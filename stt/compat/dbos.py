"""Internals of DBOS: its context, its threads, and the timestamps of its rows.

This module does not import DBOS, because that takes half a second. If a workflow was reassigned to another worker, DBOS
ends it in this worker by raising a BaseException, which `except Exception` does not catch (see `stt.jobs.workflow`).
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextvars import Context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LOGGER = "dbos"
_DELETED = "DBOSNonExistentWorkflowError"
_THREADS = "dbos-executor-"  # prefix of the names of threads that run workflows
_IDLE = 0.2  # maximum seconds that an idle thread needs to end after DBOS was stopped


def outside_workflow(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function as if no workflow ran in this thread.

    Within a workflow, DBOS stores the result of each call to DBOS as a step of the workflow, and refuses some calls.
    """
    return Context().run(function, *args, **kwargs)


def expects_deletion(record: logging.LogRecord) -> bool:
    """Lower the level of DBOS's error about a workflow that was deleted while it ended to INFO, and return True.

    This function is a logging filter that keeps every record. The error is expected: when a job is deleted, its
    workflow is cancelled and deleted at once, while the workflow's thread may still wait for the outcome.
    """
    if record.exc_info and type(record.exc_info[1]).__name__ == _DELETED:
        record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        record.msg, record.args, record.exc_info = "a workflow was deleted while it ended", (), None
    return True


def works() -> bool:
    """Return whether a workflow still runs after DBOS was stopped. Nothing can interrupt its thread."""
    threads = [thread for thread in threading.enumerate() if thread.name.startswith(_THREADS)]
    until = time.monotonic() + _IDLE
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return any(thread.is_alive() for thread in threads)


def date_rows(connection: sqlite3.Connection) -> None:
    """Define the SQL function `unixepoch('subsec')` on a connection if SQLite is older than 3.42.

    On Python 3.12 and newer, DBOS uses this function for the timestamps of its rows. In SQLite before 3.42, it returns
    NULL. Debian 12 and Ubuntu 22.04 have such an old SQLite.
    """
    if sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", 1, lambda _subsec: round(time.time(), 3))
