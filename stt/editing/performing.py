"""Compute the effect of an editing step: find its paragraph in the current transcript, and return the splices."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from stt.editing import document, passages, requests, steps
from stt.editing.channel_speakers import with_present_speakers
from stt.editing.document import Rows, Splice
from stt.editing.finding import Finder
from stt.editing.requests import Step
from stt.editing.steps import Paragraph, text_of
from stt.editing.texts import LONGEST_TEXT
from stt.errors import BadOption, TooLarge
from stt.transcript.model import Segment

Caret = dict[str, int]
ROUNDED = 0.0101  # maximum overlap of two paragraphs that counts as a rounding error, seconds
MAX_GROWTH = 1_000_000  # maximum characters that one REPLACE step may add to the transcript


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a step: the splices in order, and the place to which the browser moves the caret.

    `base` is the text of the paragraph before the step. `replaced` is the number of replacements of a REPLACE step; it
    is None for other steps.
    """

    splices: list[Splice] = field(default_factory=list)
    caret: Caret | None = None
    base: str = ""
    replaced: int | None = None


class ParagraphChanged(Exception):
    """The paragraph of a step was changed by another request.

    `paragraph` is the paragraph's current number, or None if it is unknown or the paragraph was removed. `text` is the
    paragraph's current text. `near` is the number of the paragraph that follows the place of a removed paragraph.
    """

    def __init__(self, paragraph: int | None, text: str, near: int | None = None) -> None:
        super().__init__()
        self.paragraph = paragraph
        self.text = text
        self.near = near


def perform(rows: Rows, step: Step, since: list[Splice] | None, duration: float = 0.0) -> Outcome:
    """Return the outcome of a step, without changing `rows`, which must have been passed to `document.freeze`.

    `duration` is the length of the recording in seconds, 0 if unknown. `since` are the splices of all revisions after
    the one that the step is based on, or None if they are not stored. Raises ParagraphChanged if another request has
    changed the paragraph of the step, and BadOption for impossible times or a MERGE of the first paragraph.
    """
    starts = document.begins(rows)
    if step.kind == requests.REPLACE:
        return _replaced(rows, starts, step, since)
    if step.kind == requests.PASSAGE:
        named = with_present_speakers(step.segments, step.original, rows)
        splices = passages.replacement_of_span(rows, starts, step.start or 0.0, step.end or 0.0, named)
        return Outcome(splices, caret_of(splices))
    if step.kind == requests.SPLIT and not rows and not step.was:  # a removed paragraph is the only one again
        made = document.splice(rows, starts, 0, 0, [Segment(0.0, duration, step.text, begins=True)])
        return Outcome([made] if made else [])
    number = _find(rows, starts, step, since)
    own = document.paragraph(rows, starts, number)
    base = text_of(own)
    typed = steps.retyped(own, step.text) if step.kind in requests.TYPED else own
    caret: Caret | None = None
    first, removed, new = number, 1, typed
    if step.kind == requests.DELETE:
        new = ()
    elif step.kind == requests.SPEAKER:
        parts = steps.assigned(own, step.speaker or None, step.marked)
        new = tuple(segment for part in parts for segment in part)
    elif step.kind == requests.TIMES:
        new = steps.timed(own, *_times(rows, starts, number, step, duration))
    elif step.kind == requests.WORD:
        new = steps.confirmed(typed, *(step.marked or (0, 0)))
    elif step.kind == requests.SPLIT:
        left, right = steps.split(typed, step.at) if typed else ((), ())
        new = (*left, *right)
        caret = {"paragraph": number + (1 if left and right else 0), "at": 0}
    elif step.kind == requests.MERGE:
        if not number:
            raise BadOption("There is no paragraph above.", guidance="Merge from the second one on.")
        upper = document.paragraph(rows, starts, number - 1)
        first, removed, new = number - 1, 2, steps.merge(upper, typed)
        caret = {"paragraph": number - 1, "at": len(text_of(new)) - len(text_of(typed))}
    made = document.splice(rows, starts, first, removed, new)
    return Outcome([made] if made else [], caret, base)


def _times(rows: Rows, starts: list[int], number: int, step: Step, duration: float) -> tuple[float, float]:
    """Return the new start and end of the paragraph of a step that changes times, in seconds.

    Raises BadOption if the times overlap an adjacent paragraph, are outside of the recording, or are in the wrong
    order.
    """
    first, last = steps.span(document.paragraph(rows, starts, number))
    start = first if step.start is None else step.start
    end = last if step.end is None else step.end
    lowest, highest = 0.0, duration or math.inf
    if number:
        lowest = min(first, steps.span(document.paragraph(rows, starts, number - 1))[1])
    if number + 2 < len(starts):
        highest = max(last, steps.span(document.paragraph(rows, starts, number + 1))[0])
    # The browser gets times rounded to a hundredth of a second, so a small overlap is only a rounding error.
    start = lowest if lowest - ROUNDED <= start < lowest else start
    end = highest if highest < end <= highest + ROUNDED else end
    if start < 0 or (duration and end > max(duration, last)):
        raise BadOption("This time is outside the recording.", guidance="Choose a time within it.")
    if start < lowest or end > highest:
        raise BadOption(
            "The new times would overlap another paragraph.", guidance="Change the times of that paragraph first."
        )
    if end <= start:
        raise BadOption("A paragraph must end after it starts.", guidance="Choose a later end or an earlier start.")
    return start, end


