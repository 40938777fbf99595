"""Read the duration that a recording declares, after stale sizes in its header are repaired. Times are in seconds."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av

from stt.audio.containers import boxes
from stt.audio.containers.formats import NO_DURATION, UNTIMED
from stt.audio.containers.headers import Recording


def promised(
    path: Path,
    format: str,
    container: av.container.InputContainer,
    stream: av.AudioStream,
    start: int = 0,
    stop: int | None = None,
    begins: float | None = None,
) -> float | None:
    """Return the duration in seconds that the container declares, None if it declares none or FFmpeg only estimates it.

    The recording is the file's bytes from `start` up to `stop`. `begins` is the start of the recording's time line in
    seconds of its own clock. FFmpeg adapts the length of a truncated WAV to the bytes that are left, which hides the
    loss, so the headers of WAV, W64, AU and CAF are read here.
    """
    if format in _BY_HEADER and (seconds := _by_header(Recording(path, start, stop), _BY_HEADER[format])) is not None:
        return seconds
    if format in UNTIMED:
        counted_frames = _mp3_promise(path, start, stream.codec_context.sample_rate) if format == "mp3" else None
        declared = seconds_of(stream.duration or 0, stream.time_base)
        # If the two durations differ, FFmpeg estimated `declared` from the file size, because two files were joined or
        # a large tag is at the end.
        return declared if counted_frames and abs(declared - counted_frames) < 0.5 else None
    if format in NO_DURATION:
        return None
    origin = (container.start_time or 0) / av.time_base if begins is None else begins
    if tag := stream.metadata.get("DURATION"):  # Matroska stores the end time of a track, such as 00:00:33.008000000
        with suppress(ValueError):
            hours, minutes, rest = tag.split(":")
            return int(hours) * 3600 + int(minutes) * 60 + float(rest) - origin
    if stream.duration:
        late = 0.0 if stream.start_time is None else seconds_of(stream.start_time, stream.time_base) - origin
        declared = seconds_of(stream.duration, stream.time_base) + max(0.0, late)
        edits = boxes.edit_list(path, stream.id) if format == "mov" else None
        return min(declared, edits.seconds - max(0.0, origin)) if edits else declared
    return container.duration / av.time_base if container.duration else None


def seconds_of(ticks: int, unit: Fraction | None) -> float:
    """Return a time of `ticks` units in seconds, 0 if `unit` (the container's time base) is None."""
    return float(ticks * unit) if unit else 0.0


def _by_header(file: Recording, read: Callable[[Recording], float | None]) -> float | None:
    try:
        return read(file)
    except struct.error:  # the file is truncated within the header
        return None
    finally:
        file.close()


def _wav(file: Recording) -> float | None:
    """Return the duration by a WAV's header (RIFF, RIFX or RF64), None if the recorder never wrote the size."""
    start = file.read(12)
    order = ">" if start[:4] == b"RIFX" else "<"
    if start[8:] != b"WAVE":
        return None
    long_size, per_second, at = None, 0.0, 12
    while len(chunk := file.read(8)) == 8:
        name, size = struct.unpack(order + "4sI", chunk)
        if name == b"data":
            if long_size or size >= 0x7FFFF000:  # a placeholder that recorders write until they know the real size
                size = long_size or 0
            return size / per_second if size and per_second else None
        body = file.read(min(size, 64))
        if name == b"fmt " and len(body) >= 16:
            per_second = _bytes_per_second(body, order)
        elif name == b"ds64" and len(body) >= 16 and start[:4] != b"RIFF":
            long_size = struct.unpack("<Q", body[8:16])[0]
        at += 8 + size + size % 2
        file.seek(at)
    return None


def _w64(file: Recording) -> float | None:
    """Return the duration by a W64's header, None if the header does not give one."""
    at, per_second = 40, 0.0
    while not file.seek(at) < 0 and len(chunk := file.read(24)) == 24:
        name, size = struct.unpack("<4s12xq", chunk)
        if name == b"data":
            return (size - 24) / per_second if size > 24 and per_second else None
        if name == b"fmt ":
            per_second = _bytes_per_second(file.read(20), "<")
        if size < 24:
            return None
        at += size + -size % 8
    return None


def _bytes_per_second(form: bytes, order: str) -> float:
    """Return the size in bytes of a second of sound by the format chunk of a WAV or W64, 0 if it is not declared.

    `order` is the byte order of the chunk, "<" or ">". Raises struct.error if the chunk has fewer than 16 bytes.
    """
    kind, _, rate, average, align, bits = struct.unpack(order + "HHIIHH", form[:16])
    if kind in _IN_BLOCKS and len(form) >= 20 and (samples := struct.unpack(order + "H", form[18:20])[0]):
        return float(rate * align / samples)  # not `average`, which writers round
    return float(rate * align if kind in _PCM and bits % 8 == 0 and bits else average)


_PCM = (0x01, 0x03, 0x06, 0x07, 0xFFFE)  # integers, floats, A-law, mu-law, and the extensible form of these
_IN_BLOCKS = (0x02, 0x11, 0x31)  # MS ADPCM, IMA ADPCM, GSM: the format chunk gives the number of samples per block


def _au(file: Recording) -> float | None:
    """Return the duration by an AU's header, None if the size is not declared or the encoding is not known."""
    _, _, size, encoding, rate, channels = struct.unpack(">IIIIII", file.read(24))
    frame = channels * {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(encoding, 0)
    return size / (frame * rate) if size != 0xFFFFFFFF and frame and rate else None


def _caf(file: Recording) -> float | None:
    """Return the duration by a CAF's header, None if the size is not declared or the packets differ in size."""
    at, rate, packet, frames = 8, 0.0, 0, 0
    while not file.seek(at) < 0 and len(chunk := file.read(12)) == 12:
        name, size = struct.unpack(">4sq", chunk)
        if name == b"desc":
            rate, packet, frames = struct.unpack(">d8xII", file.read(24))
        if name == b"data":
            return (size - 4) / packet * frames / rate if size > 4 and packet and rate > 0 else None
        if size < 0:
            return None
        at += 12 + size
    return None


_BY_HEADER = {"wav": _wav, "w64": _w64, "au": _au, "caf": _caf}


def _mp3_promise(path: Path, begin: int, rate: int) -> float | None:
    """Return an MP3's duration by the frame count in its Xing, Info or VBRI header, None without such a header.

    The MP3 begins at byte `begin` of the file, and `rate` is its sample rate in Hz.
    """
    head, start = _read(path, begin, 10), begin
    if head[:3] == b"ID3" and len(head) == 10:
        start += 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    first = _read(path, start, 4096)
    for mark, offset in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
        at = first.find(mark)
        if at >= 0 and len(count := first[at + offset : at + offset + 4]) == 4:
            frames: int = struct.unpack(">I", count)[0]
            return frames * (1152 if rate >= 32_000 else 576) / rate
    return None


def _read(path: Path, start: int, size: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(size)
