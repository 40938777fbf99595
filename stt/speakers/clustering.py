"""Cluster voiceprints by speaker. The number of speakers is given or estimated.

The method is average linkage on cosines. How alike two voiceprints of one person are depends on the recording. So the
thresholds are for relative cosines: cosines divided by `usual`, the median cosine that `sequence.usual_likeness` finds
for one speaker.
"""

from __future__ import annotations

import numpy as np

ALIKE = 0.695  # threshold: clusters with at least this mean relative cosine are treated as one speaker
# The threshold is higher by STRICTER for two clusters that both have at least LARGE seconds of speech. If the smaller
# cluster has SHORTEST to LARGE seconds, the increase grows with its seconds from 0 to STRICTER.
LARGE, STRICTER = 12.0, 0.085
# In recordings with at least LONG seconds of speech, one voice varies more, because mood and distance from the
# microphone change. So the threshold is lower by LENIENT if the smaller of the two clusters has at most the share SMALL
# of all speech. Between the shares SMALL and ENOUGH, the threshold is lower by less, down to 0. The voiceprints of two
# people have a relative cosine of at most 0.55, which is below the lowered threshold.
LONG, SMALL, ENOUGH, LENIENT = 240.0, 0.04, 0.08, 0.12
CERTAIN = 0.82  # clusters with at least this relative cosine are merged, even if more speakers were requested
# The minimum speech of a speaker is the largest of three values: SHORTEST seconds, the share SMALL_SHARE of all speech,
# and the share SHARE of all speech (but at most LONGEST seconds).
SHORTEST, SHARE, LONGEST, SMALL_SHARE = 3.0, 0.03, 15.0, 0.005
# Minimum seconds of speech of a speaker, if the number of speakers is given and too few reach the minimum above.
SHORTEST_GIVEN = 1.0
HALF = 0.15  # minimum share of a speaker's speech in each of the two clusters into which the speaker is split
LEVELS = 400  # maximum number of stages of merging that are tried for a given number of speakers
MOST = 1500  # maximum number of voiceprints compared pairwise; memory use grows with the square of this number
# Minimum relative cosine of voiceprints that are merged before the clustering if there are more than MOST of them.
NEAR = 0.95
GONE = -9.0  # likeness of a cluster that was merged into another one; lower than any cosine
# The labels of two merged clusters, and their likeness: their relative cosine minus the amount by which the threshold
# for these clusters is higher than ALIKE.
Merge = tuple[int, int, float]


def cluster(
    prints: np.ndarray, weights: np.ndarray, usable: np.ndarray, usual: float, speakers: int | None = None
) -> np.ndarray:
    """Return a cluster number for each voiceprint in `prints` (pieces, SIZE).

    `weights` are the seconds of speech of each piece. Clusters are formed from the voiceprints marked in `usable`.
    Every remaining voiceprint is then assigned to the nearest cluster. `usual` is the result of
    `sequence.usual_likeness`. If `speakers` is None, the number of clusters is estimated. Otherwise there are
    `speakers` clusters, or fewer if no more can be distinguished.
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
    """Divide the voiceprints into two clusters, 0 and 1, even if they are very alike.

    If possible, each cluster has at least the share HALF of the speech.
    """
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
    """Return the labels of the clusters for a given number of speakers.

    Each merge leads to a new stage, a set of clusters. The result is made from the last stage at which at least
    `speakers` clusters have `least` seconds of speech. If no stage has so many such clusters, the minimum is reduced to
    SHORTEST_GIVEN seconds. If still no stage has so many, the stage with the most clusters above the minimum is used.
    Only stages after the first `certain` merges are considered.
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
    """Select the voiceprints that form clusters, and reduce their number with `_condensed`.

    The voiceprints marked in `usable` are selected, or all voiceprints if fewer than `number` (at least 2) are marked.
    Returns the indices of the selected voiceprints, and `members`, `sums` and `sizes` as in `_condensed`.
    """
    telling = np.flatnonzero(usable)
    if len(telling) < max(2, number):
        telling = np.arange(len(prints))
    sums, sizes, members = _condensed(prints[telling], weights[telling], usual)
    return telling, members, sums, sizes


def _of_all(
    prints: np.ndarray, telling: np.ndarray, members: np.ndarray, sums: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Return the label of every voiceprint.

    `telling`, `members` and `sums` are the results of `_prepared`. `labels` has the label of each group in `sums`.
    """
    found = assign(prints, np.array([sums[labels == label].sum(0) for label in range(labels.max() + 1)]))
    found[telling] = labels[members]
    return found


def _condensed(prints: np.ndarray, weights: np.ndarray, usual: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merge very similar voiceprints into groups, separately in each part of the recording, until MOST groups are left.

    Returns `sums` (the weighted sum of the voiceprints of each group), `sizes` (the seconds of speech of each group),
    and `members` (the index of the group of each voiceprint). If there are at most MOST voiceprints, none are merged.
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
        near *= 0.9  # lower the threshold until at most MOST groups are left
    return sums, sizes, members


def _merges(sums: np.ndarray, sizes: np.ndarray, usual: float) -> list[Merge]:
    """Return the merges of average linkage: the two most alike clusters are merged, until one cluster is left.

    In each merge, the first cluster keeps its label and gets the members of the second. The mean cosine of all pairs of
    voiceprints of two clusters is the dot product of the weighted sums, divided by the product of the weights.
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
    """Return the clusters' labels, from 0, after all merges before the first merge with a likeness below `alike`."""
    labels = np.arange(count)
    for one, two, score in merges:
        if score < alike:
            break
        labels[labels == two] = one
    return np.unique(labels, return_inverse=True)[1]


def _large(labels: np.ndarray, sums: np.ndarray, sizes: np.ndarray, least: float) -> np.ndarray:
    """Move the members of clusters with less than `least` seconds of speech to the nearest remaining cluster.

    The largest cluster always remains.
    """
    spoken = np.bincount(labels, sizes)
    kept = spoken >= least
    kept[spoken.argmax()] = True
    centroids = np.array([sums[labels == label].sum(0) for label in np.flatnonzero(kept)])
    moved = ~kept[labels]
    result = (np.cumsum(kept) - 1)[labels]
    if moved.any():
        result[moved] = assign(sums[moved], centroids)
    return np.asarray(result)
