"""Find the chunks of sound files even if the declared sizes are wrong.

The declared size of a chunk is stale if no other chunk begins at the offset where the chunk would end by that size.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MOST_CHUNKS = 1000  # maximum number of chunks, boxes or pages examined in one pass over a file
TAIL = 4 << 20  # number of bytes at the end of a file that are searched for chunks if the size of the sound is unknown
_BLOCK = 1 << 16  # size in bytes of each block that `all_zeros` reads
_LOOKS = 64  # number of blocks that `all_zeros` reads in a long span
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")


class Chunks(NamedTuple):
    """Describe the layout of the chunks of one format. A chunk consists of a name, a size, a body and padding."""

    head: struct.Struct  # layout of the name and the size
    known: frozenset[bytes]  # names of the format's usual chunks; such a name alone identifies a chunk
    align: int = 2  # the padding extends a chunk up to an offset that is a multiple of this number of bytes
    counts_head: bool = False  # whether the declared size of a chunk includes its head
    any_name: bool = True  # whether any printable ASCII characters are a valid name, or only the names in `known`

    def at(self, file: BinaryIO, at: int) -> tuple[bytes, int] | None:
        """Return the name and the body size in bytes of the chunk at an offset, None if no chunk begins there."""
        head = read(file, at, self.head.size)
        if len(head) < self.head.size:
            return None
        name, size = self.head.unpack(head)
        if name not in self.known and not (self.any_name and all(32 <= letter < 127 for letter in name)):
            return None
        return name, size - self.head.size if self.counts_head else size

    def after(self, at: int, size: int) -> int:
        """Return the offset of the chunk after the chunk at offset `at`, whose body has `size` bytes."""
        end = at + self.head.size + size
        return end + -end % self.align

    def follow(self, file: BinaryIO, at: int, total: int, *, strictly: bool = False) -> bool:
        """Return whether a series of chunks begins at offset `at`.

        One chunk with a name in `known` is sufficient. Without such a chunk, the chunks must fill the file up to its
        end at offset `total`, or all bytes after the chunks must be zero. With `strictly`, only chunks that fill the
        file up to its end are accepted.
        """
        first = True
        for _ in range(MOST_CHUNKS):
            if not first and total - at < self.head.size:
                return at <= total + self.align
            chunk = self.at(file, at)
            if chunk is None or chunk[1] < 0:
                return not first and not strictly and all_zeros(file, at, total)
            if chunk[0] in self.known and not strictly:
                return True
            at, first = self.after(at, chunk[1]), False
        return False

    def end(self, file: BinaryIO, start: int, declared: int | None, total: int, least: int) -> int:
        """Return the offset where the sound that begins at offset `start` ends.

        `declared` is the size of the sound in bytes according to the header, None if unknown. `total` is the size of
        the file. Bytes after the declared end are not counted as sound if they are fewer than `least`, a tag, a series
        of chunks, or all zero. After any other bytes, the sound ends where the chunks at the end of the file begin.
        """
        if declared is not None:
            end = start + declared
            if end >= total or self.follow(file, end, total) or self.follow(file, end + end % self.align, total):
                return end
            if declared and (
                total - end < least or read(file, end, 16).startswith(_TAGS) or all_zeros(file, end, total)
            ):
                return end
        return self._tail(file, start, total)

    def _tail(self, file: BinaryIO, start: int, total: int) -> int:
        """Return the offset at which the chunks at the end of a file begin.

        Without such chunks, return `total`, less the 128 bytes of an ID3v1 tag. Chunks are searched from offset `start`
        on, and only in the last TAIL bytes.
        """
        if total - start >= 128 and read(file, total - 128, 3) == b"TAG":
            total -= 128
        begin = max(start, total - TAIL)
        content = read(file, begin, total - begin)
        found = sorted(place for name in self.known for place in places(content, name))
        for place in found[:MOST_CHUNKS]:
            if self.follow(file, begin + place, total, strictly=True):
                return begin + place
        return total


_names = (
    "LIST,INFO,RIFF,fmt ,data,fact,cue ,id3 ,ID3 ,bext,JUNK,junk,FLLR,PAD ,smpl,inst,plst,acid,iXML,axml,chna,"
    "cart,_PMX,"
    "afsp,PEAK,SAUR"
)
RIFF_NAMES = frozenset(_names.encode().split(b","))
RIFF = Chunks(struct.Struct("<4sI"), RIFF_NAMES)
RIFX = Chunks(struct.Struct(">4sI"), RIFF_NAMES)
AIFF = Chunks(
    struct.Struct(">4sI"),
    frozenset(
        (b"COMM", b"SSND", b"MARK", b"INST", b"COMT", b"NAME", b"AUTH", b"(c) ", b"ANNO", b"FVER", b"CHAN", b"APPL")
    )
    | {b"ID3 ", b"id3 ", b"MIDI", b"AESD", b"PEAK", b"FLLR", b"basc", b"trns", b"cate", b"LIST", b"FORM"},
)
CAF = Chunks(
    struct.Struct(">4sq"),
    frozenset(
        (b"desc", b"data", b"pakt", b"info", b"chan", b"kuki", b"strg", b"mark", b"regn", b"inst", b"free", b"uuid")
    )
    | {b"midi", b"ovvw", b"peak", b"edct", b"umid", b"mdhd", b"ldat"},
    align=1,
)
_WAVE_GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")
W64 = Chunks(
    struct.Struct("<16sq"),
    frozenset(name + _WAVE_GUID for name in (b"fmt ", b"data", b"fact", b"levl", b"junk", b"bext"))
    | {bytes.fromhex("6c6973742f91cf11a5d628db04c10000"), bytes.fromhex("5662f7ab2d39d21186c700c04f8edb8a")},
    align=8,
    counts_head=True,
    any_name=False,
)


def all_zeros(file: BinaryIO, start: int, end: int) -> bool:
    """Return whether all bytes between two offsets are zero. In a long span, only some blocks are checked."""
    step = max(_BLOCK, (end - start) // _LOOKS)
    looks = [*range(start, end, step), max(start, end - _BLOCK)]
    return not any(any(read(file, at, min(_BLOCK, end - at))) for at in looks)


def read(file: BinaryIO, at: int, size: int) -> bytes:
    """Return `size` bytes from offset `at`, or fewer at the end of the file.

    Returns no bytes for a negative or too large offset, which a damaged header may give.
    """
    try:
        file.seek(at)
    except (OSError, OverflowError):
        return b""
    return file.read(max(0, size))


def places(content: bytes, name: bytes) -> Iterator[int]:
    """Yield each offset at which `name` occurs in `content`."""
    place = content.find(name)
    while place >= 0:
        yield place
        place = content.find(name, place + 1)
