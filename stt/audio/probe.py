"""Find out what a file holds: its kind, its sound and how long it is. Runs in a decoder process
(`stt.audio.decoder_process`).
"""

from __future__ import annotations

from pathlib import Path

from stt.audio.decoder import Media
from stt.audio.reader import Reader
from stt.containers import container as containers
from stt.containers import seekable, track_list
from stt.containers.foreign import called
from stt.errors import TooShort
from stt.files import dates

# A container's promise is believed unless its packets hold more than this: a share, and seconds.
MORE = (1.02, 1.0)


def probe(path: Path, name: str = "", track: int | None = None) -> Media:
    """Look into a file without decoding more than its beginning. `name` is only for the error's sentence.

    Without a `track` it is the best of those that can be decoded.

    Raises EmptyFile, NotSound, NoAudioTrack (a video without sound) or TooShort (under 0.1 s of sound).
    """
    tracks = track_list.tracks(path, name)
    if track is None and len(tracks) > 1:
        readable = [each for each in tracks if not each["problem"]]
        track = next((each["number"] for each in readable if each["best"]), readable[0]["number"] if readable else None)
    with Reader(path, name=name, track=track) as reader:
        if not reader.has_sound():
            if reader.sound == 0:
                raise containers.not_sound(path, name, opened=reader.format)
            raise TooShort(f"{called(name)} holds only {reader.sound:.2f} seconds of sound.")
        container, stream = reader.container, reader.stream
        video = any(containers.is_video(s) for s in container.streams)
        kind, mime = containers.kind_of(path, reader.format).told(video)
        codec = stream.codec_context
        codec_name, channels, rate = codec.codec.canonical_name, codec.channels, codec.sample_rate
        dated = dates.in_tags([container.metadata, *(s.metadata for s in container.streams)])
    seconds, promised, ahead, further = containers.counted(path, track)
    duration = _larger(None if promised is None else promised - ahead, seconds)
    return Media(
        kind=kind,
        mime=mime,
        duration=duration and duration + further,
        size=path.stat().st_size,
        video=video,
        dated=dated,
        track=track or 1,
        tracks=tracks if len(tracks) > 1 else [],
        seekable=len(tracks) < 2 and not further and seekable.exact(path, promised, seconds),
        codec=codec_name,
        channels=channels,
        sample_rate=rate,
    )


def _larger(promised: float | None, counted: float | None) -> float | None:
    """The promise, unless there is none or the packets hold clearly more: a header may say anything."""
    if promised is None or (counted is not None and counted > promised * MORE[0] + MORE[1]):
        return counted
    return promised
