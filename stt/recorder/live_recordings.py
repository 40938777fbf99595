"""Live recordings: pieces from a browser's microphone, stored on this machine's disk as they arrive.

A live recording has two files. `{id}.sound` has its pieces concatenated. `{id}.json` has its owner and the number of
valid pieces and bytes. A piece is valid once `{id}.json` counts it. The next piece overwrites the bytes of a piece that
did not arrive completely.
When the live recording is finished, `{id}.done` has the id of the resulting recording, so that a repeated call of
`finish` returns the same recording.

If a browser disconnects, the pieces that have arrived become a recording when their owner opens a page again, or after
ABANDONED seconds. If several machines serve pages, sessions must be sticky: all pieces must be sent to the machine that
received the first piece.

The recording of a call has a track for each channel (see `stt.recorder.call_tracks`). It is written to `{id}.making`,
which is renamed to `{id}.tracks` when it is complete. After that, `{id}.sound` is deleted.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePath
from typing import IO

from filelock import FileLock, Timeout

from stt.auth import visitors
from stt.errors import Conflict, InputError, LimitReached, NotFound, SetupError, TooLarge
from stt.files import names, paths
from stt.files.dates import MOMENT, Dated
from stt.files.paths import folder
from stt.settings import settings
from stt.store import recordings
from stt.store.recordings import Recording

MOST_OPEN = 4  # maximum number of live recordings per visitor
MOST_PIECE = 2 << 20  # maximum size of a piece, bytes; a second of sound has 8 to 16 kB
SILENT = 10.0  # seconds without a piece after which a live recording is finished when its owner opens a page
PAUSED = 120.0  # replaces SILENT while a recording is paused, because browsers slow down timers of background pages
ABANDONED = 600.0  # seconds without a piece after which a live recording is finished in the background
REMEMBERED = 24 * 3600.0  # age at which `{id}.done` is deleted, seconds
CHECK_INTERVAL = 60.0  # interval between checks for abandoned recordings, seconds
TIMEOUT = 30.0  # timeout for the lock of a live recording, seconds
# Maximum time that a request waits until a live recording is finished, seconds. The browser waits 20 s for an answer.
FINISH_TIMEOUT = 8.0
TAKE_UP_TIMEOUT = 3.0  # maximum time that a page waits until an interrupted recording is finished, seconds
SYNCED = 2.0  # minimum interval between syncs of the pieces to the disk, seconds
MARGIN = 60.0  # seconds added to the host's maximum duration, because the exact length of a call is not known yet
_ID = re.compile(r"[\w-]{27}", re.ASCII)

log = logging.getLogger("stt.recorder.live_recordings")
_finishing: dict[tuple[Path, str], Future[str]] = {}
_beginning = threading.Lock()
_calls = threading.BoundedSemaphore(2)  # maximum number of recorded calls that are converted to tracks at once


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


def start(owner: str, visitor: str, name: str, *, shared: bool = False) -> str:
    """Begin a live recording and return its id. `shared` says whether it is a call (see `Live`).

    Raises LimitReached if the visitor has MOST_OPEN live recordings already, DiskFull if the disk has too little room.
    """
    home = _home(owner, visitor)
    if len(_open_in(home)) >= MOST_OPEN:
        raise LimitReached(
            f"{MOST_OPEN} recordings at once are the limit for each visitor.", guidance="Stop one of them first."
        )
    live = Live(recordings.new_id(), owner, names.clean(name), began=time.time(), shared=shared)
    with recordings.disk_errors():
        home.mkdir(parents=True, exist_ok=True)
        paths.check_room(home)
        _sound(home, live.id).touch()
        _note(home, live)
    return live.id


def append(id: str, owner: str, visitor: str, number: int, piece: IO[bytes], *, paused: bool = False) -> int:
    """Add a piece of sound and return the number of the next piece. `number` is the piece's number, counted from 0.

    A piece that has arrived before is not added again. An empty piece only shows that the browser is still connected.
    Raises NotFound if the live recording is unknown, finished or belongs to another visitor; Conflict if an earlier
    piece is missing or the live recording is being finished; TooLarge if the recording would be larger than the upload
    limit; DiskFull if the disk is full.
    """
    home = _home(owner, visitor)
    with _locked(home, id), recordings.disk_errors():
        live = _load(home, id)
        if number > live.pieces:
            raise Conflict(f"Piece {live.pieces} of this recording is missing.", guidance="Send it first.")
        size, sync = live.size, abs(time.time() - live.synced) >= SYNCED
        if number == live.pieces:
            size = _write(_sound(home, id), live.size, piece, sync)
        arrived = live.pieces + (size > live.size)
        live = replace(live, pieces=arrived, size=size, paused=paused)
        _note(home, replace(live, synced=time.time()) if sync else live, sync)
        return arrived


def finish(id: str, owner: str, visitor: str) -> Recording:
    """Make a recording of the received pieces. A repeated call returns the same recording.

    If the pieces are not audio, they are deleted, like a refused upload. Raises NotFound if the live recording is
    unknown or belongs to another visitor, Conflict if finishing takes longer than FINISH_TIMEOUT, and the errors of
    `recordings.add`.
    """
    return recordings.find(_finished(_home(owner, visitor), id, FINISH_TIMEOUT), owner)


def take_up(owner: str, visitor: str) -> tuple[list[str], int]:
    """Make recordings of the visitor's interrupted live recordings.

    Return the ids of all recordings made from the visitor's live recordings in the last day, and the number of live
    recordings that are still running or could not be finished yet.
    """
    home, running = _home(owner, visitor), 0
    for live, age in _open_in(home):
        if age > (PAUSED if live.paused else SILENT):
            running += not _try_to_finish(home, live.id, TAKE_UP_TIMEOUT)
        else:
            running += 1
    return [done.read_text("utf-8") for done in sorted(home.glob("*.done"), key=_modified)], running


def discard_all(owner: str) -> None:
    """Delete the live recordings of `owner`, and the `{id}.done` files of finished ones.

    If all visitors share one owner, the live recordings of all visitors are deleted.
    """
    if owner != visitors.SHARED:
        shutil.rmtree(_home(owner, ""), ignore_errors=True)
        return
    for home in folder("live").iterdir():
        shutil.rmtree(home, ignore_errors=True)


def watch() -> None:
    """Start a background thread that calls `sweep` every minute until this process ends."""
    threading.Thread(target=_watch, name="live-recordings", daemon=True).start()


def sweep() -> None:
    """Make recordings of abandoned live recordings. Delete old `{id}.done` and lock files, and empty folders."""
    for home in folder("live").iterdir():
        for live, age in _open_in(home):
            if age > ABANDONED:
                _try_to_finish(home, live.id, None)
        for old in [*home.glob("*.done"), *home.glob("*.lock")]:
            if time.time() - _modified(old) > REMEMBERED:
                old.unlink(missing_ok=True)
        with suppress(OSError):  # the folder may still have files
            home.rmdir()


def _watch() -> None:
    pause = threading.Event()
    while True:
        try:
            sweep()
        except Exception as error:  # such as a database error; nothing is lost, the next run tries again  # noqa: BLE001
            log.warning("live recordings were not looked at: %s", type(error).__name__)
        pause.wait(CHECK_INTERVAL)


def _try_to_finish(home: Path, id: str, timeout: float | None) -> bool:
    """Finish an interrupted live recording. Return False if finishing must be tried again.

    Also return False if finishing takes longer than `timeout` seconds; if `timeout` is None, wait until the end.
    """
    try:
        _finished(home, id, timeout)
    except (InputError, NotFound):
        return True
    except (SetupError, Conflict) as error:
        log.warning("a live recording is not finished yet: %s", type(error).__name__)
        return False
    return True


def _finished(home: Path, id: str, timeout: float | None) -> str:
    """Finish a live recording in a thread, and return the id of the resulting recording.

    Raises Conflict if this takes longer than `timeout` seconds; the thread then continues to run. Raises NotFound if
    there is no such live recording, and the errors of `recordings.add`.
    """
    with _beginning:
        work = _finishing.get((home, id))
        if work is None:
            work = _finishing[home, id] = Future()
            threading.Thread(
                target=_finish_in_thread, args=(home, id, work), name="live-recording", daemon=True
            ).start()
    if not wait([work], timeout).done:
        raise _still_finishing()
    return work.result()


def _finish_in_thread(home: Path, id: str, work: Future[str]) -> None:
    try:
        with _locked(home, id):
            work.set_result(_finish(home, id))
    except BaseException as error:  # noqa: BLE001 - `work.result()` raises it in the waiting thread
        work.set_exception(error)
    finally:
        with _beginning:
            del _finishing[home, id]


def _finish(home: Path, id: str) -> str:
    with suppress(FileNotFoundError):
        return _done(home, id).read_text("utf-8")
    live, sound, name = _load(home, id), _sound(home, id), None
    try:
        if live.shared and (tracks := _tracks(home, live)):
            sound, name = tracks
        else:
            _cut(sound, live.size)
        made = recordings.add(sound, name or live.name, live.owner, Dated(live.began, MOMENT) if live.began else None)
    except FileNotFoundError as error:  # the recording was added before the server was killed, so the file was moved
        _forget(home, id)
        raise NotFound("This recording is finished.") from error
    except InputError:
        _forget(home, id)
        raise
    with recordings.disk_errors():
        _done(home, id).write_text(made.id, "utf-8")
    _forget(home, id)
    return made.id


def _tracks(home: Path, live: Live) -> tuple[Path, str] | None:
    """Return the path and the name of a file with two tracks of a call, or None if the original file must be used.

    Raises FileNotFoundError if there is neither such a file nor the original file.
    """
    from stt.recorder import call_tracks  # imported here because it loads PyAV, which only recorded calls need

    whole, part, sound = (home / f"{live.id}.{suffix}" for suffix in ("tracks", "making", "sound"))
    if not whole.exists():
        try:
            _cut(sound, live.size)
            with _calls:
                longest = settings().max_duration_minutes * 60 + MARGIN
                if not call_tracks.write(sound, part, name=live.name, longest=longest):
                    log.warning("a recorded call keeps its channels")
                    return None
            with open(part, "r+b") as file:
                os.fsync(file.fileno())
            part.replace(whole)
        except FileNotFoundError:  # the sound was deleted, or the recording was added before the server was killed
            raise
        except Exception as error:  # noqa: BLE001 - after any error, the original file is used
            log.warning("a recorded call keeps its channels: %s", type(error).__name__)
            return None
        finally:
            part.unlink(missing_ok=True)
    sound.unlink(missing_ok=True)
    return whole, f"{PurePath(live.name).stem}{call_tracks.ENDING}"


def _cut(sound: Path, size: int) -> None:
    """Truncate the file to `size` bytes. After a power cut, it may have fewer bytes; then its length stays."""
    with recordings.disk_errors(), open(sound, "r+b") as file:
        file.truncate(min(size, file.seek(0, os.SEEK_END)))


def _write(sound: Path, size: int, piece: IO[bytes], sync: bool) -> int:
    """Write the piece after the first `size` bytes of the file, and return the new size.

    Raises NotFound if the live recording was finished, TooLarge if the new size exceeds the upload limit.
    """
    length = piece.seek(0, 2)
    piece.seek(0)
    if size + length > settings().upload_limit:
        raise TooLarge(f"The recording has reached the limit of {recordings.megabytes(settings().upload_limit)}.")
    try:
        file = open(sound, "r+b")  # noqa: SIM115 - closed below
    except FileNotFoundError as error:  # the live recording was finished, which moves or deletes the file
        raise NotFound("This recording is finished.") from error
    with file:
        file.seek(size)
        shutil.copyfileobj(piece, file)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    return size + length


def _home(owner: str, visitor: str) -> Path:
    """Return the folder for the live recordings of an owner, or of a visitor if all visitors share one owner."""
    who = visitor if owner == visitors.SHARED else owner
    return folder("live") / hashlib.sha256(who.encode()).hexdigest()[:32]


def _open_in(home: Path) -> list[tuple[Live, float]]:
    """Return the live recordings in a folder, each with the seconds since its last piece, longest first."""
    found = []
    for note in home.glob("*.json"):
        with suppress(FileNotFoundError):  # another thread has just finished this live recording
            found.append((note.stat().st_mtime, _read(note)))
    return [(live, time.time() - at) for at, live in sorted(found, key=lambda one: one[0])]


def _load(home: Path, id: str) -> Live:
    try:
        return _read(home / f"{id}.json")
    except FileNotFoundError as error:
        raise NotFound("This recording is finished.") from error


def _read(note: Path) -> Live:
    """Read the state of a live recording from `{id}.json`, ignoring fields that other versions of this app wrote."""
    known = Live.__dataclass_fields__
    return Live(**{name: value for name, value in json.loads(note.read_text("utf-8")).items() if name in known})


def _note(home: Path, live: Live, sync: bool = True) -> None:
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


def _forget(home: Path, id: str) -> None:
    for suffix in ("json", "sound", "tracks", "making", "part"):
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
def _locked(home: Path, id: str) -> Iterator[None]:
    """Hold the lock of one live recording, which also excludes other processes that share the folder.

    Raises NotFound if there is no such live recording, Conflict if the lock is not free within TIMEOUT seconds.
    """
    if not _ID.fullmatch(id) or not ((home / f"{id}.json").exists() or _done(home, id).exists()):
        raise NotFound("This recording is finished.")
    try:
        with FileLock(home / f"{id}.lock", timeout=TIMEOUT):
            yield
    except Timeout as error:
        raise _still_finishing() from error


def _still_finishing() -> Conflict:
    return Conflict("This recording is being finished.", guidance="Try again in a moment.")
