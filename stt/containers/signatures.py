"""Recognise the first bytes of recordings at any offset of a file. Offsets are in bytes."""

from __future__ import annotations

from typing import BinaryIO

from stt.containers.chunks import read

ASF, _WTV = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), bytes.fromhex("b7d800203749da11a64e0007e95ead8d")
W64_START = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
EBML, PACK = b"\x1aE\xdf\xa3", b"\0\0\1\xba"
MXF = bytes.fromhex("060e2b34020501010d0102010102")  # the first 14 bytes of the header
_PLAIN = (  # unambiguous signatures
    *(ASF, _WTV, MXF, W64_START, b"nut/multimedia container\0", b"Creative Voice File\x1a", b"#!AMR\n", b"#!AMR-WB\n"),
    *(b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22", b".RMF\0\0\0\x12"),
)
# Signatures, and their offset from the beginning of a recording.
MARKS = {
    **dict.fromkeys(_PLAIN, 0),
    **dict.fromkeys(
        (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"caff\0\1", b".snd", b"OggS\0\2", EBML, b"FLV\1"), 0
    ),
    **dict.fromkeys((b"ID3", b"TTA1", b"wvpk", b"MMMD", PACK), 0),
    b"ftyp": 4,
}


def begins(file: BinaryIO, at: int, total: int) -> bool:
    """Return whether a recording begins at an offset.

    That takes a clear signature, or several frames of a format without one.
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
        return head[9] == 4 and head[10] == 0 and head[16:20] == bytes(4)  # the first block of a recording
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
    """Return the size in bytes of an ID3v2 tag by its first 10 bytes, None if it is none."""
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


_LAYER_2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)  # kbit/s
_LAYER_3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def _frame_size(head: bytes) -> int | None:
    """Return the bytes of an MP2, MP3 or ADTS frame by its header, None if it is none."""
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
