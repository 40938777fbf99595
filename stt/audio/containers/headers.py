"""Read a recording to its real end, even if the sizes declared in its header are wrong.

A recorder that streams, crashes or exceeds 4 GB leaves sizes in the header that are zero, absent or too small, and
FFmpeg trusts them. `Recording` replaces these stale sizes in the bytes that it passes to FFmpeg. The file on disk is
not changed.
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

from stt.audio.containers import joined
from stt.audio.containers.chunks import AIFF, CAF, MOST_CHUNKS, RIFF, RIFX, TAIL, W64, Chunks, all_zeros, places, read
from stt.audio.containers.joined import W64_START

Piece = bytes | range  # replacement bytes, or a range of offsets in the file
Pieces = list[Piece]


class Recording:
    """A file object for PyAV in which stale sizes are repaired.

    The object has no name, so FFmpeg detects the format by content alone. In a file of joined recordings, the object
    holds the recording that begins at byte `start`. `end` is the offset where that recording ends according to the
    sizes in its header, None if these sizes give no end. `total` is the offset of the file's end, or of the byte `stop`
    if given. `end` and `total` are in bytes and counted from `start`.
    """

    read: Callable[[int], bytes]
    tell: Callable[[], int]
    _seek: Callable[[int, int], int]

    def __init__(self, path: Path, start: int = 0, stop: int | None = None) -> None:
        self._file = file = open(path, "rb", buffering=0)  # noqa: SIM115
        self.raw = cast(BinaryIO, _View(file, start))  # the view's read position is independent of FFmpeg's
        if start:
            self._file = file = cast(FileIO, _View(file, start))
        try:
            self.total = (path.stat().st_size if stop is None else stop) - start
            self.end = joined.structural_end(file, self.total)
            size = self.total if self.end is None else self.end
            pieces = mended(file, size)
            self.is_mended = pieces is not None
            if pieces is None and (start or stop is not None or size < self.total):
                pieces = [range(size)]
            file.seek(0)
        except BaseException:
            file.close()
            raise
        self.close, self.start = file.close, start
        if pieces is None:
            self.read, self.tell, self._seek = file.read, file.tell, file.seek
            return
        self.read, self.tell, self._seek = self._read_pieces, lambda: self._at, self._seek_pieces
        self._pieces = [piece for piece in pieces if len(piece)]
        self._at, self._starts = 0, [0]
        for piece in self._pieces:
            self._starts.append(self._starts[-1] + len(piece))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek as a file does, but return -22 (FFmpeg's EINVAL) for a negative or too large offset."""
        try:
            return self._seek(offset, whence)
        except (OSError, OverflowError):
            return -22  # a damaged header can point to such an offset

    def _seek_pieces(self, offset: int, whence: int) -> int:
        at = offset + (0, self._at, self._starts[-1])[whence]
        if at < 0:
            raise OSError("before the beginning")
        self._at = at
        return at

    def _read_pieces(self, size: int = -1) -> bytes:
        size = self._starts[-1] if size < 0 else size
        parts = []
        while size > 0 and self._at < self._starts[-1]:
            number = bisect_right(self._starts, self._at) - 1
            piece = self._pieces[number][self._at - self._starts[number] :][:size]
            if isinstance(piece, range):
                self._file.seek(piece.start)
                piece = self._file.read(len(piece))
                if not piece:  # the file has been truncated since it was opened
                    break
            parts.append(piece)
            self._at += len(piece)
            size -= len(piece)
        return b"".join(parts)


