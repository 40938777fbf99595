"""Show the speakers of a transcript; rename, merge, reorder and split them; undo the last change.

Renaming and splitting are corrections of the transcript (see `stt.library.corrections`), and also update the stored
diarization (see `stt.background.diarization`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from stt import kinds, speakers
from stt.background.diarization import results
from stt.background.diarization.results import Search
from stt.db.engine import database
from stt.db.tables import diarizations
from stt.editing import revisions, texts
from stt.errors import BadOption, Conflict
from stt.library import corrections, versions, voices
from stt.library.voices import Guess
from stt.speakers import Diarization, label
from stt.store import playback_copies, recordings, records
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript

SAMPLE = 3.0  # maximum length of the sample of a speaker whom no diarization found, seconds
MOST_NAMED = 100  # minimum number of unused names "Speaker 1", "Speaker 2" … that a split can give to new speakers
_d = diarizations.c


@dataclass(frozen=True, slots=True)
class Row:
    """A speaker in the form that the transcript page shows.

    `seconds` is the length of the speaker's speech, and `share` is its fraction of all speech, 0 to 1. `sample` is the
    start and end, in seconds, of a span to listen to. `guess` is a known voice that may be the voice of the speaker.
    """

    name: str
    seconds: float
    share: float
    sample: tuple[float, float] | None
    guess: Guess | None = None
    can_split: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Hold the speakers of a transcript in the order of the page, and the newest search for speakers.

    `can_search` says whether a search can be started. `undo` describes the change that can be undone, if any.
    """

    rows: tuple[Row, ...]
    search: Search | None
    can_search: bool
    undo: str | None


@dataclass(frozen=True, slots=True)
class _Stored:
    """The stored data on a transcript's speakers."""

    names: list[str]  # `names[n]` is the name of the speaker with number n in `found`
    found: Diarization | None
    placed: list[str]
    refused: set[tuple[str, str]]
    undoable: tuple[str, int] | None  # description of the last change, and the only revision at which it can be undone

    def numbers(self, name: str) -> list[int]:
        return [number for number, one in enumerate(self.names) if one == name]

    def voiceprint(self, name: str) -> np.ndarray | None:
        """Return the sum of the voiceprints of all speakers in `found` with this name, weighted by seconds of speech.

        Return None if there is no such speaker.
        """
        own = [self.found.speakers[number] for number in self.numbers(name)] if self.found else []
        return np.sum([(one.seconds + 0.1) * one.voiceprint for one in own], axis=0) if own else None


def panel(job: Job, transcript: Transcript) -> Panel:
    """Return what the transcript page shows about the speakers of a transcript."""
    with database().connect() as connection:
        stored = _load(connection, job.id)
    names = _order(transcript, stored)
    spans = _spans(transcript, names)
    seconds = {name: sum(end - start for start, end in spans[name]) for name in names}
    whole = sum(seconds.values()) or 1.0
    unnamed = [name for name in names if name in results.names_of(len(stored.names))]
    prints = {name: print_ for name in unnamed if (print_ := stored.voiceprint(name)) is not None}
    guesses = voices.guess(job.owner, prints, stored.refused)
    rows = (
        Row(
            name,
            seconds[name],
            seconds[name] / whole,
            _sample(name, spans[name], stored),
            guesses.get(name),
            can_split=bool(stored.numbers(name)),
        )
        for name in names
    )
    what, revision = stored.undoable or (None, None)
    if revision != corrections.state(job.id, job.owner).version:
        what = None
    return Panel(tuple(rows), results.search_of(job.id), can_search(job, transcript), what)


def can_search(job: Job, transcript: Transcript) -> bool:
    """Return whether a search for speakers can be started.

    The job must be done and must not treat channels or tracks as speakers, its transcript must have times, and its
    audio must still exist.
    """
    return (
        job.state == kinds.DONE
        and transcript.timed
        and not results.has_speaker_channels(job.options)
        and versions.has_sound(job)
    )


def rename(generation_id: str, owner: str, old: str, new: str, based_on: int) -> int:
    """Rename a speaker from `old` to `new`; return the revision. If a speaker `new` exists already, the two are merged.

    Raises NotFound if the owner has no such finished transcript, BadOption if `new` is empty or too long, Conflict if
    there is no speaker `old` or if `based_on` is outdated.
    """
    name = texts.name_of_speaker(new)

    def changed(transcript: Transcript, stored: _Stored) -> tuple[Transcript, _Stored]:
        if old not in _order(transcript, stored):
            raise Conflict(f"There is no speaker called {old[:60]!r} any more.")
        if old not in transcript.speakers:  # a transcript with a single speaker has no speaker names at first
            transcript = transcript.spoken_by(name)
        names = [name if one == old else one for one in stored.names]
        placed = list(dict.fromkeys(name if one == old else one for one in stored.placed))
        return corrections.with_speaker(transcript, old, name), replace(stored, names=names, placed=placed)

    return _change(generation_id, owner, based_on, changed, lambda before: _renamed(before, old, name))


