"""The likeliest speakers of pieces in a row: who speaks goes on rather than changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from stt.speakers.chunks import Chunk

EVIDENCE = 40.0  # weight of a cosine, for each second of a piece
MOST_SECONDS = 1.5  # a longer piece counts as so much
CHANGE = 4.0  # against a change of speaker, in a track that goes on without a pause
AT_PAUSE = 2.0  # the same after a pause
AT_TRACK = 1.0  # the same where another track begins
USUAL, ENOUGH = 0.55, 8  # the likeness where fewer pairs of voiceprints than this tell it
LEAST, SOON = 47, 120  # frames that such a voiceprint is of at least, and between two of them at most: 0.8 and 2 s
SAME = 2.0  # against one speaker in two tracks of the same time


def follow(chunks: Sequence[Chunk], prints: np.ndarray, lengths: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the number of a centroid for each piece, so that all together are likeliest (Viterbi)."""
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
    """Return the median cosine of voiceprints of one who goes on speaking: of pieces in a row in a track."""
    found = []
    for chunk in chunks:
        last: dict[int, int] = {}  # track -> the last piece that counts
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
    """Return what it costs that a piece has another speaker than the one before, and the same one."""
    change, same = [], []
    for chunk in chunks:
        change.append(AT_TRACK)
        same.append(0.0)
        for before, piece in pairwise(chunk.pieces):
            other = piece.track != before.track
            change.append(AT_TRACK if other else CHANGE if piece.start <= before.end else AT_PAUSE)
            same.append(SAME if other and piece.start < before.end else 0.0)
    return np.array(change), np.array(same)
