"""Lock the data folder for one process, because two would resume the same jobs and delete each other's uploads.

With PostgreSQL, several processes may share a folder, and nothing is locked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

from stt.errors import DataFolderInUse
from stt.files import paths
from stt.settings import settings


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock of the data folder in the context. Contexts of one process may overlap; they share the lock.

    Raises DataFolderInUse if another process holds the lock, and DataFolderError if the folder cannot be written.
    """
    if settings().database_url:
        yield
        return
    folder = paths.data_folder().resolve()
    lock = _lock_of(folder)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DataFolderInUse(f"Another STT Studio is already running on the data folder {folder}.") from error
    try:
        yield
    finally:
        lock.release()


@cache
def _lock_of(folder: Path) -> FileLock:
    """Return the lock of a folder. It is one object for all threads, which counts how often this process holds it."""
    return FileLock(folder / "in-use.lock", thread_local=False)
