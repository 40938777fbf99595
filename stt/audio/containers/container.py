"""Open a file by its content alone; find its kind, its declared duration and the duration of its packets.

Files are opened with PyAV, so no ffmpeg binary is needed. Times are in seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

import av
from av.stream import Discard, Disposition

from stt.audio.containers import following, foreign
from stt.audio.containers.foreign import quoted_name
from stt.audio.containers.formats import FREE_CLOCK, LATE, OPTIONS, SPECIAL, UNTIMED, Kind, kind
from stt.audio.containers.headers import Recording
from stt.audio.containers.promises import promised, seconds_of
from stt.errors import EmptyFile, InputError, NoAudioTrack, NotSound, Unreadable

# Bounds on what a header may declare. Each declared second is resampled to 16,000 samples, so a small file that
# declares a sample rate of 1 Hz would become gigabytes.
LOWEST_RATE, HIGHEST_RATE = 4_000, 768_000  # minimum and maximum sample rate, Hz
_RAW_AAC = "\u00ff\0\0\0"  # tag of AAC frames without headers
MOST_CHANNELS = 64  # maximum number of channels in a track
_SCAN = 32 << 20  # maximum bytes of packets counted in a file without time stamps; the duration is then extrapolated
_COUNT = 2.0  # time limit for counting the packets of a file, seconds; the duration is then extrapolated
# Maximum length of a gap between time stamps, in seconds. A longer gap is a clock reset or a damaged time stamp.
# For formats in FREE_CLOCK, the maximum is `_LEAP`, except that it is `_LEAP_OF_SENDER` for MPEG-TS and MPEG-PS after
# their first sound. In other formats, a gap may extend to the declared end or last `_LEAP_OF_SENDER`, whichever is
# later; if no duration is declared or the sound is longer than declared, the maximum is `_LEAP_UNSEEN`.
_LEAP, _LEAP_OF_SENDER, _LEAP_UNSEEN = 60.0, 10.0, 600.0


def open_file(
    path: Path, name: str, start: int = 0, stop: int | None = None
) -> tuple[Recording, av.container.InputContainer]:
    """Open a file by its content alone, from byte `start` up to `stop`. `name` is for error messages.

    Raises EmptyFile if the file has no bytes, Unreadable if it is a recording that cannot be read here, and NotSound if
    it is no recording.
    """
    if path.stat().st_size == 0:
        raise EmptyFile(f"{quoted_name(name)} has no content: 0 bytes.")
    if not start and (reason := foreign.refusal(path, name)):
        raise reason
    file = Recording(path, start, stop)
    try:
        container = av.open(file, "r", container_options=OPTIONS, metadata_errors="replace")
        if not _begins_late(container):
            return file, container
        container.close()
        file.close()
        file = Recording(path, start, stop)
        return file, av.open(file, "r", container_options=OPTIONS | LATE, metadata_errors="replace")
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        file.close()
        raise no_sound_error(path, name) from error


def _begins_late(container: av.container.InputContainer) -> bool:
    """Return whether FFmpeg must read more of an MPEG-TS or MPEG-PS to find its sound.

    No header of these formats describes the sound, so FFmpeg has to reach the first packets of sound.
    """
    tracks = container.streams.audio
    seen = tracks and all(
        track.codec_context is not None and track.codec_context.layout.nb_channels for track in tracks
    )
    return container.format.name in ("mpegts", "mpeg") and not seen


def open_sound(
    path: Path, name: str, track: int | None = None, start: int = 0, stop: int | None = None
) -> tuple[Recording, av.container.InputContainer, av.AudioStream]:
    """Open a file and select sound track number `track`, from 1; None selects the track that FFmpeg prefers.

    The recording is the file's bytes from `start` up to `stop`. A recording that was joined to an earlier one may have
    fewer tracks than `track`. The track that FFmpeg prefers is then selected.

    Raises the errors of `open_file`, Unreadable if there is no such track or it cannot be decoded, NoAudioTrack if the
    file is a video without sound, and NotSound if it has neither video nor sound.
    """
    file, container = open_file(path, name, start, stop)
    problem: InputError | None = None
    tracks = container.streams.audio
    if track is None or (start and track > len(tracks)):
        # `best` returns None if the sound begins after the bytes that FFmpeg has probed.
        best = cast("av.AudioStream | None", container.streams.best("audio"))
        stream = best or (tracks[0] if tracks else None)
    else:
        stream = tracks[track - 1] if 1 <= track <= len(tracks) else None
    if stream is None and tracks:
        problem = Unreadable(
            f"{quoted_name(name)} has no track {track}, only {len(tracks)}.", guidance="Choose one of its tracks."
        )
    elif stream is None:
        has_video = any(is_video(s) for s in container.streams)
        problem = (NoAudioTrack if has_video else NotSound)(f"{quoted_name(name)} has no sound track.")
    elif stream.codec_context is None and (codec := foreign.undecodable(path)):
        problem = Unreadable(
            f"{quoted_name(name)} holds sound in {codec}, which cannot be decoded here.", guidance=NotSound.guidance
        )
    elif why := problem_of(stream):
        problem = Unreadable(f"{quoted_name(name)} {why}.", guidance=NotSound.guidance)
    if problem:
        container.close()
        file.close()
        raise problem
    assert stream is not None  # if `stream` were None, `problem` would have been raised above
    for other in container.streams:
        other.discard = Discard.default if other.index == stream.index else Discard.all
    return file, container, stream


def timeline_start(path: Path, container: av.container.InputContainer, start: int = 0) -> float | None:
    """Return when a recording's time line begins, in seconds of its own clock; None if it begins with the first sound.

    The picture may begin before the sound. For MKV, MPEG-TS and MPEG-PS, FFmpeg does not report when the picture
    begins, because FFmpeg is not allowed to decode pictures here. For videos in these formats, the time of the first
    packet of picture or sound is returned. The recording begins at byte `start` of the file.
    """
    has_picture = any(is_video(stream) for stream in container.streams)
    untold = has_picture and container.format.name.split(",")[0] in ("matroska", "mpegts", "mpeg")
    if container.start_time is not None and not untold:
        return container.start_time / av.time_base
    if not has_picture:
        return None
    file, other = open_file(path, "", start)
    try:
        several = [stream for stream in other.streams if stream.type == "audio" or is_video(stream)]
        first = next((packet for packet in packets(other, *several) if packet.size and packet.pts is not None), None)
        return None if first is None else seconds_of(first.pts or 0, first.time_base)
    finally:
        other.close()
        file.close()


def promised_of(path: Path, name: str, track: int | None, start: int, stop: int) -> float | None:
    """Return the declared duration in seconds of the recording from byte `start` up to `stop`.

    Returns None if the recording declares no duration or cannot be opened.
    """
    try:
        file, container, stream = open_sound(path, name, track, start, stop)
    except InputError:
        return None
    try:
        format, origin = container.format.name.split(",")[0], timeline_start(path, container, start)
        return promised(path, format, container, stream, start, stop, origin)
    finally:
        container.close()
        file.close()


def problem_of(stream: av.AudioStream) -> str | None:
    """Return why a sound track cannot be decoded, judged by its header; None if its header gives no reason."""
    if stream.codec_context is None or not 1 <= stream.codec_context.layout.nb_channels <= MOST_CHANNELS:
        return "holds sound in a format that cannot be decoded here"
    tag = _codec_tag(stream)
    if tag in ("drms", "enca"):
        return "is copy-protected (DRM)"
    if tag == _RAW_AAC and stream.container.format.name in ("wav", "w64"):
        return "holds AAC in a WAV file, which does not say where its frames begin"
    if (rate := stream.codec_context.sample_rate) and not is_valid_rate(rate):
        return (
            f"says that it has {rate:,} samples a second. Rates from {LOWEST_RATE:,} to {HIGHEST_RATE:,} Hz can be read"
        )
    return None


def _codec_tag(stream: av.AudioStream) -> str:
    """Return the four characters of a stream's codec tag, which PyAV cannot return if they are not ASCII."""
    try:
        return stream.codec_context.codec_tag
    except UnicodeDecodeError as error:
        return error.object.decode("latin-1")


