"""Define the notes that users make on a transcript: at a time of the recording, or on highlighted words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from stt.transcript.model import Segment, Transcript, Word

COLOURS = ("yellow", "green", "blue", "pink")


@dataclass(frozen=True, slots=True)
class Note:
    """A note at `start` in seconds. If `end` is set, it highlights the words from `start` to `end` in a `colour`."""

    id: str
    start: float
    end: float | None = None
    text: str = ""
    colour: str | None = None


def quotes(notes: Sequence[Note], transcript: Transcript) -> list[str]:
    """Return the text that each note highlights, which is "" for a note without `end`.

    A word is highlighted if its middle is between the start and end of the note.
    """
    if not notes:
        return []
    words = [(w.start, w.end, w.text) for segment in transcript.segments for w in _timed(segment)]
    placed = sorted(((start + end) / 2, place) for place, (start, end, _) in enumerate(words))
    middles = [middle for middle, _ in placed]
    found = []
    for note in notes:
        own = [] if note.end is None else placed[bisect_left(middles, note.start) : bisect_right(middles, note.end)]
        text = "".join(words[place][2] for place in sorted(place for _, place in own))
        found.append(" ".join(text.split()))
    return found


def _timed(segment: Segment) -> tuple[Word, ...]:
    """Return the words of a segment, or its text as one word if the segment has no words."""
    return segment.words or (Word(f" {segment.text.strip()}", segment.start, segment.end),)
