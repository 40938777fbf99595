"""Locate the data folder, and check the free space on its disk."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stt.errors import DataFolderError, DiskFull
from stt.files import writing
from stt.settings import settings

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # error codes of a full disk
# Disk space that is kept free for the database and everything else on the machine: KEPT_FREE as a share of the disk, or
# KEPT_FREE_BYTES, whichever is less.
KEPT_FREE, KEPT_FREE_BYTES = 0.05, 2 << 30


CHECKED = 16 << 20  # maximum number of bytes written between two checks of the free space


def data_folder() -> Path:
    """Return the data folder, created if missing. Raises DataFolderError if it cannot be created or written."""
    folder = settings().data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writing.shut(folder)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink(missing_ok=True)  # another process may have deleted the probe file
    except OSError as error:
        raise DataFolderError(f"The data folder {folder} cannot be written: {error.strerror}.") from error
    return folder


def folder(name: str) -> Path:
    """Return the folder `name` in the data folder, created if missing."""
    path = settings().data_dir / name
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def write_errors(full: str, unwritable: str) -> Iterator[None]:
    """Convert an OSError to DiskFull with the message `full`, or to DataFolderError with the message `unwritable`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(full) from error
        raise DataFolderError(unwritable, detail=str(error)) from error


def check_room(folder: Path, size: int = 0) -> None:
    """Raise DiskFull if `size` more bytes would leave too little free space on the folder's disk."""
    if size > spare(folder):
        raise DiskFull("There is too little room left on the server's disk.")


def spare(folder: Path) -> int:
    """Return how many bytes may still be written to the folder's disk; negative if too little space is free already."""
    disk = shutil.disk_usage(folder)
    return int(disk.free - min(disk.total * KEPT_FREE, KEPT_FREE_BYTES))
