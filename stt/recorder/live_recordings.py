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

If `{id}.json` cannot be read, it is renamed to `{id}.broken`, and both files remain for REMEMBERED seconds, so that an
administrator can save the sound.

There is no other copy of the pieces, so they are deleted only if they are certainly not audio. If they could not be
checked, for example because the machine was busy, finishing is tried again after increasing waits. After MOST_TRIES,
the files remain for REMEMBERED seconds, so that an administrator can save them.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath
from typing import IO

from stt.auth import visitors
from stt.errors import (
    Conflict,
    EmptyFile,
    InputError,
    LimitReached,
    NoAudioTrack,
    NotFound,
    NotSound,
    SetupError,
    TooLarge,
    TooShort,
)
from stt.files import names, paths
from stt.files.dates import MOMENT, Dated
from stt.files.paths import folder
from stt.recorder.state import (
    Live,
    done_of,
    forget,
    home_of,
    load,
    locked,
    modified,
    open_in,
    save,
    sound_of,
    still_finishing,
)
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
# Maximum time that a request waits until a live recording is finished, seconds. The browser waits 20 s for an answer.
FINISH_TIMEOUT = 8.0
TAKE_UP_TIMEOUT = 3.0  # maximum time that a page waits until an interrupted recording is finished, seconds
SYNCED = 2.0  # minimum interval between syncs of the pieces to the disk, seconds
MARGIN = 1.0  # seconds subtracted from the host's maximum duration, because tracks of a call are longer than its sound
MOST_TRIES = 6  # maximum number of attempts to finish a recording; the waits begin with ABANDONED seconds and double
MOST_CUTS = 10  # maximum number of attempts to shorten a recording to the host's maximum duration

_KEPT = "What was recorded is kept. It appears on the Transcribe page as soon as it can be read."

log = logging.getLogger("stt.recorder.live_recordings")
_finishing: dict[tuple[Path, str], Future[str]] = {}
_beginning = threading.Lock()
_calls = threading.BoundedSemaphore(2)  # maximum number of recorded calls that are converted to tracks at once


def start(owner: str, visitor: str, name: str, *, shared: bool = False) -> str:
    """Begin a live recording and return its id. `shared` says whether it is a call (see `Live`).

    Raises LimitReached if the visitor has MOST_OPEN live recordings already, DiskFull if the disk has too little room.
    """
    home = home_of(owner, visitor)
    if sum(not live.failed for live, _ in open_in(home)) >= MOST_OPEN:
        raise LimitReached(
            f"{MOST_OPEN} recordings at once are the limit for each visitor.", guidance="Stop one of them first."
        )
    live = Live(recordings.new_id(), owner, names.clean(name), began=time.time(), shared=shared)
    with recordings.disk_errors():
        home.mkdir(parents=True, exist_ok=True)
        paths.check_room(home)
        sound_of(home, live.id).touch()
        save(home, live)
    return live.id


def append(id: str, owner: str, visitor: str, number: int, piece: IO[bytes], *, paused: bool = False) -> int:
    """Add a piece of sound and return the number of the next piece. `number` is the piece's number, counted from 0.

    A piece that has arrived before is not added again. An empty piece only shows that the browser is still connected.
    Raises NotFound if the live recording is unknown, finished or belongs to another visitor; Conflict if an earlier
    piece is missing or the live recording is being finished; TooLarge if the recording would be larger than the upload
    limit; DiskFull if the disk is full.
    """
    home = home_of(owner, visitor)
    with locked(home, id), recordings.disk_errors():
        live = load(home, id)
        if number > live.pieces:
            raise Conflict(f"Piece {live.pieces} of this recording is missing.", guidance="Send it first.")
        size, sync = live.size, abs(time.time() - live.synced) >= SYNCED
        if number == live.pieces:
            size = _write(sound_of(home, id), live.size, piece, sync)
        arrived = live.pieces + (size > live.size)
        live = replace(live, pieces=arrived, size=size, paused=paused)
        save(home, replace(live, synced=time.time()) if sync else live, sync)
        return arrived


def finish(id: str, owner: str, visitor: str) -> Recording:
    """Make a recording of the received pieces. A repeated call returns the same recording.

    If the pieces are not audio, they are deleted, like a refused upload. If they are longer than the host allows, the
    recording has their beginning. Raises NotFound if the live recording is unknown or belongs to another visitor,
    Conflict if finishing takes longer than FINISH_TIMEOUT, and the errors of `recordings.add`. After UnsafeRecording
    and TooLarge, the pieces are kept, and finishing is tried again later.
    """
    return recordings.find(_finished(home_of(owner, visitor), id, FINISH_TIMEOUT), owner)


