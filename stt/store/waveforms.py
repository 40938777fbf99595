"""Measure the loudness of a recording over time, once, in the background, and store the result."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from math import inf

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from stt.audio import tracks
from stt.audio.decoder import Reader
from stt.db import queries
from stt.db.tables import waveforms
from stt.errors import InputError, StorageUnavailable
from stt.store.recordings import Recording

STEPS = 1000  # number of loudness values for a recording
REQUEST_TIMEOUT = 1.5  # maximum time that a request waits for a result, seconds
MAX_PENDING_PER_OWNER = 4  # maximum number of pending measurements of one owner, so that other owners do not wait long

# A single thread computes the waveforms, one after another, so that transcription is not slowed down.
_worker = ThreadPoolExecutor(1)
_pending: dict[tuple[str, str], tuple[str, Future[bytes]]] = {}  # (recording id, track) -> (owner, result)
_lock = threading.Lock()


def stored_or_started(recording: Recording, track: str = "") -> bytes | Future[bytes] | None:
    """Return the stored loudness, or the future of a measurement; None if the owner has too many pending measurements.

    The loudness has STEPS bytes at equal distances in time; it is empty if the recording is unreadable or has no sound.
    `track` is what `stt.store.playback_copies.track_of` returns. The future may raise StorageUnavailable or an error of
    the database; a later call of this function then starts a new measurement.
    """
    query = sa.select(waveforms.c.loudness).where(waveforms.c.id == recording.id, waveforms.c.track == track)
    stored: bytes | None = queries.value(query)
    if stored is not None:
        return stored
    with _lock:
        this = recording.id, track
        if this not in _pending:
            if sum(owner == recording.owner for owner, _ in _pending.values()) >= MAX_PENDING_PER_OWNER:
                return None
            _pending[this] = recording.owner, _worker.submit(_make, recording, track)
        return _pending[this][1]


def steps(loudness: bytes) -> list[float]:
    """Return stored loudness bytes as values from 0 to 1; 1 is the loudest."""
    return [value / 255 for value in loudness]


def measure(recording: Recording, track: str) -> bytes:
    """Return the loudness as STEPS bytes; b"" if there is no sound.

    Raises InputError if the recording is unreadable, StorageUnavailable if the remote store fails, and OSError if the
    file cannot be opened or read.
    """
    which, _ = tracks.picked(tracks.of_rows(recording.tracks), track)
    with Reader(recording.path, name=recording.name, track=which) as reader:
        loudness = reader.levels(inf)
    if not loudness.size:
        return b""
    edges = np.linspace(0, len(loudness), STEPS + 1).astype(int)
    # Use a high percentile of each step: with averages, which include pauses, long recordings would look flat.
    steps = np.array([np.percentile(loudness[a : max(b, a + 1)], 90) for a, b in itertools.pairwise(edges)])
    loudest = steps.max()
    return (steps / loudest * 255 if loudest else steps).round().astype(np.uint8).tobytes()


def _make(recording: Recording, track: str) -> bytes:
    """Measure and store the loudness; store b"" for an unreadable recording. After a transient error, store nothing."""
    try:
        try:
            found = measure(recording, track)
        except InputError:
            found = b""
        except OSError as error:
            raise StorageUnavailable(detail=repr(error)) from error
        with suppress(IntegrityError):  # another process has stored the loudness, or the recording was deleted
            queries.write(waveforms.insert().values(id=recording.id, track=track, loudness=found))
        return found
    finally:
        with _lock:
            _pending.pop((recording.id, track), None)
