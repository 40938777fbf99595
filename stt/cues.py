"""Cutting a transcript into subtitle cues: at sentence ends and pauses, in lines that can be read in time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise

from stt import scripts
from stt.transcript import Segment, Transcript, Word

SILENCE = 2.0  # seconds; a cue never reaches over a pause of this length
PAUSE = 0.6  # seconds; a pause that is a good place for a cut
FLASH = 0.1  # seconds; the least that any cue is shown, even where speakers talk over each other
READING_SPEED = 20.0  # characters a second, the usual upper limit for adults
SPEAKING_SPEED = 15.0  # characters a second, where not even the length of the recording is known

SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # no-break spaces keep what they join on one line


@dataclass(frozen=True, slots=True)
class Cue:
    """What is on the screen from `start` to `end` (seconds, whole milliseconds). `text` has a line a line."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What stays on one line: a word, or in scripts without spaces what may not be torn apart."""

    text: str
    start: float
    end: float
    spaced: bool = True  # a space goes before it, unless it begins a line

    @property
    def width(self) -> int:
        return width(self.text)


def cues(
    transcript: Transcript,
    line_length: int = 42,
    lines: int = 2,
    shortest: float = 1.0,
    longest: float = 7.0,
    speakers: bool = False,
) -> list[Cue]:
    """The cues of a transcript in the order of their times, never overlapping, none ending before it starts.

    `line_length` counts columns: Chinese, Japanese, Korean characters and emoji take two. A cue is shown for at
    least `shortest` seconds where the next one leaves room, and for at most `longest`. With `speakers`, a cue
    where the speaker changes begins with the name. A transcript without times is spread evenly over its duration,
    and `longest` does not hold.
    """
    if not transcript.timed:
        whole = Segment(0.0, transcript.duration or len(transcript.text) / SPEAKING_SPEED, transcript.text)
        return _settled(_cut(_units(whole, line_length), line_length, lines, 0.0, float("inf")), shortest, float("inf"))
    found: list[Cue] = []
    speaker = None
    for stretch in _stretches(transcript.segments):
        units = _in_order(unit for segment in stretch for unit in _units(segment, line_length))
        if speakers and units and stretch[0].speaker and stretch[0].speaker != speaker:
            speaker = stretch[0].speaker
            units = _in_order([*_units(Segment(units[0].start, units[0].start, f"{speaker}:"), line_length), *units])
        found += _cut(units, line_length, lines, shortest, longest)
    return _settled(found, shortest, longest)


def spoken(segment: Segment) -> list[tuple[str, Word | None]]:
    """The text of a segment in pieces without outer spaces, each with the engine's word if it is that very word.

    The text may have been edited since, so that some pieces have no word, and some words no piece.
    """
    words = [word for word in segment.words if word.text.strip()]
    if _squeezed(segment.text) == "".join(_squeezed(word.text) for word in words):
        letters = iter(re.finditer(r"\S", segment.text))
        pieces: list[tuple[str, Word | None]] = []
        for word in words:
            taken = [next(letters) for _ in _squeezed(word.text)]
            pieces.append((segment.text[taken[0].start() : taken[-1].end()], word))
        return pieces
    tokens = scripts.words(segment.text) or segment.text.split()
    same = SequenceMatcher(None, [word.text.strip() for word in words], tokens).get_matching_blocks()
    word_of = {block.b + k: words[block.a + k] for block in same for k in range(block.size)}
    return [(token, word_of.get(position)) for position, token in enumerate(tokens)]


def width(text: str) -> int:
    """Columns that a text takes: two for wide characters, one for all others."""
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def printable(text: str) -> str:
    """The text without what no document takes: control characters, halves of surrogate pairs, non-characters.

    Tabs and line feeds stay; other controls that mean space become one.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in "\t\n" or not _control(c) else " " if c.isspace() else "" for c in text)


def _control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in "\ufffe\uffff"


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _stretches(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Segments in runs of one speaker without a long silence."""
    runs: list[list[Segment]] = []
    for segment in segments:
        last = runs[-1][-1] if runs else None
        if last and last.speaker == segment.speaker and last.start <= segment.start < last.end + SILENCE:
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return runs


def _times(segment: Segment) -> list[tuple[float, float]]:
    """Start and end of every character of the text that is not a space.

    The characters of a word share its time; those without a word share the time between their neighbours.
    """
    times: list[tuple[float, float]] = []
    waiting, reached = 0, segment.start

    def share(count: int, start: float, end: float) -> None:
        step = max(end - start, 0.0) / max(count, 1)
        times.extend((start + step * k, start + step * (k + 1)) for k in range(count))

    for piece, word in spoken(segment):
        count = len(_squeezed(piece))
        if word is None:
            waiting += count
            continue
        share(waiting, reached, word.start)
        share(count, word.start, word.end)
        waiting, reached = 0, word.end
    share(waiting, reached, segment.end)
    return times


def _units(segment: Segment, line_length: int) -> list[Unit]:
    times = _times(segment)
    units, position = [], 0
    for token in SPACES.split(segment.text):
        for number, part in enumerate(_breakable(token, line_length)):
            count = len(_squeezed(part))
            text = printable(part).strip()
            if count and text:
                units.append(Unit(text, times[position][0], times[position + count - 1][1], spaced=number == 0))
            position += count
    return units