class _View:
    """The bytes of an open file from an offset on, with a separate read position."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file, self._start, self._at = file, start, 0
        self.close = file.close

    def seek(self, offset: int) -> int:
        if not 0 <= offset <= (1 << 62):
            raise OSError("outside of every file")
        self._at = offset
        return offset

    def read(self, size: int) -> bytes:
        content = os.pread(self._file.fileno(), size, self._start + self._at)
        self._at += len(content)
        return content


def mended(file: BinaryIO, total: int) -> Pieces | None:
    """Return the pieces that FFmpeg reads in place of a file of `total` bytes, None if the file needs no repair."""
    head = read(file, 0, 16)
    mend: Callable[[BinaryIO, int], Pieces | None] | None = None
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        mend = _wav
    elif head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        mend = _aiff
    elif head[:4] == b"caff":
        mend = _caf
    elif head == W64_START:
        mend = _w64
    elif head[:4] == b".snd":
        mend = _au
    elif head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"skip"):
        mend = _mp4
    elif head[:4] == b"\x1aE\xdf\xa3":
        mend = _matroska
    elif head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        mend = _mp3
    try:
        return mend(file, total) if mend else None
    except struct.error:  # the file is truncated within the header; FFmpeg reports this error when it opens the file
        return None


def _wav(file: BinaryIO, total: int) -> Pieces | None:
    """Repair WAV, RF64 and BW64. Joined recordings of the same sample format become one block of sound."""
    kind = read(file, 0, 4)
    layout, long = RIFX if kind == b"RIFX" else RIFF, kind in (b"RF64", b"BW64")
    found: list[tuple[int, int, int]] = []  # offsets of each data chunk's head, first sample and end
    form, long_size, least, at = b"", None, 1, 12
    stale = long and read(file, 12, 4) != b"ds64"
    for _ in range(MOST_CHUNKS):
        if (chunk := layout.at(file, at)) is None:
            break
        (name, size), begin = chunk, at + 8
        if name in (b"RIFF", b"RF64") and found and read(file, begin, 4) == b"WAVE":
            at, long_size = begin + 4, None
            continue
        if name == b"data":
            declared = _declared(size if long_size is None else long_size, total - begin, 63 if long_size else 31)
            end = layout.end(file, begin, declared, total, least)
            found.append((at, begin, end))
            at = next((place for place in (end, end + end % 2) if layout.follow(file, place, total)), total)
            # Bytes after the sound that are not chunks are left out, because FFmpeg would search them for chunks. This
            # search is slow in zeros, where every eight bytes look like an empty chunk.
            stale = stale or not declared or end != begin + declared or end < at == total
            continue
        if name == b"fmt ":
            this = read(file, begin, min(size, 40))
            if form not in (b"", this):
                break
            form, least = this, _tenth(this, layout)
        elif name == b"ds64" and size >= 16:
            long_size = struct.unpack("<Q", read(file, begin + 8, 8).ljust(8, b"\0"))[0]
        at = layout.after(at, size)
    if not found or (not stale and len(found) < 2 and kind != b"RIFX"):
        return None
    first, length = found[0][0], sum(end - begin for _, begin, end in found)
    sound = [range(begin, min(end, total)) for _, begin, end in found]
    if not length:
        return [range(first), b"JUNK", range(first + 4, total)]
    if kind == b"RIFX" and (au := _as_au(form, length)):
        return [au, *sound]
    size_field = struct.pack(layout.head.format[0] + "I", min(length, 0xFFFFFFFF))
    return [b"RIFF" if long else kind, range(4, first + 4), size_field, *sound]


def _declared(size: int, left: int, bits: int) -> int | None:
    """Return the declared `size` in bytes, None if it is a placeholder for a size that was not known yet.

    A placeholder is close to or above the largest number of `bits` bits, and more than the `left` bytes that remain in
    the file.
    """
    return None if size >= (1 << bits) - 4096 and size > left else size


def _as_au(form: bytes, length: int) -> bytes | None:
    """Return an AU header for a big-endian WAV, whose samples FFmpeg would otherwise read as little-endian noise.

    Returns None if AU has no such encoding.
    """
    kind, channels, rate, _, _, bits = struct.unpack(">HHIIHH", form[:16].ljust(16, b"\0"))
    if kind == 0xFFFE:
        kind = int.from_bytes(form[24:26], "big")
    encoding = {(1, 16): 3, (1, 24): 4, (1, 32): 5, (3, 32): 6, (3, 64): 7, (6, 8): 27, (7, 8): 1}.get((kind, bits))
    return struct.pack(">4sIIIII", b".snd", 24, min(length, 0xFFFFFFFF), encoding, rate, channels) if encoding else None


def _tenth(form: bytes, layout: Chunks) -> int:
    """Return the size in bytes of a tenth of a second of sound, according to a WAV's format chunk."""
    if len(form) < 16:
        return 1
    average: int = struct.unpack(layout.head.format[0] + "I", form[8:12])[0]
    return max(1, average // 10)


def _aiff(file: BinaryIO, total: int) -> Pieces | None:
    """Repair AIFF and AIFF-C: the sizes of file and sound, and the number of frames."""
    patches: dict[int, bytes] = {}
    common, sound, least, at = None, None, 4096, 12
    for _ in range(MOST_CHUNKS):
        if (chunk := AIFF.at(file, at)) is None:
            break
        (name, size), begin = chunk, at + 8
        if name == b"COMM" and size >= 18:
            common = begin, read(file, begin, min(size, 22))
        elif name == b"SSND" and sound is None:
            declared = _declared(size, total - begin, 31) if size > 8 else None
            end = AIFF.end(file, begin, declared, total, least)
            sound = begin, end
            if end != begin + size:
                patches[at + 4] = struct.pack(">I", min(end - begin, 0xFFFFFFFF))
            size = end - begin
        at = AIFF.after(at, size)
    if sound is None:
        return None
    if struct.unpack(">I", read(file, 4, 4))[0] + 8 < min(sound[1], total):
        patches[4] = struct.pack(">I", min(total - 8, 0xFFFFFFFF))
    if common and (frame := _aiff_frame(common[1])):
        frames = max(0, sound[1] - sound[0] - 8) // frame
        if frames != struct.unpack(">I", common[1][2:6])[0]:
            patches[common[0] + 2] = struct.pack(">I", min(frames, 0xFFFFFFFF))
    return patched(patches, total)


def _aiff_frame(common: bytes) -> int:
    """Return the size in bytes of a frame by an AIFF's COMM chunk, 0 if the encoding has no known frame size."""
    channels: int
    bits: int
    channels, _, bits = struct.unpack(">hIh", common[:8])
    kind = common[18:22].lower()
    if kind in (b"", b"none", b"twos", b"sowt", b"raw ", b"in24", b"in32", b"23ni", b"42ni", b"fl32", b"fl64"):
        return max(0, channels) * ((bits + 7) // 8)
    return max(0, channels) * {b"ulaw": 1, b"alaw": 1, b"ima4": 34}.get(kind, 0)


def _caf(file: BinaryIO, total: int) -> Pieces | None:
    """Repair CAF: the size of its sound, which may be declared as -1 (unknown)."""
    if (stale := _stale_data(file, CAF, 8, total, 4)) is None:
        return None
    at, size = stale
    return patched({at + 4: struct.pack(">q", size)}, total)


def _w64(file: BinaryIO, total: int) -> Pieces | None:
    """Repair W64: the sizes of file and sound, each of which includes a head of 24 bytes."""
    if (stale := _stale_data(file, W64, 40, total, 0)) is None:
        return None
    at, size = stale
    return patched({16: struct.pack("<q", total), at + 16: struct.pack("<q", size + 24)}, total)


def _stale_data(file: BinaryIO, layout: Chunks, at: int, total: int, empty: int) -> tuple[int, int] | None:
    """Return the offset of the chunk "data" and the real size of its body.

    Returns None if the declared size is right or no such chunk is found. The search begins at offset `at`. A declared
    size of `empty` bytes or less means that the recorder has not written the real size.
    """
    for _ in range(MOST_CHUNKS):
        if (chunk := layout.at(file, at)) is None:
            return None
        (name, size), begin = chunk, at + layout.head.size
        if name.startswith(b"data"):
            declared = _declared(size, total - begin, 63) if size > empty else None
            end = layout.end(file, begin, declared, total, 4096)
            return None if end == begin + size else (at, end - begin)
        if size < 0:
            return None
        at = layout.after(at, size)
    return None


def _au(file: BinaryIO, total: int) -> Pieces | None:
    """Repair AU: replace a size that is too small by the value for "unknown". FFmpeg then reads to the end."""
    start, size = struct.unpack(">II", read(file, 4, 8).ljust(8, b"\0"))
    return patched({8: b"\xff" * 4} if 24 <= start < total and size < total - start else {}, total)


def _mp4(file: BinaryIO, total: int) -> Pieces | None:
    """Repair MP4: let the box `mdat` (the sound) end where the box `moov` (the index) begins.

    A repair is needed only if the declared sizes of the boxes do not lead to `moov`.
    """
    at, sound = 0, None
    for _ in range(MOST_CHUNKS):
        head = read(file, at, 16)
        size, name = struct.unpack(">I4s", head[:8]) if len(head) >= 8 else (0, b"")
        if size == 1 and len(head) == 16:
            size = struct.unpack(">Q", head[8:])[0]
        if name == b"moov" or len(head) < 8:
            return None
        if name == b"mdat":
            sound = at, head
        if not name.isalnum() or size < 8 or at + size > total:
            break
        at += size
    if sound is None:
        return None
    at, head = sound
    table = _table(file, at + 8, total)
    if table is None or table - at > 0xFFFFFFFF or head[:4] == b"\0\0\0\1":
        return None
    return patched({at: struct.pack(">I", table - at)}, total)


def _table(file: BinaryIO, start: int, total: int) -> int | None:
    """Return the offset of the box `moov`, None if it begins before `start` or the last 64 MiB of the file."""
    begin = max(start, total - (64 << 20))
    while begin < total:
        content = read(file, begin, TAIL + 16)
        for place in places(content, b"moov"):
            at = begin + place - 4
            head = read(file, at, 16) if place >= 4 else b""
            if head[12:] == b"mvhd" and 8 < struct.unpack(">I", head[:4])[0] <= total - at:
                return at
        begin += TAIL
    return None


def _matroska(file: BinaryIO, total: int) -> Pieces | None:
    """Repair Matroska and WebM: replace a segment size that is too small by the value for "unknown"."""
    if (segment := joined.matroska_segment(file)) is None:
        return None
    at, width, end = segment
    if end >= total or total - end < 64 or all_zeros(file, end, total):
        return None
    if read(file, end, 4) in (joined.EBML, joined.SEGMENT):  # another recording follows, so the segment's size is right
        return None
    return patched({at: ((1 << 7 * width + 1) - 1).to_bytes(width, "big")}, total)


def _mp3(file: BinaryIO, total: int) -> Pieces | None:
    """Repair MP3: set the declared padding, the number of samples to trim at the end, to 0.

    FFmpeg trims these samples where the declared frame count ends, even if more sound follows.
    """
    head, start = read(file, 0, 10), 0
    if head[:3] == b"ID3" and len(head) == 10:
        start = 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    first = read(file, start, 512)
    place = max(first.find(b"Xing"), first.find(b"Info"))
    if place < 0 or len(first) < place + 160:
        return None
    flags = first[place + 7]
    encoder = place + 8 + sum(size for bit, size in ((1, 4), (2, 4), (4, 100), (8, 4)) if flags & bit)
    if first[encoder : encoder + 4] not in (b"LAME", b"Lavf", b"Lavc"):
        return None
    padding = encoder + 22  # offset of the second of three bytes that hold 12 bits of delay and 12 bits of padding
    return patched({start + padding: bytes([first[padding] & 0xF0, 0])}, total)


def patched(patches: dict[int, bytes], total: int) -> Pieces | None:
    """Return the pieces of a file of `total` bytes in which bytes are replaced; None if `patches` is empty.

    `patches` maps an offset in the file to the bytes that replace those at this offset.
    """
    if not patches:
        return None
    pieces: Pieces = []
    at = 0
    for place, content in sorted(patches.items()):
        pieces += [range(at, place), content]
        at = place + len(content)
    return [*pieces, range(at, max(at, total))]
