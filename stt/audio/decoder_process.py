"""Probe and decode recordings in a separate process, so that a hostile file can harm only this process.

`stt.audio.decoder_pool` starts this module as `python -m stt.audio.decoder_process`, without the server's keys and
secrets. The process reads one JSON request per line from standard input and writes one response to each request to
standard output. A response consists of two 4-byte big-endian integers, which are the sizes of header and content in
bytes, the header (JSON), and the content. The content is samples or levels (little-endian float32), or encoded packets.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from stt.audio import call_encoder, probe
from stt.audio.copy_encoder import Encoder
from stt.audio.decoder import RATE
from stt.audio.reader import Reader
from stt.audio.track_reader import SideBySide
from stt.errors import SttError

try:
    import resource
except ImportError:  # on Windows, only `stt.audio.decoder_pool` limits time and memory
    resource = None  # type: ignore[assignment]

MEMORY = 384 << 20  # maximum growth of the process's address space after its start, bytes
LEVEL = 0.05  # seconds of sound for each level of a waveform

Answer = tuple[dict[str, Any], bytes]


class Decoder:
    """Run the requests listed in REQUESTS, one method for each. At most one recording is open at a time."""

    def __init__(self) -> None:
        self._reader: Reader | SideBySide | None = None
        self._reported_lost = 0
        self._encoder: Encoder | None = None
        self._call: call_encoder.Encoder | None = None

    def probe(self, path: str, name: str, track: int | None = None) -> Answer:
        return probe.probe(Path(path), name, track)._asdict(), b""

    def open(self, path: str, name: str, apart: bool, track: int | list[int] | None = None) -> Answer:
        self.close()
        reader: Reader | SideBySide
        if isinstance(track, list):
            self._reader = reader = SideBySide(Path(path), track, name=name)
        else:
            self._reader = reader = Reader(Path(path), apart, name=name, track=track)
        self._reported_lost = 0
        return {"channels": reader.channels, "mixed": reader.mixed, "promised": reader.promised}, b""

    def read(self, seconds: float) -> Answer:
        """Return the samples of the next `seconds`: all samples of the first channel, then all of the second, etc."""
        samples = self._open.read(seconds)
        return self._with_changes({"samples": samples.shape[1]}), np.ascontiguousarray(samples, "<f4").tobytes()

    def skip(self, seconds: float) -> Answer:
        """Decode as `read` does, but return only the number of samples."""
        return self._with_changes({"samples": self._open.read(seconds).shape[1]}), b""

    def levels(self, seconds: float) -> Answer:
        """Return a level for every LEVEL seconds of the next `seconds`: the root mean square of the loudest channel."""
        samples, window = self._open.read(seconds), round(LEVEL * RATE)
        count = samples.shape[1]
        windows = np.pad(samples, ((0, 0), (0, -count % window))).reshape(len(samples), -1, window)
        return {"samples": count}, np.sqrt((windows**2).mean(axis=2)).max(axis=0).astype("<f4").tobytes()

    def open_copy(self, path: str, name: str, track: int | list[int] | None = None) -> Answer:
        """Open a recording to encode its playback copy. The process has a low priority from then on."""
        self.close()
        self._encoder = Encoder(Path(path), track, name=name)
        return {"channels": self._encoder.channels, "rate": self._encoder.rate}, b""

    def encode(self, seconds: float) -> Answer:
        """Return the AAC packets of the next `seconds`, concatenated. The header lists the packets' sizes and lengths.

        Sizes are in bytes, lengths in samples.
        """
        if self._encoder is None:
            raise ValueError("no recording is open")
        samples, packets = self._encoder.encode(seconds)
        sizes, lengths = [packet.size for packet in packets], [packet.duration for packet in packets]
        return {"samples": samples, "sizes": sizes, "lengths": lengths}, b"".join(map(bytes, packets))

    def open_call(self, path: str, name: str) -> Answer:
        """Open a recording to encode each of its channels separately."""
        self.close()
        self._call = call_encoder.Encoder(Path(path), name=name)
        return {"channels": self._call.channels}, b""

    def encode_call(self, seconds: float) -> Answer:
        """Return the Opus packets of the next `seconds`: all packets of the first channel, then all of the second, etc.

        The header lists the sizes in bytes of each channel's packets.
        """
        if self._call is None:
            raise ValueError("no recording is open")
        samples, channels = self._call.encode(seconds)
        sizes = [[packet.size for packet in packets] for packets in channels]
        content = b"".join(bytes(packet) for packets in channels for packet in packets)
        return {"samples": samples, "sizes": sizes, "damaged": self._call.damaged}, content

    def close(self) -> Answer:
        for opened in (self._reader, self._encoder, self._call):
            if opened is not None:
                opened.close()
        self._reader = self._encoder = self._call = None
        return {}, b""

    @property
    def _open(self) -> Reader | SideBySide:
        if self._reader is None:
            raise ValueError("no recording is open")
        return self._reader

    def _with_changes(self, header: dict[str, Any]) -> dict[str, Any]:
        """Add to `header` the description of the mix, and the list of losses if it changed since the last response."""
        lost, mix = self._open.lost, self._open.mix
        if mix:
            header["mix"] = mix
        size = hash(tuple(lost))
        if size != self._reported_lost:
            self._reported_lost, header["lost"] = size, lost
        return header


REQUESTS: dict[str, Callable[..., Answer]] = {
    name: getattr(Decoder, name)
    for name in ("probe", "open", "read", "skip", "levels", "open_copy", "encode", "open_call", "encode_call", "close")
}


def answer(decoder: Decoder, request: dict[str, Any]) -> Answer:
    """Run one request within its limit of processor time; return the response, which reports an error if one occurs."""
    _allow_seconds(request.pop("processor_seconds"))
    try:
        return REQUESTS[request.pop("do")](decoder, **request)
    except SttError as error:
        return {"error": type(error).__name__, "message": error.message, "guidance": error.guidance}, b""
    except MemoryError:
        return {"exhausted": "memory"}, b""
    except OSError as error:
        return {"errno": error.errno, "message": error.strerror or str(error)}, b""
    except Exception as error:  # noqa: BLE001 - a damaged file may cause any error in a library
        return {"surprise": f"{type(error).__name__}: {error}"[:500]}, b""


def main() -> None:
    """Answer requests until standard input ends, that is, until the server ends."""
    out: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints must not get between the responses
    _bound_memory()
    decoder = Decoder()
    for line in sys.stdin.buffer:
        header, content = answer(decoder, json.loads(line))
        text = json.dumps(header).encode()
        out.write(struct.pack(">II", len(text), len(content)) + text)
        out.write(content)
        out.flush()


def _bound_memory() -> None:
    """Limit this process's memory, and forbid it to write files or core dumps."""
    if resource is None:
        return
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(what, (0, 0))
    if sys.platform == "linux":  # macOS accepts this limit on memory but does not enforce it
        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))


def _allow_seconds(seconds: float) -> None:
    """Make the operating system end this process when it has used about `seconds` more of processor time."""
    if resource is not None:
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (round(time.process_time() + seconds) + 1, hard))


if __name__ == "__main__":
    main()
