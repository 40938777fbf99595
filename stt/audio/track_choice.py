"""Choose the sound track to transcribe: one with speech."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from stt.audio.decoder import Media, Reader, probe
from stt.audio.tracks import ENOUGH, Track
from stt.errors import SttError
from stt.speech import vad

# The first FIRST seconds of each track are analysed. If no track has speech in them, the next FURTHER seconds of each
# track are analysed too.
FIRST, FURTHER = 180.0, 600.0
HALF = 0.5  # minimum speech of a chosen track, as a share of the speech in the track that has most of it
TIMEOUT = 12.0  # time limit for analysing all tracks, seconds
PART = 30.0  # maximum seconds of sound that are read and analysed at once


def inspect(path: Path, name: str = "") -> tuple[Media, list[Track]]:
    """Probe a file; return the facts of the chosen track, and a list of all tracks (empty if there is only one).

    Raises the same errors as `decoder.probe`.
    """
    found = probe(path, name)
    tracks = [Track(**facts) for facts in found.tracks]
    if len(tracks) < 2:
        return found, []
    tracks = chosen(listened(path, tracks))
    number = next((track.number for track in tracks if track.chosen), None)
    if number is not None and number != found.track:
        found = probe(path, name, number)
    return found, tracks


def listened(path: Path, tracks: Sequence[Track]) -> list[Track]:
    """Analyse the first minutes of each track; return the tracks with `speech` and `level` set.

    A track that cannot be decoded gets a `problem`. After TIMEOUT seconds, the analysis stops, and the tracks that have
    not been analysed keep the value None in `speech` and `level`.
    """
    ends, done = time.monotonic() + TIMEOUT, list(tracks)
    for begin, seconds in ((0.0, FIRST), (FIRST, FURTHER)):
        if begin and any((track.speech or 0.0) >= ENOUGH for track in done):
            break
        done = [track if track.problem else _with_level(path, track, begin, seconds, ends) for track in done]
    return done


def chosen(tracks: Sequence[Track]) -> list[Track]:
    """Return the tracks with one of them marked as chosen, or unchanged if no track can be decoded.

    A track can be chosen if it has at least HALF as much speech as the track with the most speech. If no track has
    speech, every decodable track can be chosen. Among the tracks that can be chosen, the one that a player selects is
    preferred; if it is not among them, the first one is chosen.
    """
    readable = [track for track in tracks if not track.problem]
    if not readable:
        return list(tracks)
    most = max(track.speech or 0.0 for track in readable)
    spoken = [track for track in readable if most >= ENOUGH and (track.speech or 0.0) >= HALF * most]
    first = next((track for track in spoken or readable if track.best), (spoken or readable)[0])
    return [replace(track, chosen=track is first) for track in tracks]


def _with_level(path: Path, track: Track, begin: float, seconds: float, ends: float) -> Track:
    speech, energy, count = track.speech, 0.0, 0
    try:
        with Reader(path, track=track.number) as reader:
            if begin:
                reader.skip(begin)
            while seconds > 0 and time.monotonic() < ends:
                samples = reader.read(min(PART, seconds))[0]
                if not len(samples):
                    break
                seconds -= PART
                speech = (speech or 0.0) + sum(end - start for start, end in vad.speech(samples))
                energy, count = energy + float(np.dot(samples, samples)), count + len(samples)
    except SttError as error:
        return replace(track, problem=error.message.rstrip(".").lower()) if not begin else track
    level = track.level
    if count and not begin:
        level = round(float(10 * np.log10(max(energy / count, 1e-10))), 1)
    return replace(track, speech=None if speech is None else round(speech, 1), level=level)
