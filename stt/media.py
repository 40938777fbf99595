"""Recordings: what a file holds. `Reader` gives its sound. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stt import containers
from stt.errors import TooShort
from stt.sound import RATE, SHORTEST, Reader

__all__ = ["RATE", "SHORTEST", "Media", "Reader", "mime", "probe"]

_MIMES = {k.sound: k.sound_mime for k in containers.ALL_KINDS} | {k.video: k.video_mime for k in containers.ALL_KINDS}


@dataclass(frozen=True)
class Media:
    """What a file holds. `kind` is for people ("MP3", "MP4 video"), `duration` what the file promises.

    `duration` in seconds or None if nothing tells it, `sample_rate` in Hz, `size` in bytes.
    """

    kind: str
    codec: str
    duration: float | None
    channels: int
    sample_rate: int
    size: int
    video: bool


def probe(path: Path, name: str = "") -> Media:
    """Look at a file without decoding more than its beginning. `name` is only for the error's sentence.

    Raises EmptyFile, NotSound, NoAudioTrack (a video without sound) or TooShort (under 0.1 s of sound).
    """
    with Reader(path, name=name) as reader:
        if not reader.has_sound():
            if reader.sound == 0:
                raise containers.not_sound(path, name, opened=reader.format)
            raise TooShort(f"{containers.called(name)} holds only {reader.sound:.2f} seconds of sound.")
        container, stream = reader.container, reader.stream
        video = any(containers.is_video(s) for s in container.streams)
        kind = containers.kind_of(path, reader.format)
        codec = stream.codec_context
        facts = {"codec": codec.codec.canonical_name, "channels": codec.channels, "sample_rate": codec.sample_rate}
        promised = reader.promised
    if promised is None:
        promised = containers.counted(path)
    return Media(
        kind=kind.video if video else kind.sound, duration=promised, size=path.stat().st_size, video=video, **facts
    )


def mime(media: Media) -> str:
    """The content type to serve a recording with: from a fixed list, by what it holds and never by its name."""
    return _MIMES.get(media.kind, "application/octet-stream")
