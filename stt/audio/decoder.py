"""Recordings: what a file holds, and its sound. All of it is read in a decoder process. Times are in seconds."""

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

RATE = 16_000  # Hz, what speech models take
COPY_RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # Hz, of playback copies
COPY_BITS = 64_000  # a second of one channel of a playback copy
CALL_RATE, CALL_BITS = 48_000, 96_000  # Hz and bits a second of a track of a recorded call; the browser's has 64,000
PART = 10.0  # seconds that are decoded at once; it is asked in between whether to go on
# Bounds for one request, in seconds of processor time and of waiting. Looking into an honest recording takes a tenth
# of a second; a part of it far less, but all lanes of Whisper may be busy beside it.
LOOK: Bounds = {"processor": 5.0, "patience": 8.0}
DECODE: Bounds = {"processor": 20.0, "patience": 120.0}
_looks = threading.BoundedSemaphore(2)  # more files than this at once wait for their turn


class Media(NamedTuple):
    """What a file holds. `kind` is for people ("MP3", "MP4 video"), `duration` the larger of promise and packets.

    `duration` in seconds or None if nothing tells it, `sample_rate` in Hz, `size` in bytes. `mime` is the content type
    to serve it with: from a fixed list, by what it holds and never by its name. `track` is the number of the sound
    track that the other facts are about, `tracks` what each of them is (see `stt.containers.track_list`).
    """

    kind: str
    mime: str
    codec: str
    duration: float | None
    channels: int
    sample_rate: int
    size: int
    video: bool
    dated: str | None = None  # when it was recorded, as its tags say (see `stt.files.dates`)
    track: int = 1
    tracks: Sequence[dict[str, Any]] = ()
    seekable: bool = False  # every browser plays it as it is, and seeks it exactly (see `stt.containers.seekable`)


def probe(path: Path, name: str = "", track: int | None = None) -> Media:
    """Look into a file without decoding more than its beginning. `name` is only for the error's sentence.

    Without a `track` the facts are those of the track that a player takes, if it can be decoded, else of the first that
    can.

    Raises EmptyFile, NotSound, NoAudioTrack (a video without sound), TooShort (under 0.1 s of sound), UnsafeRecording.
    """
    with _looks:
        decoder = decoder_pool.take()
        try:
            found, _ = decoder.call("probe", path=str(path), name=name, track=track, **LOOK)
        finally:
            decoder_pool.give_back(decoder)
    return Media(**found)


class Reader:
    """The sound of a file as 16 kHz float32 samples, decoded in another process as they are asked for.

    `channels` is how many come apart, `mixed` how many were mixed to one and `mix` how, `promised` the seconds that the
    container says it holds. `lost` is as in `stt.audio.reader.Reader`. `track` is the number of a sound track, from 1,
    or several that come as a channel each. Raises what `probe` raises, and OSError.
    """

    def __init__(
        self, path: Path, apart: bool = False, *, name: str = "", track: int | Sequence[int] | None = None,
        check_cancelled: Callable[[], None] = lambda: None) -> None:  # fmt: skip
        self.lost: list[tuple[float, float, str]] = []
        self.mix: str | None = None
        self._taken = 0  # samples
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
        """Let the process go. One that is still decoding is ended."""
        decoder, self._decoder = self._decoder, None
        if decoder is None:
            return
        if decoder.reusable:
            with suppress(SttError, OSError):
                decoder.call("close", **DECODE)
        decoder_pool.give_back(decoder)

    @property
    def position(self) -> float:
        """Seconds read so far."""
        return self._taken / RATE

    def read(self, seconds: float, check_cancelled: Callable[[], None] = lambda: None) -> np.ndarray:
        """Return the next samples, (channels, n), float32, -1 to 1: fewer at the end, and then none.

        `check_cancelled` is called before every PART seconds and while they are decoded. After it has raised, nothing
        more can be read here. Raises UnsafeRecording.
        """
        parts = list(self._parts("read", seconds, check_cancelled))
        samples = [np.frombuffer(content, "<f4").reshape(self.channels, -1) for content in parts]
        return np.concatenate(samples, axis=1) if samples else np.zeros((self.channels, 0), np.float32)

    def skip(self, seconds: float, check_cancelled: Callable[[], None] = lambda: None) -> float:
        """Read on as `read` does without handing over the samples; how many seconds that was."""
        before = self._taken
        for _ in self._parts("skip", seconds, check_cancelled):
            pass
        return (self._taken - before) / RATE

    def levels(self, seconds: float) -> np.ndarray:
        """The root mean square of every 0.05 s of the next seconds, of the first channel, float32."""
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
