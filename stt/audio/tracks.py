"""The sound tracks of a recording: which one is transcribed, and how people call them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stt.errors import BadOption
from stt.transcript.languages import name_of

ALL = "all"  # each track is a speaker
MICROPHONE, SHARED = "Microphone", "Shared sound"  # titles of the tracks of a call that was recorded here
ENOUGH = 1.0  # seconds of speech that are no mistake of the voice filter


@dataclass(frozen=True, slots=True)
class Track:
    """One sound track. `number` from 1, in the file's order. `problem` is why it cannot be decoded, None where it can.

    `speech` is in seconds of the first minutes and `level` in dB of full scale; None where nobody listened. `language`
    is the file's own tag, such as eng. `best` is what a player takes, `chosen` what is transcribed.
    """

    number: int
    title: str = ""
    language: str = ""
    codec: str = ""
    channels: int = 0
    best: bool = False
    problem: str | None = None
    speech: float | None = None
    level: float | None = None
    chosen: bool = False


def speakers(tracks: Sequence[Track]) -> list[Track]:
    """Return the tracks that are heard where each is a speaker."""
    return [track for track in tracks if not track.problem]


def picked(tracks: Sequence[Track], choice: str) -> tuple[int | list[int] | None, list[str]]:
    """Return what `media.Reader` is to read for a choice ("" for the chosen track), and the names where each is a
    speaker.
    """
    if not tracks:
        return None if choice in ("", ALL) else int(choice), []
    if choice == ALL:
        named = dict(zip(tracks, names(tracks), strict=True))
        return [track.number for track in speakers(tracks)], [named[track] for track in speakers(tracks)]
    return int(choice) if choice else chosen(tracks), []


def names_of(tracks: Sequence[Track]) -> dict[str, str]:
    """Return the choices of a recording with several tracks: what stands for one, and its name."""
    named = {str(track.number): name for track, name in zip(tracks, names(tracks), strict=True) if not track.problem}
    return {**named, ALL: "Each track is a speaker"} if len(named) > 1 else named


def chosen(tracks: Sequence[Track]) -> int | None:
    """Return the number of the track that is transcribed unless the user says otherwise."""
    return next((track.number for track in tracks if track.chosen), None)


def usual(tracks: Sequence[Track]) -> str:
    """Return the choice that a page begins with: all tracks of a recorded call where both speak, else the chosen."""
    call = [track.title for track in tracks] == [MICROPHONE, SHARED]
    if call and all((track.speech or 0.0) >= ENOUGH and not track.problem for track in tracks):
        return ALL
    return str(chosen(tracks) or "")


def names(tracks: Sequence[Track]) -> list[str]:
    """Return how people call the tracks: by title, else by language, else by number; each name once."""
    plain = [track.title or name_of(track.language) or f"Track {track.number}" for track in tracks]
    return [
        f"{name} ({track.number})" if plain.count(name) > 1 and name != f"Track {track.number}" else name
        for name, track in zip(plain, tracks, strict=True)
    ]


def summary(tracks: Sequence[Track], choice: str = "") -> str:
    """Return such as "2 tracks: Microphone (chosen), Desktop"; tracks that cannot be read are named as such."""
    number = int(choice) if choice.isdigit() else chosen(tracks)
    parts = []
    for name, track in zip(names(tracks), tracks, strict=True):
        if track.problem:
            parts.append(f"{name} (passed over: {track.problem})")
        elif choice == ALL:
            parts.append(name)
        else:
            parts.append(f"{name} (chosen)" if track.number == number else name)
    return f"{len(tracks)} tracks: " + ", ".join(parts) + (" (each is a speaker)" if choice == ALL else "")


def check(tracks: Sequence[Track], choice: str) -> str:
    """Return `choice` if the recording has this track. Raises BadOption with those that it has."""
    if choice == ALL:
        return choice
    track = next((track for track in tracks if str(track.number) == choice), None)
    if track is None and not (choice == "1" and not tracks):
        known = ", ".join(f"{track.number} ({name})" for name, track in zip(names(tracks), tracks, strict=True))
        raise BadOption(f"There is no track {choice} in this recording.", guidance=f"Its tracks: {known or '1'}.")
    if track is not None and track.problem:
        raise BadOption(f"Track {choice} cannot be read: {track.problem}.", guidance="Choose another track.")
    return choice


def as_rows(tracks: Sequence[Track]) -> list[dict[str, Any]]:
    """Return the tracks as they are kept with a recording."""
    return [asdict(track) for track in tracks]


def of_rows(rows: list[dict[str, Any]] | None) -> list[Track]:
    """Return the tracks that are kept with a recording; fields of another version are left out."""
    known = Track.__dataclass_fields__
    return [Track(**{name: value for name, value in row.items() if name in known}) for row in rows or []]