def is_valid_rate(rate: int) -> bool:
    """Return whether a sample rate in Hz is plausible for a recording."""
    return LOWEST_RATE <= rate <= HIGHEST_RATE


def packets(container: av.container.InputContainer, *streams: av.stream.Stream) -> Iterator[av.Packet[av.AudioStream]]:
    """Yield the packets of the streams, and continue after up to 100 errors of the container.

    The last packet of each stream is empty, so that decoding it returns the frames that the decoder still holds.
    """
    for _ in range(100):
        try:
            # PyAV's return type allows packets of streams of any kind, so narrow it to sound.
            yield from cast("Iterator[av.Packet[av.AudioStream]]", container.demux(*streams))
            return
        except MemoryError:
            raise
        except av.FFmpegError:
            continue
        except IndexError:  # PyAV 18 raises it at the end of a file if damaged bytes looked like a new stream
            return


def no_sound_error(path: Path, name: str, opened: str = "") -> NotSound:
    """Return the error for a file without readable sound. `opened` is the format detected by FFmpeg, "" if none."""
    head = _head(path)
    if head[4:8] == b"ftyp" and not opened:
        return Unreadable(
            f"{quoted_name(name)} is cut off: the table at its end, which tells where the sound lies, is missing."
        )
    if (opened and opened not in UNTIMED) or foreign.starts_like_a_recording(head):
        return Unreadable(
            f"{quoted_name(name)} starts like a recording, but its sound is missing or too damaged to read."
        )
    return NotSound(f"{quoted_name(name)} is not a sound or video file.")


