"""The speakers of a recording and their turns, from the analyses of its chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stt.speakers import clustering, sequence
from stt.speakers.chunks import Chunk
from stt.speakers.segmentation import LOCAL, RATE, STEP, Piece, seconds

MOST = 12  # maximum number of speakers that can be requested
GAP = 0.3  # minimum length of a silence that ends a turn, seconds
BLIP = 0.1  # minimum length of a turn, seconds; shorter turns are treated as noise
ROUNDS = 3  # number of times that the sequence of speakers is improved with the speakers' mean voiceprints
# A voiceprint is used to distinguish speakers if it was computed from at least this many seconds of speech.
DISTINCTIVE = 0.8
SAMPLE = 3.0  # maximum length of a speaker's sample, seconds


@dataclass(frozen=True, slots=True)
class Turn:
    """A span, in seconds, in which a speaker speaks. `speaker` is a number from 0. Turns of speakers may overlap."""

    start: float
    end: float
    speaker: int


@dataclass(frozen=True, eq=False)
class Speaker:
    """A speaker: mean voiceprint (SIZE,), seconds of speech, and start and end of a `sample` of typical speech."""

    voiceprint: np.ndarray
    seconds: float
    sample: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Diarization:
    """The result of diarization.

    `turns` are in order of their start. `speakers` are in the order in which they first speak, but a speaker that
    `split` added is last. `labels` has the number of the speaker of each piece of speech. `requested` is the number of
    speakers that the user requested, or None if the number was estimated.
    """

    turns: tuple[Turn, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    labels: tuple[int, ...] = ()
    requested: int | None = None

    @property
    def is_fewer(self) -> bool:
        """Return whether fewer speakers were found than requested."""
        return self.requested is not None and len(self.speakers) < self.requested

    def to_dict(self) -> dict[str, Any]:
        return {
            "turns": [[round(float(turn.start), 3), round(float(turn.end), 3), turn.speaker] for turn in self.turns],
            "speakers": [
                {
                    "voiceprint": [round(float(one), 5) for one in speaker.voiceprint],
                    "seconds": round(float(speaker.seconds), 3),
                    "sample": [round(float(at), 3) for at in speaker.sample],
                }
                for speaker in self.speakers
            ],
            "labels": list(self.labels),
            "asked": self.requested,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Diarization:
        return cls(
            tuple(Turn(float(start), float(end), int(speaker)) for start, end, speaker in data["turns"]),
            tuple(
                Speaker(
                    np.array(one["voiceprint"], np.float32), float(one["seconds"]), (one["sample"][0], one["sample"][1])
                )
                for one in data["speakers"]
            ),
            tuple(int(label) for label in data["labels"]),
            data["asked"],
        )


def diarize(analyses: Sequence[dict[str, Any]], speakers: int | None = None) -> Diarization:
    """Find who speaks when. `analyses` are the results of `analyse` for the chunks of a recording, in order of time.

    `speakers` is the number of speakers, or None to estimate it. The result has fewer speakers if no more can be
    distinguished. Raises ValueError if `speakers` is not from 1 to MOST.
    """
    if speakers is not None and not 1 <= speakers <= MOST:
        raise ValueError(f"speakers must be 1 to {MOST}")
    chunks = [Chunk.from_dict(analysis) for analysis in analyses]
    pieces = [piece for chunk in chunks for piece in chunk.pieces]
    if not pieces:
        return Diarization(requested=speakers)
    prints = np.concatenate([chunk.prints for chunk in chunks])
    lengths = np.array([piece.seconds for piece in pieces])
    usable, usual = _distinctive(pieces), sequence.usual_likeness(chunks)
    labels = clustering.cluster(prints, lengths, usable, usual, speakers)
    for _ in range(ROUNDS):
        labels = sequence.follow(chunks, prints, lengths, _centroids(prints, lengths, labels))
        labels = np.unique(labels, return_inverse=True)[1]
    order = list(dict.fromkeys(labels.tolist()))
    found = of_labels(chunks, np.array([order.index(label) for label in labels.tolist()]))
    return replace(found, requested=speakers)


def split(analyses: Sequence[dict[str, Any]], diarization: Diarization, speaker: int) -> Diarization:
    """Split the speaker with the number `speaker` into two, and leave the other speakers unchanged.

    Of the two speakers, the one with less speech gets the next free number. `analyses` are those from which
    `diarization` was made. Returns `diarization` itself if the speaker has fewer than two pieces of speech.
    """
    labels = np.array(diarization.labels)
    own = np.flatnonzero(labels == speaker)
    if len(own) < 2:
        return diarization
    chunks = [Chunk.from_dict(analysis) for analysis in analyses]
    pieces = [piece for chunk in chunks for piece in chunk.pieces]
    prints = np.concatenate([chunk.prints for chunk in chunks])[own]
    lengths = np.array([piece.seconds for piece in pieces])[own]
    halves = clustering.halve(prints, lengths, _distinctive(pieces)[own])
    less = int(np.bincount(halves, lengths, 2).argmin())
    labels[own[halves == less]] = len(diarization.speakers)
    return of_labels(chunks, labels)


def of_labels(chunks: Sequence[Chunk], labels: np.ndarray) -> Diarization:
    """Make turns and speakers from `labels`, the number of the speaker of each piece."""
    pieces = [piece for chunk in chunks for piece in chunk.pieces]
    prints = np.concatenate([chunk.prints for chunk in chunks])
    lengths = np.array([piece.seconds for piece in pieces])
    centroids = _centroids(prints, lengths, labels)
    turns, at = list[Turn](), 0
    for chunk in chunks:
        turns += _turns(chunk, labels[at : at + len(chunk.pieces)], len(centroids))
        at += len(chunk.pieces)
    turns = _joined(turns)
    places = [(chunk, piece) for chunk in chunks for piece in chunk.pieces]
    starts = np.array([chunk.start + seconds(piece.start) for chunk, piece in places])
    ends = np.array([chunk.start + seconds(piece.end) for chunk, piece in places])
    found = []
    for number, centroid in enumerate(centroids):
        own = [turn for turn in turns if turn.speaker == number]
        typical = np.flatnonzero(labels == number)
        best = typical[(prints[typical] @ centroid * np.minimum(lengths[typical], SAMPLE)).argmax()]
        found.append(
            Speaker(centroid, sum(turn.end - turn.start for turn in own), _sample((starts[best] + ends[best]) / 2, own))
        )
    return Diarization(tuple(turns), tuple(found), tuple(labels.tolist()))


def _distinctive(pieces: Sequence[Piece]) -> np.ndarray:
    """Return for each piece whether its voiceprint has enough speech to distinguish speakers."""
    return np.array([(piece.near[1] - piece.near[0]) * STEP / RATE >= DISTINCTIVE for piece in pieces])


def _sample(middle: float, turns: Sequence[Turn]) -> tuple[float, float]:
    """Return the start and end of a sample of up to SAMPLE seconds around `middle`, in the turn nearest to `middle`."""
    turn = min(turns, key=lambda turn: max(turn.start - middle, middle - turn.end), default=Turn(middle, middle, 0))
    start = max(turn.start, min(middle - SAMPLE / 2, turn.end - SAMPLE))
    return float(start), float(min(turn.end, start + SAMPLE))


def _centroids(prints: np.ndarray, lengths: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean voiceprint of each label, weighted by the seconds of the pieces, as a vector of length 1."""
    sums = np.zeros((labels.max() + 1, prints.shape[1]))
    np.add.at(sums, labels, prints * lengths[:, np.newaxis])
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), np.float32)


