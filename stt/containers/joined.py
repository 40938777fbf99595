"""Find where a recording ends by its own sizes and another begins, in files that were joined byte by byte.

FFmpeg reads only the first, or takes the second for sound of the first. Offsets are in bytes.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from stt.containers.chunks import AIFF, CAF, MOST_CHUNKS, RIFF, RIFX, W64, Chunks, read
from stt.containers.signatures import ASF, EBML, MXF, W64_START, begins

_SEGMENT = b"\x18\x53\x80\x67"


def structural_end(file: BinaryIO, total: int) -> int | None:
    """Return where the first recording of a file ends by its own sizes, if another one begins there.

    Returns `total`, the file's size, if its sizes reach the end of the file, None if they do not tell.
    """
    head = read(file, 0, 16)
    try:
        if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
            return _wav(file, total)
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            return _avi(file, total)
        if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
            return _chunks(file, total, AIFF, 12)
        if head[:6] == b"caff\0\1":
            return _chunks(file, total, CAF, 8)
        if head == W64_START:
            return _chunks(file, total, W64, 40)
        if head[:4] == b".snd":
            start, size = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big")
            return start + size if begins(file, start + size, total) else None
        if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"skip", b"moov"):
            return _mp4(file, total)
        if head[:4] == EBML:
            return _matroska(file, total)
        if head == ASF:
            return _asf(file, total)
        if head.startswith(MXF):
            return _mxf(file, total)
    except struct.error:  # truncated
        pass
    return None


def _chunks(file: BinaryIO, total: int, layout: Chunks, at: int) -> int | None:
    for _ in range(MOST_CHUNKS):
        chunk = layout.at(file, at)
        if chunk is None or chunk[1] < 0:
            return None
        for place in {at + layout.head.size + chunk[1], layout.after(at, chunk[1])}:
            if place >= total:
                return total
            if begins(file, place, total):
                return place
        at = layout.after(at, chunk[1])
    return None


def _wav(file: BinaryIO, total: int) -> int | None:
    """Return the end of a WAV. Joined recordings of the same format count as one (see `stt.containers.headers`)."""
    layout, at, form, long_size = RIFX if read(file, 0, 4) == b"RIFX" else RIFF, 12, b"", None
    for _ in range(MOST_CHUNKS):
        if (chunk := layout.at(file, at)) is None:
            return None
        name, size = chunk
        if name == b"fmt ":
            form = read(file, at + 8, min(size, 40))
        elif name == b"ds64":
            long_size = struct.unpack("<Q", read(file, at + 16, 8))[0]
        elif name == b"data" and long_size is not None:
            size = long_size
        end = at + 8 + size
        if end >= total:
            return total
        for place in {end, layout.after(at, size)}:
            if begins(file, place, total):
                if not (read(file, place, 4) == read(file, 0, 4) and _wav_form(file, place, layout) == form):
                    return place
                at, long_size = place + 12, None
                break
        else:
            at = layout.after(at, size)
    return None


def _wav_form(file: BinaryIO, at: int, layout: Chunks) -> bytes:
    if read(file, at + 8, 4) != b"WAVE":
        return b""
    at += 12
    for _ in range(20):
        if (chunk := layout.at(file, at)) is None:
            return b""
        if chunk[0] == b"fmt ":
            return read(file, at + 8, min(chunk[1], 40))
        at = layout.after(at, chunk[1])
    return b""


def _avi(file: BinaryIO, total: int) -> int | None:
    """Return the end of an AVI. Long ones continue in further RIFF lists."""
    at = 0
    for _ in range(MOST_CHUNKS):
        head = read(file, at, 12)
        at += 8 + struct.unpack("<I", head[4:8])[0]
        at += at % 2
        if at >= total:
            return total
        if read(file, at, 4) == b"RIFF" and read(file, at + 8, 4) == b"AVIX":
            continue
        return at if begins(file, at, total) else None
    return None


def _mp4(file: BinaryIO, total: int) -> int | None:
    at = 0
    for _ in range(MOST_CHUNKS):
        head = read(file, at, 16)
        size, name = struct.unpack(">I4s", head[:8])
        if at and begins(file, at, total):
            return at if name != b"ftyp" or _has_table(file, at, total) else None
        size = struct.unpack(">Q", head[8:])[0] if size == 1 else size
        if not size or at + size >= total:
            return total
        if size < 8:
            return None
        at += size
    return None


def _has_table(file: BinaryIO, at: int, total: int) -> bool:
    """Return whether a table of contents comes before the next recording. If not, it is a fragment of this one."""
    for number in range(MOST_CHUNKS):
        head = read(file, at, 16)
        if len(head) < 8:
            return False
        size, name = struct.unpack(">I4s", head[:8])
        if name == b"moov":
            return True
        size = struct.unpack(">Q", head[8:].ljust(8, b"\0"))[0] if size == 1 else size
        if size < 8 or name in (b"moof", b"sidx") or (number and name == b"ftyp") or at + size > total:
            return False
        at += size
    return False


def _matroska(file: BinaryIO, total: int) -> int | None:
    head = read(file, 0, 4096)
    at = head.find(_SEGMENT) + 4
    if at < 8 or at >= len(head) or not head[at]:
        return None
    width = 9 - head[at].bit_length()
    size = int.from_bytes(head[at : at + width], "big") & (1 << 7 * width) - 1
    if size == (1 << 7 * width) - 1:
        return None
    end = at + width + size
    return total if end >= total else end if begins(file, end, total) else None


def _asf(file: BinaryIO, total: int) -> int | None:
    at = 0
    for _ in range(MOST_CHUNKS):
        size = int.from_bytes(read(file, at + 16, 8), "little")
        if size < 24:
            return None
        at += size
        if at >= total:
            return total
        if begins(file, at, total):
            return at
    return None


def _mxf(file: BinaryIO, total: int) -> int | None:
    """Return the end of an MXF: its header tells where the last part begins, in which few items follow."""
    begin = 0
    while read(file, begin, 1) == b"\0" and begin < 64:
        begin += 1
    body, _ = _mxf_body(file, begin)
    at = begin + int.from_bytes(read(file, body + 24, 8), "big")
    if at <= begin or read(file, at, 14)[:13] != MXF[:13]:
        return None
    for _ in range(MOST_CHUNKS):
        body, size = _mxf_body(file, at)
        at = body + size
        if at >= total:
            return total
        if begins(file, at, total):
            return at
        if read(file, at, 4) != MXF[:4]:
            return None
    return None


def _mxf_body(file: BinaryIO, at: int) -> tuple[int, int]:
    """Return the offset and the size of the value after a key."""
    head = read(file, at + 16, 9)
    wide = head[0] & 0x7F if head[:1] > b"\x80" else 0
    return at + 17 + wide, int.from_bytes(head[1 : 1 + wide], "big") if wide else struct.unpack(">B", head[:1])[0]
