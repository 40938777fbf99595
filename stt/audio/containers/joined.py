"""Find where one recording ends and the next one begins, in a file of recordings joined byte by byte.

FFmpeg reads only the first recording, or treats the second one as sound of the first. `structural_end` finds the end of
the first recording by the sizes that its header declares. `begins` recognises the first bytes of a recording at any
offset. Offsets are in bytes.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from stt.audio.containers.chunks import AIFF, CAF, MOST_CHUNKS, RIFF, RIFX, W64, Chunks, read

ASF, _WTV = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), bytes.fromhex("b7d800203749da11a64e0007e95ead8d")
W64_START = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
EBML, PACK = b"\x1aE\xdf\xa3", b"\0\0\1\xba"
MXF = bytes.fromhex("060e2b34020501010d0102010102")  # the first 14 bytes of an MXF header
_PLAIN = (  # signatures that identify the beginning of a recording without further checks
    *(ASF, _WTV, MXF, W64_START, b"nut/multimedia container\0", b"Creative Voice File\x1a", b"#!AMR\n", b"#!AMR-WB\n"),
    *(b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22", b".RMF\0\0\0\x12"),
)
# Signatures that are searched for. The values are the signatures' offsets from the beginning of a recording.
MARKS = {
    **dict.fromkeys(_PLAIN, 0),
    **dict.fromkeys(
        (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"caff\0\1", b".snd", b"OggS\0\2", EBML, b"FLV\1"), 0
    ),
    **dict.fromkeys((b"ID3", b"TTA1", b"wvpk", b"MMMD", PACK), 0),
    b"ftyp": 4,
}
SEGMENT = b"\x18\x53\x80\x67"


def structural_end(file: BinaryIO, total: int) -> int | None:
    """Return the offset where the first recording of a file ends by its declared sizes, if another one begins there.

    Returns `total`, the file's size, if the first recording extends to the end of the file by its declared sizes.
    Returns None if the declared sizes give no end, or if no other recording begins at the end that they give.
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
    except struct.error:  # the file is truncated within a header
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
    """Return the end of a WAV.

    Joined WAVs of the same sample format count as one recording, because `headers` joins their sound.
    """
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
    """Return the end of an AVI. A long AVI continues in further RIFF lists."""
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
    """Return whether a table of contents, the box `moov`, follows the box `ftyp` at offset `at`.

    Without a table of contents, the box `ftyp` begins a fragment of the same recording, not another recording.
    """
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
    if (segment := matroska_segment(file)) is None:
        return None
    end = segment[2]
    return total if end >= total else end if begins(file, end, total) else None


def matroska_segment(file: BinaryIO) -> tuple[int, int, int] | None:
    """Return the offset and width in bytes of the size field of a Matroska's segment, and the segment's end offset.

    Returns None if there is no segment or the size of the segment is unknown.
    """
    head = read(file, 0, 4096)
    at = head.find(SEGMENT) + 4
    if at < 8 or at >= len(head) or not head[at]:
        return None
    width = 9 - head[at].bit_length()
    size = int.from_bytes(head[at : at + width], "big") & (1 << 7 * width) - 1
    return None if size == (1 << 7 * width) - 1 else (at, width, at + width + size)


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
    """Return the end of an MXF.

    The header gives the offset of the last partition, the footer. From there, item after item is followed to the end
    of the footer, because the footer has few items.
    """
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
    """Return the offset and the size of the value whose key begins at offset `at`."""
    head = read(file, at + 16, 9)
    wide = head[0] & 0x7F if head[:1] > b"\x80" else 0
    return at + 17 + wide, int.from_bytes(head[1 : 1 + wide], "big") if wide else struct.unpack(">B", head[:1])[0]


