"""What a file says of itself: opened by its content alone, its kind, and how much sound it promises.

Everything goes through PyAV, so no ffmpeg binary is needed. Times are in seconds.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import av
from av.codec import Codec
from av.stream import Discard, Disposition

from stt.errors import EmptyFile, NoAudioTrack, NotSound, Unreadable


class Kind(NamedTuple):
    sound: str
    video: str
    sound_mime: str
    video_mime: str

    def told(self, video: bool) -> tuple[str, str]:
        """The name for people and the content type, of a video or of sound alone."""
        return (self.video, self.video_mime) if video else (self.sound, self.sound_mime)


# The demuxers that may look at a file. None of them opens a second file or an address, as playlists do.
KINDS = {
    "mov": Kind("M4A", "MP4 video", "audio/mp4", "video/mp4"),
    "matroska": Kind("MKA", "MKV video", "audio/x-matroska", "video/x-matroska"),
    "mp3": Kind("MP3", "MP3", "audio/mpeg", "audio/mpeg"),
    "wav": Kind("WAV", "WAV", "audio/wav", "audio/wav"),
    "w64": Kind("W64", "W64", "audio/x-w64", "audio/x-w64"),
    "flac": Kind("FLAC", "FLAC", "audio/flac", "audio/flac"),
    "ogg": Kind("OGG", "OGG video", "audio/ogg", "video/ogg"),
    "aac": Kind("AAC", "AAC", "audio/aac", "audio/aac"),
    "loas": Kind("AAC", "AAC", "audio/aac", "audio/aac"),
    "aiff": Kind("AIFF", "AIFF", "audio/aiff", "audio/aiff"),
    "caf": Kind("CAF", "CAF", "audio/x-caf", "audio/x-caf"),
    "au": Kind("AU", "AU", "audio/basic", "audio/basic"),
    "amr": Kind("AMR", "AMR", "audio/amr", "audio/amr"),
    "asf": Kind("WMA", "WMV video", "audio/x-ms-wma", "video/x-ms-wmv"),
    "avi": Kind("AVI", "AVI video", "video/x-msvideo", "video/x-msvideo"),
    "mpegts": Kind("MPEG-TS", "MPEG-TS video", "video/mp2t", "video/mp2t"),
    "mpeg": Kind("MPEG", "MPEG video", "video/mpeg", "video/mpeg"),
    "flv": Kind("FLV", "FLV video", "video/x-flv", "video/x-flv"),
    "ac3": Kind("AC-3", "AC-3", "audio/ac3", "audio/ac3"),
    "eac3": Kind("E-AC-3", "E-AC-3", "audio/eac3", "audio/eac3"),
    "ape": Kind("APE", "APE", "audio/x-ape", "audio/x-ape"),
    "wv": Kind("WavPack", "WavPack", "audio/x-wavpack", "audio/x-wavpack"),
    "tta": Kind("TTA", "TTA", "audio/x-tta", "audio/x-tta"),
    "dss": Kind("DSS", "DSS", "audio/x-dss", "audio/x-dss"),
}
SPECIAL = {  # told apart by their first bytes
    "webm": Kind("WebM", "WebM video", "audio/webm", "video/webm"),
    "3gp": Kind("3GP", "3GP video", "audio/3gpp", "video/3gpp"),
    # Firefox plays no "video/quicktime", but it plays most MOV files that are called MP4.
    "qt": Kind("MOV", "MOV video", "audio/mp4", "video/mp4"),
}
_STARTS = (b"RIFF", b"RF64", b"fLaC", b"ID3", b"OggS", b"\x1aE\xdf\xa3", b"FORM", b"caff", b"#!AMR")

# Frames one after the other, without time stamps: ffmpeg counts the time from the frames that it can read,
# so what is damaged in between is measured by its bytes.
UNTIMED = {"mp3", "aac", "loas", "ac3", "eac3", "amr"}
_SCAN = 32 << 20  # bytes; enough to tell the length of a longer file without time stamps
_COUNT = 2.0  # seconds to count packets; the rest of the file is taken to be like what was seen



def _decodes_sound(name: str) -> bool:
    try:
        return Codec(name, "r").type == "audio"
    except av.codec.codec.UnknownCodecError:  # it only encodes
        return False


# Bounds on what a header may say. Every sample is brought to 16 kHz: at 1 Hz a few bytes would become gigabytes.
LOWEST_RATE, HIGHEST_RATE = 4_000, 768_000  # Hz
MOST_CHANNELS = 64
MOST_STREAMS = 64
# Both lists belong together: no demuxer that follows links, and no way to open what a link leads to. Pictures are not
# decoded to find out about a file, so their decoders stay shut.
OPTIONS = {
    "format_whitelist": ",".join(KINDS),
    "protocol_whitelist": "none",
    "codec_whitelist": ",".join(sorted(name for name in av.codecs_available if _decodes_sound(name))),
    "max_streams": str(MOST_STREAMS),
}


class _Nameless:
    """A file for PyAV that hides its name, so that only the content tells what it is."""

    def __init__(self, path: Path) -> None:
        file = open(path, "rb", buffering=0)
        self._file = file
        self.read, self.tell, self.close = file.read, file.tell, file.close

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, OverflowError):
            return -22  # "invalid" in ffmpeg's words: a damaged header can lead before the file's beginning


def opened(path: Path, name: str) -> tuple[_Nameless, av.container.InputContainer]:
    """Open a file by its content alone. Raises EmptyFile, NotSound."""
    if path.stat().st_size == 0:
        raise EmptyFile(f"{called(name)} has no content: 0 bytes.")
    file = _Nameless(path)
    try:
        return file, av.open(file, container_options=OPTIONS, metadata_errors="replace")
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        file.close()
        raise not_sound(path, name) from error


def open_sound(
    path: Path, name: str, track: int | None = None
) -> tuple[_Nameless, av.container.InputContainer, av.AudioStream]:
    """Open a file and find the sound track of this number, from 1; None takes the one that FFmpeg finds best.

    Raises EmptyFile, NotSound, NoAudioTrack (a video without sound).
    """
    file, container = opened(path, name)
    problem, tracks = None, container.streams.audio
    if track is None:
        stream = container.streams.best("audio")
    else:
        stream = tracks[track - 1] if 1 <= track <= len(tracks) else None
    if stream is None and tracks:
        problem = Unreadable(f"{called(name)} has no track {track}, only {len(tracks)}.", guidance="Choose one of its tracks.")
    elif stream is None:
        has_video = any(is_video(s) for s in container.streams)
        problem = (NoAudioTrack if has_video else NotSound)(f"{called(name)} has no sound track.")
    elif why := problem_of(stream):
        problem = Unreadable(f"{called(name)} {why}.", guidance=NotSound.guidance)
    if problem:
        container.close()
        file.close()
        raise problem
    for other in container.streams:
        other.discard = Discard.default if other.index == stream.index else Discard.all
    return file, container, stream


def problem_of(stream: av.AudioStream) -> str | None:
    """Why a sound track cannot be decoded, by its header; None where that says nothing against it."""
    if stream.codec_context is None or not 1 <= stream.codec_context.layout.nb_channels <= MOST_CHANNELS:
        return "holds a kind of sound that is not known here"
    if (rate := stream.codec_context.sample_rate) and not honest_rate(rate):
        return f"says that it has {rate:,} samples a second. Rates from {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz can be read"
    return None


def honest_rate(rate: int) -> bool:
    """Whether a recording may have so many samples a second (Hz)."""
    return LOWEST_RATE <= rate <= HIGHEST_RATE


def packets(container: av.container.InputContainer, *streams: av.AudioStream) -> Iterator[av.Packet]:
    """The streams' packets, past errors of the container. The last one of each is empty and flushes the decoder."""
    for _ in range(100):
        try:
            yield from container.demux(*streams)
            return
        except MemoryError:
            raise
        except av.FFmpegError:
            continue
        except IndexError:  # PyAV 18, at the very end, when damage looked like the beginning of another stream
            return