def _replaced(rows: Rows, starts: list[int], step: Step, since: list[Splice] | None) -> Outcome:
    """Return the outcome of replacing a text wherever it occurs.

    The indices in each splice are valid after the splices before it have been applied. Raises TooLarge if a paragraph
    would have more than LONGEST_TEXT characters, or the transcript would grow by more than MAX_GROWTH.
    """
    finder = Finder(step.find, case=step.case, words=step.words)
    chosen = None if step.only is None else _chosen(step.only, since)
    found = Outcome(replaced=0)
    made: list[Splice] = []
    # Totals so far: replacements, increase in the number of segments, removed paragraphs, and added characters.
    count, moved, fewer, total = 0, 0, 0, 0
    caret: Caret | None = None
    for number in range(len(starts) - 1):
        if step.paragraphs is not None and number not in step.paragraphs:
            continue
        text = document.text(rows[starts[number] : starts[number + 1]])
        spans = finder.spans(text) if chosen is None else finder.among(text, chosen.get(number, ()))
        if not spans:
            continue
        longer = sum(len(step.text) - (end - begin) for begin, end in spans)
        if longer > 0 and len(text) + longer > LONGEST_TEXT:
            raise TooLarge(f"A paragraph takes at most {LONGEST_TEXT:,} characters.", guidance="Use a shorter text.")
        total += max(0, longer)
        if total > MAX_GROWTH:
            raise TooLarge("This would make the transcript too long.", guidance="Replace by a shorter text.")
        pieces, at = [], 0
        for begin, end in spans:
            pieces += [text[at:begin], step.text]
            at = end
        count += len(spans)
        new = steps.retyped(document.paragraph(rows, starts, number), " ".join("".join([*pieces, text[at:]]).split()))
        one = document.splice(rows, starts, number, 1, new)
        if one is None:
            continue
        caret = caret or {"paragraph": number, "at": spans[0][0]}
        made.append({**one, "segment": one["segment"] + moved, "paragraph": number - fewer})
        moved += len(one["after"]) - len(one["before"])
        fewer += not new
    return replace(found, splices=made, caret=caret, replaced=count)


def _chosen(places: Iterable[tuple[int, int, int]], since: list[Splice] | None) -> dict[int, list[tuple[int, int]]]:
    """Return the chosen places as {current number of the paragraph: list of (first character, after the last)}.

    `places` are (former number of the paragraph, first character, after the last). The former number is the number
    before the splices in `since`. Paragraphs that these splices changed are left out. If `since` is None, the former
    numbers are used unchanged.
    """
    numbers: dict[int, int | None] = {}
    found: dict[int, list[tuple[int, int]]] = {}
    for number, begin, end in places:
        if number not in numbers:
            numbers[number] = number if since is None else _number_now(number, since)
        now = numbers[number]
        if now is not None:
            found.setdefault(now, []).append((begin, end))
    return found


def _find(rows: Rows, starts: list[int], step: Step, since: list[Splice] | None) -> int:
    """Return the current number of the paragraph of a step. Raises ParagraphChanged if its text was changed."""
    known = len(starts) - 1

    def text(number: int) -> str | None:
        return document.text(rows[starts[number] : starts[number + 1]]) if number < known else None

    place = Place(step.paragraph, set(range(known))) if since is None else _follow(step.paragraph, since)
    near, there = place.number, place.number in place.made
    if there and text(near) == step.was:
        return near
    if there and step.kind == requests.TEXT and text(near) == step.text:  # another tab saved the same new text
        return near
    if same := [number for number in place.made or place.inserted if text(number) == step.was]:
        return min(same, key=lambda number: (abs(number - near), number))
    if since is None or not there:
        raise ParagraphChanged(None, "", near)
    raise ParagraphChanged(near, text(near) or "")


@dataclass(slots=True)
class Place:
    """Describe where a paragraph is now.

    `number` is the number of the paragraph, or of the first paragraph made from it. If nothing is left of it, `number`
    is that of the paragraph after it. `made` are the numbers of all paragraphs made from it. `inserted` are the numbers
    of inserted paragraphs: a removed paragraph comes back as one of them if the removal is undone.
    """

    number: int
    made: set[int]
    inserted: set[int] = field(default_factory=set)


def _follow(number: int, since: list[Splice]) -> Place:
    """Return the place of a paragraph after the splices `since`."""
    place = Place(number, {number})
    for splice in since:
        first, added = splice["paragraph"], document.count(splice["after"])
        after = first + document.count(splice["before"])
        changed = any(first <= one < after for one in place.made)
        for some in (place.made, place.inserted):
            kept = {one if one < first else one + first + added - after for one in some if not first <= one < after}
            some.clear()
            some.update(kept)
        if changed or after == first:
            (place.made if changed else place.inserted).update(range(first, first + added))
        if place.number >= after:
            place.number += first + added - after
        elif place.number >= first:
            place.number = min(place.number, first + max(0, added - 1))
    return place


def _number_now(number: int, since: list[Splice]) -> int | None:
    """Return the number of a paragraph after the splices `since`, or None if one of them changed the paragraph."""
    for splice in since:
        first, removed = splice["paragraph"], document.count(splice["before"])
        if first <= number < first + removed:
            return None
        if number >= first + removed:
            number += document.count(splice["after"]) - removed
    return number


def caret_of(splices: list[Splice]) -> Caret | None:
    """Return the place for the caret: after the text that the last splice changed. Return None without splices."""
    if not splices:
        return None
    last: dict[str, Any] = splices[-1]
    before, after = _first(last["before"]), _first(last["after"])
    old, new = text_of(before), text_of(after)
    same = 0
    while same < min(len(old), len(new)) and old[-1 - same] == new[-1 - same]:
        same += 1
    return {"paragraph": last["paragraph"], "at": len(new) - same}


def _first(rows: Rows) -> Paragraph:
    return document.paragraph(rows, document.begins(rows), 0) if rows else ()
