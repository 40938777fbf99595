"""Encode each channel of a recorded call separately, as Opus. Runs in a decoder process (`stt.audio.decoder_process`).

The packets follow the time line of the samples that `stt.audio.reader.Reader` returns. Times are in seconds.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from stt.audio.decoder import CALL_BITS, CALL_RATE
from stt.audio.reader import Reader

# Opus compression level, from 0 to 10. Level 10 takes nearly twice the time of level 3, without an audible difference
# at CALL_BITS bits per second.
EFFORT = "3"


class Encoder:
    """Encode the channels of a recording as Opus packets. The constructor raises the same errors as `Reader`."""

    def __init__(self, path: Path, *, name: str = "") -> None:
        self._reader = Reader(path, True, name=name, rate=CALL_RATE)
        self.channels = self._reader.channels
        self._codecs = [_codec() for _ in range(self.channels)]
        self._ended, self._taken = False, 0  # `_taken` is the number of samples read so far

    @property
    def damaged(self) -> bool:
        """Return whether any of the sound read so far was unreadable or missing."""
        return bool(self._reader.lost)

    def encode(self, seconds: float) -> tuple[int, list[list[av.Packet[av.AudioStream]]]]:
        """Read the next `seconds`; return the number of samples read, and for each channel a list of encoded packets.

        At the end of the recording, return 0 and the last packets of the encoders; in later calls, 0 and no packets.
        """
        samples = self._reader.read(seconds)
        if not samples.shape[1]:
            ended, self._ended = self._ended, True
            return 0, [[] if ended else list(codec.encode(None)) for codec in self._codecs]
        packets = []
        for codec, channel in zip(self._codecs, samples, strict=True):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channel[np.newaxis], np.float32), "flt", "mono")
            frame.sample_rate, frame.pts, frame.time_base = CALL_RATE, self._taken, Fraction(1, CALL_RATE)
            packets.append(list(codec.encode(frame)))
        self._taken += samples.shape[1]
        return samples.shape[1], packets

    def close(self) -> None:
        self._reader.close()


def _codec() -> av.AudioCodecContext:
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.format, codec.layout, codec.bit_rate = CALL_RATE, "flt", "mono", CALL_BITS
    codec.options = {"compression_level": EFFORT}
    return codec
