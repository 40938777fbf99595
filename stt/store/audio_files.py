"""Store audio files in the data folder, or at any `fsspec` address that all machines can read.

Files have random names. Copies of remote files are cached on this machine.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from stt.errors import DiskFull, SetupError, StorageUnavailable
from stt.files import writing
from stt.files.paths import FULL, folder
from stt.settings import settings

CACHE_BYTES = 5 << 30  # maximum size of cached copies of remote files, bytes
MIN_CACHE_SECONDS = 60.0  # minimum seconds for which a requested copy is kept, because the caller opens it later


def save(part: Path, name: str) -> None:
    """Move the finished file `part` into the store.

    Raises StorageUnavailable if the remote store fails, and OSError if the file cannot be moved or a disk is full.
    """
    remote = _remote_store()
    if remote is None:
        shutil.move(part, folder("audio") / name)
        return
    system, root = remote
    with _storage_errors():
        system.makedirs(root, exist_ok=True)
        system.put_file(str(part), f"{root}/{name}")
        _share_as_folder(system, root, name)
    copy = folder("cache") / name
    shutil.move(part, copy)
    _trim_cache(keep=copy)


def restore(name: str, part: Path) -> None:
    """Move the file back from the data folder or the cache to `part`, if `save` had moved it. A remote file stays."""
    with suppress(OSError):
        if not part.exists():
            shutil.move(folder("audio" if _remote_store() is None else "cache") / name, part)


def local(name: str) -> Path:
    """Return the file's path on this machine; copy a remote file to this path first.

    If the file was deleted, no file exists at the returned path. Raises StorageUnavailable if the remote store fails,
    and DiskFull if this machine has no space left for the copy.
    """
    remote = _remote_store()
    if remote is None:
        return folder("audio") / name
    path = folder("cache") / name
    with suppress(FileNotFoundError):
        os.utime(path)  # mark as recently used
        return path
    system, root = remote
    part = writing.part_of(path)
    try:
        with _storage_errors():
            system.get_file(f"{root}/{name}", str(part))
        part.replace(path)
    except FileNotFoundError as error:
        if exists(name):  # fsspec also raises this error if a network folder does not answer
            raise StorageUnavailable(detail=repr(error)) from error
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull("The server's disk has no space left for a copy of this recording.") from error
        raise
    finally:
        part.unlink(missing_ok=True)
    _trim_cache(keep=path)
    return path


def exists(name: str) -> bool:
    """Return whether the file is in the store. Raises StorageUnavailable if the remote store fails."""
    remote = _remote_store()
    if remote is None:
        return (folder("audio") / name).exists()
    system, root = remote
    try:
        with _storage_errors():
            system.info(f"{root}/{name}")  # `system.exists` also returns False if the store does not answer
    except FileNotFoundError:
        return False
    return True


def delete(name: str) -> None:
    """Delete the file from the store and the cache. Raises StorageUnavailable if the remote store fails."""
    remote = _remote_store()
    if remote is None:
        (folder("audio") / name).unlink(missing_ok=True)
        return
    (folder("cache") / name).unlink(missing_ok=True)
    system, root = remote
    with suppress(FileNotFoundError), _storage_errors():
        system.info(f"{root}/{name}")  # of a missing file, some backends raise another error in `rm_file`
        system.rm_file(f"{root}/{name}")


def cached_names() -> list[str]:
    """Return the names of the remote files that have a cached copy on this machine."""
    if _remote_store() is None:
        return []
    return [file.name for file in folder("cache").iterdir() if file.suffix != writing.PART]


def drop_cached(names: Iterable[str]) -> None:
    """Delete cached copies from this machine, but not the remote files."""
    for name in names:
        (folder("cache") / name).unlink(missing_ok=True)


def check() -> None:
    """Check STT_STORAGE. Raises SetupError if the address is invalid or needs a package that is not installed."""
    _remote_store()


@lru_cache
def _connect(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        system, root = url_to_fs(address)
    except ImportError as error:  # an fsspec backend, such as S3, may need an additional package
        raise SetupError(
            f"STT_STORAGE needs a package that is not installed: {error}.", guidance="Install it and start again."
        ) from error
    except ValueError as error:
        raise SetupError(f"STT_STORAGE is not a valid address: {error}.", guidance="Correct it.") from error
    return system, root.rstrip("/")


def _remote_store() -> tuple[Any, str] | None:
    address = settings().storage
    return _connect(address) if address else None


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Convert errors of the remote store to StorageUnavailable, because every fsspec backend has different exceptions.

    FileNotFoundError, and the OSError of a full disk, are not converted.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        if isinstance(error, OSError) and error.errno == errno.ENOENT:  # SMB raises its own class
            raise FileNotFoundError(*error.args) from error
        raise StorageUnavailable(detail=repr(error)) from error


def _share_as_folder(system: Any, root: str, name: str) -> None:
    """Give a file in a shared folder the folder's permissions for group and others, so that other machines can read it.

    Without these permissions, the file is private (see `stt.files.writing`), and processes on other machines may run as
    other users. Nothing is done if the store is not a folder.
    """
    if "file" in (system.protocol if isinstance(system.protocol, tuple) else (system.protocol,)):
        with suppress(OSError):  # the file system may not support permissions
            os.chmod(f"{root}/{name}", 0o600 | os.stat(root).st_mode & 0o066)


def _trim_cache(keep: Path) -> None:
    """Delete the least recently used cached copies, except `keep`, until the rest fits into CACHE_BYTES.

    Copies that were requested in the last MIN_CACHE_SECONDS stay, because the callers may not have opened them yet.
    """
    found, used = [], time.time() - MIN_CACHE_SECONDS
    for file in folder("cache").iterdir():
        if file != keep and file.suffix != writing.PART:
            with suppress(FileNotFoundError):  # another thread has just deleted it
                found.append((file.stat(), file))
    size = 0
    with suppress(FileNotFoundError):
        size = keep.stat().st_size
    for stat, file in sorted(found, key=lambda one: one[0].st_mtime, reverse=True):
        size += stat.st_size
        if size > CACHE_BYTES and stat.st_mtime < used:
            file.unlink(missing_ok=True)
