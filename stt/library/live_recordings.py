"""Recordings in the making: pieces from a browser's microphone, kept on this machine's disk as they arrive.

A live recording is two files: `{id}.sound`, its pieces one after the other, and `{id}.json`, whose it is and how many
pieces and bytes count. A piece counts once the second file says so; bytes of one that was cut off are overwritten.
`{id}.done` remembers which recording it became, so that a repeated `finish` gets the same answer.

A browser that goes away loses nothing that has arrived: it becomes a recording when its owner opens a page again, or
after ABANDONED seconds. With several web machines sessions must be sticky, as the pieces lie on the machine that took
the first one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from stt.auth import visitors
from stt.containers.dates import MOMENT, Dated
from stt.errors import Conflict, InputError, LimitReached, NotFound, SetupError, TooLarge
from stt.files import names, paths
from stt.files.paths import folder
from stt.settings import settings
from stt.store import recordings
from stt.store.recordings import Recording

MOST_OPEN = 4  # live recordings of one visitor
MOST_PIECE = 2 << 20  # bytes; a second of sound has 8 to 16 kB
SILENT = 10.0  # seconds without a piece after which the owner, who opens a page, gets what has arrived
PAUSED = 120.0  # the same for one that is paused: browsers slow the clocks of pages in the background down
ABANDONED = 600.0  # seconds after which it becomes a recording by itself
REMEMBERED = 24 * 3600.0  # seconds that `{id}.done` is kept
LOOK = 60.0  # seconds between two looks for abandoned ones
PATIENCE = 30.0  # seconds to wait for another request about the same recording
_ID = re.compile(r"[\w-]{27}", re.ASCII)

log = logging.getLogger("stt.library.live_recordings")


@dataclass(frozen=True, slots=True)
class Live:
    """What is known of a live recording: `pieces` and `size` (bytes) of what has arrived."""

    id: str
    owner: str
    name: str
    pieces: int = 0
    size: int = 0
    paused: bool = False
    began: float | None = None  # seconds since 1970; None where an older version began it


def start(owner: str, visitor: str, name: str) -> str:
    """Begin a live recording and return its id. Raises LimitReached, DiskFull."""
    home = _home(owner, visitor)
    if len(_open_in(home)) >= MOST_OPEN:
        raise LimitReached(
            f"{MOST_OPEN} recordings at once are the limit for each visitor.", guidance="Stop one of them first."
        )
    live = Live(recordings.new_id(), owner, names.clean(name), began=time.time())
    with recordings.disk_errors():
        home.mkdir(parents=True, exist_ok=True)
        paths.check_room(home)
        _sound(home, live.id).touch()
        _note(home, live)
    return live.id


def append(id: str, owner: str, visitor: str, number: int, piece: IO[bytes], *, paused: bool = False) -> int:
    """Add piece `number`, counted from 0, and return the number of the next one.

    A piece that has arrived before changes nothing; an empty one only says that the browser is still there.
    Raises NotFound (unknown, finished, or somebody else's), Conflict if a piece is missing before this one, TooLarge
    beyond the upload limit, DiskFull.
    """
    home = _home(owner, visitor)
    with _alone(home, id), recordings.disk_errors():
        live = _load(home, id)
        if number > live.pieces:
            raise Conflict(f"Piece {live.pieces} of this recording is missing.", guidance="Send it first.")
        size = live.size
        if number == live.pieces:
            size = _write(_sound(home, id), live.size, piece)
        arrived = live.pieces + (size > live.size)
        _note(home, replace(live, pieces=arrived, size=size, paused=paused))
        return arrived


def finish(id: str, owner: str, visitor: str) -> Recording:
    """Turn what has arrived into a recording; again, if this was done before.

    Raises NotFound, and what `recordings.add` raises. What is no sound is deleted, as a refused upload would be.
    """
    home = _home(owner, visitor)
    with _alone(home, id):
        return recordings.find(_finish(home, id), owner)


def take_up(owner: str, visitor: str) -> tuple[list[str], int]:
    """Turn what was interrupted into recordings.

    Return the ids of all that live recordings of this visitor became in the last day, and how many are still running.
    """
    home, running = _home(owner, visitor), 0
    for live, age in _open_in(home):
        if age > (PAUSED if live.paused else SILENT):
            running += not _settle(home, live.id)
        else:
            running += 1
    return [done.read_text("utf-8") for done in sorted(home.glob("*.done"), key=_modified)], running


def discard_all(owner: str) -> None:
    """Delete the live recordings of `owner`, and what is remembered of them."""
    if owner != visitors.SHARED:
        shutil.rmtree(_home(owner, ""), ignore_errors=True)
        return
    for home in folder("live").iterdir():
        shutil.rmtree(home, ignore_errors=True)


def watch() -> None:
    """Look for abandoned ones every minute, in the background, while this process lives."""
    threading.Thread(target=_watch, name="live-recordings", daemon=True).start()


def sweep() -> None:
    """Turn abandoned ones into recordings, and forget what became of those of yesterday."""
    for home in folder("live").iterdir():
        for live, age in _open_in(home):
            if age > ABANDONED:
                _settle(home, live.id)
        for old in [*home.glob("*.done"), *home.glob("*.lock")]:
            if time.time() - _modified(old) > REMEMBERED:
                old.unlink(missing_ok=True)
        with suppress(OSError):  # not empty
            home.rmdir()


def _watch() -> None:
    pause = threading.Event()
    while True:
        try:
            sweep()
        except Exception as error:  # the database or the store is away: nothing is deleted, the next look finds it  # noqa: BLE001
            log.warning("live recordings were not looked at: %s", type(error).__name__)
        pause.wait(LOOK)


def _settle(home: Path, id: str) -> bool:
    """Finish one that was interrupted; False if that must be tried again."""
    try:
        with _alone(home, id):
            _finish(home, id)
    except (InputError, NotFound):
        return True
    except (SetupError, Conflict) as error:
        log.warning("a live recording is not finished yet: %s", type(error).__name__)
        return False
    return True


def _finish(home: Path, id: str) -> str:
    with suppress(FileNotFoundError):
        return _done(home, id).read_text("utf-8")
    live, sound = _load(home, id), _sound(home, id)
    try:
        with recordings.disk_errors(), open(sound, "r+b") as file:
            file.truncate(live.size)
        made = recordings.add(sound, live.name, live.owner, Dated(live.began, MOMENT) if live.began else None)
    except FileNotFoundError as error:  # killed when it had just become a recording
        _forget(home, id)
        raise NotFound("This recording is finished.") from error
    except InputError:
        _forget(home, id)
        raise
    with recordings.disk_errors():
        _done(home, id).write_text(made.id, "utf-8")
    _forget(home, id)
    return made.id


def _write(sound: Path, size: int, piece: IO[bytes]) -> int:
    """Write the piece after the first `size` bytes, and return how many there are then."""
    length = piece.seek(0, 2)
    piece.seek(0)
    if size + length > settings().upload_limit:
        raise TooLarge(f"The recording has reached the limit of {recordings.megabytes(settings().upload_limit)}.")
    with open(sound, "r+b") as file:
        file.seek(size)
        shutil.copyfileobj(piece, file)
    return size + length


def _home(owner: str, visitor: str) -> Path:
    """The folder of this owner, or, where all share one, of this visitor."""
    who = visitor if owner == visitors.SHARED else owner
    return folder("live") / hashlib.sha256(who.encode()).hexdigest()[:32]


def _open_in(home: Path) -> list[tuple[Live, float]]:
    """The live recordings of a folder, and seconds since each was last heard of; oldest first."""
    found = []
    for note in home.glob("*.json"):
        with suppress(FileNotFoundError):  # finished just now
            found.append((note.stat().st_mtime, Live(**json.loads(note.read_text("utf-8")))))
    return [(live, time.time() - at) for at, live in sorted(found, key=lambda one: one[0])]


def _load(home: Path, id: str) -> Live:
    try:
        return Live(**json.loads((home / f"{id}.json").read_text("utf-8")))
    except FileNotFoundError as error:
        raise NotFound("This recording is finished.") from error


def _note(home: Path, live: Live) -> None:
    part = home / f"{live.id}.part"
    part.write_text(json.dumps(asdict(live)), "utf-8")
    part.replace(home / f"{live.id}.json")


def _forget(home: Path, id: str) -> None:
    for suffix in ("json", "sound", "part"):
        (home / f"{id}.{suffix}").unlink(missing_ok=True)


def _sound(home: Path, id: str) -> Path:
    return home / f"{id}.sound"


def _done(home: Path, id: str) -> Path:
    return home / f"{id}.done"


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


@contextmanager
def _alone(home: Path, id: str) -> Iterator[None]:
    """One request about a recording at a time, also where several processes share the folder."""
    if not _ID.fullmatch(id) or not ((home / f"{id}.json").exists() or _done(home, id).exists()):
        raise NotFound("This recording is finished.")
    try:
        with FileLock(home / f"{id}.lock", timeout=PATIENCE):
            yield
    except Timeout as error:
        raise Conflict("This recording is being finished.", guidance="Try again in a moment.") from error
