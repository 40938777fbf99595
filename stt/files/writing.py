"""Write files privately, and completely or not at all."""

from __future__ import annotations

import logging
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

PART = ".part"  # suffix of the name of a file that is still being written
ABANDONED = 24 * 3600  # age in seconds after which a PART file is assumed to be left by a killed process
OTHERS = stat.S_IRWXG | stat.S_IRWXO  # permissions of group and others

log = logging.getLogger("stt.files.writing")


@contextmanager
def replacing(path: Path, mode: str = "wb", **options: Any) -> Iterator[IO[Any]]:
    """Open a new file that replaces `path` when the `with` block ends. After an error, the new file is deleted.

    Readers see the old or the new content, never a mixture. Raises OSError if the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    try:
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), mode, **options) as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)  # `part` still exists only after an error; otherwise it was renamed to `path`


def part_of(path: Path) -> Path:
    """Return a new path in the folder of `path`, for a file that will replace `path`."""
    return path.with_name(f".{path.name}-{secrets.token_hex(8)}{PART}")


def be_private() -> None:
    """Make files that this process creates unreadable for other users of the machine."""
    os.umask(0o077)


def shut(folder: Path) -> None:
    """Deny other users access to a folder, so that the permissions of files in it do not matter."""
    with suppress(OSError):  # another user may own the folder; `tighten`, which runs in the background, logs a warning
        _tighten(folder)


def tighten(folder: Path) -> None:
    """Remove the permissions of group and others from a folder and its content.

    If the permissions of some files cannot be changed, the number of these files is logged.
    """
    kept = 0
    for place, _, names in os.walk(folder):
        for path in [Path(place), *(Path(place, name) for name in names)]:
            try:
                _tighten(path)
            except FileNotFoundError:
                pass  # the file was deleted meanwhile
            except OSError:
                kept += 1
    if kept:
        log.warning("other users of this machine may be able to read %d files of the data folder", kept)


def _tighten(path: Path) -> None:
    mode = path.lstat().st_mode
    if mode & OTHERS and not stat.S_ISLNK(mode):
        path.chmod(stat.S_IMODE(mode) & ~OTHERS)


def clean_parts(folder: Path) -> None:
    """Delete the PART files in `folder` and its subfolders whose last change is more than ABANDONED seconds ago."""
    before = time.time() - ABANDONED
    for part in folder.rglob(f"*{PART}"):
        with suppress(OSError):
            if part.stat().st_mtime < before:
                part.unlink()
