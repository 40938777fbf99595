"""Cut the units of a text into subtitle cues at the lowest cost, in linear time."""

from __future__ import annotations

import unicodedata
from collections import deque
from dataclasses import dataclass
from itertools import accumulate, pairwise

from stt.transcript import scripts

PAUSE = 0.6  # seconds; in a pause of at least this length, `cut` readily starts a new cue


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of text that no line break may split: a word, or in scripts without spaces a short run of characters."""

    text: str
    start: float
    end: float
    spaced: bool = True  # whether a space precedes the unit within a line

    @property
    def width(self) -> int:
        return width(self.text)


def width(text: str) -> int:
    """Return the number of columns that a text takes: two for each wide character, one for each other character."""
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(units: list[Unit], line_length: int, lines: int, shortest: float, longest: float) -> list[list[Unit]]:
    """Return the split of units into cues with the lowest cost, found by dynamic programming.

    The units are in order of their starts. A cue costs 1. A cut costs little after a sentence or in a pause, and 2
    within a phrase. A sentence end or a pause inside a cue costs more than one more cue. A cue shown for less than
    `shortest` seconds costs up to 3 more.
    """
    cut_cost, inner_cost = _costs(units)
    before = [0.0, *accumulate(inner_cost)]  # the inner costs of all units before a unit
    ends = _ends(units, line_length, lines, longest)
    best = [0.0] + [float("inf")] * len(units)
    begin = [0] * (len(units) + 1)
    # The cue that ends with `last` begins with one of the units from `lowest` to `last`. From `hurried` on, it is shown
    # for less than `shortest` seconds, which costs more. Each queue gives the best unit of one of these two ranges.
    slow, fast = _Lowest(), _Lowest()
    lowest = hurried = 0
    for last in range(len(units)):
        while ends[lowest] <= last:
            lowest += 1
        base = best[last] - before[last]
        fast.add(last, base + 3 * units[last].start / shortest if shortest else base)
        shown_until = units[last + 1].start if last + 1 < len(units) else float("inf")
        while hurried <= last and shown_until - units[hurried].start >= shortest:
            slow.add(hurried, best[hurried] - before[hurried])
            hurried += 1
        for first in (slow.first(lowest), fast.first(max(lowest, hurried))):
            if first is None:
                continue
            shown = shown_until - units[first].start
            hurry = 3 * (1 - shown / shortest) if shown < shortest else 0.0
            cost = best[first] + 1 + (before[last] - before[first]) + hurry + cut_cost[last]
            if cost < best[last + 1]:
                best[last + 1], begin[last + 1] = cost, first
    found: list[list[Unit]] = []
    end = len(units)
    while end:
        found.append(units[begin[end] : end])
        end = begin[end]
    return found[::-1]


class _Lowest:
    """Find the lowest of the values that were added, among those from a rising position on. Of equals, the first."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, float]] = deque()  # positions and values, both rising

    def add(self, position: int, value: float) -> None:
        while self._kept and self._kept[-1][1] > value:
            self._kept.pop()
        self._kept.append((position, value))

    def first(self, lowest: int) -> int | None:
        """Return the position of the lowest value, or None if no position is at least `lowest`, which never falls."""
        while self._kept and self._kept[0][0] < lowest:
            self._kept.popleft()
        return self._kept[0][0] if self._kept else None


def _ends(units: list[Unit], line_length: int, lines: int, longest: float) -> list[int]:
    """Return for each unit where the longest cue that begins with it ends: the position after the cue's last unit.

    A cue has at least one unit, at most `lines` lines, and at most `longest` seconds.
    """
    widths = [unit.width for unit in units]
    rows = [*range(1, len(units) + 1), len(units)]  # where a line ends that begins with this unit
    end, column = 0, 0
    for first in range(len(units)):
        if end <= first:
            end, column = first + 1, widths[first]
        while end < len(units) and column + widths[end] + units[end].spaced <= line_length:
            column += widths[end] + units[end].spaced
            end += 1
        rows[first] = end
        if first + 1 < end:  # the next line begins without the space before its first unit
            column -= widths[first] + units[first + 1].spaced
    found = []
    late = 0  # the first unit that would make the cue too long
    for first, unit in enumerate(units):
        end = first
        for _ in range(lines):
            end = rows[end]
        late = max(late, first + 1)
        while late < len(units) and units[late].end - unit.start <= longest:
            late += 1
        found.append(min(end, late))
    return found


def _costs(units: list[Unit]) -> tuple[list[float], list[float]]:
    """Return two lists with a number for each unit: the cost of a cut after the unit, and the cost of no cut there."""
    outer, inner = [], []
    for unit, following in pairwise(units):
        pause = following.start - unit.end
        sentence = scripts.ends_sentence(unit.text, following.text, pause)
        if sentence:
            outer.append(0.0)
        elif pause >= PAUSE:
            outer.append(0.3)
        else:
            outer.append(0.6 if scripts.ends_clause(unit.text) else 2.0)
        inner.append(1.5 * sentence + (min(2 * pause, 3.0) if pause >= PAUSE else 0.0))
    return [*outer, 0.0], [*inner, 0.0]
