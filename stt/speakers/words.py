"""Assign speakers to the words of a transcript."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from stt.speakers.turns import Diarization, Turn
from stt.transcript.model import Segment, Word, separated

DOUBTFUL = 0.35  # a word's speaker is doubtful if another person speaks for at least this share of the word's length
NEAREST = 2.0  # maximum distance of a word from its nearest turn, seconds; farther words have no speaker


@dataclass(frozen=True, slots=True)
class Attribution:
    """Assign a word to the speaker with the number `speaker`, or to nobody if `speaker` is None.

    `doubtful` means that another person speaks during much of the word (see DOUBTFUL).
    """

    speaker: int | None
    doubtful: bool = False


def of_words(words: Sequence[Word], diarization: Diarization) -> list[Attribution]:
    """Return the speaker of each word: the person who speaks longest during the word.

    If nobody speaks during the word, the speaker of the nearest turn is returned, or None if no turn is within NEAREST
    seconds.
    """
    turns = _Turns(diarization.turns)
    return [turns.of(word.start, word.end) for word in words]


class _Turns:
    """Turns that can be searched by time."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = sorted(turns, key=lambda turn: turn.start)
        self._starts = [turn.start for turn in self._turns]
        self._longest = max((turn.end - turn.start for turn in turns), default=0.0)

    def near(self, start: float, end: float) -> list[Turn]:
        first = bisect_left(self._starts, start - self._longest)
        return [turn for turn in self._turns[first : bisect_left(self._starts, end)] if turn.end > start]

    def of(self, start: float, end: float) -> Attribution:
        spoken: dict[int, float] = {}
        for turn in self.near(start, end):
            spoken[turn.speaker] = spoken.get(turn.speaker, 0.0) + min(end, turn.end) - max(start, turn.start)
        if not spoken:
            nearest = min(
                self.near(start - NEAREST, end + NEAREST),
                key=lambda turn: max(turn.start - end, start - turn.end),
                default=None,
            )
            return Attribution(nearest.speaker if nearest else None)
        ranked = sorted(spoken, key=lambda speaker: -spoken[speaker])
        second = spoken[ranked[1]] if len(ranked) > 1 else 0.0
        return Attribution(ranked[0], second >= DOUBTFUL * max(end - start, 1e-3))


def label(segments: Iterable[Segment], diarization: Diarization, names: Sequence[str]) -> tuple[Segment, ...]:
    """Return the segments with speakers, cut where the speaker changes. `names` has the name of each speaker number.

    A word whose speaker is doubtful (see DOUBTFUL) is marked as `overlapped`. A segment without timed words gets the
    speaker who speaks longest during the segment.
    """
    turns = _Turns(diarization.turns)
    found: list[Segment] = []
    for segment in segments:
        if not segment.words:
            speaker = turns.of(segment.start, segment.end).speaker
            found.append(replace(segment, speaker=None if speaker is None else names[speaker]))
            continue
        attributions = [turns.of(word.start, word.end) for word in segment.words]
        speakers = [one.speaker for one in attributions]
        cuts = [0, *(np.flatnonzero([one != two for one, two in pairwise(speakers)]) + 1)]
        for first, after in zip(cuts, [*cuts[1:], len(speakers)], strict=True):
            speaker = speakers[first]
            name = None if speaker is None else names[speaker]
            words = tuple(
                replace(word, speaker=name, overlapped=one.doubtful)
                for word, one in zip(segment.words[first:after], attributions[first:after], strict=True)
            )
            whole = not first and after == len(speakers)
            end = segment.end if after == len(speakers) else max(word.end for word in words)
            start = segment.start if not first else words[0].start
            text = segment.text if whole else "".join(word.text for word in words)
            begins = segment.begins and not first
            found.append(replace(segment, start=start, end=end, text=text, words=words, speaker=name, begins=begins))
    return separated(found)
