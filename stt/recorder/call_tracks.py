"""Convert the two channels of a recorded call to two tracks of one file: Opus in WebM, with an index.

A browser records only one track. So it records the microphone on the left channel and the shared sound on the right
channel, which are in sync to the sample. A decoder process encodes each channel separately (see
`stt.audio.call_encoder`). This process only writes the packets that the decoder process returns, and computes their
times.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av

from stt.audio import decoder_pool, tracks
from stt.audio.decoder import CALL_BITS, CALL_RATE, DECODE, probe
from stt.errors import SttError, TooLarge, UnsafeRecording
from stt.files import paths
from stt.store.recordings import disk_errors

TITLES = (tracks.MICROPHONE, tracks.SHARED)  # titles of the tracks of the left and the right channel
ENDING = ".webm"
PART = 30.0  # length of the sound that one call of the decoder process encodes, seconds
FRAME = CALL_RATE // 50  # number of samples in each packet: 20 ms
DELAY = 312  # samples that the encoder adds before the sound; the file declares this number, so that players skip them
LARGEST = 1275  # maximum size of a packet, bytes (RFC 6716)
WITHIN = 0.5  # maximum difference between the lengths of the written file and the original, seconds

Packets = list[list[bytes]]  # the packets of each channel


def write(path: Path, part: Path, *, name: str = "", longest: float) -> bool:
    """Write the call at `path` to the file `part`, with a track for each channel. Return whether `part` may be used.

    The result is False if the call does not have two channels or is damaged, or if `part` is not complete. The caller
    then uses the original file, so that its damage is reported later. `longest` is the maximum length in seconds.

    Raises TooLarge if the call is longer, DiskFull if the disk is full, OSError if a file cannot be read or written for
    another reason, and the errors of `decoder.probe`.
    """
    decoder = decoder_pool.take()
    try:
        found, _ = decoder.call("open_call", path=str(path), name=name, **DECODE)
        if found["channels"] != len(TITLES):
            return False
        seconds = _write(decoder, part, longest)
    finally:
        if decoder.reusable:
            with suppress(SttError, OSError):
                decoder.call("close", **DECODE)
        decoder_pool.release(decoder)
    return seconds is not None and _is_whole(part, seconds)


def _write(decoder: decoder_pool.Decoder, part: Path, longest: float) -> float | None:
    """Write both tracks, and return the length of the call in seconds, or None if some of the call is damaged."""
    total, written, at = 0, 0, [-DELAY for _ in TITLES]
    with disk_errors(), av.open(str(part), "w", format="webm") as file:
        streams = [file.add_stream("libopus", rate=CALL_RATE, layout="mono", bit_rate=CALL_BITS) for _ in TITLES]
        for stream, title in zip(streams, TITLES, strict=True):
            stream.metadata["title"] = title
        # These encoders encode nothing: they only provide the metadata of the tracks for the header of the file.
        file.start_encoding()
        for samples, damaged, channels in _parts(decoder):
            if damaged:
                return None
            total += samples
            if total > longest * CALL_RATE:
                raise TooLarge(f"It holds more than {longest / 60:,.0f} minutes of sound.")
            packets = []
            for number, contents in enumerate(channels):
                for content in contents:
                    packet = av.Packet(content)
                    packet.stream, packet.time_base = streams[number], Fraction(1, CALL_RATE)
                    packet.pts = packet.dts = at[number]
                    packet.duration = FRAME
                    at[number] += FRAME
                    packets.append(packet)
                    written += len(content)
            file.mux(sorted(packets, key=lambda packet: packet.pts or 0))
            if written > paths.CHECKED:
                paths.check_room(part.parent)
                written = 0
    return total / CALL_RATE


def _parts(decoder: decoder_pool.Decoder) -> Iterator[tuple[int, bool, Packets]]:
    """Yield (number of samples read, whether any sound so far was damaged, encoded packets) for every PART seconds."""
    has_more = True
    while has_more:
        header, content = decoder.call("encode_call", seconds=PART, **DECODE)
        has_more = bool(header["samples"])
        yield int(header["samples"]), bool(header["damaged"]), _apart(content, header["sizes"])


def _apart(content: bytes, sizes: list[list[int]]) -> Packets:
    """Split `content` into the packets of each channel. `sizes` has the sizes of each channel's packets in bytes.

    Raises UnsafeRecording if `sizes` do not fit `content` and two channels, or if no encoder makes such packets.
    """
    channels, at = [], 0
    for of_channel in sizes:
        packets = []
        for size in of_channel:
            packets.append(content[at : at + size])
            at += size
        channels.append(packets)
    if (
        at != len(content)
        or len(channels) != len(TITLES)
        or any(not 1 <= len(p) <= LARGEST for c in channels for p in c)
    ):
        raise UnsafeRecording("The decoder returned invalid Opus packets.")
    return channels


def _is_whole(part: Path, seconds: float) -> bool:
    """Return whether the written file is complete: both tracks are readable, and the length is about `seconds`."""
    found = probe(part)
    readable = [track for track in found.tracks if not track["problem"]]
    return len(readable) == len(TITLES) and abs((found.duration or 0.0) - seconds) <= WITHIN
