"""Encode the sound of a recording as AAC for its playback copy.

Runs in a decoder process (`stt.audio.decoder_process`). The packets have the same time line as the samples of
`stt.audio.reader.Reader`, so the times of player, words and waveform agree. Times are in seconds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from stt.audio.containers.container import open_sound
from stt.audio.decoder import COPY_BITS, COPY_RATES
from stt.audio.reader import Reader
from stt.audio.track_reader import SideBySide

NICE = 5  # increment of the process's niceness: other processes go first, but the encoder still makes progress
# Options of the AAC encoder. They turn off the coding tools that take most of the time and improve the sound only at
# bit rates below COPY_BITS.
QUICK = {"aac_coder": "fast", "aac_tns": "0", "aac_pns": "0", "aac_is": "0", "aac_ms": "0"}


class Encoder:
    """Encode the sound of a recording as AAC packets of 1024 samples.

    A mono or stereo track keeps its channels. A track with more channels, or several tracks, are mixed to one channel.
    `track` is the number of a track, from 1, or the numbers of several tracks; None selects the track that FFmpeg
    prefers. The constructor raises the same errors as `Reader`.
    """

    def __init__(self, path: Path, track: int | Sequence[int] | None, *, name: str = "") -> None:
        with suppress(OSError):
            os.nice(NICE)
        self.rate = _rate(path, track, name)
        if isinstance(track, Sequence):
            self._reader: Reader | SideBySide = SideBySide(path, track, name=name, rate=self.rate)
        else:
            self._reader = Reader(path, True, name=name, track=track, rate=self.rate)
            if self._reader.channels > 2:
                self._reader.close()
                self._reader = Reader(path, name=name, track=track, rate=self.rate)
        self._together = isinstance(self._reader, SideBySide)
        self.channels = 1 if self._together else self._reader.channels
        self._codec = av.CodecContext.create("aac", "w")
        self._codec.sample_rate, self._codec.format = self.rate, "fltp"
        self._codec.layout = "mono" if self.channels == 1 else "stereo"
        self._codec.bit_rate = COPY_BITS * self.channels
        self._codec.options = QUICK
        self._ended, self._taken = False, 0  # `_taken` is the number of samples read so far

    def encode(self, seconds: float) -> tuple[int, list[av.Packet[av.AudioStream]]]:
        """Read the next `seconds`; return the number of samples read, and the packets encoded from them.

        At the end of the recording, return 0 and the last packets of the encoder; in later calls, 0 and no packets.
        """
        samples = self._reader.read(seconds)
        if self._together:  # each track is a speaker; speakers seldom overlap, so the sum of the tracks rarely clips
            samples = np.clip(samples.sum(axis=0, keepdims=True), -1, 1)
        if not samples.shape[1]:
            packets = [] if self._ended else list(self._codec.encode(None))
            self._ended = True
            return 0, packets
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), "fltp", self._codec.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self._taken, Fraction(1, self.rate)
        self._taken += frame.samples
        return samples.shape[1], list(self._codec.encode(frame))

    def close(self) -> None:
        self._reader.close()


def _rate(path: Path, track: int | Sequence[int] | None, name: str) -> int:
    """Return the sample rate of the copy in Hz: the lowest of COPY_RATES that is not below the track's sample rate.

    If the track's sample rate exceeds all of COPY_RATES, the highest of COPY_RATES is returned. Of several tracks, the
    first one counts.
    """
    first = track[0] if isinstance(track, Sequence) else track
    file, container, stream = open_sound(path, name, first)
    rate = stream.codec_context.sample_rate
    container.close()
    file.close()
    return next((each for each in COPY_RATES if each >= rate), COPY_RATES[-1])