def not_sound(path: Path, name: str, opened: str = "") -> NotSound:
    """Why nothing in a file can be heard. `opened` is the format that it was opened as, if any."""
    head = _head(path)
    if head.lstrip().startswith((b"#EXTM3U", b"ffconcat", b"[playlist]", b"v=0")):
        return NotSound(f"{called(name)} is a list of other files or addresses, not a recording.")
    if head[4:8] == b"ftyp" and not opened:
        return Unreadable(f"{called(name)} is cut off: the table at its end, which tells where the sound lies, is missing.")
    if (opened and opened not in UNTIMED) or head.startswith(_STARTS) or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        return Unreadable(f"{called(name)} starts like a recording, but its sound is missing or too damaged to read.")
    return NotSound(f"{called(name)} is not a sound or video file.")


def called(name: str) -> str:
    return f"“{name}”" if name else "This file"


def _head(path: Path, start: int = 0, size: int = 64) -> bytes:
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(size)


def is_video(stream: av.stream.Stream) -> bool:
    """A moving picture, not the cover of an album."""
    return stream.type == "video" and not stream.disposition & (Disposition.attached_pic | Disposition.still_image)


def kind_of(path: Path, format: str) -> Kind:
    head = _head(path)
    if format == "matroska" and b"webm" in head:
        return SPECIAL["webm"]
    if format == "mov" and head[8:10] == b"3g":
        return SPECIAL["3gp"]
    if format == "mov" and (head[8:12] == b"qt  " or head[4:8] != b"ftyp"):
        return SPECIAL["qt"]
    return KINDS[format]


