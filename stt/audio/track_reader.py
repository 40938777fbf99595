"""Read several sound tracks of a file as channels. Times are in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from stt.audio.decoder import RATE
from stt.audio.reader import Reader
from stt.speech.samples import Samples


class SideBySide:
    """Read several tracks as `stt.audio.reader.Reader` reads one.

    Each track is mixed to one channel, which is silent after the track's end. The constructor raises the same errors as
    `Reader`.
    """

    mixed = 1

    def __init__(self, path: Path, tracks: Sequence[int], *, name: str = "", rate: int = RATE) -> None:
        with ExitStack() as stack:
            self._readers = [stack.enter_context(Reader(path, name=name, track=track, rate=rate)) for track in tracks]
            self._stack = stack.pop_all()
        self.channels = len(self._readers)
        self.promised = max((r.promised for r in self._readers if r.promised is not None), default=None)

    def close(self) -> None:
        self._stack.close()

    @property
    def lost(self) -> list[tuple[float, float, str]]:
        """Return the losses of all tracks. A track that ends before the others does not count as a loss."""
        return sorted({each for reader in self._readers for each in reader.lost})

    @property
    def mix(self) -> str | None:
        """Return a description of how the channels of each track were mixed, None if each track has one channel."""
        return ", ".join(dict.fromkeys(reader.mix for reader in self._readers if reader.mix)) or None

    def read(self, seconds: float) -> Samples:
        """Return the samples of the next `seconds`, shape (tracks, n), float32, -1 to 1.

        At the end of the longest track, fewer samples are returned, and then none.
        """
        parts = [reader.read(seconds)[0] for reader in self._readers]
        samples = np.zeros((len(parts), max(map(len, parts))), np.float32)
        for row, part in zip(samples, parts, strict=True):
            row[: len(part)] = part
        return samples
