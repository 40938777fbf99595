"""Inspect recordings and read their samples, in decoder processes. Times are in seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stt.audio import decoder_pool
from stt.audio.decoder_pool import Bounds
from stt.errors import SttError

RATE = 16_000  # sample rate that speech models expect, Hz
COPY_RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # sample rates of playback copies, Hz
COPY_BITS = 64_000  # bit rate of each channel of a playback copy, bits per second
# Sample rate (Hz) and bit rate (bits per second) of each track of a recorded call. The browser's recording, from which
# the tracks are encoded, has 64,000 bits per second for each channel.
CALL_RATE, CALL_BITS = 48_000, 96_000
PART = 10.0  # maximum seconds of sound decoded by one request to a decoder process
# Limits of one request to a decoder process: LOOK for probing, DECODE for all other requests. `processor` is in seconds
# of processor time, `timeout` in seconds of waiting. Probing a valid recording takes 0.1 s, and decoding PART seconds
# of sound takes even less; probing and decoding take longer while Whisper keeps all cores busy.
LOOK: Bounds = {"processor": 5.0, "timeout": 8.0}
DECODE: Bounds = {"processor": 20.0, "timeout": 120.0}
_probes = threading.BoundedSemaphore(2)  # maximum number of probes at once; further calls of `probe` wait


class Media(NamedTuple):
    """Facts about a file. `kind` is the display name of its format ("MP3", "MP4 video").

    `duration` is the declared duration in seconds, or the duration of the packets if no duration is declared or the
    packets last clearly longer; None if unknown. In a file of joined recordings, `duration` covers all of them. `size`
    is in bytes, `sample_rate` in Hz. `mime` is the content type to serve the file with. This type is from a fixed list
    and depends on the file's content, never on its name. `track` is the number of the sound track that `codec`,
    `channels`, `sample_rate` and `duration` describe. `tracks` lists all sound tracks if there are several (see
    `stt.audio.containers.track_list`), and is empty otherwise.
    """

    kind: str
    mime: str
    codec: str
    duration: float | None
    channels: int
    sample_rate: int
    size: int
    video: bool
    dated: str | None = None  # recording date from the file's tags (see `stt.files.dates`), None if they hold none
    track: int = 1
    tracks: Sequence[dict[str, Any]] = ()
    seekable: bool = False  # whether browsers play the file and seek it exactly (see `stt.audio.containers.seekable`)


def probe(path: Path, name: str = "", track: int | None = None) -> Media:
    """Return the facts of a file, decoding only its beginning. `name` is for error messages.

    Without `track`, the facts describe the track that a player selects, or the first decodable track if the player's
    track cannot be decoded.

    Raises EmptyFile if the file has no bytes, NotSound if it is no recording or cannot be read, NoAudioTrack if it is a
    video without sound, TooShort if it holds under 0.1 s of sound, UnsafeRecording if probing fails unexpectedly or
    exceeds its limits of time or memory, and OSError if the file cannot be opened.
    """
    with _probes:
        decoder = decoder_pool.take()
        try:
            found, _ = decoder.call("probe", path=str(path), name=name, track=track, **LOOK)
        finally:
            decoder_pool.release(decoder)
    return Media(**found)


class Reader:
    """Read the sound of a file as 16 kHz float32 samples, decoded on demand in another process.

    `channels` is the number of channels that `read` returns: one, or those of the track if `apart` (see
    `stt.audio.reader.Reader`). `mixed` is the number of channels that are mixed to one, 1 if none are mixed, and `mix`
    describes the mix. `promised` is the declared duration in seconds. `lost` lists unreadable and missing sound, as in
    `stt.audio.reader.Reader`. `track` is the number of a sound track, from 1; None selects the track that FFmpeg
    prefers. If `track` is a sequence of numbers, each of these tracks becomes one channel. The constructor raises the
    same errors as `probe`, except TooShort.
    """

    def __init__(
        self, path: Path, apart: bool = False, *, name: str = "", track: int | Sequence[int] | None = None,
        check_cancelled: Callable[[], None] = lambda: None) -> None:  # fmt: skip
        self.lost: list[tuple[float, float, str]] = []
        self.mix: str | None = None
        self._taken = 0  # samples read so far
        self._decoder: decoder_pool.Decoder | None = decoder_pool.take()
        try:
            found, _ = self._decoder.call(
                "open", path=str(path), name=name, apart=apart, track=track, check_cancelled=check_cancelled, **DECODE
            )
        except BaseException:
            self.close()
            raise
        self.channels, self.mixed, self.promised = found["channels"], found["mixed"], found["promised"]

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Return the decoder process to the pool, or end the process if it cannot be reused."""
        decoder, self._decoder = self._decoder, None
        if decoder is None:
            return
        if decoder.reusable:
            with suppress(SttError, OSError):
                decoder.call("close", **DECODE)
        decoder_pool.release(decoder)

    @property
    def position(self) -> float:
        """Return the number of seconds read or skipped so far."""
        return self._taken / RATE

    def read(self, seconds: float, check_cancelled: Callable[[], None] = lambda: None) -> np.ndarray:
        """Return the samples of the next `seconds`, shape (channels, n), float32, -1 to 1.

        At the end of the recording, fewer samples are returned, and then none.

        `check_cancelled` is called before every PART seconds of sound are decoded, and during the decoding. After
        `check_cancelled` has raised, the reader is unusable. Raises UnsafeRecording if decoding fails unexpectedly, or
        exceeds its limits of time or memory.
        """
        parts = list(self._parts("read", seconds, check_cancelled))
        samples = [np.frombuffer(content, "<f4").reshape(self.channels, -1) for content in parts]
        return np.concatenate(samples, axis=1) if samples else np.zeros((self.channels, 0), np.float32)

    def skip(self, seconds: float, check_cancelled: Callable[[], None] = lambda: None) -> float:
        """Decode and discard the next `seconds`. Return the number of seconds discarded. Raises what `read` raises."""
        before = self._taken
        for _ in self._parts("skip", seconds, check_cancelled):
            pass
        return (self._taken - before) / RATE

    def levels(self, seconds: float) -> np.ndarray:
        """Return one level for each 0.05 s of the next `seconds`, shape (n,), float32.

        A level is the root mean square of the samples of the loudest channel in these 0.05 s.
        """
        parts = list(self._parts("levels", seconds, lambda: None))
        return (
            np.concatenate([np.frombuffer(content, "<f4") for content in parts]) if parts else np.zeros(0, np.float32)
        )

    def _parts(self, do: str, seconds: float, check_cancelled: Callable[[], None]) -> Iterator[bytes]:
        left = round(seconds * RATE) if seconds != inf else inf
        while left > 0:
            wanted = min(left, round(PART * RATE))
            if self._decoder is None:
                raise ValueError("the recording is closed")
            header, content = self._decoder.call(do, seconds=wanted / RATE, check_cancelled=check_cancelled, **DECODE)
            self.lost = [tuple(each) for each in header.get("lost", self.lost)]
            self.mix = header.get("mix", self.mix)
            count = int(header["samples"])
            self._taken += count
            left -= count
            if count:
                yield content
            if count < wanted:
                return
