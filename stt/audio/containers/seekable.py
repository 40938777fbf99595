"""Check whether every browser plays a file as it is and seeks it exactly. Runs in a decoder process.

Browsers seek exactly in WAV with plain PCM, in FLAC, and in MP4 with AAC and a plain time line. All other files, and
files of these formats that fail a check, get a playback copy (see `stt.store.playback_copies`). Times are in seconds.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import BinaryIO

import av

from stt.audio.containers.boxes import Box, boxes, clock, inside, read
from stt.audio.containers.container import open_sound, packets
from stt.audio.containers.promises import seconds_of

EXACT = 0.1  # maximum error of a length, a start time or a gap, seconds
RATES = range(8_000, 96_001)  # sample rates at which a file may be played without a playback copy, Hz
PCM = ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le")
BRANDS = (b"M4A ", b"M4B ", b"M4V ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"avc1")
TIMEOUT = 0.5  # time limit for finding gaps between frames of a FLAC, seconds; the rest is assumed to have no gaps


def exact(path: Path, promised: float | None, counted: float | None) -> bool:
    """Return whether every browser plays the file at `path` and seeks it exactly.

    `promised` is the file's duration in seconds according to its header, `counted` according to its packets. An unknown
    duration is None.
    """
    if promised is None or counted is None or abs(promised - counted) > EXACT:
        return False
    file, container, stream = open_sound(path, "")
    try:
        if file.is_mended:  # a browser would trust the wrong sizes in the header, which `Recording` repaired
            return False
        codec, format = stream.codec_context, container.format.name.split(",")[0]
        if len(container.streams.audio) != 1 or codec.layout.nb_channels > 2 or codec.sample_rate not in RATES:
            return False
        name = codec.codec.canonical_name
        if format == "wav":
            return name in PCM and _begins(path, b"RIFF") and _whole_wav(path, codec)
        if format == "flac":
            return name == "flac" and _begins(path, b"fLaC") and _unbroken(container, stream)
        if format == "mov" and name == "aac" and codec.profile == "LC":
            return _plain_mp4(path) and _whole(path, container, stream)
        return False
    finally:
        container.close()
        file.close()


def _begins(path: Path, mark: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(4) == mark


def _whole_wav(path: Path, codec: av.AudioCodecContext) -> bool:
    """Return whether a WAV is as long as its header declares.

    A browser trusts the header even if the recorder crashed before it wrote the real size.
    """
    with open(path, "rb") as file:
        declared: int = struct.unpack("<I", file.read(8)[4:])[0] + 8
    return abs(path.stat().st_size - declared) <= EXACT * codec.sample_rate * codec.layout.nb_channels


def _unbroken(container: av.container.InputContainer, stream: av.AudioStream) -> bool:
    """Return whether each frame begins where the previous one ends, as far as can be checked within TIMEOUT."""
    at, ends = 0.0, time.monotonic() + TIMEOUT
    for packet in packets(container, stream):
        if not packet.size:
            continue
        if packet.pts is None or abs(seconds_of(packet.pts, packet.time_base) - at) > EXACT:
            return False
        at = seconds_of(packet.pts + (packet.duration or 0), packet.time_base)
        if time.monotonic() > ends:
            break
    return True


def _whole(path: Path, container: av.container.InputContainer, stream: av.AudioStream) -> bool:
    """Return whether the sound of an MP4 begins at time 0, has no gap, and does not extend past the end of the file."""
    begins = seconds_of(stream.start_time or 0, stream.time_base)
    if abs(begins) > EXACT or abs((container.start_time or 0) / av.time_base) > EXACT:
        return False
    entries = stream.index_entries
    if not (count := len(entries)):
        return False
    first, last = entries[0], entries[count - 1]
    span = seconds_of(last.timestamp - first.timestamp, stream.time_base)
    frames = (count - 1) * 1024 / stream.codec_context.sample_rate
    return abs(span - frames) <= EXACT and last.pos + last.size <= path.stat().st_size


def _plain_mp4(path: Path) -> bool:
    """Return whether an MP4 has a brand in BRANDS, no fragments, no video other than H.264, and a plain time line.

    A time line is plain if no edit moves or leaves out more than EXACT seconds of sound.
    """
    with open(path, "rb") as file:
        outer = list(boxes(file, 0, path.stat().st_size))
        head = next((box for box in outer if box.kind == b"ftyp"), None)
        index = next((box for box in outer if box.kind == b"moov"), None)
        if head is None or index is None or read(file, head, 4) not in BRANDS or any(b.kind == b"moof" for b in outer):
            return False
        inner = list(boxes(file, index.start, index.end))
        movie = next((box for box in inner if box.kind == b"mvhd"), None)
        if movie is None or any(box.kind == b"mvex" for box in inner):
            return False
        scale, _ = clock(file, movie)
        return scale > 0 and all(_plain_track(file, box, scale) for box in inner if box.kind == b"trak")


def _plain_track(file: BinaryIO, track: Box, movie_scale: int) -> bool:
    handler = inside(file, track, b"mdia", b"hdlr")
    kind = read(file, handler, 12)[8:] if handler else b""
    if kind == b"vide":
        formats = inside(file, track, b"mdia", b"minf", b"stbl", b"stsd")
        return formats is not None and read(file, formats, 16)[12:] in (b"avc1", b"avc3")
    if kind != b"soun":
        return True
    times, edits = inside(file, track, b"mdia", b"mdhd"), inside(file, track, b"edts", b"elst")
    if times is None:
        return False
    if edits is None:
        return True
    scale, length = clock(file, times)
    content = read(file, edits, 40)
    count = struct.unpack(">I", content[4:8])[0] if len(content) >= 8 else 0
    layout = ">Qqi" if content[:1] == b"\x01" else ">Iii"
    if not scale or count > 1 or len(content) < 8 + count * struct.calcsize(layout):
        return False
    if not count:
        return True
    shown: int
    begins: int
    speed: int
    shown, begins, speed = struct.unpack(layout, content[8 : 8 + struct.calcsize(layout)])
    cut = length / scale - begins / scale - shown / movie_scale
    return speed == 1 << 16 and 0 <= begins <= EXACT * scale and cut <= EXACT
