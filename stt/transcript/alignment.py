"""Align two lists of words with the fewest changes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rapidfuzz.distance import Levenshtein

Kind = Literal["same", "changed", "missing", "added"]
SAME: Final = "same"
CHANGED: Final = "changed"
MISSING: Final = "missing"
ADDED: Final = "added"
WHOLE = 20_000  # maximum words to align at once; longer texts are cut, because the time is quadratic in the length
PIECE = 5_000  # minimum length of a piece that ends at an anchor, words
# Length of an anchor, words. An anchor is a sequence of words that occurs exactly once in each text. Texts are cut
# into pieces at anchors.
ANCHOR = 6
_KINDS: dict[str, Kind] = {"equal": SAME, "replace": CHANGED, "delete": MISSING, "insert": ADDED}


@dataclass(frozen=True, slots=True)
class Run:
    """Words `first` to `last` of the reference, aligned with words `start` to `end` of the other text.

    `last` and `end` are exclusive.
    """

    kind: Kind
    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """The alignment of a text with a reference. `runs` cover both texts in order.

    `words` is the number of words in the reference; `changed`, `missing` and `added` count words. `rough` means that a
    long text was cut into pieces without anchors, so the alignment may have more changes than necessary.
    """

    runs: tuple[Run, ...]
    words: int
    changed: int
    missing: int
    added: int
    rough: bool = False

    @property
    def errors(self) -> int:
        return self.changed + self.missing + self.added

    @property
    def word_error_rate(self) -> float | None:
        """Return the errors per word of the reference (may exceed 1), or None if the reference has no words."""
        return self.errors / self.words if self.words else None


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> Alignment:
    """Align two texts with the fewest changes. A text is a list of words, which are the same only if equal as strings.

    Texts of more than WHOLE words are cut into pieces at anchors, or into equal pieces where there are no anchors. The
    pieces are aligned separately.
    """
    found: list[Run] = []
    rough = False
    for first, last, start, end, blind in _pieces(reference, hypothesis):
        found += runs(reference[first:last], hypothesis[start:end], first, start)
        rough |= blind
    count = dict.fromkeys((SAME, CHANGED, MISSING, ADDED), 0)
    for run in found:
        count[run.kind] += max(run.last - run.first, run.end - run.start)
    return Alignment(tuple(found), len(reference), count[CHANGED], count[MISSING], count[ADDED], rough)


def runs(reference: Sequence[str], hypothesis: Sequence[str], first: int = 0, start: int = 0) -> list[Run]:
    """Return the runs that cover both lists in order.

    `first` is added to the indices in `reference`, and `start` to those in `hypothesis`.
    """
    return [
        Run(
            _KINDS[step.tag],
            first + step.src_start,
            first + step.src_end,
            start + step.dest_start,
            start + step.dest_end,
        )
        for step in Levenshtein.opcodes(reference, hypothesis)
    ]


def same(reference: Sequence[str], hypothesis: Sequence[str]) -> dict[int, int]:
    """Return the aligned words that are equal, as {index in `hypothesis`: index in `reference`}."""
    return {
        run.start + k: run.first + k
        for run in align(reference, hypothesis).runs
        if run.kind == SAME
        for k in range(run.last - run.first)
    }


def _pieces(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int, int, bool]]:
    """Yield pieces of `a` and `b` that are aligned separately.

    A piece is (start in `a`, end in `a`, start in `b`, end in `b`, whether it was cut without an anchor).
    """
    i = j = 0
    anchors = _anchors(a, b) if max(len(a), len(b)) > WHOLE else []
    for x, y in [*anchors, (len(a), len(b))]:
        if max(x - i, y - j) < PIECE and x < len(a):
            continue
        parts = -(-max(x - i, y - j) // WHOLE) if (x - i) * (y - j) > WHOLE**2 else 1
        for part in range(parts):
            yield (
                i + (x - i) * part // parts,
                i + (x - i) * (part + 1) // parts,
                j + (y - j) * part // parts,
                j + (y - j) * (part + 1) // parts,
                parts > 1,
            )
        i, j = x, y


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest list of anchors (index in `a`, index in `b`) that are in the same order in both texts."""
    in_a, in_b = _unique(a), _unique(b)
    pairs = [(i, in_b[words]) for words, i in in_a.items() if words in in_b]
    # A chain is a list of anchors that are in the same order in both texts.
    ends: list[int] = []  # for each length of a chain: the smallest index in `b` at which a chain of this length ends
    tops: list[int] = []  # for each length of a chain: the index in `pairs` of the last anchor of the chain in `ends`
    before: list[int | None] = []
    for number, (_, j) in enumerate(pairs):
        at = bisect_left(ends, j)
        before.append(tops[at - 1] if at else None)
        ends[at : at + 1], tops[at : at + 1] = [j], [number]
    chain: list[tuple[int, int]] = []
    last = tops[-1] if tops else None
    while last is not None:
        chain.append(pairs[last])
        last = before[last]
    return chain[::-1]


def _unique(keys: Sequence[str]) -> dict[tuple[str, ...], int]:
    places: dict[tuple[str, ...], int] = {}
    for place, words in enumerate(zip(*(keys[shift:] for shift in range(ANCHOR)), strict=False)):
        places[words] = -1 if words in places else place
    return {words: place for words, place in places.items() if place >= 0}


def matrix(texts: Sequence[Sequence[str]], align: Callable[..., Alignment] = align) -> list[list[float | None]]:
    """Return the word error rate of each text (column) against each text as the reference (row).

    The word error rate is None if the reference has no words.
    """
    rates: list[list[float | None]] = [[0.0 if text else None for _ in texts] for text in texts]
    for row, reference in enumerate(texts):
        for column in range(row):
            errors = align(reference, texts[column]).errors  # the number is the same if the two texts are exchanged
            rates[row][column] = errors / len(reference) if reference else None
            rates[column][row] = errors / len(texts[column]) if texts[column] else None
    return rates
