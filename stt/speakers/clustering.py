"""Cluster voiceprints by speaker, with the number of speakers estimated or given.

Average linkage on cosines. How alike two voiceprints of one person are depends on the recording, so the bounds are
shares of what they are where one person goes on speaking (`usual`).
"""

from __future__ import annotations

import numpy as np

ALIKE = 0.695  # share of the usual cosine; clusters that are as alike on average are one speaker
LARGE, STRICTER = 12.0, 0.085  # seconds of speech of both from which on it takes so much more
CERTAIN = 0.82  # the same where the number is given: no more speakers than differ so much
SHORTEST, SHARE, LONGEST = 3.0, 0.03, 15.0  # seconds that a speaker speaks at least: so many, or a share up to so many
SHORTEST_GIVEN = 1.0  # the same where the number is given
MOST = 1500  # pieces that are compared with each other at once: memory grows with its square
NEAR = 0.95  # share of the usual cosine up to which parts of a long recording are clustered on their own
GONE = -9.0  # less alike than any
Merge = tuple[int, int, float]  # two labels, and how alike they are, as a share of the usual


def cluster(
    prints: np.ndarray, weights: np.ndarray, usable: np.ndarray, usual: float, speakers: int | None = None
) -> np.ndarray:
    """Return a cluster number for each voiceprint (pieces, SIZE) of so many seconds. Only `usable` ones make clusters.

    Without `speakers` their number is estimated. With it there are as many, or fewer where no more can be told apart.
    """
    telling = np.flatnonzero(usable)
    if len(telling) < max(2, speakers or 0):
        telling = np.arange(len(prints))
    sums, sizes, members = _condensed(prints[telling], weights[telling], usual)
    merges = _merges(sums, sizes, usual)
    if speakers is None:
        least = max(SHORTEST, min(SHARE * sizes.sum(), LONGEST))
        labels = _large(_labels(len(sums), merges, ALIKE), sums, sizes, least)
    else:
        labels = _given(sums, sizes, merges, speakers)
    centroids = np.array([sums[labels == label].sum(0) for label in range(labels.max() + 1)])
    found = assign(prints, centroids)
    found[telling] = labels[members]
    return found


def assign(prints: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the number of the nearest centroid for each voiceprint."""
    lengths = np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-9)
    return np.asarray((prints @ (centroids / lengths).T).argmax(1))


def _given(sums: np.ndarray, sizes: np.ndarray, merges: list[Merge], speakers: int) -> np.ndarray:
    """The coarsest clusters of which so many are large enough; else those of which most are."""
    certain = sum(alike >= CERTAIN for _, _, alike in merges)
    best = np.zeros(len(sums), int)
    for count in range(len(merges), certain - 1, -1):
        labels = _labels(len(sums), merges[:count])
        spoken = np.sort(np.bincount(labels, sizes))[::-1]
        large = int((spoken >= SHORTEST_GIVEN).sum())
        if large > best.max() + 1 or count == len(merges):
            best = _large(labels, sums, sizes, float(spoken[min(max(large, 1), speakers) - 1]))
        if best.max() + 1 >= speakers:
            break
    return best


def _condensed(prints: np.ndarray, weights: np.ndarray, usual: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted sums of voiceprints that belong together, their seconds, and the place of each voiceprint among them.

    Few pieces stay single; of many, those of each part of the recording are clustered first.
    """
    members = np.arange(len(prints))
    sums, sizes = prints * weights[:, np.newaxis], weights.copy()
    near = NEAR
    while len(sums) > MOST:
        labels, count = np.zeros(len(sums), int), 0
        for part in np.array_split(np.arange(len(sums)), -(-len(sums) // (MOST // 2))):
            labels[part] = _labels(len(part), _merges(sums[part], sizes[part], usual), near) + count
            count = int(labels[part].max()) + 1
        sums = np.array([sums[labels == label].sum(0) for label in range(count)])
        sizes = np.bincount(labels, sizes)
        members = labels[members]
        near *= 0.9  # until few are left
    return sums, sizes, members


def _merges(sums: np.ndarray, sizes: np.ndarray, usual: float) -> list[Merge]:
    """Merge the two most alike until one is left; the second label of each merge is gone.

    The mean cosine of all pairs of two clusters is the product of the weighted sums over that of the weights.
    """
    sums, sizes = sums.astype(np.float32), sizes.astype(np.float32)

    def stricter(sizes: np.ndarray) -> np.ndarray:
        return np.asarray(STRICTER * ((sizes - SHORTEST) / (LARGE - SHORTEST)).clip(0, 1))

    likeness = sums @ sums.T / np.outer(sizes, sizes) / usual - stricter(np.minimum.outer(sizes, sizes))
    np.fill_diagonal(likeness, GONE)
    best = likeness.argmax(1)
    rows = np.arange(len(sums))
    found: list[Merge] = []
    for _ in range(len(sums) - 1):
        scores = likeness[rows, best]
        one = int(scores.argmax())
        two = int(best[one])
        found.append((one, two, float(scores[one])))
        sums[one] += sums[two]
        sizes[one] += sizes[two]
        likeness[two, :] = likeness[:, two] = GONE
        row = sums @ sums[one] / (sizes * sizes[one]) / usual - stricter(np.minimum(sizes, sizes[one]))
        row = np.where(likeness[one] > GONE, row, GONE)
        likeness[one], likeness[:, one] = row, row
        stale = np.flatnonzero((best == one) | (best == two))
        best[stale] = likeness[stale].argmax(1)
        best[one] = row.argmax()
        best[row > likeness[rows, best]] = one
    return found


def _labels(count: int, merges: list[Merge], alike: float = -np.inf) -> np.ndarray:
    """Labels from 0 after the merges before the first that is less `alike`."""
    labels = np.arange(count)
    for one, two, score in merges:
        if score < alike:
            break
        labels[labels == two] = one
    return np.unique(labels, return_inverse=True)[1]


def _large(labels: np.ndarray, sums: np.ndarray, sizes: np.ndarray, least: float) -> np.ndarray:
    """Give what is in clusters of less than `least` seconds to the nearest of the others; keep the largest."""
    spoken = np.bincount(labels, sizes)
    kept = spoken >= least
    kept[spoken.argmax()] = True
    centroids = np.array([sums[labels == label].sum(0) for label in np.flatnonzero(kept)])
    moved = ~kept[labels]
    result = (np.cumsum(kept) - 1)[labels]
    if moved.any():
        result[moved] = assign(sums[moved], centroids)
    return np.asarray(result)
