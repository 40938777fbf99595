"""Replace a passage by the result of transcribing it again, and compare old and new words.

A passage is the span of a transcript between two times. A passage may begin and end within paragraphs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Any

from stt.editing import document
from stt.editing.document import Rows, Splice
from stt.editing.steps import Paragraph, one_paragraph, reduced, spaced, spoken_by
from stt.transcript import alignment
from stt.transcript.model import Segment, all_worded, with_words


@dataclass(slots=True)
class _Part:
    """A paragraph in which words are replaced or inserted.

    `left` and `right` are the paragraph's segments before and after the passage. `inner` is the start and end in
    seconds of the old words within the passage, or None if there are none. `new` are the segments to insert.
    """

    speaker: str | None
    left: list[Segment] = field(default_factory=list)
    right: list[Segment] = field(default_factory=list)
    inner: tuple[float, float] | None = None
    new: list[Segment] = field(default_factory=list)


def replacement_of_span(
    rows: Rows, starts: Sequence[int], start: float, end: float, new: Sequence[Segment]
) -> list[Splice]:
    """Return a list with the splice that replaces old words by the words of `new`, or an empty list if nothing changes.

    An old word is replaced if the middle of its time is between `start` and `end` (seconds). `starts` is the result of
    `document.begins(rows)`. Paragraphs and their speakers are preserved: each new word goes to the paragraph whose old
    words were spoken at about that time. If there are no old words between `start` and `end`, the new words are
    inserted into the paragraph that is spoken halfway between `start` and `end`. If no paragraph is spoken then, the
    new words become a new paragraph.

    If a segment of `new` has a speaker, its words go only to paragraphs of that speaker; a new paragraph is made if
    there is none.
    """
    count = len(starts) - 1
    touched = [number for number in range(count) if _touches(rows[starts[number] : starts[number + 1]], start, end)]
    middle = (start + end) / 2
    if not touched:
        spans = [_span(rows[starts[number] : starts[number + 1]]) for number in range(count)]
        touched = [number for number, (first, last) in enumerate(spans) if first <= middle < last][:1]
        if not touched:
            place = sum(first <= middle for first, _ in spans)
            beside = document.paragraph(rows, starts, max(0, place - 1)) if count else ()
            other = beside[0].speaker if beside else None
            own = [segment if segment.speaker else spoken_by(segment, other) for segment in new]
            turns = [list(turn) for _, turn in groupby(own, attrgetter("speaker"))]
            made = document.splice(rows, starts, place, 0, [s for turn in turns for s in one_paragraph(turn)])
            return [made] if made and own else []
    first, last = touched[0], touched[-1]
    parts = [_part(document.paragraph(rows, starts, number), start, end) for number in range(first, last + 1)]
    parts = _distribute(parts, new, middle)
    made = document.splice(rows, starts, first, last + 1 - first, [s for part in parts for s in _joined(part)])
    return [made] if made else []


def words_within(segments: Iterable[Segment], start: float, end: float) -> list[str]:
    """Return the texts of the words that have the middle of their time between `start` and `end` in seconds.

    A segment without timed words is treated as one word.
    """
    return [
        text
        for segment in segments
        if segment.end >= start and segment.start <= end
        for one, other, text in _timed(segment)
        if _inside(one, other, start, end) and text.strip()
    ]


def sides(old: Sequence[str], new: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Compare two lists of words, and return the old and the new text, each as a list of runs `{"text", "same"}`.

    A run is one or more consecutive words. `same` is true if these words are the same in both texts.
    """
    same = alignment.same([word.strip() for word in old], [word.strip() for word in new])
    return _runs(old, set(same.values())), _runs(new, set(same))


