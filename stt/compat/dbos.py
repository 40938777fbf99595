"""DBOS: its context, its threads, and how it dates rows. Does not import it, which takes half a second.

It ends a workflow that was reassigned with a BaseException, which `except Exception` lets pass: see
`stt.jobs.workflow`.
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
_IDLE = 0.2  # seconds within which a thread without a workflow ends


def outside_workflow(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function as if no workflow ran in this thread.

    Within one, DBOS stores the result of each of its calls as a step, and refuses some.
    """
    return Context().run(function, *args, **kwargs)


def expects_deletion(record: logging.LogRecord) -> bool:
    """Log at INFO that a workflow was deleted while it ended; a filter of the logger, which lets every record pass.

    A deleted job's workflow is deleted as soon as it is cancelled, while its thread may still wait for the outcome.
    """
    if record.exc_info and type(record.exc_info[1]).__name__ == _DELETED:
        record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        record.msg, record.args, record.exc_info = "a workflow was deleted while it ended", (), None
    return True


def works() -> bool:
    """Return whether a workflow still runs, after DBOS was stopped: nothing can interrupt it."""
    threads = [thread for thread in threading.enumerate() if thread.name.startswith(_THREADS)]
    until = time.monotonic() + _IDLE
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return any(thread.is_alive() for thread in threads)


def date_rows(connection: sqlite3.Connection) -> None:
    """Make `unixepoch('subsec')` work, with which DBOS dates its rows from Python 3.12 on.

    The SQLite of Debian 12 and Ubuntu 22.04 returns NULL for it.
    """
    if sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", 1, lambda _subsec: round(time.time(), 3))
