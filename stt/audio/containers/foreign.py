"""Recognise files that are not recordings, and recordings that cannot be read here, by samples of their bytes."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from stt.errors import InputError, NotSound, Unreadable

_HEAD = 64 << 10  # number of bytes read at the beginning of a file
_TABLES = 1 << 20  # number of bytes at the beginning and at the end of a file that are searched for codec names
_SAMPLE = 4 << 10  # number of bytes read at the middle and at the end of a file, to check that the whole file is text

_EXPORT = "Open it in the program that made it, and save or export the sound as WAV, FLAC, MP3 or M4A."
_PROTECTED = "Add a recording without copy protection."
_UNPACK = "Unpack it, then add the recordings in it."

_AUDACITY = "Open it in Audacity and export the sound as WAV, FLAC or MP3."
_CD = "Copy the track from the CD with a CD program."

_MOD = (b"M.K.", b"M!K!", b"FLT4", b"6CHN", b"8CHN")
_MACH_O = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
Signatures = bytes | tuple[bytes, ...]  # one signature, or alternative signatures at the same offset
# Recordings that cannot be read, and files of music and sound programs. Each row holds the offset of the signatures,
# the signatures, and the description and guidance for the error.
_RECORDINGS: tuple[tuple[int, Signatures, str, str], ...] = (
    (4, b"ftypaax ", "is an Audible file (AAX) with copy protection", _PROTECTED),
    (4, b"ftypaaxc", "is an Audible file (AAXC) with copy protection", _PROTECTED),
    (4, b"ftypM4P ", "is a song with copy protection (M4P)", _PROTECTED),
    (
        0,
        (b"\x03ds2", b"\x01ds2"),
        "is a dictation in a kind of DSS (DS2) that only its maker's software reads",
        _EXPORT,
    ),
    (0, b"\x03enc", "is an encrypted dictation (DS2)", _EXPORT),
    (0, (b"\xacA", b"\xac@"), "is a Dolby AC-4 recording, which cannot be decoded here", _EXPORT),
    (0, b"OFR ", "is an OptimFROG recording, which cannot be decoded here", _EXPORT),
    (0, (b"LA02", b"LA03", b"LA04"), "is a Lossless Audio (LA) recording, which cannot be decoded here", _EXPORT),
    (0, b"LPAC", "is an LPAC recording, which cannot be decoded here", _EXPORT),
    (0, b"#!SILK_V3", "is a voice message in SILK, which cannot be decoded here", _EXPORT),
    (1, b"#!SILK_V3", "is a voice message in SILK (WeChat), which cannot be decoded here", _EXPORT),
    (0, b"#!EVRC", "is a recording in EVRC, which cannot be decoded here", _EXPORT),
    (0, b"#!SMV\n", "is a recording in SMV, which cannot be decoded here", _EXPORT),
    (0, b"MThd", "is a MIDI file: it holds notes, not sound", _EXPORT),
    (8, b"RMIDdata", "is a MIDI file: it holds notes, not sound", _EXPORT),
    (8, b"CDDAfmt ", "is a shortcut to a track of a CD, not the track", _CD),
    (0, b"Extended Module: ", "is module music (XM): it holds notes, not sound", _EXPORT),
    (0, b"IMPM", "is module music (IT): it holds notes, not sound", _EXPORT),
    (44, b"SCRM", "is module music (S3M): it holds notes, not sound", _EXPORT),
    (1080, _MOD, "is module music (MOD): it holds notes, not sound", _EXPORT),
    (0, b"NESM\x1a", "is music of a game (NSF): it holds a program, not sound", _EXPORT),
    (0, (b"PSID\0", b"RSID\0"), "is music of a computer (SID): it holds a program, not sound", _EXPORT),
    (0, b"Vgm ", "is music of a game (VGM): it holds notes, not sound", _EXPORT),
    (0, b"GBS\x01", "is music of a game (GBS): it holds a program, not sound", _EXPORT),
    (0, b"SNES-SPC700 Sound File Data", "is music of a game (SPC): it holds a program, not sound", _EXPORT),
    (68, b"AUDY", "is an Audacity project, not a recording", _AUDACITY),
    (0, b"COOLNESS", "is an Adobe Audition session, not a recording", _EXPORT),
    (0, b"<REAPER_PROJECT", "is a REAPER project, not a recording", _EXPORT),
    (0, b"\x03\x45\x4d\x4c\x45\x53\x53", "is a Pro Tools session, not a recording", _EXPORT),
)
_OTHERS: tuple[tuple[int, Signatures, str], ...] = (
    (0, b"%PDF-", "a PDF document"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older Office document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)"),
    (0, (b"GIF87a", b"GIF89a"), "a picture (GIF)"),
    (0, (b"II*\0", b"MM\0*"), "a picture (TIFF)"),
    (0, b"8BPS", "a picture (PSD)"),
    (8, b"WEBPVP8", "a picture (WebP)"),
    (4, (b"ftypheic", b"ftypheix"), "a picture (HEIC)"),
    (4, b"ftypmif1", "a picture (HEIF)"),
    (4, b"ftypavif", "a picture (AVIF)"),
    (0, b"\0\0\0\x0cJXL ", "a picture (JPEG XL)"),
    (0, b"\0\0\0\x0cjP  \r\n", "a picture (JPEG 2000)"),
    (0, b"\0\0\x01\0\x01\0", "a picture (icon)"),
    (0, b"SQLite format 3\0", "a database (SQLite)"),
    (0, (b"\x7fELF", *_MACH_O, b"\xca\xfe\xba\xbe", b"\0asm", b"dex\n"), "a program"),
    (0, (b"L\0\0\0\x01\x14\x02\0", b"book\0\0\0\0mark"), "a shortcut to another file"),
    (0, (b"wOFF", b"wOF2", b"OTTO", b"\0\x01\0\0\0"), "a font"),
    (32769, b"CD001", "the image of a disc"),
)
_PACKED: tuple[tuple[int, Signatures, str], ...] = (
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"\x1f\x8b\x08", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"MSCF\0\0\0\0", "a cabinet archive"),
)
_IN_ZIP = (  # file names that identify a ZIP-based format
    (rb"word/", "a Word document"),
    (rb"xl/", "an Excel workbook"),
    (rb"ppt/", "a PowerPoint presentation"),
    (rb"application/epub\+zip", "a book (EPUB)"),
    (rb"application/vnd\.oasis\.opendocument", "an OpenDocument file"),
    (rb"AndroidManifest\.xml", "an Android app"),
    (rb"META-INF/MANIFEST\.MF", "a Java program"),
)
_UNDECODABLE = {
    b"ac-4": "Dolby AC-4",
    b"mha1": "MPEG-H 3D Audio",
    b"mhm1": "MPEG-H 3D Audio",
    b"dtsx": "DTS:X",
    b"A_REAL/": "an old RealAudio",
    b"A_AC4": "Dolby AC-4",
}
_LISTS = (b"#extm3u", b"ffconcat", b"[playlist]", b"v=0", b"#extinf", b"<asx", b"[reference]", b"<smil",
          b"[internetshortcut]")  # `_text` compares these with text in lower case  # fmt: skip
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-16
_SURE_LISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]")
_LIST_TAGS = re.compile(
    rb"<(?:\w+:)?(?:MPD|playlist|CompositionPlaylist|AssetMap|SmoothStreamingMedia|asx|smil|xspf)[\s>]", re.I
)
# Lines of addresses and comments. A comment ends with its line and an address at white space: if one "#####" could be
# several comments, matching would take exponential time.
_ADDRESS = re.compile(
    rb"\A\s*(?:(?:#[^\n]*(?:\n|\Z)|(?:https?|rtsp|rtmp|mmsh?|ftp|pnm|file)://\S+(?:\s|\Z))\s*)+\Z", re.I
)
_STARTS = (
    *(b"RIFF", b"RIFX", b"RF64", b"BW64", b"fLaC", b"ID3", b"OggS", b"\x1aE\xdf\xa3", b"FORM", b"caff", b"#!AMR"),
    *(b".snd", b"FLV\x01", b".RMF", b".ra\xfd", b"0&\xb2u\x8ef\xcf\x11", b"Creative Voice File"),
    *(b"riff.\x91\xcf\x11", b"MAC ", b"wvpk", b"TTA1", b"tBaK", b"ajkg", b"MPCK", b"MP+", b"DSD "),
    *(b"\x02dss", b"\x03dss", b"nut/multimedia", b"FWS", b"CWS", b"\x06\x0e+4\x02\x05\x01\x01", b"\x0bw"),
    *(b"\x7f\xfe\x80\x01", b"NIST_1A", b"TWIN", b".SoX", b"XoS.", b"qoaf"),
)
_ASF_PROTECTED = (  # identifiers of header objects that only files with copy protection have
    bytes.fromhex("fbb31122 23bd d211 b4b700a0c955fc6e"),
    bytes.fromhex("14e68a29 2226 174c b935dae07ee9289c"),
)


def refusal(path: Path, name: str) -> InputError | None:
    """Return the error for a file that is not a recording or cannot be read; None if FFmpeg may try to open it."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(_HEAD)
        for at, marks, is_, guidance in _RECORDINGS:
            if head.startswith(marks, at):
                return Unreadable(f"{quoted_name(name)} {is_}.", guidance=guidance)
        if head.startswith(b"0&\xb2u\x8ef\xcf\x11") and any(mark in head for mark in _ASF_PROTECTED):
            return Unreadable(f"{quoted_name(name)} is protected by DRM (Windows Media).", guidance=_PROTECTED)
        for at, marks, is_ in _PACKED:
            if head.startswith(marks, at):
                inside = next((what for part, what in _IN_ZIP if head[:2] == b"PK" and re.search(part, head)), None)
                return _no_recording(name, inside) if inside else _no_recording(name, is_, _UNPACK)
        if head[:2] == b"MZ" and head.startswith(b"PE\0\0", int.from_bytes(head[60:64], "little")):
            return _no_recording(name, "a program")
        if head[:2] == b"BM" and head[6:10] == bytes(4) and int.from_bytes(head[14:18], "little") in (40, 108, 124):
            return _no_recording(name, "a picture (BMP)")
        for at, marks, is_ in _OTHERS:
            if head.startswith(marks, at):
                return _no_recording(name, is_)
        samples = [head]
        order = head[:2] if head[:2] in _WIDE else b""
        for at in (size // 4 * 2, (size - _SAMPLE) // 2 * 2) if size > 2 * _HEAD else ():
            file.seek(at)
            samples.append(order + file.read(_SAMPLE))
    if (begin := head.removeprefix(b"\xef\xbb\xbf").lstrip()).startswith(_SURE_LISTS):
        return _text(name, begin)
    text = _as_text(head)
    if text is not None and all(_as_text(sample) is not None for sample in samples):
        return _text(name, text)
    if not any(any(sample) for sample in samples):
        guidance = "Copy the file again from the original device: this copy is incomplete."
        return NotSound(f"{quoted_name(name)} holds nothing but zeros.", guidance=guidance)
    return None


def undecodable(path: Path) -> str | None:
    """Return the codec that cannot be decoded here and is named in the container's tables, None if there is none."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        tables = file.read(_TABLES)
        file.seek(max(len(tables), size - _TABLES))
        tables += file.read(_TABLES)
    return next((name for mark, name in _UNDECODABLE.items() if mark in tables), None)


def starts_like_a_recording(head: bytes) -> bool:
    """Return whether `head`, the first bytes of a file, are typical of a recording."""
    return head.startswith(_STARTS) or head[4:8] == b"ftyp" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")


def quoted_name(name: str) -> str:
    """Return a file name in quotes for a message, or "This file" if the name is empty."""
    return f"“{name}”" if name else "This file"


def _no_recording(name: str, what: str, guidance: str | None = None) -> NotSound:
    return NotSound(f"{quoted_name(name)} is {what}, not a recording.", guidance=guidance)


def _as_text(sample: bytes) -> bytes | None:
    """Return `sample` if it is text, None if not. UTF-16 is converted to UTF-8.

    `sample` may begin or end within a character.
    """
    if sample[:2] in _WIDE:
        try:
            sample = sample[: len(sample) // 2 * 2].decode("utf-16").encode()
        except UnicodeDecodeError:
            return None
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", sample):
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample.lstrip(bytes(range(0x80, 0xC0))))
    except UnicodeDecodeError:
        few = len(re.findall(rb"[\x80-\xff]", sample)) <= len(sample) // 4
        return sample if few and len(sample) > 16 else None  # even in an 8-bit encoding, most bytes of a text are ASCII
    return sample


def _text(name: str, text: bytes) -> NotSound:
    start = text.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.lower().startswith(_LISTS) or _LIST_TAGS.search(start[:4096]) or _ADDRESS.match(start):
        return NotSound(f"{quoted_name(name)} is a list of other files or addresses, not a recording.")
    if re.match(rb"<!doctype html|<html|<head|<body", start, re.I):
        return NotSound(
            f"{quoted_name(name)} is a web page, not a recording.",
            guidance="Open the page in a browser, download the recording from it, and add that file.",
        )
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start[:1000]):
        return _no_recording(name, "a picture (SVG)")
    if b"audacityproject" in start[:1000]:
        return _no_recording(name, "an Audacity project", _AUDACITY)
    if start.startswith(b"WEBVTT") or re.match(rb"\d+\s+\d\d:\d\d:\d\d,\d+ -->", start):
        return _no_recording(name, "a text with subtitles")
    if start.startswith(b"<?xml"):
        return _no_recording(name, "an XML file")
    return _no_recording(name, "a text")
