"""Store the state of live recordings: the files of each in the folder of its owner, and its lock.

`stt.recorder.live_recordings` describes the files.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from stt.auth import visitors
from stt.errors import Conflict, NotFound
from stt.files.paths import folder

LOCK_TIMEOUT = 30.0  # timeout for the lock of a live recording, seconds
_ID = re.compile(r"[\w-]{27}", re.ASCII)

log = logging.getLogger("stt.recorder.state")


@dataclass(frozen=True, slots=True)
class Live:
    """Hold the state of a live recording. `pieces` and `size` are the number of pieces and bytes received so far."""

    id: str
    owner: str
    name: str
    pieces: int = 0
    size: int = 0
    paused: bool = False
    began: float | None = None  # start time, seconds since 1970; None in states of older app versions
    # Whether this is a call: the microphone on the left channel, the sound of a browser tab or the screen on the right.
    shared: bool = False
    synced: float = 0.0  # time of the last sync to the disk, seconds since 1970
    failed: int = 0  # number of attempts to finish it that have failed although the pieces may be audio


def home_of(owner: str, visitor: str) -> Path:
    """Return the folder for the live recordings of an owner, or of a visitor if all visitors share one owner."""
    who = visitor if owner == visitors.SHARED else owner
    return folder("live") / hashlib.sha256(who.encode()).hexdigest()[:32]


def open_in(home: Path) -> list[tuple[Live, float]]:
    """Return the live recordings in a folder, each with the seconds since its last piece, longest first."""
    found = []
    for note in home.glob("*.json"):
        try:
            found.append((note.stat().st_mtime, _read(note)))
        except FileNotFoundError:  # another thread has just finished this live recording
            continue
        except (ValueError, TypeError):  # such as an empty file after a power cut; the sound is kept
            log.warning("the state of a live recording cannot be read; renamed to %s", note.with_suffix(".broken").name)
            with suppress(FileNotFoundError):
                os.utime(note)  # both files remain for some time from now on, however old the state is
                note.replace(note.with_suffix(".broken"))
    return [(live, time.time() - at) for at, live in sorted(found, key=lambda one: one[0])]


def load(home: Path, id: str) -> Live:
    """Return the state of a live recording. Raises NotFound if there is none, or if it cannot be read."""
    try:
        return _read(home / f"{id}.json")
    except (FileNotFoundError, ValueError, TypeError) as error:
        raise NotFound("This recording is finished.") from error


def _read(note: Path) -> Live:
    """Read the state of a live recording from `{id}.json`, ignoring fields that other versions of this app wrote.

    Raises ValueError or TypeError if the content is not such a state.
    """
    fields = json.loads(note.read_text("utf-8"))
    if not isinstance(fields, dict):
        raise TypeError("not an object")
    live = Live(**{name: value for name, value in fields.items() if name in Live.__dataclass_fields__})
    if live.id != note.stem:
        raise ValueError("the state of another recording")
    return live


def save(home: Path, live: Live, sync: bool = True) -> None:
    """Write the state of a live recording to `{id}.json`. With `sync`, the file survives a power cut."""
    part = home / f"{live.id}.part"
    with open(part, "w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(live)))
        if sync:
            file.flush()
            os.fsync(file.fileno())
    part.replace(home / f"{live.id}.json")
    if sync and os.name == "posix":  # sync the folder too, because the rename changed it
        folder_of_it = os.open(home, os.O_RDONLY)
        try:
            os.fsync(folder_of_it)
        finally:
            os.close(folder_of_it)


def forget(home: Path, id: str) -> None:
    for suffix in ("json", "sound", "tracks", "making", "part", "broken"):
        (home / f"{id}.{suffix}").unlink(missing_ok=True)


def sound_of(home: Path, id: str) -> Path:
    return home / f"{id}.sound"


def done_of(home: Path, id: str) -> Path:
    return home / f"{id}.done"


def modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


@contextmanager
def locked(home: Path, id: str) -> Iterator[None]:
    """Hold the lock of one live recording, which also excludes other processes that share the folder.

    Raises NotFound if there is no such live recording, Conflict if the lock is not free within LOCK_TIMEOUT seconds.
    """
    if not _ID.fullmatch(id) or not ((home / f"{id}.json").exists() or done_of(home, id).exists()):
        raise NotFound("This recording is finished.")
    try:
        with FileLock(home / f"{id}.lock", timeout=LOCK_TIMEOUT):
            yield
    except Timeout as error:
        raise still_finishing() from error


def still_finishing() -> Conflict:
    return Conflict("This recording is being finished.", guidance="Try again in a moment.")