def _renamed(before: Transcript, old: str, new: str) -> str:
    return f"Merged {old} into {new}" if new in before.speakers else f"Renamed {old} to {new}"


def split(generation_id: str, owner: str, name: str, based_on: int) -> int:
    """Split the speaker `name`, who stands for several voices; return the revision.

    If the speaker was merged from several speakers of the diarization, each of them becomes a separate speaker again.
    Otherwise the speaker is split into two. Raises NotFound if the owner has no such finished transcript, BadOption if
    no diarization found the speaker or the voices cannot be distinguished, Conflict if `based_on` is outdated.
    """
    job = records.load(generation_id, owner)
    chunks = _chunks(job)

    def changed(transcript: Transcript, stored: _Stored) -> tuple[Transcript, _Stored]:
        numbers = stored.numbers(name)
        if not numbers or stored.found is None:
            raise BadOption(f"Nothing is known of the voice of {name[:60]!r}.", guidance="Find speakers again.")
        found = stored.found
        if len(numbers) == 1:
            found = speakers.split(chunks, found, numbers[0]) if chunks else found
            numbers = [*numbers, *range(len(stored.names), len(found.speakers))]
        if len(numbers) < 2:
            raise BadOption("These voices cannot be told apart.", guidance="Choose another number of speakers.")
        taken = {*stored.names, *transcript.speakers}
        fresh = iter(one for one in results.names_of(MOST_NAMED + len(taken)) if one not in taken)
        names = [*stored.names, *[name] * (len(found.speakers) - len(stored.names))]
        for number in numbers[1:]:
            names[number] = next(fresh)
        unnamed = not transcript.speakers  # a transcript with a single speaker has no speaker names at first
        of_speaker = replace(found, turns=tuple(turn for turn in found.turns if turn.speaker in numbers))
        segments = [
            piece
            for segment in transcript.segments
            for piece in (_cut(segment, of_speaker, names, name) if unnamed or segment.speaker == name else [segment])
        ]
        return replace(transcript, segments=tuple(segments)), replace(stored, names=names, found=found)

    return _change(generation_id, owner, based_on, changed, lambda _before: f"Split {name} into separate speakers")


def _cut(segment: Segment, found: Diarization, names: list[str], otherwise: str) -> list[Segment]:
    pieces = label([segment], found, names)
    return [piece if piece.speaker else piece.spoken_by(otherwise) for piece in pieces]


def _chunks(job: Job) -> list[dict[str, Any]]:
    recording = recordings.find_or_none(job.recording_id, job.owner)
    if recording is None:
        return []
    return results.analyses_of(recording.id, playback_copies.track_of(recording, job.options))


def move(generation_id: str, owner: str, name: str, up: bool, based_on: int) -> None:
    """Move a speaker up or down by one in the order of the speakers.

    Raises NotFound if the owner has no such transcript, Conflict if there is no speaker `name` or if `based_on` is
    outdated.
    """
    records.load(generation_id, owner)
    with database().begin() as connection:
        records.lock(connection, generation_id)
        if revisions.revision(connection, generation_id) != based_on:
            raise Conflict("This transcript was changed in another tab.")
        results.ensure_row(connection, generation_id)
        stored = _load(connection, generation_id)
        names = _order(corrections.current(connection, generation_id), stored)
        if name not in names:
            raise Conflict(f"There is no speaker called {name[:60]!r} any more.")
        at = names.index(name)
        to = min(max(at + (-1 if up else 1), 0), len(names) - 1)
        names.insert(to, names.pop(at))
        what = f"Moved {name} {'up' if up else 'down'}"
        _save(connection, generation_id, replace(stored, placed=names), undo=_undo(stored, None, what, based_on))


def undo(generation_id: str, owner: str, based_on: int) -> int:
    """Undo the last change of speakers; return the revision.

    Raises NotFound if the owner has no such transcript, Conflict if there is nothing to undo or `based_on` is outdated.
    """
    records.load(generation_id, owner)
    with database().begin() as connection:
        records.lock(connection, generation_id)
        before = connection.execute(sa.select(_d.undo).where(_d.id == generation_id)).scalar()
        if before is None or before["version"] != based_on:
            raise Conflict("There is nothing to undo any more.")
        if before["transcript"] is None:
            stored = _load(connection, generation_id)
            _save(connection, generation_id, replace(stored, placed=before["placed"]), undo=None)
            return based_on

    def changed(_transcript: Transcript, stored: _Stored) -> tuple[Transcript, _Stored]:
        found = stored.found if before["found"] is None else Diarization.from_dict(before["found"])
        earlier = replace(stored, names=before["names"], placed=before["placed"], found=found)
        return Transcript.from_dict(before["transcript"]), earlier

    return _change(generation_id, owner, based_on, changed, lambda _before: None)


