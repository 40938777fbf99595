"""How loud a recording is, from its beginning to its end: worked out once, in the background, and kept beside it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from stt.database import database, waveforms
from stt.errors import SttError
from stt.recordings import Recording

STEPS = 1000  # values over the whole recording
WINDOW = 0.05  # seconds over which loudness is measured
PATIENCE = 1.5  # seconds that a request waits for it

# One after the other: drawing waveforms must not keep the processor from transcribing.
_worker = ThreadPoolExecutor(1)
_open: dict[str, Future[bytes]] = {}
_lock = threading.Lock()


def of(recording: Recording, patience: float = PATIENCE) -> list[float] | None:
    """Loudness in STEPS even steps, 0 to 1 (the loudest); None if it is not there within `patience` seconds.

    Empty for a recording that cannot be read.
    """
    query = sa.select(waveforms.c.loudness).where(waveforms.c.id == recording.id)
    with database().connect() as connection:
        kept = connection.execute(query).scalar()
    if kept is None:
        with _lock:
            if recording.id not in _open:
                _open[recording.id] = _worker.submit(_make, recording)
            waiting = _open[recording.id]
        try:
            kept = waiting.result(patience)
        except NotYet:
            return None
    return [value / 255 for value in kept]


def measured(recording: Recording) -> bytes:
    """The loudness as STEPS bytes, none if there is no sound in it. Raises OSError."""
    from stt.sound import RATE, Reader  # loads PyAV

    window = round(WINDOW * RATE)
    parts = []
    try:
        with Reader(recording.path, name=recording.name) as reader:
            while (samples := reader.read(60.0)[0]).size:
                whole = np.pad(samples, (0, -len(samples) % window)).reshape(-1, window)
                parts.append(np.sqrt((whole**2).mean(axis=1)))
    except SttError:
        return b""
    loudness = np.concatenate(parts) if parts else np.zeros(0)
    if not loudness.size:
        return b""
    edges = np.linspace(0, len(loudness), STEPS + 1).astype(int)
    # The louder part of each step: speech has pauses, and their share would make long recordings flat.
    steps = np.array([np.percentile(loudness[a : max(b, a + 1)], 90) for a, b in zip(edges[:-1], edges[1:], strict=True)])
    loudest = steps.max()
    return (steps / loudest * 255 if loudest else steps).round().astype(np.uint8).tobytes()


def _make(recording: Recording) -> bytes:
    try:
        found = measured(recording)
        with database().begin() as connection:
            connection.execute(waveforms.insert().values(id=recording.id, loudness=found))
    except IntegrityError:
        pass  # another process was faster, or the recording was deleted meanwhile
    except OSError:
        return b""  # the next one who asks may have more luck
    finally:
        with _lock:
            _open.pop(recording.id, None)
    return found