def take_up(owner: str, visitor: str) -> tuple[list[str], int]:
    """Make recordings of the visitor's interrupted live recordings.

    Return the ids of all recordings made from the visitor's live recordings in the last day, and the number of live
    recordings that are still running or could not be finished yet.
    """
    home, running = home_of(owner, visitor), 0
    for live, age in open_in(home):
        if live.failed:  # `sweep` tries again
            continue
        if age > (PAUSED if live.paused else SILENT):
            running += not _try_to_finish(home, live.id, TAKE_UP_TIMEOUT)
        else:
            running += 1
    return [done.read_text("utf-8") for done in sorted(home.glob("*.done"), key=modified)], running


def discard_all(owner: str) -> None:
    """Delete the live recordings of `owner`, and the `{id}.done` files of finished ones.

    If all visitors share one owner, the live recordings of all visitors are deleted.
    """
    if owner != visitors.SHARED:
        shutil.rmtree(home_of(owner, ""), ignore_errors=True)
        return
    for home in folder("live").iterdir():
        shutil.rmtree(home, ignore_errors=True)


def watch() -> None:
    """Start a background thread that calls `sweep` every minute until this process ends."""
    threading.Thread(target=_watch, name="live-recordings", daemon=True).start()


def sweep() -> None:
    """Make recordings of abandoned live recordings.

    Delete old `{id}.done` and lock files, live recordings that could not be finished, and empty folders. A failure in
    one folder does not prevent this in the other folders.
    """
    for home in folder("live").iterdir():
        try:
            _sweep_folder(home)
        except Exception as error:  # such as a database error; nothing is lost, the next run tries again  # noqa: BLE001
            log.warning("a folder of live recordings was not swept: %s", type(error).__name__)


def _sweep_folder(home: Path) -> None:
    for live, age in open_in(home):
        if live.failed >= MOST_TRIES:
            if age > REMEMBERED:
                log.warning("a live recording that could not be finished is deleted")
                forget(home, live.id)
        elif age > ABANDONED * 2 ** max(live.failed - 1, 0):
            _try_to_finish(home, live.id, None)
    for note in home.glob("*.broken"):
        if time.time() - modified(note) > REMEMBERED:
            log.warning("a live recording whose state could not be read is deleted")
            forget(home, note.stem)
    for old in [*home.glob("*.done"), *home.glob("*.lock")]:
        if time.time() - modified(old) > REMEMBERED:
            old.unlink(missing_ok=True)
    with suppress(OSError):  # the folder may still have files
        home.rmdir()


def _watch() -> None:
    pause = threading.Event()
    while True:
        try:
            sweep()
        except Exception as error:  # such as a disk error; the next run tries again  # noqa: BLE001
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
        raise still_finishing()
    return work.result()


def _finish_in_thread(home: Path, id: str, work: Future[str]) -> None:
    try:
        with locked(home, id):
            work.set_result(_finish(home, id))
    except BaseException as error:  # noqa: BLE001 - `work.result()` raises it in the waiting thread
        work.set_exception(error)
    finally:
        with _beginning:
            del _finishing[home, id]


def _finish(home: Path, id: str) -> str:
    with suppress(FileNotFoundError):
        return done_of(home, id).read_text("utf-8")
    live, sound, name = load(home, id), sound_of(home, id), None
    try:
        if live.shared and (tracks := _tracks(home, live)):
            sound, name = tracks
        else:
            _cut(sound, live.size)
        made = _add(sound, name or live.name, live)
    except FileNotFoundError as error:  # the recording was added before the server was killed, so the file was moved
        forget(home, id)
        raise NotFound("This recording is finished.") from error
    except (EmptyFile, NotSound, TooShort, NoAudioTrack):
        forget(home, id)
        raise
    except InputError as error:  # there is no other copy, and the next attempt may succeed
        log.warning("a live recording is kept, because it could not be checked: %s", type(error).__name__)
        with recordings.disk_errors():
            save(home, replace(live, failed=live.failed + 1))
        error.guidance = _KEPT
        raise
    with recordings.disk_errors():
        done_of(home, id).write_text(made.id, "utf-8")
    forget(home, id)
    return made.id


def _add(sound: Path, name: str, live: Live) -> Recording:
    """Add the recording. If it is longer than the host allows, cut it, so that its beginning is kept.

    Raises the errors of `recordings.add`; TooLarge only if the recording cannot be shortened.
    """
    from stt.audio import decoder  # imported here, because few recordings are too long

    dated = Dated(live.began, MOMENT) if live.began else None
    for _ in range(MOST_CUTS):
        try:
            return recordings.add(sound, name, live.owner, dated)
        except TooLarge:
            longest, seconds = settings().max_duration_minutes * 60, decoder.probe(sound, name).duration
            if not seconds or seconds <= longest:
                raise
            log.warning("a live recording is cut to the maximum length")
            # The bit rate varies a little, so the file is cut at a slightly earlier byte.
            _cut(sound, int(sound.stat().st_size * 0.99 * longest / seconds))
    return recordings.add(sound, name, live.owner, dated)


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
                longest = settings().max_duration_minutes * 60 - MARGIN
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
