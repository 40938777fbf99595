"""Correct the times of words: put the words in order, each from SHORTEST_WORD to LONGEST_WORD long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stt.transcript.model import Segment, Word

# Maximum length of a word, seconds. If Whisper skips speech, the word before the skipped speech seems to last until the
# end of that speech.
LONGEST_WORD = 1.5
# Minimum length of a word, seconds. It separates words that the aligner cannot align and gives one and the same time.
SHORTEST_WORD = 0.04


def segment(decoded: Any, earliest: float, latest: float) -> Segment | None:
    """Return a faster-whisper segment as a Segment, with words in time order from `earliest` to `latest` seconds.

    Returns None if the segment has no text. Also returns None if its words do not fit between `earliest` and `latest`
    at SHORTEST_WORD each, because such a segment is a hallucination.
    """
    spoken = [word for word in decoded.words or () if word.word]
    text = "".join(word.word for word in spoken)
    if not text.strip():
        return None
    starts = _starts([float(word.start) for word in spoken], earliest, latest)
    if starts is None:
        return None
    ends = [
        min(max(float(word.end), start + SHORTEST_WORD), start + LONGEST_WORD, latest)
        for word, start in zip(spoken, starts, strict=True)
    ]
    words = tuple(
        Word(word.word, round(start, 2), round(end, 2), round(min(max(float(word.probability), 0.0), 1.0), 3))
        for word, start, end in zip(spoken, starts, ends, strict=True)
    )
    return Segment(words[0].start, max(word.end for word in words), text, words, language=decoded.language or None)


def _starts(starts: Sequence[float], earliest: float, latest: float) -> list[float] | None:
    """Return the start times of words, moved so that each word has at least SHORTEST_WORD before the next word starts.

    The first word does not start before `earliest`, and the last word starts SHORTEST_WORD before `latest` or earlier.
    Returns None if there is not enough time for all words.
    """
    if latest - earliest < SHORTEST_WORD * len(starts):
        return None
    found: list[float] = []
    at = earliest
    for start in starts:
        found.append(max(start, at))
        at = found[-1] + SHORTEST_WORD
    at = latest - SHORTEST_WORD
    for number in reversed(range(len(found))):
        found[number] = min(found[number], at)
        at = found[number] - SHORTEST_WORD
    return found