def _head(path: Path, start: int = 0, size: int = 64) -> bytes:
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(size)


def is_video(stream: av.stream.Stream) -> bool:
    """Return whether a stream is a moving picture, not cover art or another still image."""
    return stream.type == "video" and not stream.disposition & (Disposition.attached_pic | Disposition.still_image)


def kind_of(path: Path, format: str) -> Kind:
    """Return the kind of a file by FFmpeg's format name and the file's first bytes."""
    head = _head(path)
    if format == "matroska" and b"webm" in head:
        return SPECIAL["webm"]
    if head[:4] == b"RIFX":
        return kind("wav")
    if format == "mov" and head[8:10] == b"3g":
        return SPECIAL["3gp"]
    if format == "mov" and (head[8:12] == b"qt  " or head[4:8] != b"ftyp"):
        return SPECIAL["qt"]
    return kind(format)


class PacketCount(NamedTuple):
    """Seconds of sound in a file's packets: `seconds` in the first recording, `further` in all recordings after it.

    `seconds` is None if no sound was found. `promised` is the declared duration of the first recording, None if not
    declared. `ahead` is the total time in seconds by which the clock of the first recording jumped forward.
    """

    seconds: float | None
    promised: float | None
    ahead: float = 0.0
    further: float = 0.0


def count_packets(path: Path, track: int | None = None) -> PacketCount:
    """Count the seconds of sound in a file by its packets, without decoding the packets.

    The seconds in a long file are extrapolated from the packets that were read within _COUNT seconds, and in a format
    without time stamps from at most _SCAN bytes of packets. Raises the same errors as `open_sound`.
    """
    ends = time.monotonic() + _COUNT
    first, start = _count_one(path, track, 0, ends)
    further = 0.0
    for _ in range(following.MOST_PARTS):
        if start is None:
            break
        try:
            part, start = _count_one(path, track, start, ends)
        except InputError:
            break
        further += part.seconds or 0.0
    return first._replace(further=further)


def _count_one(path: Path, track: int | None, start: int, ends: float) -> tuple[PacketCount, int | None]:
    """Count the seconds of sound in the recording that begins at byte `start`.

    When `time.monotonic()` exceeds `ends`, the rest is extrapolated. Returns the count, and the byte at which the next
    recording begins, None if no next recording was found.
    """
    file, container, stream = open_sound(path, "", track, start)
    format, seconds, read, size = container.format.name.split(",")[0], 0.0, 0, file.total
    origin = timeline_start(path, container, start)
    promise = promised(path, format, container, stream, start, begins=origin)
    last, ahead, watch = float("-inf"), 0.0, following.Watch(file, container)
    try:
        for packet in packets(container, stream):
            if not watch.passes(packet):
                break
            length = float((packet.duration or 0) * packet.time_base) if packet.size else 0.0
            read += packet.size
            if format in UNTIMED:
                seconds += length
                if read > _SCAN:
                    return PacketCount(seconds * size / read, promise, ahead), None
            elif packet.pts is not None and not packet.is_discard:  # an edit list leaves out packets with `is_discard`
                at = float(packet.pts * packet.time_base)
                origin = at if origin is None else origin
                if at <= last or is_clock_reset(format, promise, at - origin, seconds):
                    ahead += max(0.0, at - origin - seconds)
                    origin = at - seconds
                last = at
                seconds = max(seconds, at - origin + length)
            if time.monotonic() > ends:
                return PacketCount(seconds * size / max(file.tell(), read, 1), promise, ahead), None
        after = watch.next()
        # If another recording follows in the file, `promise` may be derived from the size of the whole file, so it is
        # derived again from the bytes of this recording.
        if after is not None and file.end is None:
            promise = promised_of(path, "", track, start, start + after)
    finally:
        container.close()
        file.close()
    return PacketCount(seconds or None, promise, ahead), None if after is None else start + after


def is_clock_reset(format: str, promise: float | None, at: float, clock: float) -> bool:
    """Return whether a time stamp of `at` seconds, after `clock` seconds of sound, is a clock reset and not a gap.

    `promise` is the declared duration of the recording in seconds, None if no duration is declared.
    """
    if format in FREE_CLOCK:  # sound may begin long after the picture, so `_LEAP` applies while `clock` is 0
        latest = clock + (_LEAP_OF_SENDER if clock and format in ("mpegts", "mpeg") else _LEAP)
    elif not promise or clock > promise + 1:  # the declared duration is missing or already exceeded
        latest = clock + _LEAP_UNSEEN
    else:
        latest = max(promise + 1, clock + _LEAP_OF_SENDER)
    return at < clock - 1 or at > latest