def begins(file: BinaryIO, at: int, total: int) -> bool:
    """Return whether a recording begins at offset `at` of a file of `total` bytes.

    A recording is recognised by its signature, or by several frames if its format has no signature.
    """
    if not 0 <= at <= total - 64:
        return False
    head = read(file, at, 64)
    start = head[:4]
    if head.startswith(_PLAIN):
        return True
    if start in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        return head[8:12] in (b"WAVE", b"AVI ")
    if start == b"FORM":
        return head[8:12] in (b"AIFF", b"AIFC", b"8SVX", b"16SV")
    if start == b"OggS":
        return head[4:6] == b"\0\2"
    if start == EBML:
        return b"webm" in head or b"matroska" in head
    if start == b"FLV\1":
        return head[4] in (1, 4, 5) and head[5:13] == b"\0\0\0\x09\0\0\0\0"
    if head[4:8] == b"ftyp":
        size = int.from_bytes(start, "big")
        return 16 <= size <= 1024 and size % 4 == 0 and all(32 <= letter < 127 for letter in head[8:12])
    if start == b".snd":
        sound, encoding, rate, channels = (int.from_bytes(head[place : place + 4], "big") for place in (4, 12, 16, 20))
        return 24 <= sound <= 4096 and 1 <= encoding <= 27 and 4000 <= rate <= 768_000 and 1 <= channels <= 64
    if head[:6] == b"caff\0\1":
        return head[8:12] == b"desc"
    if start == b"TTA1":
        return head[4:6] in (b"\1\0", b"\2\0")
    if start == b"wvpk":
        return head[9] == 4 and head[10] == 0 and head[16:20] == bytes(4)  # only the first block has sample index 0
    if start == b"MMMD":
        return head[8:12] == b"CNTI"
    if start == PACK:
        follows = 12 if head[4] & 0xF0 == 0x20 else 14 + (head[13] & 7) if head[4] & 0xC0 == 0x40 else 0
        return head[follows : follows + 3] == b"\0\0\1" and follows > 0
    if start[:3] == b"ID3":
        tag = tag_size(head)
        return tag is not None and (
            at + tag >= total or (read(file, at + tag, 3) != b"ID3" and begins(file, at + tag, total))
        )
    return frames(file, at, total)


def tag_size(head: bytes) -> int | None:
    """Return the size in bytes of an ID3v2 tag from its first 10 bytes, None if the bytes are not a tag."""
    if head[3] not in (2, 3, 4) or any(byte > 127 for byte in head[6:10]):
        return None
    return 10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))


def frames(file: BinaryIO, at: int, total: int) -> bool:
    """Return whether several MPEG audio or AAC frames, or MPEG-TS packets, follow each other from an offset on."""
    first = read(file, at, 8)
    if first[:1] == b"\x47":
        return all(read(file, at + 188 * number, 1) == b"\x47" for number in range(1, 6))
    if first[:1] != b"\xff" or len(first) < 8:
        return False
    kind = first[1] & 0xFE
    for _ in range(4):
        head = read(file, at, 8)
        if len(head) < 8 or head[0] != 0xFF or head[1] & 0xFE != kind:
            return False
        size = _frame_size(head)
        if size is None:
            return False
        at += size
    return at <= total


# Bit rates in kbit/s that the values 1 to 14 in a frame header stand for. `_LAYER_2` and `_LAYER_3` are for MPEG-1,
# `_LOW` is for MPEG-2 and MPEG-2.5.
_LAYER_2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LAYER_3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def _frame_size(head: bytes) -> int | None:
    """Return the size in bytes of an MP2, MP3 or ADTS frame from its header, None if `head` is not such a header."""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0 and head[1] & 0xF0 == 0xF0:
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return size if size > 7 and head[2] >> 2 & 15 < 13 else None
    rate, speed = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer in (0, 3) or not 0 < rate < 15 or speed == 3:
        return None
    kbits = (_LOW if version != 3 else _LAYER_2 if layer == 2 else _LAYER_3)[rate - 1]
    hertz = (44_100, 48_000, 32_000)[speed] >> {3: 0, 2: 1, 0: 2}[version]
    return (72 if layer == 1 and version != 3 else 144) * kbits * 1000 // hertz + (head[2] >> 1 & 1)
