"""Cluster voiceprints by speaker, with the number of speakers estimated or given."""

from __future__ import annotations

import numpy as np

ALIKE = 0.42  # cosine; two clusters are one speaker where their voiceprints are as alike, on average
SHORTEST = 3.0  # seconds of speech, or this share of all, that a speaker has at least; clusters with less join others
SMALLEST_SHARE = 0.02
MOST = 1500  # pieces that are compared with each other at once: memory grows with its square
NEAR = 0.55  # cosine; parts of a long recording are clustered up to here before they are compared with each other


def cluster(prints: np.ndarray, weights: np.ndarray, usable: np.ndarray, speakers: int | None = None) -> np.ndarray:
    """Return a cluster number for each voiceprint (pieces, SIZE) of so many seconds. Only `usable` ones make clusters.

    Without `speakers` their number is estimated. With it, there are as many, or fewer where there are fewer pieces.
    """
    if not len(prints):
        return np.zeros(0, int)
    telling = np.flatnonzero(usable)
    if len(telling) < max(2, speakers or 0):
        telling = np.arange(len(prints))
    sums, sizes, members = _micro_clusters(prints[telling], weights[telling])
    labels = _merged(sums, sizes, ALIKE, speakers)
    if not speakers:
        labels = _without_small(labels, sums, sizes)
    centroids = np.array([sums[labels == label].sum(0) for label in np.unique(labels)])
    found = assign(prints, centroids)
    found[telling] = labels[members]
    return found


def assign(prints: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the number of the nearest centroid for each voiceprint."""
    lengths = np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-9)
    return np.asarray((prints @ (centroids / lengths).T).argmax(1))


def _micro_clusters(prints: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted sums of voiceprints that belong together, their seconds, and the place of each voiceprint among them.

    Few pieces stay single; of many, those of each part of the recording are clustered first.
    """
    members = np.arange(len(prints))
    sums, sizes = prints * weights[:, np.newaxis], weights.copy()
    while len(sums) > MOST:
        parts = np.array_split(np.arange(len(sums)), -(-len(sums) // (MOST // 2)))
        labels, count = np.zeros(len(sums), int), 0
        for part in parts:
            labels[part] = _merged(sums[part], sizes[part], NEAR, None) + count
            count = labels[part].max() + 1
        if count > 0.8 * len(sums):  # nothing alike: force it
            labels = np.arange(len(sums)) // 2
            count = labels.max() + 1
        sums = np.array([sums[labels == label].sum(0) for label in range(count)])
        sizes = np.bincount(labels, sizes)
        members = labels[members]
    return sums, sizes, members


def _merged(sums: np.ndarray, sizes: np.ndarray, alike: float, number: int | None) -> np.ndarray:
    """Merge the two most alike until none are `alike`, or `number` are left; return labels from 0.

    Average linkage: the mean cosine of all pairs is the product of the weighted sums over that of the weights.
    """
    sums, sizes = sums.astype(np.float64), sizes.astype(np.float64)
    labels = np.arange(len(sums))
    likeness = sums @ sums.T / np.outer(sizes, sizes)
    np.fill_diagonal(likeness, -2.0)
    best = likeness.argmax(1)
    left = len(sums)
    while left > (number or 1):
        scores = likeness[np.arange(len(best)), best]
        one = int(scores.argmax())
        two = int(best[one])
        if number is None and scores[one] < alike:
            break
        sums[one] += sums[two]
        sizes[one] += sizes[two]
        labels[labels == labels[two]] = labels[one]
        likeness[two, :] = likeness[:, two] = -2.0
        alive = likeness[one] > -2.0
        row = np.where(alive, sums @ sums[one] / (sizes * sizes[one]), -2.0)
        likeness[one], likeness[:, one] = row, row
        stale = np.flatnonzero((best == one) | (best == two))
        best[stale] = likeness[stale].argmax(1)
        best[one] = row.argmax()
        better = row > likeness[np.arange(len(best)), best]
        best[better] = one
        left -= 1
    return np.unique(labels, return_inverse=True)[1]


def _without_small(labels: np.ndarray, sums: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Give what is in clusters of little speech to the nearest of the others; keep the largest one in any case."""
    spoken = np.bincount(labels, sizes)
    kept = spoken >= max(SHORTEST, SMALLEST_SHARE * spoken.sum())
    kept[spoken.argmax()] = True
    centroids = np.array([sums[labels == label].sum(0) for label in np.flatnonzero(kept)])
    moved = ~kept[labels]
    numbers = np.cumsum(kept) - 1
    result = numbers[labels]
    if moved.any():
        result[moved] = assign(sums[moved], centroids)
    return np.asarray(result)
