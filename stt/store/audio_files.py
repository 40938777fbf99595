"""Where audio is kept: a folder of the data folder, or any `fsspec` address that all machines can read.

Files have random names. What comes from afar is kept in a cache on this machine while it is used.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from stt.errors import SetupError, StorageUnavailable
from stt.files import writing
from stt.files.paths import FULL, folder
from stt.settings import settings

CACHE_BYTES = 5 << 30  # bytes of copies from afar that are kept on this machine
MIN_CACHE_SECONDS = 60.0  # seconds for which a copy that was asked for stays: whoever asked is about to open it


def save(part: Path, name: str) -> None:
    """Move the finished file `part` to where audio is kept. Raises OSError, StorageUnavailable."""
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
    """Move what `save` moved on this machine back to `part`, as far as it was moved."""
    with suppress(OSError):
        if not part.exists():
            shutil.move(folder("audio" if _remote_store() is None else "cache") / name, part)


def local(name: str) -> Path:
    """A path on this machine with the file, fetched if need be. It does not exist if the file was deleted.

    Raises StorageUnavailable.
    """
    remote = _remote_store()
    if remote is None:
        return folder("audio") / name
    path = folder("cache") / name
    with suppress(FileNotFoundError):
        os.utime(path)  # used now: among the last to leave the cache
        return path
    system, root = remote
    part = writing.part_of(path)
    try:
        with _storage_errors():
            system.get_file(f"{root}/{name}", str(part))
        part.replace(path)
    except FileNotFoundError:
        pass
    finally:
        part.unlink(missing_ok=True)
    _trim_cache(keep=path)
    return path


def exists(name: str) -> bool:
    """Raises StorageUnavailable."""
    remote = _remote_store()
    if remote is None:
        return (folder("audio") / name).exists()
    system, root = remote
    with _storage_errors():
        return bool(system.exists(f"{root}/{name}"))


def delete(name: str) -> None:
    """Raises StorageUnavailable."""
    remote = _remote_store()
    if remote is None:
        (folder("audio") / name).unlink(missing_ok=True)
        return
    (folder("cache") / name).unlink(missing_ok=True)
    system, root = remote
    with _storage_errors():
        if system.exists(f"{root}/{name}"):
            system.rm_file(f"{root}/{name}")


def cached_names() -> list[str]:
    """The names of the copies from afar on this machine."""
    if _remote_store() is None:
        return []
    return [file.name for file in folder("cache").iterdir() if file.suffix != writing.PART]


def drop_cached(names: Iterable[str]) -> None:
    """Remove copies from this machine, not what they are copies of."""
    for name in names:
        (folder("cache") / name).unlink(missing_ok=True)


def check() -> None:
    """Make sure that the address of STT_STORAGE leads somewhere. Raises SetupError."""
    _remote_store()


@lru_cache
def _connect(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        system, root = url_to_fs(address)
    except ImportError as error:  # S3, for one, is a package of its own
        raise SetupError(
            f"STT_STORAGE needs a package that is not here: {error}.", guidance="Then start again."
        ) from error
    except ValueError as error:
        raise SetupError(f"STT_STORAGE is no address that can be used: {error}.", guidance="Correct it.") from error
    return system, root.rstrip("/")


def _remote_store() -> tuple[Any, str] | None:
    address = settings().stt_storage
    return _connect(address) if address else None


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Every store has exceptions of its own for what cannot be reached."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        raise StorageUnavailable(detail=repr(error)) from error


def _share_as_folder(system: Any, root: str, name: str) -> None:
    """In a folder that machines share, let those read a file whom the mode of the folder lets in.

    Files of this process are private (see `files.be_private`), and the other machines may run as other users.
    """
    if "file" in (system.protocol if isinstance(system.protocol, tuple) else (system.protocol,)):
        with suppress(OSError):  # a file system without modes
            os.chmod(f"{root}/{name}", 0o600 | os.stat(root).st_mode & 0o066)


def _trim_cache(keep: Path) -> None:
    """Remove the files that were not used for longest, until those left fit into CACHE_LIMIT.

    What was asked for just now stays, here and in other processes: it has been looked for, and is opened next.
    """
    found, used = [], time.time() - MIN_CACHE_SECONDS
    for file in folder("cache").iterdir():
        if file != keep and file.suffix != writing.PART:
            with suppress(FileNotFoundError):  # another thread has just removed it
                found.append((file.stat(), file))
    size = 0
    with suppress(FileNotFoundError):
        size = keep.stat().st_size
    for stat, file in sorted(found, key=lambda one: one[0].st_mtime, reverse=True):
        size += stat.st_size
        if size > CACHE_BYTES and stat.st_mtime < used:
            file.unlink(missing_ok=True)
