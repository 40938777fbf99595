"""Download a model from the hub.

Only one process at a time downloads a model; an interrupted download resumes. During the download, the files are in a
hidden folder beside the models, with a progress file that all processes with the same data folder can read. When every
file matches the published file, the folder is renamed to the model's name; only then can the model be used.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from stt.backoff import TICK, backoff
from stt.errors import Cancelled, DiskFull, ModelDownloadFailed, SttError
from stt.files import paths, writing
from stt.models.hub import Hub, HubFile, Interrupted, Snapshot, sha256
from stt.models.known import Known

TIMEOUT = 120.0  # seconds without a byte after which a download fails
REPORT = 0.5  # interval between progress updates, seconds
FRESH = 20.0  # seconds without an update of the progress file after which a download is shown as stopped
PUBLISHED, NOTE, STOP = "published.json", "progress.json", "stop"

Report = Callable[["Progress"], None]
Check = Callable[[], None]  # called often; raises an error to stop the download


@dataclass(frozen=True, slots=True)
class Progress:
    """Represent the progress of a download at the time `at`: `done` of `total` bytes have arrived.

    `left` is the estimated seconds until the end, if known. `error` is the error of a failed download, as the
    dictionary that `SttError.to_dict` returns.
    """

    at: float
    done: int
    total: int
    left: float | None = None
    error: dict[str, str] | None = None

    @property
    def percent(self) -> int:
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def running(self) -> bool:
        return self.error is None and 0 <= time.time() - self.at < FRESH


class DownloadStopped(ModelDownloadFailed):
    """Report that somebody has stopped a download on the Settings page."""

    title = "The download was stopped"


class Place:
    """Locate the folders of a model: `whole` has the complete model, `parts` has its files during the download."""

    def __init__(self, folder: Path, name: str) -> None:
        self.models, self.whole = folder, folder / name
        self.parts = folder / f".{name}"
        self._lock = folder / f".{name}.lock"

    def published(self) -> Snapshot | None:
        """Return the snapshot of the model in `whole`, or None if a file is missing or has the wrong size."""
        found = _snapshot(self.whole)
        if found is None:
            return None
        with suppress(OSError):
            if all((self.whole / file.name).stat().st_size == file.size for file in found.files):
                return found
        return None

    def progress(self) -> Progress | None:
        """Return the progress of a running, stopped or failed download, or None if there is none."""
        try:
            return Progress(**json.loads((self.parts / NOTE).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def prepare(self, progress: Progress) -> None:
        """Write the progress file, and create its folder if necessary.

        Raises DiskFull or DataFolderError if the file cannot be written.
        """
        with writing_models(self.models):
            self._write(progress)

    def note(self, progress: Progress) -> None:
        """Update the progress file. If the file cannot be written, nothing is raised."""
        with suppress(OSError):
            self._write(progress)

    def _write(self, progress: Progress) -> None:
        with writing.replacing(self.parts / NOTE, "w") as file:
            json.dump({name: getattr(progress, name) for name in Progress.__slots__}, file)

    def stop(self) -> None:
        """Tell the downloading process to stop."""
        with suppress(OSError):
            (self.parts / STOP).touch()

    def check_stopped(self) -> None:
        """Raise DownloadStopped if somebody has stopped the download."""
        if (self.parts / STOP).exists():
            raise DownloadStopped("The download of the model was stopped on the Settings page.")

    @contextmanager
    def alone(self, seconds: float = TICK) -> Iterator[bool]:
        """Wait up to `seconds` for the model's lock; yield whether it was acquired."""
        with writing_models(self.models):
            self.models.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._lock)
            with suppress(Timeout):
                lock.acquire(timeout=seconds)
        try:
            yield lock.is_locked
        finally:
            lock.release()

    def invalidate(self) -> None:
        """Move an incomplete or altered model back to `parts`, so that it is not used.

        A new download reuses the intact files. The caller must hold the lock.
        """
        with suppress(OSError):
            shutil.rmtree(self.parts, ignore_errors=True)
            self.whole.replace(self.parts)

    def remove(self) -> None:
        """Delete the model and any partial download. The caller must hold the lock."""
        with writing_models(self.models):
            if self.whole.exists():
                self.invalidate()
            shutil.rmtree(self.parts, ignore_errors=True)


def download(known: Known, place: Place, report: Report, check: Check) -> None:
    """Download a model to `place`, or resume its download. The caller must hold the lock of `place`.

    After an interruption the download is retried, until no byte has arrived for TIMEOUT seconds. Raises
    ModelDownloadFailed if the hub refuses the model, does not answer or sends altered files; DownloadStopped if
    somebody has stopped the download; DiskFull or DataFolderError if the files cannot be written; and the errors of
    `check`.
    """
    with writing_models(place.models):
        place.parts.mkdir(parents=True, exist_ok=True)
        (place.parts / STOP).unlink(missing_ok=True)
    tracker = _Tracker(place, known.size, report, check)
    try:
        tracker.update()
        _with_timeout(known, place, tracker)
    except SttError as error:
        failure = None if isinstance(error, Cancelled | DownloadStopped) else error.to_dict()
        place.note(Progress(0.0, tracker.done, tracker.total, error=failure))
        raise


def _with_timeout(known: Known, place: Place, tracker: _Tracker) -> None:
    waits, since, done = backoff(), time.monotonic(), -1
    while True:
        try:
            _attempt(known, place, tracker)
            return
        except Interrupted as error:
            if tracker.received > done:
                waits, since, done = backoff(), time.monotonic(), tracker.received
            wait = max(next(waits), error.wait)
            if time.monotonic() - since + wait > TIMEOUT:
                raise error.final from error
            tracker.pause(wait)


