"""Find the most probable sequence of speakers for consecutive pieces of speech. Each change of speaker has a cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from stt.speakers.chunks import Chunk

EVIDENCE = 40.0  # weight of the cosine between a voiceprint and a speaker's centroid, per second of the piece
MOST_SECONDS = 1.5  # length of a piece, in seconds, from which EVIDENCE no longer grows with the length
CHANGE = 4.0  # cost of a change of speaker between two pieces of a track without a pause between them
AT_PAUSE = 2.0  # cost of a change of speaker between two pieces of a track with a pause between them
AT_TRACK = 1.0  # cost of a change of speaker between pieces of two tracks
USUAL, ENOUGH = 0.55, 8  # `usual_likeness` returns USUAL if there are fewer than ENOUGH pairs of voiceprints to measure
# Limits of `usual_likeness` in frames: the minimum length of speech from which a voiceprint was computed (0.8 s), and
# the maximum gap between the two pieces of a pair (2 s).
LEAST, SOON = 47, 120
SAME = 2.0  # cost of assigning one speaker to two tracks at the same time


def follow(chunks: Sequence[Chunk], prints: np.ndarray, lengths: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the most probable sequence of speakers: for each piece, an index in `centroids` (Viterbi algorithm).

    `prints` are the voiceprints of the pieces, and `lengths` their lengths in seconds.
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

    Consecutive pieces of a track are treated as speech of one speaker. Returns USUAL if there are too few such pairs.
    """
    found = []
    for chunk in chunks:
        last: dict[int, int] = {}  # track -> index of the last piece of this track that is long enough
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
    """Return two arrays with a cost for each piece.

    The cost in the first array applies if the piece and the previous piece have different speakers. The cost in the
    second array applies if both have the same speaker.
    """
    change, same = [], []
    for chunk in chunks:
        change.append(AT_TRACK)
        same.append(0.0)
        for before, piece in pairwise(chunk.pieces):
            other = piece.track != before.track
            change.append(AT_TRACK if other else CHANGE if piece.start <= before.end else AT_PAUSE)
            same.append(SAME if other and piece.start < before.end else 0.0)
    return np.array(change), np.array(same)