def remember(generation_id: str, owner: str, name: str) -> None:
    """Store the voiceprint of the speaker `name` as a known voice of this name.

    Raises NotFound if the owner has no such transcript, BadOption if no diarization found the speaker, and the errors
    of `voices.remember`.
    """
    records.load(generation_id, owner)
    with database().connect() as connection:
        voiceprint = _load(connection, generation_id).voiceprint(name)
    if voiceprint is None:
        raise BadOption(f"Nothing is known of the voice of {name[:60]!r}.", guidance="Find speakers first.")
    voices.remember(owner, name, voiceprint)


def refuse(generation_id: str, owner: str, name: str, voice_id: str) -> None:
    """Record that the speaker `name` does not have the known voice `voice_id`, so that it is not suggested again.

    Raises NotFound if the owner has no such transcript.
    """
    records.load(generation_id, owner)
    with database().begin() as connection:
        records.lock(connection, generation_id)
        stored = _load(connection, generation_id)
        _save(connection, generation_id, replace(stored, refused={*stored.refused, (name, voice_id)}))


def _change(
    generation_id: str,
    owner: str,
    based_on: int,
    changed: Callable[[Transcript, _Stored], tuple[Transcript, _Stored]],
    what: Callable[[Transcript], str | None],
) -> int:
    """Save a change of the transcript and of the stored data on its speakers in one transaction; return the revision.

    `changed` returns the changed transcript and the changed data. `what` is called with the transcript before the
    change, and returns the description that the undo button shows, or None if the change cannot be undone.
    """

    def transcript_of(before: Transcript, connection: sa.Connection) -> Transcript:
        results.ensure_row(connection, generation_id)
        stored = _load(connection, generation_id)
        transcript, after = changed(before, stored)
        description = what(before)
        undone = _undo(stored, before, description, based_on + 1) if description else None
        _save(connection, generation_id, after, undo=undone)
        return transcript

    return corrections.change(generation_id, owner, based_on, transcript_of)


def _undo(stored: _Stored, before: Transcript | None, what: str, version: int) -> dict[str, Any]:
    """Return the data from which `undo` restores `stored` and `before`, provided that the revision is `version` then.

    `before` is the transcript before the change, or None if only the order of the speakers changes.
    """
    return {
        "what": what,
        "version": version,
        "transcript": before.to_dict() if before else None,
        "names": stored.names,
        "placed": stored.placed,
        "found": stored.found.to_dict() if stored.found else None,
    }


def _load(connection: sa.Connection, generation_id: str) -> _Stored:
    # Read only two values of the column `undo`: it contains a whole transcript, and every page load runs this query.
    undo = _d.undo["what"].as_string().label("what"), _d.undo["version"].as_integer().label("version")
    query = sa.select(_d.names, _d.result, _d.placed, _d.refused, *undo).where(_d.id == generation_id)
    row = connection.execute(query).first()
    if row is None:
        return _Stored([], None, [], set(), None)
    found = Diarization.from_dict(row.result) if row.result else None
    refused = {(name, voice) for name, voice in row.refused or ()}
    undoable = None if row.what is None else (row.what, row.version)
    return _Stored(row.names or [], found, row.placed or [], refused, undoable)


def _save(connection: sa.Connection, generation_id: str, stored: _Stored, **undo: dict[str, Any] | None) -> None:
    """Save the data on the speakers. The column `undo` is changed only if the argument `undo` is given.

    The transaction must have locked the job before it loaded the data: a search that ends in between saves new data.
    """
    values = {
        "names": stored.names,
        "placed": stored.placed,
        "refused": sorted(stored.refused),
        "result": stored.found.to_dict() if stored.found else None,
        **undo,
    }
    connection.execute(diarizations.update().where(_d.id == generation_id).values(**values))


def _order(transcript: Transcript, stored: _Stored) -> list[str]:
    """Return the speakers' names: first in the order that the user chose, then the others by first appearance.

    If the transcript names no speaker, because there is only one, the name is taken from `stored`.
    """
    names = transcript.speakers or list(dict.fromkeys(stored.names))
    return sorted(names, key=lambda name: stored.placed.index(name) if name in stored.placed else len(stored.placed))


def _spans(transcript: Transcript, names: list[str]) -> dict[str, list[tuple[float, float]]]:
    spans: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    alone = names[0] if len(names) == 1 and not transcript.speakers else None
    for segment in transcript.segments:
        name = segment.speaker or alone
        if name in spans:
            spans[name].append((segment.start, segment.end))
    return spans


def _sample(name: str, spans: list[tuple[float, float]], stored: _Stored) -> tuple[float, float] | None:
    """Return start and end, in seconds, of a sample of a speaker's voice; None if the speaker has no spans.

    If the diarization found the speaker, its sample is returned. Otherwise the sample is the first SAMPLE seconds of
    the longest of the `spans`.
    """
    if stored.found and (numbers := stored.numbers(name)):
        return stored.found.speakers[numbers[0]].sample
    start, end = max(spans, key=lambda span: span[1] - span[0], default=(0.0, 0.0))
    return (start, min(end, start + SAMPLE)) if end > start else None
