"""How loud a recording is, from its beginning to its end: worked out once, in the background, and kept beside it."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from math import inf

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from stt.audio import tracks
from stt.audio.decoder import Reader
from stt.db.engine import database
from stt.db.tables import waveforms
from stt.errors import InputError, StorageUnavailable
from stt.store.recordings import Recording

STEPS = 1000  # values over the whole recording
PATIENCE = 1.5  # seconds that a request waits for it
OPEN = 4  # of one owner at a time, so that the others' need not wait for all of theirs

# One after the other: drawing waveforms must not keep the processor from transcribing.
_worker = ThreadPoolExecutor(1)
_open: dict[str, tuple[str, Future[bytes]]] = {}  # owner and result by the recording's id
_lock = threading.Lock()


def of(recording: Recording, patience: float = PATIENCE) -> list[float] | None:
    """Loudness in STEPS even steps, 0 to 1 (the loudest); None if it is not there within `patience` seconds.

    Empty for a recording that cannot be read. Raises StorageUnavailable, or what the database raises: the next one
    who asks may have more luck.
    """
    found = kept_or_begun(recording)
    if isinstance(found, Future):
        try:
            found = found.result(patience)
        except NotYet:
            return None
    return None if found is None else steps(found)


def kept_or_begun(recording: Recording) -> bytes | Future[bytes] | None:
    """The loudness where it is kept, else what will bring it; None where the owner has many others open."""
    query = sa.select(waveforms.c.loudness).where(waveforms.c.id == recording.id)
    with database().connect() as connection:
        kept: bytes | None = connection.execute(query).scalar()
    if kept is not None:
        return kept
    with _lock:
        if recording.id not in _open:
            if sum(owner == recording.owner for owner, _ in _open.values()) >= OPEN:
                return None
            _open[recording.id] = recording.owner, _worker.submit(_make, recording)
        return _open[recording.id][1]


def steps(loudness: bytes) -> list[float]:
    return [value / 255 for value in loudness]


def measured(recording: Recording) -> bytes:
    """The loudness as STEPS bytes, none if there is no sound in it. Raises InputError, StorageUnavailable, OSError."""
    with Reader(recording.path, name=recording.name, track=tracks.chosen(tracks.of_rows(recording.tracks))) as reader:
        loudness = reader.levels(inf)
    if not loudness.size:
        return b""
    edges = np.linspace(0, len(loudness), STEPS + 1).astype(int)
    # The louder part of each step: speech has pauses, and their share would make long recordings flat.
    steps = np.array([np.percentile(loudness[a : max(b, a + 1)], 90) for a, b in itertools.pairwise(edges)])
    loudest = steps.max()
    return (steps / loudest * 255 if loudest else steps).round().astype(np.uint8).tobytes()


def _make(recording: Recording) -> bytes:
    """Measure it and keep what came out, also that it cannot be read. An error that passes is raised and not kept."""
    try:
        try:
            found = measured(recording)
        except InputError:
            found = b""
        except OSError as error:
            raise StorageUnavailable(detail=repr(error)) from error
        with suppress(IntegrityError), database().begin() as connection:  # another was faster, or it is deleted by now
            connection.execute(waveforms.insert().values(id=recording.id, loudness=found))
        return found
    finally:
        with _lock:
            _open.pop(recording.id, None)
