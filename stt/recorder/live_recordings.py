"""Live recordings: pieces from a browser's microphone, stored on this machine's disk as they arrive.

A live recording is two files: `{id}.sound`, its pieces concatenated, and `{id}.json`, its owner and the number of
valid pieces and bytes. A piece is valid once the second file counts it; bytes of a truncated piece are overwritten.
`{id}.done` has the id of the resulting recording, so that a repeated `finish` gets the same response.

If a browser disconnects, everything that has arrived is kept: it becomes a recording when its owner opens a page again,
or after ABANDONED seconds. With several web machines, sessions must be sticky, because the pieces are on the machine
that received the first one.

The recording of a call has a track for each channel (see `stt.recorder.call_tracks`): it is written as `{id}.making`
and renamed `{id}.tracks` when complete; only then is `{id}.sound` deleted.
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
SILENT = 10.0  # seconds without a piece after which opening a page finishes the recording
PAUSED = 120.0  # the same for a paused recording: browsers slow down timers of background pages
ABANDONED = 600.0  # seconds without a piece after which it is finished without its owner
REMEMBERED = 24 * 3600.0  # seconds that `{id}.done` is kept
CHECK_INTERVAL = 60.0  # interval between checks for abandoned recordings, seconds
TIMEOUT = 30.0  # of the lock of a recording, seconds
FINISH_TIMEOUT = 8.0  # seconds that a request waits for the recording to be finished; the browser retries after 20
TAKE_UP_TIMEOUT = 3.0  # the same while a page is drawn
SYNCED = 2.0  # interval between syncs of the pieces to the disk, seconds
MARGIN = 60.0  # tolerance on the host's maximum duration while the exact length is unknown, seconds
_ID = re.compile(r"[\w-]{27}", re.ASCII)

log = logging.getLogger("stt.recorder.live_recordings")
_finishing: dict[tuple[Path, str], Future[str]] = {}
_beginning = threading.Lock()
_calls = threading.BoundedSemaphore(2)  # maximum number of calls split into tracks at once


@dataclass(frozen=True, slots=True)
class Live:
    """State of a live recording: `pieces` and `size` (bytes) received so far."""

    id: str
    owner: str
    name: str
    pieces: int = 0
    size: int = 0
    paused: bool = False
    began: float | None = None  # seconds since 1970; None if an older version began it
    shared: bool = False  # a call: the microphone on the left channel, the sound of a tab or the screen on the right
    synced: float = 0.0  # time of the last sync to the disk, seconds since 1970


def start(owner: str, visitor: str, name: str, *, shared: bool = False) -> str:
    """Begin a live recording and return its id; `shared` as in `Live`. Raises LimitReached, DiskFull."""
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
    """Add piece `number`, counted from 0, and return the number of the next one.

    A piece that arrived before changes nothing; an empty one only shows that the browser is still connected.
    Raises NotFound (unknown, finished, or somebody else's), Conflict if a piece is missing before this one, TooLarge
    beyond the upload limit, DiskFull.
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
    """Turn the received pieces into a recording. Safe to repeat.

    Raises NotFound, Conflict while it takes longer than FINISH_TIMEOUT, and what `recordings.add` raises. Content that
    is not audio is deleted, as with a refused upload.
    """
    return recordings.find(_finished(_home(owner, visitor), id, FINISH_TIMEOUT), owner)


def take_up(owner: str, visitor: str) -> tuple[list[str], int]:
    """Turn interrupted live recordings into recordings.

    Return the ids of the recordings made from this visitor's live recordings in the last day, and how many of these
    are still running.
    """
    home, running = _home(owner, visitor), 0
    for live, age in _open_in(home):
        if age > (PAUSED if live.paused else SILENT):
            running += not _try_to_finish(home, live.id, TAKE_UP_TIMEOUT)
        else:
            running += 1
    return [done.read_text("utf-8") for done in sorted(home.glob("*.done"), key=_modified)], running


def discard_all(owner: str) -> None:
    """Delete the live recordings of `owner`, and the notes of finished ones."""
    if owner != visitors.SHARED:
        shutil.rmtree(_home(owner, ""), ignore_errors=True)
        return
    for home in folder("live").iterdir():
        shutil.rmtree(home, ignore_errors=True)


def watch() -> None:
    """Check for abandoned recordings every minute, in the background, while this process lives."""
    threading.Thread(target=_watch, name="live-recordings", daemon=True).start()


def sweep() -> None:
    """Turn abandoned live recordings into recordings, and delete notes of finished ones after a day."""
    for home in folder("live").iterdir():
        for live, age in _open_in(home):
            if age > ABANDONED:
                _try_to_finish(home, live.id, None)
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
        except Exception as error:  # database or store unavailable: nothing is deleted, the next run retries  # noqa: BLE001
            log.warning("live recordings were not looked at: %s", type(error).__name__)
        pause.wait(CHECK_INTERVAL)


def _try_to_finish(home: Path, id: str, timeout: float | None) -> bool:
    """Finish an interrupted recording; return False if it must be retried or takes longer than `timeout`."""
    try:
        _finished(home, id, timeout)
    except (InputError, NotFound):
        return True
    except (SetupError, Conflict) as error:
        log.warning("a live recording is not finished yet: %s", type(error).__name__)
        return False
    return True


def _finished(home: Path, id: str, timeout: float | None) -> str:
    """Finish a live recording in a thread, which continues if the wait times out, and return the recording's id.

    Raises Conflict after `timeout` seconds.
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
    except BaseException as error:  # noqa: BLE001 - raised in the waiting thread
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
    except FileNotFoundError as error:  # the server was killed after it became a recording
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
    """Return the file of a call with its tracks, and its name; None to keep the original. Raises FileNotFoundError."""
    from stt.recorder import call_tracks  # loads PyAV: only when there is a call

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
        except FileNotFoundError:  # deleted meanwhile, or finished before the server was killed
            raise
        except Exception as error:  # noqa: BLE001 - on any error, the original is kept
            log.warning("a recorded call keeps its channels: %s", type(error).__name__)
            return None
        finally:
            part.unlink(missing_ok=True)
    sound.unlink(missing_ok=True)
    return whole, f"{PurePath(live.name).stem}{call_tracks.ENDING}"


def _cut(sound: Path, size: int) -> None:
    """Truncate to the valid bytes. After a power cut there may be fewer than were noted."""
    with recordings.disk_errors(), open(sound, "r+b") as file:
        file.truncate(min(size, file.seek(0, os.SEEK_END)))


def _write(sound: Path, size: int, piece: IO[bytes], sync: bool) -> int:
    """Write the piece after the first `size` bytes and return the new size. Raises NotFound."""
    length = piece.seek(0, 2)
    piece.seek(0)
    if size + length > settings().upload_limit:
        raise TooLarge(f"The recording has reached the limit of {recordings.megabytes(settings().upload_limit)}.")
    try:
        file = open(sound, "r+b")  # noqa: SIM115 - closed below
    except FileNotFoundError as error:  # it is being turned into a recording
        raise NotFound("This recording is finished.") from error
    with file:
        file.seek(size)
        shutil.copyfileobj(piece, file)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    return size + length


def _home(owner: str, visitor: str) -> Path:
    """Return the folder of this owner or, if all share one, of this visitor."""
    who = visitor if owner == visitors.SHARED else owner
    return folder("live") / hashlib.sha256(who.encode()).hexdigest()[:32]


def _open_in(home: Path) -> list[tuple[Live, float]]:
    """Return the live recordings of a folder and the seconds since each was active, oldest first."""
    found = []
    for note in home.glob("*.json"):
        with suppress(FileNotFoundError):  # finished just now
            found.append((note.stat().st_mtime, _read(note)))
    return [(live, time.time() - at) for at, live in sorted(found, key=lambda one: one[0])]


def _load(home: Path, id: str) -> Live:
    try:
        return _read(home / f"{id}.json")
    except FileNotFoundError as error:
        raise NotFound("This recording is finished.") from error


def _read(note: Path) -> Live:
    """Read a note, ignoring fields of other versions."""
    known = Live.__dataclass_fields__
    return Live(**{name: value for name, value in json.loads(note.read_text("utf-8")).items() if name in known})


def _note(home: Path, live: Live, sync: bool = True) -> None:
    """Write a note, with `sync` so that it survives a power cut."""
    part = home / f"{live.id}.part"
    with open(part, "w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(live)))
        if sync:
            file.flush()
            os.fsync(file.fileno())
    part.replace(home / f"{live.id}.json")
    if sync and os.name == "posix":  # sync the folder too
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
    """Serialize requests about one recording, also between processes that share the folder."""
    if not _ID.fullmatch(id) or not ((home / f"{id}.json").exists() or _done(home, id).exists()):
        raise NotFound("This recording is finished.")
    try:
        with FileLock(home / f"{id}.lock", timeout=TIMEOUT):
            yield
    except Timeout as error:
        raise _still_finishing() from error


def _still_finishing() -> Conflict:
    return Conflict("This recording is being finished.", guidance="Try again in a moment.")