def _turns(chunk: Chunk, labels: np.ndarray, speakers: int) -> list[Turn]:
    """Return the turns of a chunk. Each frame in which a track speaks gets the speaker of the track's nearest piece.

    A frame in which several tracks speak belongs to no piece, and gets the speakers of all these tracks.
    """
    active, tracks = chunk.activity.speaking
    speaks = np.zeros((chunk.activity.frames, speakers), bool)
    for track in np.unique([piece.track for piece in chunk.pieces]):
        own = [(piece, label) for piece, label in zip(chunk.pieces, labels, strict=True) if piece.track == track]
        middles = np.array([(piece.start + piece.end) / 2 for piece, _ in own])
        for local in range(LOCAL):
            frames = np.flatnonzero(active[:, local] & (tracks[:, local] == track))
            after = np.searchsorted(middles, frames).clip(0, len(own) - 1)
            before = (after - 1).clip(0)
            spans = np.array([(piece.start, piece.end) for piece, _ in own])
            near = np.where(frames - spans[before, 1] < spans[after, 0] - frames, before, after)
            speaks[frames, np.array([label for _, label in own])[near]] = True
    turns = []
    for speaker in range(speakers):
        edges = np.flatnonzero(np.diff(np.pad(speaks[:, speaker].astype(int), 1)))
        for first, last in edges.reshape(-1, 2).tolist():
            end = min(seconds(last), chunk.duration)
            turns.append(Turn(chunk.start + min(seconds(first), end), chunk.start + end, speaker))
    return turns


def _joined(turns: Sequence[Turn]) -> list[Turn]:
    """Join turns of one speaker with gaps shorter than GAP, and remove turns shorter than BLIP."""
    joined: dict[int, list[Turn]] = {}
    for turn in sorted(turns, key=lambda turn: turn.start):
        own = joined.setdefault(turn.speaker, [])
        if own and turn.start - own[-1].end < GAP:
            own[-1] = replace(own[-1], end=max(own[-1].end, turn.end))
        else:
            own.append(turn)
    kept = [turn for own in joined.values() for turn in own if turn.end - turn.start >= BLIP]
    return sorted(kept, key=lambda turn: (turn.start, turn.speaker))
