"""Cluster voiceprints by speaker, with the number of speakers estimated or given.

Average linkage on cosines. How alike two voiceprints of one person are depends on the recording, so the thresholds are
relative to the cosine between consecutive pieces of one speaker (`usual`).
"""

from __future__ import annotations

import numpy as np

ALIKE = 0.695  # threshold, relative to the usual cosine: clusters at least this alike on average are one speaker
LARGE, STRICTER = 12.0, 0.085  # seconds of speech of both clusters from which on the threshold is this much higher
# In recordings with LONG seconds of speech a voice varies more, by mood and distance: for clusters with a small share
# of the speech the threshold is lower by up to LENIENT. The likeness of two people is at most 0.55.
LONG, SMALL, ENOUGH, LENIENT = 240.0, 0.04, 0.08, 0.12
CERTAIN = 0.82  # threshold if the number is given: more alike clusters are never separate speakers
# Minimum speech of a speaker, the largest of: SHORTEST seconds, SHARE but at most LONGEST seconds, SMALL_SHARE.
SHORTEST, SHARE, LONGEST, SMALL_SHARE = 3.0, 0.03, 15.0, 0.005
SHORTEST_GIVEN = 1.0  # seconds; if the number of speakers is given and too few reach the minimum above
HALF = 0.15  # minimum share of a speaker's speech in each half
LEVELS = 400  # maximum number of merge levels tried for a given number of speakers
MOST = 1500  # maximum number of pieces compared pairwise; memory grows with its square
NEAR = 0.95  # threshold, relative to the usual cosine, for clustering the parts of a long recording separately
GONE = -9.0  # lower than any likeness
Merge = tuple[int, int, float]  # two labels, and their likeness relative to the usual


def cluster(
    prints: np.ndarray, weights: np.ndarray, usable: np.ndarray, usual: float, speakers: int | None = None
) -> np.ndarray:
    """Return a cluster number for each voiceprint (pieces, SIZE), with `weights` in seconds. Only `usable` ones count.

    Without `speakers` their number is estimated. With it there are as many, or fewer if no more can be distinguished.
    """
    telling, members, sums, sizes = _prepared(prints, weights, usable, usual, speakers or 1)
    merges = _merges(sums, sizes, usual)
    spoken = float(sizes.sum())
    least = max(SHORTEST, min(SHARE * spoken, LONGEST), SMALL_SHARE * spoken)
    if speakers is None:
        labels = _large(_labels(len(sums), merges, ALIKE), sums, sizes, least)
    else:
        certain = sum(alike >= CERTAIN for _, _, alike in merges)
        labels = _given(sums, sizes, merges, certain, speakers, least)
    return _of_all(prints, telling, members, sums, labels)


def halve(prints: np.ndarray, weights: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Return 0 or 1 for each voiceprint: two clusters, however alike, and neither of them tiny if possible."""
    telling, members, sums, sizes = _prepared(prints, weights, usable, 1.0, 2)
    merges = _merges(sums, sizes, 1.0)
    labels = _given(sums, sizes, merges, 0, 2, HALF * float(sizes.sum()))
    return _of_all(prints, telling, members, sums, labels)


def assign(prints: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the number of the nearest centroid for each voiceprint."""
    lengths = np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-9)
    return np.asarray((prints @ (centroids / lengths).T).argmax(1))


def _given(
    sums: np.ndarray, sizes: np.ndarray, merges: list[Merge], certain: int, speakers: int, least: float
) -> np.ndarray:
    """Return the coarsest clusters of which `speakers` have `least` seconds, else SHORTEST_GIVEN, else the most found.

    The first `certain` merges are always applied.
    """
    raw = [np.arange(len(sums))]
    for one, two, _ in merges:
        raw.append(np.where(raw[-1] == two, one, raw[-1]))
    levels = [np.unique(level, return_inverse=True)[1] for level in raw[certain:][: -LEVELS - 1 : -1]]
    best = levels[0]
    for least_seconds in (least, SHORTEST_GIVEN):
        for level in levels:
            spoken = np.sort(np.bincount(level, sizes))[::-1]
            large = int((spoken >= least_seconds).sum())
            if large > best.max() + 1:
                best = _large(level, sums, sizes, float(spoken[min(large, speakers) - 1]))
            if best.max() + 1 >= speakers:
                return best
    return best


def _prepared(
    prints: np.ndarray, weights: np.ndarray, usable: np.ndarray, usual: float, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices of the voiceprints that form clusters, and their members, sums and seconds (`_condensed`)."""
    telling = np.flatnonzero(usable)
    if len(telling) < max(2, number):
        telling = np.arange(len(prints))
    sums, sizes, members = _condensed(prints[telling], weights[telling], usual)
    return telling, members, sums, sizes


def _of_all(
    prints: np.ndarray, telling: np.ndarray, members: np.ndarray, sums: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Return the labels of all voiceprints from those of the sums."""
    found = assign(prints, np.array([sums[labels == label].sum(0) for label in range(labels.max() + 1)]))
    found[telling] = labels[members]
    return found


def _condensed(prints: np.ndarray, weights: np.ndarray, usual: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return weighted sums of voiceprints that belong together, their seconds, and each voiceprint's index among them.

    Up to MOST pieces stay single. More are first clustered within each part of the recording.
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

    spoken = float(sizes.sum())
    lenient = LENIENT if spoken >= LONG else 0.0

    def stricter(sizes: np.ndarray) -> np.ndarray:
        more = STRICTER * ((sizes - SHORTEST) / (LARGE - SHORTEST)).clip(0, 1)
        return np.asarray(more - lenient * ((ENOUGH - sizes / spoken) / (ENOUGH - SMALL)).clip(0, 1))

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
    """Return labels from 0 after all merges before the first one below `alike`."""
    labels = np.arange(count)
    for one, two, score in merges:
        if score < alike:
            break
        labels[labels == two] = one
    return np.unique(labels, return_inverse=True)[1]


def _large(labels: np.ndarray, sums: np.ndarray, sizes: np.ndarray, least: float) -> np.ndarray:
    """Move the members of clusters with less than `least` seconds to the nearest other one; keep the largest."""
    spoken = np.bincount(labels, sizes)
    kept = spoken >= least
    kept[spoken.argmax()] = True
    centroids = np.array([sums[labels == label].sum(0) for label in np.flatnonzero(kept)])
    moved = ~kept[labels]
    result = (np.cumsum(kept) - 1)[labels]
    if moved.any():
        result[moved] = assign(sums[moved], centroids)
    return np.asarray(result)