def promised(path: Path, format: str, container: av.container.InputContainer, stream: av.AudioStream) -> float | None:
    """Seconds of sound that the container says it holds, or None where it does not say, or only guesses.

    ffmpeg itself hides the loss: it makes the length of a cut-off WAV fit the bytes that are left.
    """
    if format == "wav" and (seconds := _wav_promise(path)) is not None:
        return seconds
    if format in UNTIMED:
        counted_frames = _mp3_promise(path, stream.codec_context.sample_rate) if format == "mp3" else None
        told = float((stream.duration or 0) * stream.time_base)
        # Where the two differ, ffmpeg guesses by the file's size: two files joined, or a large tag at the end.
        return told if counted_frames and abs(told - counted_frames) < 0.5 else None
    origin = (container.start_time or 0) / av.time_base
    if tag := stream.metadata.get("DURATION"):  # Matroska: the end of this track, as 00:00:33.008000000
        with suppress(ValueError):
            hours, minutes, seconds = tag.split(":")
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds) - origin
    if stream.duration:
        late = 0.0 if stream.start_time is None else float(stream.start_time * stream.time_base) - origin
        return float(stream.duration * stream.time_base) + max(0.0, late)
    return container.duration / av.time_base if container.duration else None


def _wav_promise(path: Path) -> float | None:
    """Length in seconds by a WAV's header (RIFF or RF64), or None if it was never filled in."""
    with open(path, "rb") as file:
        if file.read(12)[8:] != b"WAVE":
            return None
        long_size, per_second = None, 0
        while len(chunk := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"data":
                if size >= 0x7FFFF000:  # what recorders write that do not know the length yet
                    size = long_size or 0
                return size / per_second if size and per_second else None
            body = file.read(min(size, 64))
            if name == b"fmt " and len(body) >= 16:
                _, _, rate, average, align, bits = struct.unpack("<HHIIHH", body[:16])
                per_second = rate * align if bits % 8 == 0 and bits else average
            elif name == b"ds64" and len(body) >= 16:
                long_size = struct.unpack("<Q", body[8:16])[0]
            file.seek(size + size % 2 - len(body), 1)
    return None


def _mp3_promise(path: Path, rate: int) -> float | None:
    """Length in seconds by the frame count in an MP3's first frame (Xing, Info or VBRI header), if it has one."""
    head, start = _head(path, 0, 10), 0
    if head[:3] == b"ID3" and len(head) == 10:
        start = 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    first = _head(path, start, 4096)
    for mark, offset in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
        at = first.find(mark)
        if at >= 0 and len(count := first[at + offset : at + offset + 4]) == 4:
            return struct.unpack(">I", count)[0] * (1152 if rate >= 32_000 else 576) / rate
    return None


def counted(path: Path, track: int | None = None) -> float | None:
    """Length in seconds by going through the packets without decoding them.

    The length of a long file is estimated from its first 32 MB if it has no time stamps, else from what _COUNT seconds
    reach.
    """
    file, container, stream = open_sound(path, "", track)
    format, seconds, read, ends = container.format.name.split(",")[0], 0.0, 0, time.monotonic() + _COUNT
    origin = None if container.start_time is None else container.start_time / av.time_base
    try:
        for packet in packets(container, stream):
            length = float((packet.duration or 0) * packet.time_base) if packet.size else 0.0
            read += packet.size
            if format in UNTIMED:
                seconds += length
                if read > _SCAN:
                    return seconds * path.stat().st_size / read
            elif packet.pts is not None:
                at = float(packet.pts * packet.time_base)
                origin = at if origin is None else origin
                seconds = max(seconds, at - origin + length)
            if time.monotonic() > ends:
                return seconds * path.stat().st_size / max(file.tell(), read, 1)
    finally:
        container.close()
        file.close()
    return seconds or None
