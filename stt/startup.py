"""Starting and stopping this process: checks first, then the job engine in the background."""

from __future__ import annotations

import logging
import os
import threading

from filelock import FileLock, Timeout

from stt.database import data_folder
from stt.errors import DataFolderError
from stt.settings import settings

log = logging.getLogger("stt.startup")
_lock: FileLock | None = None


def check() -> None:
    """Make sure of the data folder: writable, and ours alone. Raises DataFolderError.

    Two processes on one SQLite folder would both take up the same broken-off jobs. With PostgreSQL many may share.
    """
    global _lock
    folder = data_folder()
    if settings().stt_database_url or _lock is not None:
        return
    lock = FileLock(folder / "in-use.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DataFolderError(
            f"Another STT Studio is already running on the data folder {folder}.",
            guidance="Stop it first, or set STT_DATA_DIR to another folder.",
        ) from error
    _lock = lock


def run() -> None:
    """Start the job engine; what fails is in the log and is tried again when the first job is made."""
    from stt import jobs  # brings dbos: half a second that the first page should not wait for

    try:
        jobs.start()
    except Exception:
        log.exception("the job engine did not start")


def stop() -> None:
    """Stop for good. What is being transcribed goes on from its last finished stretch at the next start."""
    from stt import jobs

    jobs.stop()
    # A stretch cannot be interrupted from outside, and Python would wait for its thread.
    if any(thread.name.startswith("DBOS") or "ThreadPool" in thread.name for thread in threading.enumerate()):
        logging.shutdown()
        threading.Timer(1.0, os._exit, (0,)).start()
