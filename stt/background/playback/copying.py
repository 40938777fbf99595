"""Make playback copies in durable workflows from a queue, at the same time as transcription.

Each process makes one copy at a time. A job starts the copy that its player needs; if no copy was started, opening the
player starts it. If a process is killed, its copy is made again from the start. Deleting the recording cancels the
copy. A failed copy does not affect the transcript.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, SetWorkflowID

from stt.audio import decoder, tracks
from stt.background.playback import copy_maker
from stt.cluster import workers
from stt.compat import dbos_queues
from stt.compat.dbos import outside_workflow
from stt.db import queries, tables
from stt.db.engine import DB_UNAVAILABLE, database
from stt.db.tables import copies
from stt.errors import Cancelled, InputError, NotFound, SttError
from stt.files import paths
from stt.settings import settings
from stt.store import audio_files, playback_copies, recordings, removals
from stt.store.erasure import FINISHED_STATUSES
from stt.store.playback_copies import FAILED, MAKING, ORIGINAL, READY
from stt.store.recordings import Recording
from stt.store.retrying import with_retries

QUEUE = "playback"
POLLING_INTERVAL = 0.5  # polling interval of the queue, seconds
RETRY_AFTER = 600.0  # seconds until a failed copy may be made again; never again if the recording is to blame
CHECK_INTERVAL = 60.0  # minimum seconds between two checks of a process whether a copy is still being made
REPORT = 1.0  # minimum time between two updates of the progress in the database, seconds
MARGIN = 60.0  # seconds by which decoded sound may exceed the maximum duration; the upload checked the declared one
_c = copies.c
_checks: OrderedDict[str, float] = OrderedDict()  # workflow id of a copy -> time of the last check
_checks_lock = threading.Lock()
MOST_CHECKS = 10_000  # maximum number of entries in `_checks`; the oldest entries beyond it are deleted

log = logging.getLogger("stt.background.playback.copying")


@dataclass(frozen=True, slots=True)
class _Copy:
    id: str  # id of the recording
    track: str
    attempt: int

    @property
    def work(self) -> str:
        """Return the id of the copy's workflow.

        The part before the last dash is the recording's id, by which `stt.store.erasure` finds workflows to delete.
        """
        return f"{self.id}-{self.track or 'copy'}.{self.attempt}"

    @property
    def name(self) -> str:
        return recordings.copy_name(self.id, self.track)

    @property
    def row(self) -> sa.ColumnElement[bool]:
        return sa.and_(_c.id == self.id, _c.track == self.track)


def expect(recording: Recording, options: dict[str, Any]) -> None:
    """Start the copy that the player needs for a job with these options.

    Never raises. If the start fails, opening the player starts the copy later.
    """
    try:
        begin(recording, playback_copies.track_of(recording, options))
    except Exception as error:  # a failed start of the copy must not fail the job  # noqa: BLE001
        log.warning("could not begin a playback copy: %s", type(error).__name__)


def begin(recording: Recording, track: str) -> None:
    """Start the copy of a track, unless the original file can be played, or the copy is ready or cannot be made.

    The job engine must be running. Raises NotFound if the recording was deleted.
    """
    if recording.seekable and not track:
        return
    copy = _copy_to_make(recording.id, track)
    if copy is None or not _is_check_due(copy):
        return
    # Call this outside any workflow: a workflow would store the call as one of its steps.
    outside_workflow(_enqueue, copy)


def _copy_to_make(recording_id: str, track: str) -> _Copy | None:
    """Record in the database that a copy is to be made, and return the copy; None if there is nothing to make."""
    row = {"id": recording_id, "track": track, "state": MAKING, "percent": 0, "attempt": 1, "at": time.time()}
    try:
        with database().begin() as connection:
            queries.insert_missing(connection, copies, row)
            query = sa.select(copies).where(_c.id == recording_id, _c.track == track)
            found = connection.execute(query).one()
    except sa.exc.IntegrityError as error:  # the recording was deleted meanwhile
        raise NotFound("There is no such recording.") from error
    copy = _Copy(recording_id, track, found.attempt)
    if found.state == MAKING:
        return copy
    if found.state == FAILED and (found.error or {}).get("again") and found.at < time.time() - RETRY_AFTER:
        return _next(copy, FAILED)
    return None


def _next(copy: _Copy, state: str) -> _Copy | None:
    """Record a new attempt at a copy, and return the copy with the new attempt number.

    Return None if the state of the copy is no longer `state`, or another process has recorded a new attempt meanwhile.
    """
    values = {"state": MAKING, "percent": 0, "attempt": copy.attempt + 1, "at": time.time(), "error": None}
    this = sa.and_(copy.row, _c.attempt == copy.attempt, _c.state == state)
    changed = queries.write(copies.update().where(this).values(values))
    return replace(copy, attempt=copy.attempt + 1) if changed else None


def _is_check_due(copy: _Copy) -> bool:
    """Return whether CHECK_INTERVAL has passed since this process last checked the copy; if so, record a new check.

    The check must not be made at every call of `begin`: the player calls it every second while it waits for a copy.
    """
    with _checks_lock:
        now, before = time.monotonic(), _checks.pop(copy.work, None)
        due = before is None or now - before >= CHECK_INTERVAL
        _checks[copy.work] = now if due or before is None else before
        while len(_checks) > MOST_CHECKS:
            _checks.popitem(last=False)
    return due


def _enqueue(copy: _Copy) -> None:
    status = DBOS.get_workflow_status(copy.work)
    if status is not None and status.status in FINISHED_STATUSES:  # the workflow has ended, but the row is still MAKING
        next_copy = _next(copy, MAKING)
        if next_copy is None:
            return
        copy, status = next_copy, None
    if status is None:
        with SetWorkflowID(copy.work):
            dbos_queues.enqueue(QUEUE, playback_copy, copy.id, copy.track, copy.attempt)


@DBOS.workflow(name=workers.COPY_WORKFLOW)
@workers.track_running
def playback_copy(recording_id: str, track: str, attempt: int) -> None:
    """Make one copy, or record why it failed. If the process is killed meanwhile, the copy is made again."""
    copy = _Copy(recording_id, track, attempt)
    try:
        _make(copy)
    except (Cancelled, NotFound):
        log.info("no copy is wanted any more: %s", recording_id)
        with_retries(removals.remove_audio, copy.name)
    except SttError as error:
        workers.check_stopping()
        log.warning("no playback copy of %s: %s %s", recording_id, type(error).__name__, error.detail)
        with_retries(_fail, copy, error)
    except Exception as error:
        workers.check_stopping()
        log.exception("no playback copy of %s", recording_id)
        with_retries(_fail, copy, SttError(detail=repr(error)))


def _make(copy: _Copy) -> None:
    recording: Recording = with_retries(recordings.find, copy.id, None)
    path: Path = with_retries(getattr, recording, "path")
    if not path.exists():
        raise NotFound("The recording is no longer kept.")
    if recording.seekable is None:  # the recording was uploaded to an older version, which did not examine it
        recording = _with_facts(recording)
    if recording.seekable and not copy.track:
        with_retries(_change, copy, state=ORIGINAL)
        return
    which, _ = tracks.picked(tracks.of_rows(recording.tracks), copy.track)
    part = paths.folder("incoming") / recordings.new_id()
    longest = settings().max_duration_minutes * 60 + MARGIN
    try:
        paths.check_room(part.parent)
        copy_maker.make(path, part, which, name=recording.name, longest=longest, report=_Progress(copy, recording))
        with_retries(_keep, copy, part)
    finally:
        part.unlink(missing_ok=True)


def _with_facts(recording: Recording) -> Recording:
    """Determine and store `tracks` and `seekable` of a recording that was uploaded to an older version of the app.

    Return the recording with these values. Raises the errors of `decoder.probe` if the file cannot be decoded.
    """
    recording = with_retries(recordings.with_tracks, recording)
    found = decoder.probe(recording.path, recording.name)
    this = tables.recordings.update().where(tables.recordings.c.id == recording.id)
    with_retries(queries.write, this.values(seekable=found.seekable))
    return replace(recording, seekable=found.seekable)


class _Progress:
    """A callback that records the progress of a copy.

    Raises Cancelled if the recording was deleted, or a newer attempt at the copy has begun, and Stopping if the job
    engine is being stopped.
    """

    def __init__(self, copy: _Copy, recording: Recording) -> None:
        self._copy, self._duration = copy, recording.duration
        self._next = 0.0

    def __call__(self, seconds: float) -> None:
        workers.check_stopping()
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REPORT
        percent = min(99, int(seconds * 100 / self._duration)) if self._duration else 0
        with suppress(*DB_UNAVAILABLE):  # progress is not essential; a later call stores it
            if not _change(self._copy, percent=percent):
                raise Cancelled()


def _keep(copy: _Copy, part: Path) -> None:
    """Move the finished copy from the file `part` into the store, and record the copy as READY.

    If the process is killed in between, the stored file is removed later, unless another attempt succeeds. Raises
    Cancelled if the recording was deleted, DiskFull if the disk is full, and StorageUnavailable if the store of
    recordings does not answer.
    """
    if part.exists():  # an earlier call may have moved it, and then found the database unavailable
        size = part.stat().st_size
        with database().begin() as connection:
            connection.execute(copies.update().where(copy.row).values(size=size))
            removals.note(connection, removals.AUDIO, copy.name, after=recordings.STALE_SECONDS)
        with recordings.disk_errors():
            audio_files.save(part, copy.name)
    with database().begin() as connection:
        values = {"state": READY, "percent": 100, "error": None, "at": time.time()}
        is_saved = connection.execute(copies.update().where(copy.row).values(values)).rowcount
        if is_saved:
            removals.mark_removed(connection, removals.AUDIO, copy.name)
    if not is_saved:
        raise Cancelled()


def _fail(copy: _Copy, error: SttError) -> None:
    _change(copy, state=FAILED, error={**error.to_dict(), "again": not isinstance(error, InputError)})


def _change(copy: _Copy, **values: Any) -> bool:
    """Update the row of the copy; return False if the row was deleted, or belongs to a newer attempt."""
    this = sa.and_(copy.row, _c.attempt == copy.attempt)
    return queries.write(copies.update().where(this).values(**values, at=time.time())) == 1
