"""Find the most probable sequence of speakers for consecutive pieces of speech. Each change of speaker has a cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from stt.speakers.chunks import Chunk

EVIDENCE = 40.0  # weight of the cosine between a voiceprint and a speaker's centroid, per second of the piece
MOST_SECONDS = 1.5  # length of a piece from which its weight no longer grows, seconds
CHANGE = 4.0  # cost of a change of speaker within a track without a pause
AT_PAUSE = 2.0  # cost of a change of speaker within a track after a pause
AT_TRACK = 1.0  # cost of a change of speaker between pieces of two tracks
USUAL, ENOUGH = 0.55, 8  # `usual_likeness` returns USUAL if there are fewer than ENOUGH pairs of voiceprints to measure
# Limits of `usual_likeness` in frames: the minimum length of the speech of a voiceprint (0.8 s), and the maximum gap
# between the two pieces of a pair (2 s).
LEAST, SOON = 47, 120
SAME = 2.0  # cost of assigning one speaker to two tracks at the same time


def follow(chunks: Sequence[Chunk], prints: np.ndarray, lengths: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the index of the speaker's centroid for each piece: the most probable sequence (Viterbi algorithm).

    `prints` and `lengths` are the voiceprints and the seconds of the pieces.
    """
    evidence = EVIDENCE * np.minimum(lengths, MOST_SECONDS)[:, np.newaxis] * (prints @ centroids.T)
    change, same = _costs(chunks)
    scores = evidence[0]
    came_from = np.zeros(evidence.shape, int)
    kept = np.arange(len(centroids))
    for number in range(1, len(evidence)):
        stays = scores - same[number]
        best = int(scores.argmax())
        moves = scores[best] - change[number]
        came_from[number] = np.where(stays >= moves, kept, best)
        scores = np.maximum(stays, moves) + evidence[number]
    labels = np.zeros(len(evidence), int)
    labels[-1] = scores.argmax()
    for number in range(len(evidence) - 1, 0, -1):
        labels[number - 1] = came_from[number, labels[number]]
    return labels


def usual_likeness(chunks: Sequence[Chunk]) -> float:
    """Return the median cosine between the voiceprints of consecutive pieces of one track.

    Consecutive pieces of a track are treated as speech of one speaker.
    """
    found = []
    for chunk in chunks:
        last: dict[int, int] = {}  # track -> number of its last piece that is long enough
        for number, piece in enumerate(chunk.pieces):
            if piece.near[1] - piece.near[0] < LEAST:
                continue
            before = last.get(piece.track)
            if before is None or piece.near[0] >= chunk.pieces[before].near[1]:
                if before is not None and piece.start - chunk.pieces[before].end < SOON:
                    found.append(float(chunk.prints[before] @ chunk.prints[number]))
                last[piece.track] = number
    return float(np.median(found)) if len(found) >= ENOUGH else USUAL


def _costs(chunks: Sequence[Chunk]) -> tuple[np.ndarray, np.ndarray]:
    """Return two costs for each piece: one if its speaker differs from the previous piece's speaker, and one if not."""
    change, same = [], []
    for chunk in chunks:
        change.append(AT_TRACK)
        same.append(0.0)
        for before, piece in pairwise(chunk.pieces):
            other = piece.track != before.track
            change.append(AT_TRACK if other else CHANGE if piece.start <= before.end else AT_PAUSE)
            same.append(SAME if other and piece.start < before.end else 0.0)
    return np.array(change), np.array(same)
