"""Walk the boxes of an MP4 or MOV, and read which sound its edit lists leave out.

Offsets are in bytes, times in seconds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

MOST_BOXES = 2_000  # maximum number of boxes examined directly within one box, or at the top level of the file
MOST_EDITS = 1_000  # maximum number of edits examined in a track
SHORTEST_CUT = 0.5  # minimum length of a reported cut, seconds


class Cut(NamedTuple):
    """A span of stored sound that an edit list leaves out.

    The span lasts `seconds`. `at` is the time at which the span is missing, in seconds of the edited time line.
    """

    at: float
    seconds: float


class Box(NamedTuple):
    kind: bytes
    start: int  # offset where the content of the box begins, after the fields for size and kind
    end: int


class _Edit(NamedTuple):
    shown: float  # duration of the edit, seconds; 0 means up to the end of the stored sound
    begins: float | None  # start of the edit in the stored sound, seconds; None if the edit plays silence


class EditList(NamedTuple):
    """Describe a track after its edits: its length in seconds, with the silence that edits insert, and the cuts."""

    seconds: float
    cuts: list[Cut]


def edit_list(path: Path, track_id: int) -> EditList | None:
    """Return the edit list of a track of an MP4 or MOV, None if the track has none or its edits play only silence.

    Cuts shorter than SHORTEST_CUT are left out, because they only remove the encoder's delay. Also returns None for a
    fragmented file, because FFmpeg ignores the edits of such a file.
    """
    with open(path, "rb") as file, suppress(struct.error):
        index = next((box for box in boxes(file, 0, path.stat().st_size) if box.kind == b"moov"), None)
        if index is None or inside(file, index, b"mvex"):
            return None
        movie = inside(file, index, b"mvhd")
        scale = clock(file, movie)[0] if movie else 0
        for box in boxes(file, index.start, index.end):
            if scale and box.kind == b"trak" and _track_id(file, box) == track_id:
                return _edit_list(file, box, scale)
    return None


def _edit_list(file: BinaryIO, track: Box, movie_scale: int) -> EditList | None:
    times, table = inside(file, track, b"mdia", b"mdhd"), inside(file, track, b"edts", b"elst")
    scale, length = clock(file, times) if times else (0, 0)
    edits = list(_edits(file, table, movie_scale, scale)) if table and scale else []
    if all(edit.begins is None for edit in edits):
        return None
    cuts, at, stored, whole = [], 0.0, 0.0, length / scale
    for edit in edits:
        shown = edit.shown
        if edit.begins is not None:
            cuts.append(Cut(at, edit.begins - stored))
            shown = shown or max(0.0, whole - edit.begins)  # a duration of 0 means up to the end of the stored sound
            stored = edit.begins + shown
        at += shown
    cuts.append(Cut(at, whole - stored))
    return EditList(at, [cut for cut in cuts if cut.seconds >= SHORTEST_CUT])


def _edits(file: BinaryIO, table: Box, movie_scale: int, scale: int) -> Iterator[_Edit]:
    layout = struct.Struct(">Qqi" if read(file, table, 1) == b"\x01" else ">Iii")
    content = read(file, table, 8 + MOST_EDITS * layout.size)
    count = min(struct.unpack(">I", content[4:8])[0], (len(content) - 8) // layout.size)
    for shown, begins, _ in layout.iter_unpack(content[8 : 8 + count * layout.size]):
        yield _Edit(shown / movie_scale, None if begins < 0 else begins / scale)


def _track_id(file: BinaryIO, track: Box) -> int | None:
    header = inside(file, track, b"tkhd")
    content = read(file, header, 24) if header else b""
    at = 20 if content[:1] == b"\x01" else 12
    number: int | None = struct.unpack(">I", content[at : at + 4])[0] if len(content) >= at + 4 else None
    return number


def clock(file: BinaryIO, box: Box) -> tuple[int, int]:
    """Return the time units per second and the duration in these units, as an `mvhd` or `mdhd` box declares them.

    Returns (0, 0) if the box is truncated.
    """
    content = read(file, box, 32)
    layout, at = (">IQ", 20) if content[:1] == b"\x01" else (">II", 12)
    if len(content) < at + struct.calcsize(layout):
        return 0, 0
    scale, length = struct.unpack(layout, content[at : at + struct.calcsize(layout)])
    return scale, length


def inside(file: BinaryIO, box: Box, *kinds: bytes) -> Box | None:
    """Return the nested box at the path `kinds` inside `box`, None if a box of the path is missing."""
    for kind in kinds:
        found = next((each for each in boxes(file, box.start, box.end) if each.kind == kind), None)
        if found is None:
            return None
        box = found
    return box


def boxes(file: BinaryIO, at: int, end: int) -> Iterator[Box]:
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            size, head = struct.unpack(">Q", file.read(8).rjust(8, b"\0"))[0], 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            return
        yield Box(kind, at + head, at + size)
        at += size


def read(file: BinaryIO, box: Box, most: int) -> bytes:
    file.seek(box.start)
    return file.read(min(most, box.end - box.start))