def _breakable(token: str, line_length: int) -> Iterator[str]:
    """A token in the parts that a line may end after.

    Most tokens stay whole: uniseg takes 0.1 ms a character, so it looks only at those that may need it.
    """
    if width(token) <= line_length and width(token) == len(token):
        yield token
        return
    for part in scripts.line_parts(token):
        if width(part) <= line_length:
            yield part
            continue
        piece = ""
        for cluster in scripts.clusters(part):
            if piece and width(piece + cluster) > line_length and scripts.may_part(piece, cluster):
                yield piece
                piece = ""
            piece += cluster
        yield piece


def _in_order(units: Iterable[Unit]) -> list[Unit]:
    """The units with starts that never run backwards."""
    ordered: list[Unit] = []
    for unit in units:
        start = max(unit.start, ordered[-1].start) if ordered else unit.start
        ordered.append(unit if start == unit.start else replace(unit, start=start, end=max(start, unit.end)))
    return ordered


def _cut(units: list[Unit], line_length: int, lines: int, shortest: float, longest: float) -> list[Cue]:
    """The cheapest way to cut units into cues, found by going through all that fit.

    A cue costs 1; a cut costs little after a sentence or in a pause and 2 inside a phrase; a sentence end or a pause
    inside a cue, and a cue shown for less than `shortest`, cost about as much as one more cue.
    """
    cut_cost, inner_cost = _costs(units)
    widths = [unit.width for unit in units]
    best = [0.0] + [float("inf")] * len(units)
    begin = [0] * (len(units) + 1)
    for first in range(len(units)):
        rows, column, inside = 1, 0, 0.0
        for last in range(first, len(units)):
            unit = units[last]
            added = widths[last] + (unit.spaced and column > 0)
            if column and column + added > line_length:
                rows, column, added = rows + 1, 0, widths[last]
            column += added
            if last > first and (rows > lines or unit.end - units[first].start > longest):
                break
            shown = units[last + 1].start - units[first].start if last + 1 < len(units) else shortest
            hurry = 3 * (1 - shown / shortest) if shown < shortest else 0.0
            cost = best[first] + 1 + inside + hurry + cut_cost[last]
            if cost < best[last + 1]:
                best[last + 1], begin[last + 1] = cost, first
            inside += inner_cost[last]
    found: list[Cue] = []
    end = len(units)
    while end:
        run = units[begin[end] : end]
        found.append(Cue(run[0].start, max(unit.end for unit in run), "\n".join(_wrapped(run, line_length))))
        end = begin[end]
    return found[::-1]


def _costs(units: list[Unit]) -> tuple[list[float], list[float]]:
    """For each unit: what a cut after it costs, and what it costs to have no cut there."""
    cut, inner = [], []
    for unit, following in pairwise(units):
        pause = following.start - unit.end
        sentence = scripts.ends_sentence(unit.text, following.text, pause)
        if sentence:
            cut.append(0.0)
        elif pause >= PAUSE:
            cut.append(0.3)
        else:
            cut.append(0.6 if scripts.ends_clause(unit.text) else 2.0)
        inner.append(1.5 * sentence + (min(2 * pause, 3.0) if pause >= PAUSE else 0.0))
    return [*cut, 0.0], [*inner, 0.0]


def _wrapped(units: list[Unit], line_length: int) -> list[str]:
    """Units in as few lines as they need, these about equally long."""
    fewest = len(_filled(units, line_length))
    narrowest = max(sum(unit.width for unit in units) // fewest, 1)
    for columns in range(min(narrowest, line_length), line_length):
        rows = _filled(units, columns)
        if len(rows) == fewest:
            return rows
    return _filled(units, line_length)


def _filled(units: list[Unit], columns: int) -> list[str]:
    rows: list[str] = []
    room = 0
    for unit in units:
        needed = unit.width + unit.spaced
        if rows and needed <= room:
            rows[-1] += (" " if unit.spaced else "") + unit.text
            room -= needed
        else:
            rows.append(unit.text)
            room = columns - unit.width
    return rows


def _settled(found: list[Cue], shortest: float, longest: float) -> list[Cue]:
    """Cues by time, shown long enough where there is room. Of two at once, the first makes way for the second."""
    spans: list[list[float]] = []
    ordered = sorted(found, key=lambda cue: cue.start)
    for cue in ordered:
        start = max(cue.start, 0.0)
        end = max(cue.end, start)
        if spans:
            earlier = spans[-1]
            earlier[1] = max(earlier[1], earlier[0] + FLASH)
            if start < earlier[1]:
                earlier[1] = max(start, min(earlier[1], earlier[0] + max(shortest, FLASH)))
                start = earlier[1]
                end = max(end, start)
        spans.append([start, min(end, start + longest)])
    for number, (span, cue) in enumerate(zip(spans, ordered, strict=True)):
        room = spans[number + 1][0] if number + 1 < len(spans) else float("inf")
        readable = span[0] + min(max(shortest, len(cue.text) / READING_SPEED), longest)
        span[1] = min(max(span[1], readable), room)
    return [Cue(round(a, 3), round(b, 3), cue.text) for (a, b), cue in zip(spans, ordered, strict=True)]
