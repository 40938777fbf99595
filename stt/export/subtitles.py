"""Cut a transcript into subtitle cues at sentence ends and pauses, with lines that can be read in time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise
from math import ceil

from stt.export.cutting import PAUSE, Unit, cut, width
from stt.transcript import alignment, scripts
from stt.transcript.model import Segment, Transcript, Word, joined

LINE_LENGTH = 42  # maximum columns of a line, the usual limit of broadcasters
LINES = 2  # maximum lines of a cue
SILENCE = 2.0  # seconds; no cue spans a pause of at least this length between two segments
FLASH = 0.1  # seconds; minimum duration of a cue
LATEST = 5.0  # seconds; maximum delay of a cue when speakers talk at the same time
READING_SPEED = 20.0  # characters per second, the usual limit for adults; a wide character counts as two
SPEAKING_SPEED = 15.0  # assumed characters per second of speech, if the duration of the recording is unknown

SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # white space except no-break spaces, at which no line may break


@dataclass(frozen=True, slots=True)
class Cue:
    """Text on the screen from `start` to `end`, in seconds rounded to milliseconds. `text` has line breaks."""

    start: float
    end: float
    text: str

    @property
    def speed(self) -> float:
        """Return characters per second. A wide character counts as two."""
        return width(self.text) / max(round(self.end - self.start, 3), 0.001)


def cues(
    transcript: Transcript,
    line_length: int = LINE_LENGTH,
    lines: int = LINES,
    shortest: float = 1.0,
    longest: float = 7.0,
    speakers: bool = False,
) -> list[Cue]:
    """Return the cues of a transcript in order of time, without overlaps.

    `line_length` counts columns: Chinese, Japanese, Korean characters and emoji take two. With `speakers`, a cue starts
    with the speaker's name if the speaker changes.

    A cue is shown for at most `longest` seconds. If the next cue begins late enough, a cue is shown for at least
    `shortest` seconds, until its speech has ended, and long enough to be read. If speakers talk at the same time, cues
    are delayed by at most LATEST seconds. If this delay is not enough, cues are shown more briefly (see `too_fast`).

    The text of a transcript without times is spread evenly over the duration, and `longest` does not apply.
    """
    segments, briefest = transcript.segments, shortest
    if not transcript.timed:
        segments, briefest, longest = _spread(transcript), 0.0, float("inf")

    def named(speaker: str, units: list[Unit]) -> list[Unit]:
        name = Segment(units[0].start, units[0].start, f"{speaker}:")
        return _in_order([*_units(name, line_length), *units])

    # For each cue: its units, its speaker, and whether the units begin with the speaker's name.
    found: list[tuple[list[Unit], str | None, bool]] = []
    before = None
    for turn in _turns(segments):
        units = _in_order(unit for segment in turn for unit in _units(segment, line_length))
        speaker = turn[0].speaker
        changes = bool(speakers and units and speaker and speaker != before)
        if changes:
            before, units = speaker, named(str(speaker), units)
        runs = cut(units, line_length, lines, briefest, longest)
        found += [(run, speaker, changes and number == 0) for number, run in enumerate(runs)]
    found.sort(key=lambda each: each[0][0].start)
    before = None
    ordered: list[list[Unit]] = []
    for run, speaker, has_name in found:
        # If speakers talk at the same time, their cues alternate, so the name is repeated after another speaker's cue.
        again = speakers and speaker and speaker != before and not has_name
        ordered += cut(named(str(speaker), run), line_length, lines, briefest, longest) if again else [run]
        before = speaker or before
    return _settled([_cue(run, line_length) for run in ordered], shortest, longest)


def too_fast(shown: Iterable[Cue]) -> list[Cue]:
    """Return the cues whose text exceeds READING_SPEED, so that viewers may not have time to read it."""
    return [cue for cue in shown if cue.speed > READING_SPEED + 1e-6]


def spoken(segment: Segment) -> list[tuple[str, Word | None]]:
    """Split the text of a segment into pieces without outer spaces, each paired with the engine's word of this text.

    A person may have edited the text. A piece is paired with None if the engine has no word with this text. Words of
    the engine that the text no longer contains are left out.
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
    same = alignment.same([word.text.strip() for word in words], tokens)
    return [(token, words[same[place]] if place in same else None) for place, token in enumerate(tokens)]


def printable(text: str) -> str:
    """Return the text without characters that documents reject: control characters, lone surrogates, non-characters.

    Tabs and line feeds are kept. Other control characters that are white space become a space.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in "\t\n" or not _control(c) else " " if c.isspace() else "" for c in text)


def _control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in "\ufffe\uffff"


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _spread(transcript: Transcript) -> tuple[Segment, ...]:
    """Return the text of a transcript without times as one segment per turn of a speaker.

    Each segment has a share of the duration in proportion to its number of characters.
    """
    duration = transcript.duration or len(transcript.text) / SPEAKING_SPEED
    turns = [(who, joined(s.text for s in turn)) for who, turn in groupby(transcript.segments, lambda s: s.speaker)]
    reached = list(accumulate((len(_squeezed(text)) for _, text in turns), initial=0))
    times = [duration * count / max(reached[-1], 1) for count in reached]
    return tuple(
        Segment(start, end, text, speaker=who) for (who, text), (start, end) in zip(turns, pairwise(times), strict=True)
    )


def _turns(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Group segments into runs of one speaker, without a silence of SILENCE seconds inside a run.

    In a run, a segment overlaps the previous one by at most PAUSE seconds.
    """
    runs: list[list[Segment]] = []
    for segment in segments:
        last = runs[-1][-1] if runs else None
        follows = last and max(last.start, last.end - PAUSE) <= segment.start < last.end + SILENCE
        if last and follows and last.speaker == segment.speaker:
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return runs


