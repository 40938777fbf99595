"""Name the sound tracks of a recording, and resolve a user's choice of tracks to transcribe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stt.errors import BadOption
from stt.transcript.languages import name_of

ALL = "all"  # the choice to transcribe all tracks, each as one speaker
MICROPHONE, SHARED = "Microphone", "Shared sound"  # titles of the tracks of a call that this app recorded
MOST_IN_FILE = 8  # maximum number of tracks in a file for a provider, in which each is a channel; FLAC has at most 8
# Maximum number of channels that stay separate, because a job transcribes each of them. If a track has more channels,
# they are all mixed to one.
MOST_APART = 8
ENOUGH = 1.0  # minimum seconds of detected speech in a track with speech; less may be a false detection


@dataclass(frozen=True, slots=True)
class Track:
    """One sound track. `number` counts from 1 in file order.

    `problem` says why the track cannot be decoded, and is None if it can. `speech` is the number of seconds of speech
    in the track's first minutes, `level` the mean level of its first minutes in dB relative to full scale. Both are
    None if the track was not analysed. `language` is the language tag in the file, such as eng. `best` marks the track
    that a player selects, `chosen` the track to transcribe.
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
    """Return the tracks that are transcribed if the choice is ALL: those that can be decoded."""
    return [track for track in tracks if not track.problem]


def picked(tracks: Sequence[Track], choice: str) -> tuple[int | list[int] | None, list[str]]:
    """Return the `track` argument of `decoder.Reader` for a choice, and the names of the tracks if the choice is ALL.

    For any other choice, the list of names is empty. The choice "" means the track marked as `chosen`.
    """
    if not tracks:
        return None if choice in ("", ALL) else int(choice), []
    if choice == ALL:
        named = dict(zip(tracks, names(tracks), strict=True))
        return [track.number for track in speakers(tracks)], [named[track] for track in speakers(tracks)]
    return int(choice) if choice else chosen(tracks), []


def speaker_of(names: Sequence[str], channel: int) -> str:
    """Return the name of the speaker in channel number `channel`, counted from 0.

    `names` are the names of the tracks if each track is a speaker, and empty otherwise.
    """
    return names[channel] if names else f"Speaker {channel + 1}"


def names_of(tracks: Sequence[Track]) -> dict[str, str]:
    """Return the choices for a recording with several tracks: track numbers and ALL, each with its display name."""
    named = {str(track.number): name for track, name in zip(tracks, names(tracks), strict=True) if not track.problem}
    return {**named, ALL: "Each track is a speaker"} if len(named) > 1 else named


def chosen(tracks: Sequence[Track]) -> int | None:
    """Return the number of the track marked as `chosen`, None if no track is."""
    return next((track.number for track in tracks if track.chosen), None)


def usual(tracks: Sequence[Track]) -> str:
    """Return the choice that a page preselects: ALL for a recorded call with speech in both tracks.

    For any other recording, it is the track marked as `chosen`, or "" if no track is.
    """
    call = [track.title for track in tracks] == [MICROPHONE, SHARED]
    if call and all((track.speech or 0.0) >= ENOUGH and not track.problem for track in tracks):
        return ALL
    return str(chosen(tracks) or "")


def names(tracks: Sequence[Track]) -> list[str]:
    """Return unique display names of the tracks.

    The name of a track is its title, its language if it has no title, or its number if it has neither. The number is
    appended to a name that several tracks have.
    """
    plain = [track.title or name_of(track.language) or f"Track {track.number}" for track in tracks]
    return [
        f"{name} ({track.number})" if plain.count(name) > 1 and name != f"Track {track.number}" else name
        for name, track in zip(plain, tracks, strict=True)
    ]


def summary(tracks: Sequence[Track], choice: str = "") -> str:
    """Return a summary such as "2 tracks: Microphone (chosen), Desktop". Tracks that cannot be decoded are marked."""
    number = int(choice) if choice.isdecimal() else chosen(tracks)
    parts = []
    for name, track in zip(names(tracks), tracks, strict=True):
        if track.problem:
            parts.append(f"{name} (skipped: {track.problem})")
        elif choice == ALL:
            parts.append(name)
        else:
            parts.append(f"{name} (chosen)" if track.number == number else name)
    return f"{len(tracks)} tracks: " + ", ".join(parts) + (" (each is a speaker)" if choice == ALL else "")


def check(tracks: Sequence[Track], choice: str) -> str:
    """Return `choice` if it is ALL or the number of a track that can be decoded. Raises BadOption for other choices.

    `tracks` is empty for a recording with one track, so "1" is then valid.
    """
    if choice == ALL:
        return choice
    track = next((track for track in tracks if str(track.number) == choice), None)
    if track is None and not (choice == "1" and not tracks):
        known = ", ".join(f"{track.number} ({name})" for name, track in zip(names(tracks), tracks, strict=True))
        raise BadOption(f"There is no track {choice} in this recording.", guidance=f"Its tracks: {known or '1'}.")
    if track is not None and track.problem:
        raise BadOption(f"Track {choice} cannot be read: {track.problem}.", guidance="Choose another track.")
    return choice


def check_fits(tracks: Sequence[Track], choice: str) -> None:
    """Raise BadOption if `choice` is ALL, and one file for a provider cannot hold all tracks."""
    if choice == ALL and len(speakers(tracks)) > MOST_IN_FILE:
        raise BadOption(
            f"This model takes at most {MOST_IN_FILE} tracks as speakers.",
            guidance="Choose one track, or a model on this server.",
        )


def as_rows(tracks: Sequence[Track]) -> list[dict[str, Any]]:
    """Return the tracks as dictionaries, to store with a recording."""
    return [asdict(track) for track in tracks]


def of_rows(rows: list[dict[str, Any]] | None) -> list[Track]:
    """Return the tracks stored with a recording. Fields that this version of the app does not know are ignored."""
    known = Track.__dataclass_fields__
    return [Track(**{name: value for name, value in row.items() if name in known}) for row in rows or []]
