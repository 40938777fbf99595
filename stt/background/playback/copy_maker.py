"""Write a playback copy of a recording: AAC in MP4, with the index at the start of the file. Times are in seconds.

A decoder process decodes the recording and encodes the copy (see `stt.audio.copy_encoder`). This process only writes
the packets that it receives, one after the other, with time stamps that it computes itself.
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

PART = 30.0  # length of the sound that the decoder process encodes in one call, seconds
FRAME = 1024  # maximum length of an AAC packet, samples
LARGEST = 6144 // 8 * 2  # maximum size of a packet with two channels in the AAC standard, bytes
SYNC = 0xFFF  # first 12 bits of an ADTS header; packets in MP4 must not begin with such a header


def make(
    path: Path,
    part: Path,
    track: int | Sequence[int] | None,
    *,
    name: str = "",
    longest: float,
    report: Callable[[float], None] = lambda _seconds: None,
) -> None:
    """Write the playback copy of the recording at `path` to the file `part`.

    `track` is the number of a track (from 1), a list of numbers of tracks to mix, or None for the only track. `name` is
    for error messages. `report` is called with the seconds of sound written so far, and may raise an exception to stop.
    Raises the errors of `decoder.probe` if the recording cannot be decoded, TooLarge if the sound is longer than
    `longest` seconds, DiskFull if the disk is full, and OSError if a file cannot be read or written.
    """
    with closing(_Sound(path, track, name)) as sound, disk_errors():
        with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as copy:
            layout = "mono" if sound.channels == 1 else "stereo"
            stream = copy.add_stream("aac", rate=sound.rate, layout=layout, bit_rate=COPY_BITS * sound.channels)
            # This encoder encodes nothing, but provides the parameters for the file's index, such as the encoder delay.
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
    """The sound of a recording, encoded by a decoder process.

    `close` ends the decoder process. The process cannot be reused, because it has lowered its scheduling priority and
    is not allowed to raise the priority again.
    """

    def __init__(self, path: Path, track: int | Sequence[int] | None, name: str) -> None:
        self._decoder = decoder_pool.Decoder()
        try:
            number = track if track is None or isinstance(track, int) else list(track)
            found, _ = self._decoder.call("open_copy", path=str(path), name=name, track=number, **DECODE)
            self.channels, self.rate = found["channels"], found["rate"]
            if self.channels not in (1, 2) or self.rate not in COPY_RATES:
                raise UnsafeRecording("The decoder returned invalid data.")
        except BaseException:
            self.close()
            raise

    def packets(self) -> Iterator[tuple[float, list[tuple[bytes, int]]]]:
        """Yield (seconds encoded so far, next packets). A packet is a pair of its bytes and its length in samples."""
        samples, has_more = 0, True
        while has_more:
            header, content = self._decoder.call("encode", seconds=PART, **DECODE)
            has_more = bool(header["samples"])
            samples += int(header["samples"])
            yield samples / self.rate, _apart(content, header["sizes"], header["lengths"])

    def close(self) -> None:
        self._decoder.end()


def _apart(content: bytes, sizes: list[int], lengths: list[int]) -> list[tuple[bytes, int]]:
    """Split `content` into packets of the given `sizes` in bytes and `lengths` in samples.

    Raises UnsafeRecording if an AAC encoder cannot have produced these packets.
    """
    packets, at = [], 0
    for size, length in zip(sizes, lengths, strict=True):
        packet = content[at : at + size]
        at += size
        if not 2 <= size <= LARGEST or not 1 <= length <= FRAME or int.from_bytes(packet[:2]) >> 4 == SYNC:
            raise UnsafeRecording("The decoder returned invalid AAC packets.")
        packets.append((packet, length))
    if at != len(content):
        raise UnsafeRecording("The decoder returned invalid AAC packets.")
    return packets
