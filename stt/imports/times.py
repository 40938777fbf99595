"""Fix impossible times in an imported transcript, and count the fixes for the user."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from stt.errors import TooLarge
from stt.transcript.model import Segment, Word

LONGEST = 1_000_000.0  # latest valid time, seconds; a later time is treated as missing
MOST_SEGMENTS, MOST_WORDS = 200_000, 500_000  # maximum numbers of segments and of words in a transcript
SPEED = 15.0  # assumed speaking rate, characters per second, to estimate the end of a segment whose end is missing
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,:](\d{1,3}))?")


@dataclass(slots=True)
class Notes:
    """Counts of fixes. The keys of `counts` are the sentences that the user reads, with `{}` in place of the count."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, sentence: str, count: int = 1) -> None:
        if count:
            self.counts[sentence] = self.counts.get(sentence, 0) + count

    def sentences(self) -> tuple[str, ...]:
        return tuple(sentence.replace("{}", f"{count:,}") for sentence, count in self.counts.items())


NO_TIME = "Times that are missing or impossible, filled in from their neighbours: {}."
UNORDERED = "Segments that were out of order, sorted by time: {}."
BACKWARDS = "Ends before their starts, moved to the start: {}."
WORD_ORDER = "Word times outside their segment or out of order, moved: {}."
NOTES = "Notes in the file, not taken over: {}."
EMPTY = "Segments without text, left out: {}."


def seconds(clock: str) -> float | None:
    """Return the seconds of a time such as "1:02:03,5", "02:03.500" or "0:00:03"; None if it is not a time."""
    found = _CLOCK.fullmatch(clock.strip())
    if found is None:
        return None
    hours, minutes, rest, fraction = found.groups()
    return (
        int(hours or 0) * 3600
        + int(minutes) * 60
        + int(rest)
        + (int(fraction) / 10 ** len(fraction) if fraction else 0)
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A segment as read from a file: times may be missing or out of order."""

    start: float | None
    end: float | None
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    language: str | None = None
    begins: bool | None = None  # see `Segment.begins`


def in_order(given: Sequence[Given], notes: Notes) -> tuple[Segment, ...]:
    """Return the segments of `given` sorted by time, without those that have no text.

    Missing and impossible times are replaced. The fixes are counted in `notes`. Raises TooLarge if there are more than
    MOST_SEGMENTS segments or MOST_WORDS words.
    """
    if len(given) > MOST_SEGMENTS or sum(len(each.words) for each in given) > MOST_WORDS:
        raise TooLarge(
            f"This transcript has more than {MOST_SEGMENTS:,} segments or {MOST_WORDS:,} words.",
            guidance="Import it in parts.",
        )
    full = [each for each in given if each.text.strip()]
    notes.add(EMPTY, len(given) - len(full))
    timed = _filled(full, notes)
    moved = sum(other.start < one.start for one, other in pairwise(timed))
    notes.add(UNORDERED, moved)
    if moved:
        timed.sort(key=lambda segment: segment.start)
    return tuple(replace(segment, words=_words(segment, notes)) if segment.words else segment for segment in timed)


def _filled(given: Sequence[Given], notes: Notes) -> list[Segment]:
    """Return the segments with all times filled in.

    A missing start becomes the latest end of all segments before. A missing end becomes the next known start, or an
    estimate from the length of the text if that start is unknown or too early. An end before the start of its segment
    becomes this start.
    """
    found: list[Segment] = []
    following: list[float | None] = []
    after: float | None = None
    for each in reversed(given):
        following.append(after)
        start = _possible(each.start)
        after = start if start is not None else after
    at = 0.0
    for each, after in zip(given, reversed(following), strict=True):
        start, end = _possible(each.start), _possible(each.end)
        notes.add(NO_TIME, (start is None) + (end is None))
        start = at if start is None else start
        if end is None:
            spoken = round(start + max(0.5, len(each.text) / SPEED), 2)
            end = after if after is not None and after >= start else spoken
        if end < start:
            notes.add(BACKWARDS)
            end = start
        found.append(Segment(start, end, each.text, each.words, each.speaker, each.language, each.begins))
        at = max(at, end)
    return found


def _words(segment: Segment, notes: Notes) -> tuple[Word, ...]:
    """Return the segment's words, with times moved so that no word starts before the segment or the previous word."""
    found: list[Word] = []
    clock, moved = segment.start, 0
    for word in segment.words:
        start = max(word.start, clock)
        end = max(word.end, start)
        moved += (start, end) != (word.start, word.end)
        found.append(replace(word, start=start, end=end) if (start, end) != (word.start, word.end) else word)
        clock = start
    notes.add(WORD_ORDER, moved)
    return tuple(found)


def _possible(time: float | None) -> float | None:
    return time if time is not None and 0 <= time <= LONGEST else None