def _times(segment: Segment) -> list[tuple[float, float]]:
    """Return the start and end of each character of the text that is not a space.

    The time of a word is divided equally among its characters. Characters that have no timed word divide the time
    between the words before and after them.
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
    """Split a token into parts, so that a line may break after each part.

    Most tokens stay whole. The library uniseg takes 0.1 ms per character, so it is used only for tokens that are too
    wide for a line or have wide characters.
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
    """Return the units with their starts adjusted, so that no unit starts before the previous one."""
    ordered: list[Unit] = []
    for unit in units:
        start = max(unit.start, ordered[-1].start) if ordered else unit.start
        ordered.append(unit if start == unit.start else replace(unit, start=start, end=max(start, unit.end)))
    return ordered


def _cue(run: list[Unit], line_length: int) -> Cue:
    return Cue(run[0].start, max(unit.end for unit in run), "\n".join(_wrapped(run, line_length)))


def _wrapped(units: list[Unit], line_length: int) -> list[str]:
    """Break units into the smallest possible number of lines, of about equal length."""
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


@dataclass(frozen=True, slots=True)
class _Span:
    """Start and end of a cue's speech, and its reading time, in milliseconds."""

    start: int
    end: int
    reading: int

    def needs(self, start: int, pace: float) -> int:
        """Return how many milliseconds the cue needs on the screen if it appears at `start`.

        A delayed cue needs its reading time. A cue that appears on time needs its reading time or the duration of its
        speech, whichever is shorter. The result is this time multiplied by `pace`, but at least FLASH.
        """
        shown = min(self.end - self.start, self.reading) if start == self.start else self.reading
        return max(ceil(shown * pace), round(1000 * FLASH))


def _settled(found: list[Cue], shortest: float, longest: float) -> list[Cue]:
    """Return the cues in order of time, each with its times on the screen.

    Each cue is shown as long as it needs, and longer if the next cue begins late enough.
    """
    ordered = sorted(found, key=lambda cue: cue.start)
    spans = []
    for cue in ordered:
        start, reading = max(cue.start, 0.0), min(width(cue.text) / READING_SPEED, longest)
        spans.append(_Span(round(1000 * start), round(1000 * max(cue.end, start)), ceil(round(1000 * reading, 3))))
    starts = _starts(spans)
    settled = []
    for span, cue, start, room in zip(spans, ordered, starts, [*starts[1:], float("inf")], strict=False):
        enough = start + max(1000 * shortest, span.reading)
        end = round(min(max(span.end, enough), start + 1000 * longest, room))
        settled.append(Cue(start / 1000, end / 1000, cue.text))
    return settled


def _starts(spans: list[_Span]) -> list[int]:
    """Return when each cue appears, in milliseconds: when its speech starts, or when the previous cues have been shown.

    If a cue would be delayed by more than LATEST seconds, all cues in its run of delayed cues are shown for less time.
    """
    starts: list[int] = []
    while len(starts) < len(spans):
        run = _run(spans, len(starts), 1.0)
        if _late(spans, run, len(starts)):
            slow, fast = 1.0, 0.0  # bounds of `pace`: at `slow`, a cue is too late; at `fast`, none if possible
            for _ in range(10):
                pace = (slow + fast) / 2
                late = _late(spans, _run(spans, len(starts), pace, len(run)), len(starts))
                slow, fast = (pace, fast) if late else (slow, pace)
            run = _run(spans, len(starts), fast, len(run))
        starts += run
    return starts


def _run(spans: list[_Span], first: int, pace: float, count: int | None = None) -> list[int]:
    """Return when `count` cues appear, beginning with the cue at index `first`, in milliseconds.

    Without `count`, the list ends before the next cue that need not wait for the previous one. Each cue is
    shown for the time that it needs at this `pace` (see `_Span.needs`).
    """
    starts = [spans[first].start]
    while first + len(starts) < len(spans) and len(starts) != count:
        free = starts[-1] + spans[first + len(starts) - 1].needs(starts[-1], pace)
        start = spans[first + len(starts)].start
        if count is None and start >= free:
            break
        starts.append(max(start, free))
    return starts


def _late(spans: list[_Span], run: list[int], first: int) -> bool:
    waiting = zip(run, spans[first : first + len(run)], strict=True)
    return any(start - span.start > 1000 * LATEST for start, span in waiting)
