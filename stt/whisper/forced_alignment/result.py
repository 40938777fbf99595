"""Build segments from the aligned words, and find the passages of the text that do not fit the sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import median
from typing import Any

from stt.transcript.model import Segment, Transcript, Word
from stt.whisper.forced_alignment.plan import UNFIT, UNWRITTEN, Guess, Placed, Plan, Unwritten, shares, trusted

# A word counts as improbable below this probability. One in ten words that are really spoken is also below it, because
# the word is rare or unclear.
IMPROBABLE = 0.1
MIN_UNFIT = 6  # minimum number of improbable words in a row for a passage that does not fit the sound
# Maximum median probability of the words in a passage that does not fit. Passages that are spoken have a higher median.
MAX_UNFIT_MEDIAN = 0.02
# Segments without usable times are split at pauses of at least PAUSE seconds, and after MOST_WORDS words.
PAUSE, MOST_WORDS = 1.0, 40


def finished(
    given: Transcript, plan: Plan, found: Mapping[int, Placed], duration: float, silent: Iterable[Unwritten] = ()
) -> Transcript:
    """Return the transcript with the times of its words in a recording of `duration` seconds.

    `found` has the times of the aligned words. Words in passages that do not fit the sound have no confidence, and
    share the time between the words around the passage. `silent` has spans of speech without text that are not in
    `plan.unwritten`.
    """
    unfit = _unfit(plan.words, found)
    words = _timed(plan.words, {n: place for n, place in found.items() if n not in unfit}, duration)
    keeps = trusted(given)
    segments: list[Segment] = []
    numbers = iter(groupby(range(len(words)), key=lambda number: plan.words[number].segment))
    following: tuple[int, Iterator[int]] | None = next(numbers, None)
    for number, segment in enumerate(given.segments):
        if following is None or following[0] != number:
            segments.append(segment)
            continue
        own = [replace(words[place], speaker=segment.speaker) for place in following[1]]
        following = next(numbers, None)
        if keeps:
            segments.append(replace(segment, text="".join(word.text for word in own), words=tuple(own)))
        else:
            segments += [_segment(part, segment, first=not place) for place, part in enumerate(_parts(own))]
    gaps = [*plan.unwritten, *silent]
    extras: dict[str, Any] = dict(given.extras)
    if rows := [_row(words, run) for run in _runs(sorted(unfit))]:
        extras[UNFIT] = rows
    if gaps:
        extras[UNWRITTEN] = [
            {"start": round(gap.start, 2), "end": round(gap.end, 2), "text": gap.text}
            for gap in sorted(gaps, key=lambda gap: gap.start)
        ]
    longest = max([duration, *(segment.end for segment in segments)])
    return replace(given, segments=tuple(segments), duration=longest, timed=True, extras=extras)


def _unfit(words: Sequence[Guess], found: Mapping[int, Placed]) -> set[int]:
    """Return the numbers of the words in passages that do not fit the sound."""
    missing = {number for number, word in enumerate(words) if not word.fits}
    probability = [found[number].probability if number in found else 0.0 for number in range(len(words))]
    low = [number for number in range(len(words)) if probability[number] < IMPROBABLE]
    # Join runs of improbable words that are one word apart, because a single word may be probable by chance.
    joined: list[list[int]] = []
    for number in low:
        if joined and number - joined[-1][-1] <= 2:
            joined[-1] += range(joined[-1][-1] + 1, number + 1)
        else:
            joined.append([number])
    for run in joined:
        if len(run) >= MIN_UNFIT and median(probability[number] for number in run) <= MAX_UNFIT_MEDIAN:
            missing.update(run)
    return missing


def _timed(words: Sequence[Guess], found: Mapping[int, Placed], duration: float) -> list[Word]:
    """Return all words with times, with their starts in ascending order.

    Consecutive words that are not in `found` share the time between the words around them.
    """
    # For each word, the next word in `found` (or the word itself), and the next word with another `earliest`. Computed
    # in one pass, because a search from each word would take quadratic time if few words are in `found`.
    next_found, next_span = [len(words)], [len(words)]
    for n in reversed(range(len(words))):
        next_found.append(n if n in found else next_found[-1])
        same = n + 1 < len(words) and words[n].earliest == words[n + 1].earliest
        next_span.append(next_span[-1] if same else n + 1)
    next_found.reverse()
    next_span.reverse()
    timed: list[Word] = []
    clock = before = 0.0  # start of the previous word, and the latest end of all previous words, in seconds
    at = 0
    while at < len(words):
        if at in found:
            place, word = found[at], words[at]
            start = max(clock, place.start)
            made = [Word(word.text, start, max(start, place.end), place.probability)]
        else:
            last = min(next_found[at], next_span[at])
            following = found[last].start if last in found else None
            start = max(clock, min(before, words[at].latest), words[at].earliest)
            end = max(start, min(duration if following is None else following, words[at].latest))
            texts = [word.text for word in words[at:last]]
            made = [Word(text, *time) for text, time in zip(texts, shares(texts, start, end), strict=True)]
        timed += [
            Word(w.text, round(w.start, 2), round(w.end, 2), None if w.confidence is None else round(w.confidence, 3))
            for w in made
        ]
        clock, before = made[-1].start, max(before, made[-1].end)
        at += len(made)
    return timed


def _parts(words: list[Word]) -> Iterator[list[Word]]:
    """Split the words of a segment without usable times at pauses, and after MOST_WORDS words."""
    part: list[Word] = []
    for word in words:
        if part and (word.start - part[-1].end >= PAUSE or len(part) >= MOST_WORDS):
            yield part
            part = []
        part.append(word)
    if part:
        yield part


def _segment(words: list[Word], of: Segment, *, first: bool) -> Segment:
    text, end = "".join(word.text for word in words), max(word.end for word in words)
    begins = of.begins if first or of.begins is None else False
    return Segment(words[0].start, end, text, tuple(words), of.speaker, of.language, begins)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last number (exclusive) of each run of consecutive numbers."""
    first = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield numbers[first], numbers[place - 1] + 1
            first = place


def _row(words: Sequence[Word], run: tuple[int, int]) -> dict[str, Any]:
    own = words[run[0] : run[1]]
    text = "".join(word.text for word in own).strip()
    return {"start": own[0].start, "end": max(word.end for word in own), "text": text}
