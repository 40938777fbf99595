"""Find the likeliest sequence of speakers for consecutive pieces, with a cost for each change of speaker."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from stt.speakers.chunks import Chunk

EVIDENCE = 40.0  # weight of a cosine per second of a piece
MOST_SECONDS = 1.5  # maximum seconds of a piece that count
CHANGE = 4.0  # cost of a change of speaker within a track without a pause
AT_PAUSE = 2.0  # cost of a change after a pause
AT_TRACK = 1.0  # cost of a change where another track begins
USUAL, ENOUGH = 0.55, 8  # the usual likeness if there are fewer than ENOUGH pairs of voiceprints to measure it
LEAST, SOON = 47, 120  # frames: minimum length of such a voiceprint, maximum gap in a pair (0.8 s, 2 s)
SAME = 2.0  # cost of one speaker in two tracks at the same time


def follow(chunks: Sequence[Chunk], prints: np.ndarray, lengths: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the index of a centroid for each piece: the likeliest sequence (Viterbi)."""
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
    """Return the median cosine of voiceprints of consecutive pieces in a track, which are of one speaker."""
    found = []
    for chunk in chunks:
        last: dict[int, int] = {}  # track -> last usable piece
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
    """Return the cost for each piece of having another speaker than the piece before, and of having the same one."""
    change, same = [], []
    for chunk in chunks:
        change.append(AT_TRACK)
        same.append(0.0)
        for before, piece in pairwise(chunk.pieces):
            other = piece.track != before.track
            change.append(AT_TRACK if other else CHANGE if piece.start <= before.end else AT_PAUSE)
            same.append(SAME if other and piece.start < before.end else 0.0)
    return np.array(change), np.array(same)
