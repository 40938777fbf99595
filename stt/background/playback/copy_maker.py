"""Make a playback copy of a recording: AAC in MP4, its index in front. Times are in seconds.

A decoder process decodes and encodes (see `stt.audio.copy_encoder`). This process only writes the returned packets,
one after the other, with time stamps that it computes itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av

from stt.audio import decoder_pool
from stt.audio.decoder import COPY_BITS, COPY_RATES, DECODE
from stt.errors import TooLarge, UnsafeRecording
from stt.files import paths
from stt.store.recordings import disk_errors

PART = 30.0  # seconds encoded at once
FRAME = 1024  # samples per packet
LARGEST = 6144 // 8 * 2  # maximum size of a packet with two channels by the standard, bytes
SYNC = 0xFFF  # start of a packet with an ADTS header, which is not allowed here


def make(
    path: Path,
    part: Path,
    track: int | Sequence[int] | None,
    *,
    name: str = "",
    longest: float,
    report: Callable[[float], None] = lambda _seconds: None,
) -> None:
    """Write the playback copy of the recording at `path` to `part`.

    `track` is a number from 1, None for the only one, or several to mix. `report` is called with the
    seconds done, and may raise. Raises what `decoder.probe` raises, TooLarge if the sound is longer than `longest`,
    DiskFull, OSError.
    """
    with closing(_Sound(path, track, name)) as sound, disk_errors():
        with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as copy:
            layout = "mono" if sound.channels == 1 else "stereo"
            stream = copy.add_stream("aac", rate=sound.rate, layout=layout, bit_rate=COPY_BITS * sound.channels)
            # This encoder encodes nothing. It provides the packets' parameters for the index, including their delay.
            copy.start_encoding()
            at, written = -FRAME, 0
            for seconds, packets in sound.packets():
                if seconds > longest:
                    raise TooLarge(f"“{name}” holds more than {longest / 60:,.0f} minutes of sound.")
                for content, length in packets:
                    packet = av.Packet(content)
                    packet.stream, packet.time_base = stream, Fraction(1, sound.rate)
                    packet.pts = packet.dts = at
                    packet.duration = length
                    at += length
                    copy.mux_one(packet)
                    written += len(content)
                if written > paths.CHECKED:
                    paths.check_room(part.parent)
                    written = 0
                report(seconds)


class _Sound:
    """The encoded sound of a recording, from another process. `close` ends that, because its low priority is final."""

    def __init__(self, path: Path, track: int | Sequence[int] | None, name: str) -> None:
        self._decoder = decoder_pool.Decoder()
        try:
            number = track if track is None or isinstance(track, int) else list(track)
            found, _ = self._decoder.call("open_copy", path=str(path), name=name, track=number, **DECODE)
            self.channels, self.rate = found["channels"], found["rate"]
            if self.channels not in (1, 2) or self.rate not in COPY_RATES:
                raise UnsafeRecording("Its reader gave an answer that makes no sense.")
        except BaseException:
            self.close()
            raise

    def packets(self) -> Iterator[tuple[float, list[tuple[bytes, int]]]]:
        """Yield the seconds done, and the next packets with their lengths in samples, until the end."""
        samples, has_more = 0, True
        while has_more:
            header, content = self._decoder.call("encode", seconds=PART, **DECODE)
            has_more = bool(header["samples"])
            samples += int(header["samples"])
            yield samples / self.rate, _apart(content, header["sizes"], header["lengths"])

    def close(self) -> None:
        self._decoder.end()


def _apart(content: bytes, sizes: list[int], lengths: list[int]) -> list[tuple[bytes, int]]:
    """Split `content` into its packets. Raises UnsafeRecording for packets that no encoder produces."""
    packets, at = [], 0
    for size, length in zip(sizes, lengths, strict=True):
        packet = content[at : at + size]
        at += size
        if not 2 <= size <= LARGEST or not 1 <= length <= FRAME or int.from_bytes(packet[:2]) >> 4 == SYNC:
            raise UnsafeRecording("Its reader gave packets that no encoder makes.")
        packets.append((packet, length))
    if at != len(content):
        raise UnsafeRecording("Its reader gave packets that no encoder makes.")
    return packets
