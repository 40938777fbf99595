"""Write recordings whose headers declare a wrong length or none, like those of crashed and streaming recorders."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tests import audio, broken

JFK = audio.samples(audio.JFK)
PCM = (np.clip(JFK, -1, 1) * 32767).astype("<i2")
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf59.27.100\0"
ID3 = b"id3 " + struct.pack("<I", 30) + b"ID3\x03\0\0\0\0\0\x14TIT2" + struct.pack(">I", 10) + b"\0\0\0A speech."
WAVE_GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")
JUNK = b"junk" + WAVE_GUID + struct.pack("<q", 24 + 4000) + b"\x7f" * 4000  # a chunk of a W64
QUARTER = len(PCM) // 4 * 2  # size in bytes of a quarter of the sound in 16-bit samples


def plain(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def wav(
    size: int | None = None,
    after: bytes = b"",
    sound: bytes | None = None,
    *,
    kind: bytes = b"RIFF",
    riff: int | None = None,
    bits: int = 16,
    form: int = 1,
) -> bytes:
    order = ">" if kind == b"RIFX" else "<"
    sound = PCM.astype(order + "i2").tobytes() if sound is None else sound
    head = b"WAVEfmt " + struct.pack(order + "IHHIIHH", 16, form, 1, 16_000, 16_000 * bits // 8, bits // 8, bits)
    body = head + b"data" + struct.pack(order + "I", len(sound) if size is None else size) + sound + after
    return kind + struct.pack(order + "I", len(body) if riff is None else riff) + body


def rf64(size: int, after: bytes = b"", kind: bytes = b"RF64", data: int = 0xFFFFFFFF, *, ds64: bool = True) -> bytes:
    plain = wav(data, after)
    chunk = b"ds64" + struct.pack("<IQQQI", 28, len(plain) + 28, size, size // 2, 0) if ds64 else b""
    return kind + b"\xff\xff\xff\xffWAVE" + chunk + plain[12:]


def w64(size: int | None, after: bytes = b"", riff: int | None = None) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    sound = PCM.tobytes()
    body = b"wave" + WAVE_GUID + b"fmt " + WAVE_GUID + struct.pack("<Q", 24 + 16) + form
    body += b"data" + WAVE_GUID + struct.pack("<q", 24 + len(sound) if size is None else size) + sound + after
    head = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
    return head + struct.pack("<q", 24 + len(body) if riff is None else riff) + body


def aiff(
    size: int | None = None,
    frames: int | None = None,
    after: bytes = b"",
    *,
    form: int | None = None,
    last: bool = False,
    kind: bytes = b"",
) -> bytes:
    sound = PCM.astype("<i2" if kind == b"sowt" else ">i2").tobytes()
    frames = len(PCM) if frames is None else frames
    common = struct.pack(">hIhHQ", 1, frames, 16, 16383 + 13, 16_000 << 50) + (kind + b"\0\0" if kind else b"")
    common = b"COMM" + struct.pack(">I", len(common)) + common
    ssnd = b"SSND" + struct.pack(">I", 8 + len(sound) if size is None else size) + bytes(8) + sound
    body = (b"AIFC" if kind else b"AIFF") + (ssnd + common if last else common + ssnd) + after
    return b"FORM" + struct.pack(">I", len(body) if form is None else form) + body


def caf(size: int | None = None, after: bytes = b"") -> bytes:
    form = struct.pack(">d4sIIIII", 16_000.0, b"lpcm", 2, 2, 1, 1, 16)
    sound = PCM.tobytes()
    body = b"desc" + struct.pack(">q", len(form)) + form
    return (
        b"caff\0\1\0\0"
        + body
        + b"data"
        + struct.pack(">q", 4 + len(sound) if size is None else size)
        + bytes(4)
        + sound
        + after
    )


def au(size: int) -> bytes:
    return b".snd" + struct.pack(">IIIII", 24, size & 0xFFFFFFFF, 3, 16_000, 1) + PCM.astype(">i2").tobytes()


def changed(extension: str, mark: bytes, offset: int, new: bytes, **options: str) -> Callable[[Path], Path]:
    """Return a writer of a recording in which `new` overwrites bytes, from `offset` bytes after each `mark` on."""

    def write(path: Path) -> Path:
        path = path.with_suffix(extension)
        broken.mp4(path, JFK, picture=False, **options) if extension == ".mp4" else audio.write(path, JFK)
        content = bytearray(path.read_bytes())
        place, count = content.find(mark), 0
        while place >= 0:
            content[place + offset : place + offset + len(new)] = new
            place, count = content.find(mark, place + 1), count + 1
        assert count, mark
        path.write_bytes(content)
        return path

    return write


def cut(extension: str, keep: float, **options: str) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path = path.with_suffix(extension)
        broken.mp4(path, JFK, picture=False, **options) if extension == ".mp4" else audio.write(path, JFK)
        return broken.cut_off(path, keep)

    return write


def flac(count: int) -> Callable[[Path], Path]:
    """Return a writer of a FLAC whose STREAMINFO declares `count` samples."""

    def write(path: Path) -> Path:
        path = audio.write(path.with_suffix(".flac"), JFK)
        content = bytearray(path.read_bytes())
        rest = int.from_bytes(content[18:26], "big") >> 36 << 36
        content[18:26] = (rest | count).to_bytes(8, "big")
        path.write_bytes(content)
        return path

    return write


def mp3(frames: int | None, *, size: int | None = None, times: int = 1, tag: bytes = b"") -> Callable[[Path], Path]:
    """Return a writer of `times` MP3s, each followed by `tag`. Each header declares `frames` and `size` in bytes."""

    def write(path: Path) -> Path:
        content = bytearray(audio.write(path.with_suffix(".mp3"), JFK).read_bytes())
        place = max(content.find(b"Xing"), content.find(b"Info"))
        if frames is None:
            content[place : place + 120] = bytes(120)
        else:
            content[place + 8 : place + 12] = struct.pack(">I", frames)
        if size is not None:
            content[place + 12 : place + 16] = struct.pack(">I", size)
        path.write_bytes((bytes(content) + tag) * times)
        return path

    return write


def vbri(frames: int) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        content = bytearray(audio.write(path.with_suffix(".mp3"), JFK).read_bytes())
        place = max(content.find(b"Xing"), content.find(b"Info"))
        start = (
            place - (place - content.find(b"\xff\xf3")) % 4096
            if b"\xff\xf3" in content[:place]
            else content.find(b"\xff")
        )
        content[place : place + 120] = bytes(120)
        content[start + 36 : start + 62] = b"VBRI" + struct.pack(
            ">HHHIIHHHH", 1, 0, 75, len(content), frames, 0, 1, 1, 1
        )
        path.write_bytes(content)
        return path

    return write


def joined(extension: str, times: int) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path = audio.write(path.with_suffix(extension), JFK)
        path.write_bytes(path.read_bytes() * times)
        return path

    return write


def box(content: bytes, *path: bytes) -> int:
    """Return the byte offset of the body of a box in an MP4. `path` has the names of the boxes, outermost first."""
    at, end = 0, len(content)
    for name in path:
        while content[at + 4 : at + 8] != name:
            at += struct.unpack(">I", content[at : at + 4])[0]
            assert at < end, name
        end = at + struct.unpack(">I", content[at : at + 4])[0]
        at += 8 + (8 if name == b"stsd" else 0)
    return at


MEDIA = (b"moov", b"trak", b"mdia")


def mp4(changes: dict[tuple[bytes, ...], tuple[int, bytes]], **options: str) -> Callable[[Path], Path]:
    """Return a writer of an M4A with replaced bytes. `changes` is {path of a box: (offset in its body, new bytes)}."""

    def write(path: Path) -> Path:
        broken.mp4(path, JFK, picture=False, **options)
        content = bytearray(path.read_bytes())
        for boxes, (offset, new) in changes.items():
            at = box(bytes(content), *boxes) + offset
            content[at : at + len(new)] = new
        path.write_bytes(content)
        return path

    return write


def matroska(change: Callable[[bytearray], None]) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path = audio.write(path.with_suffix(".webm"), JFK)
        content = bytearray(path.read_bytes())
        change(content)
        path.write_bytes(content)
        return path

    return write


def segment(size: int) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        at = content.find(b"\x18\x53\x80\x67") + 4
        assert content[at] == 1
        content[at + 1 : at + 8] = size.to_bytes(7, "big")

    return change


def tag(text: bytes) -> Callable[[bytearray], None]:
    def change(content: bytearray) -> None:
        assert b"00:00:11" in content
        content[:] = content.replace(b"00:00:11", text)
        at = content.find(b"\x44\x89\x88") + 3
        content[at : at + 8] = struct.pack(">d", 2750.0)

    return change


# (Writer, length as a multiple of JFK) of recordings that are read to the end, losslessly if uncompressed.
WHOLE: dict[str, tuple[Callable[[Path], Path], float]] = {
    "WAV, a quarter declared": (plain(wav(QUARTER)), 1),
    "WAV, 0 declared": (plain(wav(0)), 1),
    "WAV, unknown size": (plain(wav(0xFFFFFFFF)), 1),
    "WAV, largest signed size": (plain(wav(0x7FFFFFFF)), 1),
    "WAV, a quarter declared in both sizes": (plain(wav(QUARTER, riff=QUARTER + 36)), 1),
    "WAV, 0 declared in both sizes": (plain(wav(0, riff=0)), 1),
    "WAV, a quarter declared, a tag at the real end": (plain(wav(QUARTER, LIST)), 1),
    "WAV, 0 declared, tags at the real end": (plain(wav(0, LIST + ID3)), 1),
    "WAV, a quarter declared, an ID3v1 tag": (plain(wav(QUARTER, b"TAG" + b"x" * 125)), 1),
    "WAV, big endian, a quarter declared": (plain(wav(QUARTER, kind=b"RIFX")), 1),
    "WAV, odd size declared": (plain(wav(QUARTER + 1)), 1),
    "WAV, wrapped size": (plain(wav(len(PCM) * 2 % 200_000)), 1),
    "WAV, correct size, a tag": (plain(wav(None, LIST)), 1),
    "WAV, correct size, other chunk": (plain(wav(None, b"Xyz1" + struct.pack("<I", 5000) + b"\x7f" * 5000)), 1),
    "WAV, correct size, a truncated tag": (plain(wav(None, LIST[:20])), 1),
    "WAV, correct size, random bytes": (plain(wav(None, np.random.default_rng(1).bytes(1501))), 1),
    "WAV, correct size, zeros": (plain(wav(None, bytes(300_001))), 1),
    "WAV, correct size, an ID3v1 tag": (plain(wav(None, b"TAG" + b"x" * 125)), 1),
    "WAV, two joined": (plain(wav() + wav()), 2),
    "WAV, two joined, 0 declared in the second": (plain(wav(None, LIST) + wav(0, riff=0)), 2),
    "WAV, two data chunks": (plain(wav(None, LIST + b"data" + struct.pack("<I", len(PCM) * 2) + PCM.tobytes())), 2),
    "RF64, 0 declared": (plain(rf64(0)), 1),
    "RF64, a quarter declared": (plain(rf64(QUARTER)), 1),
    "RF64, unknown size": (plain(rf64(2**64 - 1)), 1),
    "RF64, no ds64 chunk": (plain(rf64(0, ds64=False)), 1),
    "RF64, a quarter declared, a tag": (plain(rf64(QUARTER, LIST)), 1),
    "BW64, a quarter declared": (plain(rf64(QUARTER, kind=b"BW64")), 1),
    "RF64, correct size": (plain(rf64(len(PCM) * 2, LIST)), 1),
    "BW64, correct size": (plain(rf64(len(PCM) * 2, LIST, b"BW64")), 1),
    "W64, a quarter declared": (plain(w64(QUARTER + 24)), 1),
    "W64, 0 declared": (plain(w64(0)), 1),
    "W64, size of the header declared": (plain(w64(24)), 1),
    "W64, unknown size": (plain(w64(-1)), 1),
    "W64, 0 declared in both sizes": (plain(w64(0, riff=0)), 1),
    "W64, correct size, another chunk": (plain(w64(None, JUNK)), 1),
    "W64, a quarter declared, another chunk": (plain(w64(QUARTER + 24, JUNK)), 1),
    "AIFF, a quarter declared": (plain(aiff(QUARTER + 8)), 1),
    "AIFF, 0 declared": (plain(aiff(0)), 1),
    "AIFF, size of the header declared": (plain(aiff(8)), 1),
    "AIFF, unknown size": (plain(aiff(0xFFFFFFFF)), 1),
    "AIFF, all sizes 0": (plain(aiff(0, 0, form=0)), 1),
    "AIFF, a quarter of the frames declared": (plain(aiff(None, len(PCM) // 4)), 1),
    "AIFF, a quarter declared in all sizes": (plain(aiff(QUARTER + 8, len(PCM) // 4, form=QUARTER + 46)), 1),
    "AIFF, format chunk at the end": (plain(aiff(0, 0, form=0, last=True)), 1),
    "AIFF, a quarter declared, a tag": (
        plain(aiff(QUARTER + 8, after=b"NAME" + struct.pack(">I", 400) + b"\x7f" * 400)),
        1,
    ),
    "AIFF-C, a quarter declared": (plain(aiff(QUARTER + 8, len(PCM) // 4, kind=b"sowt")), 1),
    "AIFF, correct size, a tag": (plain(aiff(after=b"NAME" + struct.pack(">I", 400) + b"\x7f" * 400)), 1),
    "CAF, unknown size": (plain(caf(-1)), 1),
    "CAF, 0 declared": (plain(caf(0)), 1),
    "CAF, a quarter declared": (plain(caf(QUARTER + 4)), 1),
    "CAF, size of the edit count declared": (plain(caf(4)), 1),
    "CAF, a quarter declared, another chunk": (
        plain(caf(QUARTER + 4, b"info" + struct.pack(">q", 404) + b"\x7f" * 404)),
        1,
    ),
    "CAF, largest size": (plain(caf(2**63 - 1)), 1),
    "CAF, correct size, another chunk": (plain(caf(None, b"info" + struct.pack(">q", 404) + b"\x7f" * 404)), 1),
    "AU, unknown size": (plain(au(-1)), 1),
    "AU, 0 declared": (plain(au(0)), 1),
    "AU, a quarter declared": (plain(au(QUARTER)), 1),
    "AU, 1 byte declared": (plain(au(1)), 1),
    "AU, correct size": (plain(au(len(PCM) * 2)), 1),
    "FLAC, 0 declared": (flac(0), 1),
    "FLAC, a quarter declared": (flac(len(PCM) // 4), 1),
    "FLAC, 1 sample declared": (flac(1), 1),
    "FLAC, 1 sample too few declared": (flac(len(PCM) - 1), 1),
    "FLAC, correct size": (flac(len(PCM)), 1),
    "MP3, a tenth declared": (mp3(30), 1),
    "MP3, 0 frames declared": (mp3(0), 1),
    "MP3, 1 frame declared": (mp3(1, size=500), 1),
    "MP3, no Xing header": (mp3(None), 1),
    "MP3, two joined": (mp3(308, times=2), 2),
    "MP3, three joined, with tags": (mp3(308, times=3, tag=b"TAG" + b"x" * 125), 3),
    "MP3, a tenth declared in a VBRI header": (vbri(30), 1),
    "MP4, movie duration 0": (mp4({(b"moov", b"mvhd"): (16, bytes(4))}), 1),
    "MP4, a quarter of the movie duration": (mp4({(b"moov", b"mvhd"): (16, struct.pack(">I", 2750))}), 1),
    "MP4, track duration 0": (mp4({(*MEDIA, b"mdhd"): (16, bytes(4))}), 1),
    "MP4, a quarter of the track duration": (mp4({(*MEDIA, b"mdhd"): (16, struct.pack(">I", 44_000))}), 1),
    "MP4, a quarter of both durations": (
        mp4({(*MEDIA, b"mdhd"): (16, struct.pack(">I", 44_000)), (b"moov", b"mvhd"): (16, struct.pack(">I", 2750))}),
        1,
    ),
    "MP4, too few frames in the time table": (
        mp4({(*MEDIA, b"minf", b"stbl", b"stts"): (8, struct.pack(">I", 40))}),
        1,
    ),
    "MP4, media data box too small": (mp4({(b"mdat",): (-8, struct.pack(">I", 10_000))}), 1),
    "MP4, media data box of size 0": (mp4({(b"mdat",): (-8, bytes(4))}), 1),
    "MP4, media data box too large": (mp4({(b"mdat",): (-8, b"\x7f\xff\xff\xff")}), 1),
    "MP4, fragmented, without durations": (
        mp4({}, movflags="frag_keyframe+empty_moov+default_base_moof", frag_duration="1000000"),
        1,
    ),
    "MP4, two joined": (joined(".m4a", 2), 2),
    "FLAC, two joined": (joined(".flac", 2), 2),
    "OGG, two joined": (joined(".ogg", 2), 2),
    "MKV, two joined": (joined(".webm", 2), 2),
    "MKV, a quarter declared": (matroska(tag(b"00:00:02")), 1),
    "MKV, segment too small": (matroska(segment(20_000)), 1),
    "MKV, segment of size 0": (matroska(segment(0)), 1),
    "MKV, segment too large": (matroska(segment(2**40)), 1),
    "MKV, segment of unknown size": (matroska(segment(2**56 - 1)), 1),
}

# Recordings that have less sound than they declare: (writer, declared seconds). The transcript reports the difference.
MISSING: dict[str, tuple[Callable[[Path], Path], float]] = {
    "WAV, twice the length declared": (plain(wav(len(PCM) * 4)), 22),
    "WAV, truncated": (cut(".wav", 0.6), 11),
    "RF64, twice the length declared": (plain(rf64(len(PCM) * 4)), 22),
    "W64, twice the length declared": (plain(w64(len(PCM) * 4 + 24)), 22),
    "AIFF, twice the length declared": (plain(aiff(len(PCM) * 4 + 8, len(PCM) * 2)), 22),
    "CAF, twice the length declared": (plain(caf(len(PCM) * 4 + 4)), 22),
    "AU, twice the length declared": (plain(au(len(PCM) * 4)), 22),
    "FLAC, twice the length declared": (flac(len(PCM) * 2), 22),
    "MP3, twice the length declared": (mp3(616, size=0), 22),
    "MP3, truncated": (cut(".mp3", 0.6), 11),
    "MP4, truncated": (cut(".mp4", 0.6, movflags="faststart"), 11),
    "MP4, truncated in a fragment": (
        cut(".mp4", 0.63, movflags="frag_keyframe+empty_moov+default_base_moof", frag_duration="4000000"),
        8,
    ),
    "WebM, truncated": (cut(".webm", 0.6), 11),
}


def packets(path: Path, format: str, leaps: dict[float, float], codec: str = "mp2", start: float = 0.0) -> Path:
    """Write a recording that begins at `start` s. `leaps` is {second: seconds added to all later time stamps}."""
    options = {"mpegts_copyts": "1"} if format == "mpegts" else {}
    with av.open(str(path), "w", format=format, options=options) as container:
        rate = 48_000 if codec in ("libopus", "mp2") else 44_100 if codec in ("libmp3lame", "wmav2") else audio.RATE
        stream = container.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(JFK[np.newaxis]), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = audio.RATE, 0, Fraction(1, audio.RATE)
        encoded = [
            packet
            for converted in [*resampler.resample(frame), *resampler.resample(None), None]
            for packet in stream.encode(converted)
        ]
        for packet in encoded:
            at = float(packet.pts * packet.time_base)
            shift = round((start + sum(leap for place, leap in leaps.items() if at >= place)) / packet.time_base)
            packet.pts += shift
            packet.dts = packet.pts
            container.mux(packet)
    return path
