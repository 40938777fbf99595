"""Probe a file for its kind, its sound and its duration. Runs in a decoder process (`stt.audio.decoder_process`)."""

from __future__ import annotations

from pathlib import Path

from stt.audio.containers import seekable, track_list
from stt.audio.containers.container import count_packets, is_video, kind_of, no_sound_error
from stt.audio.containers.foreign import quoted_name
from stt.audio.decoder import Media
from stt.audio.reader import Reader
from stt.errors import TooShort
from stt.files import dates

# Tolerance on the declared duration: a factor and a number of seconds. The packets' duration replaces the declared
# duration if it exceeds the declared duration times the factor, plus the number of seconds.
MORE = (1.02, 1.0)


def probe(path: Path, name: str = "", track: int | None = None) -> Media:
    """Return the facts of a file, decoding only its beginning. `name` is for error messages.

    Without `track`, the facts describe the track that a player selects, or the first decodable track if the player's
    track cannot be decoded.

    Raises EmptyFile if the file has no bytes, NotSound if it is no recording or cannot be read, NoAudioTrack if it is a
    video without sound, and TooShort if it holds under 0.1 s of sound.
    """
    tracks = track_list.tracks(path, name)
    if track is None and len(tracks) > 1:
        readable = [each for each in tracks if not each["problem"]]
        track = next((each["number"] for each in readable if each["best"]), readable[0]["number"] if readable else None)
    with Reader(path, name=name, track=track) as reader:
        if not reader.has_sound():
            if reader.sound == 0:
                raise no_sound_error(path, name, opened=reader.format)
            raise TooShort(f"{quoted_name(name)} holds only {reader.sound:.2f} seconds of sound.")
        container, stream = reader.container, reader.stream
        video = any(is_video(s) for s in container.streams)
        kind, mime = kind_of(path, reader.format).describe(video)
        codec = stream.codec_context
        codec_name, channels, rate = codec.codec.canonical_name, codec.channels, codec.sample_rate
        dated = dates.in_tags([container.metadata, *(s.metadata for s in container.streams)])
    seconds, promised, ahead, further = count_packets(path, track)
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
    """Return the declared duration, or the packets' duration if none is declared or the packets last clearly longer.

    "Clearly" means by more than MORE. A header may declare too short a duration.
    """
    if promised is None or (counted is not None and counted > promised * MORE[0] + MORE[1]):
        return counted
    return promised