def _runs(words: Sequence[str], same: set[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for place, word in enumerate(words):
        if found and found[-1]["same"] == (place in same):
            found[-1]["text"] += word
        else:
            found.append({"text": word, "same": place in same})
    return found


def _touches(rows: Rows, start: float, end: float) -> bool:
    near = [row for row in rows if row["end"] >= start and row["start"] <= end]
    return any(_inside(one, other, start, end) for s in document.segments_of(near) for one, other, _ in _timed(s))


def _timed(segment: Segment) -> list[tuple[float, float, str]]:
    """Return (start, end, text) of each word of a segment, or of the segment itself if it has no words."""
    return [(w.start, w.end, w.text) for w in segment.words] or [
        (segment.start, segment.end, f" {segment.text.strip()}")
    ]


def _inside(one: float, other: float, start: float, end: float) -> bool:
    return start <= (one + other) / 2 < end


def _span(rows: Rows) -> tuple[float, float]:
    return min(row["start"] for row in rows), max(row["end"] for row in rows)


def _part(paragraph: Paragraph, start: float, end: float) -> _Part:
    part = _Part(paragraph[0].speaker)
    for segment in paragraph:
        for one, other, _ in _timed(segment):
            if _inside(one, other, start, end):
                low, high = part.inner or (one, other)
                part.inner = min(low, one), max(high, other)
        middles = [(word.start + word.end) / 2 for word in segment.words]
        if segment.words:
            part.left += reduced(segment, [w for w, at in zip(segment.words, middles, strict=True) if at < start])
            part.right += reduced(segment, [w for w, at in zip(segment.words, middles, strict=True) if at >= end])
        elif (segment.start + segment.end) / 2 < start:
            part.left.append(segment)
        elif (segment.start + segment.end) / 2 >= end:
            part.right.append(segment)
    return part


def _distribute(parts: Sequence[_Part], new: Sequence[Segment], middle: float) -> list[_Part]:
    """Divide the new words among the paragraphs in `parts`: add each word to `new` of the paragraph nearest in time.

    Return `parts`, with additional parts for words whose speaker has no paragraph among them. `middle` is the time
    halfway through the passage in seconds.
    """
    open_parts = [part for part in parts if part.inner] or [parts[0]]
    added: list[tuple[int, _Part]] = []
    for segment in (each if each.words else with_words(each) for each in new if each.text.strip()):
        near = [part for part in open_parts if segment.speaker in (None, part.speaker)]
        if near:
            _divide(segment, near, middle)
            continue
        place = sum(_begin(part, middle) <= segment.start for part in parts)
        if not added or (added[-1][0], added[-1][1].speaker) != (place, segment.speaker):
            added.append((place, _Part(segment.speaker)))
        added[-1][1].new.append(segment)
    placed = [*((place, 1, part) for place, part in added), *((place, 2, part) for place, part in enumerate(parts))]
    return [part for _, _, part in sorted(placed, key=itemgetter(0, 1))]


def _divide(segment: Segment, parts: Sequence[_Part], middle: float) -> None:
    """Add each word of the segment to `new` of that part in `parts` which is nearest in time."""
    cuts: list[float] = []
    for (_, before), (after, _) in pairwise(part.inner or (middle, middle) for part in parts):
        cuts.append(max([(before + after) / 2, *cuts[-1:]]))
    middles = accumulate(((word.start + word.end) / 2 for word in segment.words), max)
    places = [bisect_right(cuts, at) for at in middles]
    for place, part in enumerate(parts):
        own = [word for word, its_place in zip(segment.words, places, strict=True) if its_place == place]
        part.new += [spoken_by(each, part.speaker) for each in reduced(segment, own)]


def _begin(part: _Part, middle: float) -> float:
    """Return the start of a paragraph in seconds; `middle` if it has no words left or right of the passage."""
    return part.left[0].start if part.left else part.inner[0] if part.inner else middle


def _joined(part: _Part) -> Paragraph:
    """Return the paragraph of a part, with the new words in place of the old ones."""
    found: list[Segment] = []
    for segment in all_worded([*part.left, *part.new, *part.right]):
        before = "" if not found else found[-1].words[-1].text if found[-1].words else found[-1].text
        found.append(spaced(segment, before))
    return one_paragraph(found)
