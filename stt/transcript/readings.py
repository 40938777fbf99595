"""Find other readings of a word: what other transcripts have at the same time, or between the same two words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from stt.transcript import alignment, scripts
from stt.transcript.folding import words as folded
from stt.transcript.model import Transcript, Word

LONGEST = 10.0  # maximum duration of a word that is found, seconds
SHARE = 0.5  # overlap in time, as a share of the shorter word's duration, above which two words are alternatives
MOST_WORDS = 5  # maximum number of words in a reading of one word


def at(transcript: Transcript, spans: Iterable[tuple[float, float]]) -> list[str]:
    """Return the text that a transcript has in each span (start and end in seconds).

    A text consists of the words that overlap the span by more than SHARE. It is "" if there is no such word, or
    if there are more than MOST_WORDS.
    """
    words = sorted((word for word in transcript.words if word.text.strip()), key=lambda word: word.start)
    starts = [word.start for word in words]
    return [_at(words, starts, start, end) for start, end in spans]


def _at(words: Sequence[Word], starts: Sequence[float], start: float, end: float) -> str:
    near = words[bisect_left(starts, start - LONGEST) : bisect_left(starts, end)]
    same = [word for word in near if _same(word, start, end)]
    return "".join(word.text for word in same).strip() if len(same) <= MOST_WORDS else ""


def _same(word: Word, start: float, end: float) -> bool:
    shorter = min(word.end - word.start, end - start)
    return min(word.end, end) - max(word.start, start) > SHARE * max(shorter, 0.01)


def between(texts: Iterable[str], words: Sequence[str], place: int) -> list[str]:
    """Return the distinct readings that `texts` have in place of the word at index `place` of `words`.

    A text is used only if the words directly before and after its reading are the same as in `words`, so that the
    reading replaces this one word.
    """
    tokens = [(number, folded(token[0])) for number, word in enumerate(words) for token in scripts.PIECE.finditer(word)]
    own = [at for at, (number, _) in enumerate(tokens) if number == place]
    found: dict[tuple[str, ...], str] = {tuple(folded(words[place])): ""}  # folded reading -> reading
    for text in texts if own else ():
        others = list(scripts.PIECE.finditer(text))
        same = alignment.same([" ".join(token) for _, token in tokens], [" ".join(folded(one[0])) for one in others])
        there = {one: other for other, one in same.items()}
        before, after = there.get(own[0] - 1, -1), there.get(own[-1] + 1, len(others))
        if (own[0] and before < 0) or (own[-1] + 1 < len(tokens) and after == len(others)):
            continue
        reading = text[others[before + 1].start() : others[after - 1].end()] if after > before + 1 else ""
        if after - before - 1 > MOST_WORDS:
            continue
        found.setdefault(tuple(folded(reading)), reading)
    return [reading for reading in found.values() if reading]
