"""Follow the packets of a recording to its end, and find the recording that was appended to it in the same file.

This module is for formats that store no sizes. When FFmpeg reads these formats, it stops where another recording
begins, or it searches the rest of the file for more frames of the first format. Offsets are in bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import av

from stt.audio.containers.chunks import MOST_CHUNKS, all_zeros, places, read
from stt.audio.containers.joined import MARKS, PACK, begins, tag_size

MOST_PARTS = 500  # maximum number of recordings read from one file
# Number of bytes after the last packet that are searched for the next recording, because tables and cover pictures may
# precede its beginning.
SCAN = 4 << 20
_NEAR = 64 << 10  # a recording without a distinct signature is searched for in at most twice this number of bytes
_LOOKS = 64  # maximum number of irregular packets examined in one recording, for formats in _FRAMED
_LONGEST_FRAME = 8192  # largest frame in the formats of _FRAMED except FLAC, bytes
_LAST_PAGE = 4  # bit of the "end of stream" flag in the header of an Ogg page
# Pattern of the first bytes of MPEG audio frames, AAC frames and MPEG-TS packets. While an MP3 or AAC is read, a
# pattern from _WEAK_IN is used instead, which does not match frames of the format that is read.
_WEAK = re.compile(rb"\xff[\xe2-\xff]|\x47")
_WEAK_IN = {
    "mp3": re.compile(rb"\xff[\xf0\xf1\xf8\xf9]|\x47"),
    "aac": re.compile(rb"\xff[\xe2-\xef\xf2-\xf7\xfa-\xff]|\x47"),
}
_ALONE = frozenset(
    ["flac", "tta", "wv", "ogg", "flv", "ast", "argo_asf"]
)  # formats in which a file with a single track holds only sound and tags, so other trailing bytes are unread sound
_REST = 16 << 10  # minimum number of trailing bytes reported as unread; fewer bytes are assumed to be padding or a tag
_FRAMED = frozenset(
    ("flac", "mp3", "aac", "ac3", "eac3", "amr", "amrnb", "amrwb")
)  # formats that are a mere series of frames: FFmpeg searches the whole rest of the file for more frames


_Place = tuple[int, int]  # offset and size of a packet


class _Source(Protocol):
    """Declare the attributes of `stt.audio.containers.headers.Recording` that `Watch` uses."""

    raw: BinaryIO
    total: int
    end: int | None
    is_mended: bool


class Watch:
    """Follow the packets of one recording, and find the next recording in the same file."""

    def __init__(self, file: _Source, container: av.container.InputContainer) -> None:
        self._file, self._format = file, container.format.name.split(",")[0]
        self._alone = self._format in _ALONE and len(container.streams) == 1
        self._framed = self._format in _FRAMED and file.end is None
        self._sync: int | None = None  # the first 15 bits of the first frame, which all frames of one MP3 or AAC share
        self._looks = _LOOKS
        self._last: _Place | None = None
        self._before: _Place | None = None
        self._start: int | None = None  # offset of the first packet
        self.found: int | None = None

    def passes(self, packet: av.Packet[av.AudioStream]) -> bool:
        """Record the position of a packet. Return False if the packet already belongs to the next recording."""
        if self.found is not None:
            return False
        if packet.pos is None or not packet.size:
            return True
        if self._start is None:
            self._start = packet.pos
        self._before, self._last = self._last, (packet.pos, packet.size)
        if not self._framed or self._regular(packet):
            return True
        self._looks -= 1
        if not self._looks:
            self._framed = False
        # Almost any bytes look like AMR frames, so a longer span is searched around an irregular packet of AMR.
        around = _NEAR if self._format.startswith("amr") else _LONGEST_FRAME
        before = self._before[0] if self._before else packet.pos
        begin = max(0, packet.pos - SCAN, min(packet.pos, before) - around)
        self.found = next(self._candidates(begin, packet.pos + packet.size + around, near=True), None)
        # FFmpeg puts the last frame of a FLAC and the bytes after it into one packet. The packet still belongs to this
        # recording if the next recording begins after the packet's first byte.
        return self.found is None or (self._format == "flac" and self.found > packet.pos)

    def _regular(self, packet: av.Packet[av.AudioStream]) -> bool:
        if self._before is not None and packet.pos != sum(self._before):
            return False
        if packet.size > (_usual(self._before) if self._format == "flac" else _LONGEST_FRAME):
            return False
        content = memoryview(packet)
        if self._format.startswith("amr"):
            return not content[0] & 0x83
        start = content[0] << 8 | content[1] & 0xFE if packet.size > 1 else 0
        if self._sync is None:
            self._sync = start
        return start == self._sync

    def next(self) -> int | None:
        """Return the offset at which another recording begins after the last packet, None if none does."""
        file = self._file
        if self.found is not None:
            return self.found
        if file.end is not None or file.is_mended or self._last is None:
            return file.end if file.end is not None and file.end < file.total else None
        last, before = self._last, self._before
        end = last[0] + last[1]
        near = (before is not None and last[1] > _usual(before)) or file.total - end > 1024
        begin = last[0] + 1
        if self._format == "mpeg":  # FFmpeg treats any data as packets: the next recording may begin before `last`
            begin = max((self._start or 0) + 1, begin - _NEAR)
        self.found = next(self._candidates(begin, last[0] + SCAN + last[1], near=near), None)
        return self.found

    def rest(self) -> int:
        """Return the offset of the bytes after the last packet that are neither sound nor tags.

        Returns the file's size if there are no such bytes, fewer than _REST, or only zeros. Also returns the file's
        size for files that are not examined: files in a format that is not in _ALONE, with several tracks, or with
        sizes declared in the header.
        """
        file, last = self._file, self._last
        if file.end is not None or file.is_mended or last is None or not self._alone:
            return file.total
        end = last[0] + last[1]
        if self._format == "flac":
            end = last[0] + min(last[1], _usual(self._before))
            place = read(file.raw, last[0], end - last[0]).find(b"APETAGEX")
            end = last[0] + place if place >= 0 else end
        elif self._format == "ogg":
            page = _last_page(file.raw, last[0])
            end = page[0] + page[1] if page else end
        end = _tag_end(file.raw, end)
        if file.total - end < _REST or all_zeros(file.raw, end, file.total):
            return file.total
        return end

    def cut(self) -> str | None:
        """Return a message if the file seems to be cut off within its last recording, None if it seems complete."""
        file, last = self._file, self._last
        if file.end is not None or file.is_mended or last is None:
            return None
        if self._format == "ogg" and self._alone and (page := _last_page(file.raw, last[0])):
            at, size, flags = page
            if at + size > file.total:
                return "the file is cut off here"
            if at + size == file.total and not flags & _LAST_PAGE:
                return "the file ends without its last page, so it may be cut off here"
        if self._format == "mpegts":
            for size, lead in ((188, 0), (192, 4)):
                if all(read(file.raw, lead + size * number, 1) == b"\x47" for number in range(6)):
                    place = file.total - file.total % size + lead  # offset where an incomplete last packet would begin
                    return (
                        "the file is cut off here"
                        if place < file.total and read(file.raw, place, 1) == b"\x47"
                        else None
                    )
        return None

    def _candidates(self, begin: int, end: int, *, near: bool) -> Iterator[int]:
        raw, total = self._file.raw, self._file.total
        content = read(raw, begin, min(end, total) - begin)
        found = {place - offset for mark, offset in MARKS.items() for place in places(content, mark)}
        if near:
            found |= {match.start() for match in _WEAK_IN.get(self._format, _WEAK).finditer(content[: 2 * _NEAR])}
        for place in sorted(found):
            if begin + place > 0 and begins(raw, begin + place, total) and not self._same(begin + place):
                yield begin + place

    def _same(self, at: int) -> bool:
        """Return whether FFmpeg reads the recording at offset `at` as a continuation of the recording being followed.

        FFmpeg does so if the frames of both recordings have the same format.
        """
        head = read(self._file.raw, at, 10)
        if self._format == "mpegts":
            return head[:1] == b"\x47"
        if self._format == "mpeg":
            return head[:4] == PACK
        if head[:3] == b"ID3" and (size := tag_size(head)) is not None:
            head = read(self._file.raw, at + size, 10) or b"\xff\xfb"
        if head[:1] != b"\xff":
            return False
        return self._format == "aac" if head[1] & 6 == 0 else self._format == "mp3"


def _usual(packet: _Place | None) -> int:
    """Return the largest plausible size in bytes of the packet after `packet`.

    A larger packet is assumed to contain other data after its frame.
    """
    return 1 << 20 if packet is None else 2 * packet[1] + 4096


def _last_page(file: BinaryIO, at: int) -> tuple[int, int, int] | None:
    """Follow the Ogg pages from the page at offset `at`; return offset, size and flags of the last page.

    The file may end within the last page. Returns None if no page begins at `at`.
    """
    found = None
    for _ in range(MOST_CHUNKS):
        head = read(file, at, 282)
        if head[:4] != b"OggS" or len(head) < 27:
            break
        found = at, 27 + head[26] + sum(head[27 : 27 + head[26]]), head[5]
        at += found[1]
    return found


def _tag_end(file: BinaryIO, at: int) -> int:
    """Return the offset after the tags that begin at offset `at`, or `at` if there are none."""
    for _ in range(10):
        head = read(file, at, 512)
        place = head.find(b"APETAGEX")
        if place >= 0 and len(head) >= place + 32:
            size, _, flags = struct.unpack("<III", head[place + 12 : place + 24])
            at += place + max(size, 32) + (32 if flags >> 29 & 1 else 0)
        elif head[:3] == b"ID3" and (size := tag_size(head)) is not None:
            at += size
        elif head[:3] == b"TAG":
            at += 128
        else:
            break
    return at
