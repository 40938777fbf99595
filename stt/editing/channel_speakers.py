"""Find the present speakers of words that were transcribed again, channel by channel or track by track."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from stt.editing import document
from stt.editing.document import Rows
from stt.editing.steps import reduced, spoken_by
from stt.transcript.model import Segment, with_words

NEAR = 60.0  # seconds before and after the new words in which words of a channel are searched before all others

Known = dict[str, list[tuple[float, str | None]]]  # by channel: the start of each word in seconds, and its speaker


def with_present_speakers(new: Sequence[Segment], original: Sequence[Segment], rows: Rows) -> list[Segment]:
    """Replace the speakers of `new`, who are channels or tracks, by the speakers in the present transcript `rows`.

    The user may have renamed or merged the speakers of the engine's segments `original`, or given paragraphs to other
    speakers. So each word gets the present speaker of the word of its channel in `original` that is nearest in time and
    still in the transcript. Words more than NEAR seconds before or after `new` count only if there are no others. If
    there is no such word at all, because all of them were changed, the words get no speaker; but the name of the
    channel or track stays if it is a speaker's name now, or if `original` does not have this channel.
    """
    wanted = {segment.speaker for segment in new if segment.speaker}
    if not wanted:
        return list(new)
    first, last = min(segment.start for segment in new), max(segment.end for segment in new)
    known = _known(wanted, original, rows, first - NEAR, last + NEAR)
    if missing := wanted - known.keys():
        known |= _known(missing, original, rows, -math.inf, math.inf)
    present = {row.get("speaker") for row in rows}
    for channel in {segment.speaker for segment in original if segment.speaker} & wanted - known.keys() - present:
        known[channel] = [(0.0, None)]
    return [part for segment in new for part in _named(segment, known)]


def _known(wanted: set[str], original: Iterable[Segment], rows: Rows, first: float, last: float) -> Known:
    """Return the words between `first` and `last` (seconds) whose speaker was one of `wanted`, and is known now."""
    here = document.segments_of([row for row in rows if row["end"] >= first and row["start"] <= last])
    speakers: dict[tuple[float, str], set[str | None]] = {}
    for segment in here:
        for word in _words(segment):
            speakers.setdefault(word, set()).add(segment.speaker)
    # Two channels may have the same word at the same time.
    now = {word: next(iter(names)) for word, names in speakers.items() if len(names) == 1}
    found: Known = {}
    for segment in original:
        if segment.speaker in wanted and segment.end >= first and segment.start <= last:
            own = [(word[0], now[word]) for word in _words(segment) if word in now]
            if own:
                found.setdefault(segment.speaker or "", []).extend(own)
    return {channel: sorted(words, key=itemgetter(0)) for channel, words in found.items()}


def _words(segment: Segment) -> list[tuple[float, str]]:
    """Return the start in seconds and the text of each word, or of the segment if it has no words."""
    return [(word.start, word.text.strip()) for word in segment.words] or [(segment.start, segment.text.strip())]


def _named(segment: Segment, known: Known) -> list[Segment]:
    """Return the segment with present speakers, cut where the speaker changes."""
    words = known.get(segment.speaker or "")
    if not words:
        return [segment]
    if len({name for _, name in words}) == 1:
        return [spoken_by(segment, words[0][1])]
    starts = [start for start, _ in words]

    def speaker(at: float) -> str | None:
        after = bisect_left(starts, at)
        near = range(max(0, after - 1), min(len(words), after + 1))
        return words[min(near, key=lambda place: abs(starts[place] - at))][1]

    whole = segment if segment.words else with_words(segment)
    return [
        spoken_by(part, name)
        for name, own in groupby(whole.words, lambda word: speaker(word.start))
        for part in reduced(whole, list(own))
    ]