def _attempt(known: Known, place: Place, tracker: _Tracker) -> None:
    with writing_models(place.models), Hub(known.title) as hub:
        published = hub.snapshot(known.repository)
        have = _usable(place.parts, published)
        tracker.begin(published.size, have)
        if published.size - have > (room := paths.spare(place.models)):
            raise DiskFull(
                f"{known.title} takes {megabytes(published.size)}, and the server's disk has"
                f" {megabytes(max(0, room))} to spare."
            )
        for file in published.files:
            _download_file(hub, published, file, place.parts, tracker)
        hashes = {file.name: sha256(place.parts / file.name) for file in published.files}
        _finish(place, replace(published, files=tuple(replace(f, sha256=hashes[f.name]) for f in published.files)))


def _usable(parts: Path, published: Snapshot) -> int:
    """Delete downloaded files that are not of the snapshot `published`; return the number of bytes that remain.

    Also save `published` in the folder.
    """
    before = {file.name: file for file in found.files} if (found := _snapshot(parts)) else {}
    for path in parts.iterdir():
        now = next((file for file in published.files if file.name == path.name), None)
        if path.name not in (NOTE, STOP) and (now is None or not _same(before.get(path.name), now)):
            path.unlink()
    _save(parts, published)
    return sum(path.stat().st_size for path in parts.iterdir() if path.name not in (NOTE, STOP, PUBLISHED))


def _same(before: HubFile | None, now: HubFile) -> bool:
    """Return whether the published file `now` is the same as `before`, the file of an earlier snapshot.

    If the hub gives no SHA-256 for `now`, the git hashes are compared. The SHA-256 in `before` is then ignored: it may
    have been computed from the downloaded file, not given by the hub.
    """
    if before is None or before.size != now.size:
        return False
    return before.blob == now.blob if now.sha256 is None else before.sha256 == now.sha256


def _download_file(hub: Hub, published: Snapshot, file: HubFile, parts: Path, tracker: _Tracker) -> None:
    path = parts / file.name
    for last in (False, True):
        path.touch()
        position = path.stat().st_size
        if position < file.size:
            with open(path, "r+b") as target:
                target.seek(position)
                for at, block in hub.read(published, file, position):
                    if at != position:  # the hub ignored the position and sends the whole file
                        tracker.add(at - position)
                        target.seek(at)
                        target.truncate()
                    target.write(block)
                    tracker.add(len(block))
                    position = at + len(block)
        if file.is_at(path):
            return
        tracker.add(-position)
        path.unlink()
        if last:
            raise ModelDownloadFailed(
                f"{file.name} of {published.repository} did not arrive as it was published, twice.",
                guidance="Something between this server and the hub alters it. Check HF_ENDPOINT and the proxy.",
            )


def _finish(place: Place, published: Snapshot) -> None:
    _save(place.parts, published)
    for name in (NOTE, STOP):
        (place.parts / name).unlink(missing_ok=True)
    shutil.rmtree(place.whole, ignore_errors=True)
    place.parts.replace(place.whole)


class _Tracker:
    """Counts the bytes that have arrived, reports the progress, and checks whether the download must stop."""

    def __init__(self, place: Place, expected: int, report: Report, check: Check) -> None:
        self.done, self.total, self.received = 0, expected, 0
        self._place, self._report, self._check = place, report, check
        self._next = self._began = time.monotonic()
        self._at_first = 0

    def begin(self, total: int, have: int) -> None:
        self.done, self.total = have, total
        self._began, self._at_first = time.monotonic(), self.received

    def add(self, count: int) -> None:
        self.done += count
        self.received += max(0, count)
        if time.monotonic() >= self._next:
            if count > 0 and paths.spare(self._place.models) < 0:  # other files have filled the disk meanwhile
                raise DiskFull("The server's disk is nearly full, so the download of the model was stopped.")
            self.update()

    def update(self) -> None:
        self._next = time.monotonic() + REPORT
        self._check()
        self._place.check_stopped()
        now = Progress(time.time(), self.done, self.total, self._left())
        self._place.note(now)
        self._report(now)

    def pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(TICK, left))
            self.add(0)

    def _left(self) -> float | None:
        took, came = time.monotonic() - self._began, self.received - self._at_first
        return (self.total - self.done) / (came / took) if came and took > 2 * REPORT else None


def _snapshot(folder: Path) -> Snapshot | None:
    try:
        return Snapshot.from_dict(json.loads((folder / PUBLISHED).read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _save(folder: Path, published: Snapshot) -> None:
    with writing.replacing(folder / PUBLISHED, "w") as file:
        json.dump(published.to_dict(), file)


def megabytes(size: float) -> str:
    """Return a size in bytes as text, such as "463 MB" or "1.5 GB". 1 MB is 1,048,576 bytes, 1 GB is 1,024 MB."""
    whole = size / (1 << 20)
    return f"{whole:.0f} MB" if whole < 1000 else f"{whole / 1024:.1f} GB"


def writing_models(folder: Path) -> AbstractContextManager[None]:
    """Convert an OSError to DiskFull or DataFolderError, while models are written to `folder`."""
    full = "There is no room left for the model on the server's disk."
    return paths.write_errors(full, f"Models cannot be written to {folder}.")
