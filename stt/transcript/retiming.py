"""Assign times to corrected text, by aligning it with the engine's timed words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from stt.transcript import alignment, scripts
from stt.transcript.model import Segment, Word, joined


@dataclass(frozen=True, slots=True)
class _Unit:
    """Represent the shortest run of the engine's words that has the same letters as a run of tokens, and these tokens.

    A token is a match of `scripts.PIECE`. Usually a unit has one word and one token.
    """

    words: tuple[Word, ...]
    tokens: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()

    def pieces(self, following: float) -> list[Word]:
        """Return each token as a word with a share of the unit's time.

        `following` is the start of the next unit in seconds. If there are several tokens, none of them ends after it.
        """
        known = [word.confidence for word in self.words if word.confidence is not None]
        start, end = self.words[0].start, max(word.end for word in self.words)
        if len(self.tokens) > 1:
            end = min(end, following)
        times = _shares(self.tokens, start, max(start, end))
        confidence, speaker = min(known, default=None), self.words[0].speaker
        return [Word(token, *time, confidence, speaker) for token, time in zip(self.tokens, times, strict=True)]


def rewritten(segments: Sequence[Segment], text: str) -> tuple[Segment, ...]:
    """Return the paragraph `segments` with the corrected `text`, as one segment, or as no segment if `text` is empty.

    `text` must have single spaces between words, and no outer spaces. If the text is unchanged, the segments are
    returned unchanged. The paragraph keeps its start, and its end unless a word ends later.
    """
    words = tuple(word for segment in segments for word in segment.words if word.text.strip())
    shown = "".join(word.text for word in words) if words else joined(segment.text for segment in segments)
    if " ".join(shown.split()) == text:
        return tuple(segments)
    if not text:
        return ()
    start, end, speaker = segments[0].start, max(segment.end for segment in segments), segments[0].speaker
    language, begins = segments[0].language, segments[0].begins
    if not words:
        return (Segment(start, end, text, (), speaker, language, begins),)
    lead = " " if words[0].text[0].isspace() else ""
    new = tuple(realigned(words, lead + text, start, end, speaker))
    return (Segment(start, max(end, *(word.end for word in new)), lead + text, new, speaker, language, begins),)


def realigned(words: Sequence[Word], text: str, start: float, end: float, speaker: str | None) -> Iterator[Word]:
    """Yield the words of `text` with times from `words`. Joining the texts of the yielded words gives `text`.

    `start` and `end` are those of the paragraph in seconds. Unchanged words keep their times and confidence. Changed
    words share the time of the words that they replace. Added words share the time between their neighbours. Changed
    and added words have the speaker `speaker` and no confidence.
    """
    units = list(_units(words))
    starts = [*(unit.words[0].start for unit in units[1:]), math.inf]
    old = [(unit, k) for unit in units for k in range(len(unit.tokens))]
    pieces = [piece for unit, start in zip(units, starts, strict=True) for piece in unit.pieces(start)]
    new = list(scripts.PIECE.finditer(text))
    same = alignment.same([piece.text for piece in pieces], [match[0] for match in new])
    at = taken = done = 0  # how many tokens of `new`, tokens of `old` and characters of `text` are processed
    clock, before = 0.0, start  # start and end of the last word that was yielded, seconds
    while at < len(new):
        if at in same:
            unit, k = old[same[at]]
            following = at + len(unit.tokens)
            whole = k == 0 and same.get(following - 1) == same[at] + following - 1 - at
            if whole and text[new[at].start() : new[following - 1].end()] == unit.text:
                given = list(unit.words)
                given[0] = replace(given[0], text=text[done : new[at].start()] + given[0].text.lstrip())
                given[-1] = replace(given[-1], text=given[-1].text.rstrip())
            else:
                following = at + 1
                given = [replace(pieces[same[at]], text=text[done : new[at].end()])]
            taken = same[following - 1] + 1
        else:
            following = next((n for n in range(at, len(new)) if n in same), len(new))
            reached = same.get(following, len(old))
            ceiling = pieces[reached].start if reached < len(old) else None
            tokens = [match[0] for match in new[at:following]]
            times = _times(tokens, pieces[taken:reached], clock, before, ceiling, end)
            ends = [done, *(match.end() for match in new[at:following])]
            given = [Word(text[ends[i] : ends[i + 1]], *time, None, speaker) for i, time in enumerate(times)]
        yield from given
        clock, before, done = given[-1].start, given[-1].end, new[following - 1].end()
        at = following


def _times(
    tokens: list[str], replaced: list[Word], clock: float, before: float, ceiling: float | None, end: float
) -> list[tuple[float, float]]:
    """Return the start and end in seconds of each of the `tokens`, which replace the words `replaced`.

    `clock` and `before` are the start and the end of the word before the tokens. `ceiling` is the start of the word
    after the tokens, or None if there is no such word. `end` is the end of the paragraph.
    """
    if len(tokens) == len(replaced):
        return [(word.start, word.end) for word in replaced]
    if replaced:
        first, last = replaced[0].start, max(word.end for word in replaced)
    else:
        first, last = before, end if ceiling is None else ceiling
    if ceiling is not None:
        first, last = min(first, ceiling), min(last, ceiling)
    first = max(first, clock)
    return _shares(tokens, first, max(first, last))


def _shares(tokens: Sequence[str], start: float, end: float) -> list[tuple[float, float]]:
    """Divide the time from `start` to `end` among the tokens in proportion to their numbers of characters."""
    letters = sum(map(len, tokens))
    times, done = [], 0
    for token in tokens:
        first, done = done, done + len(token)
        # `_between` returns `start` and `end` exactly, so the first and the last time have no rounding error.
        times.append((_between(start, end, first / letters), _between(start, end, done / letters)))
    return times


def _between(start: float, end: float, share: float) -> float:
    return end if share == 1 else min(end, start + (end - start) * share)


def _units(words: Sequence[Word]) -> Iterator[_Unit]:
    tokens = iter([match[0] for match in scripts.PIECE.finditer("".join(word.text for word in words))])
    own: list[Word] = []
    held: list[str] = []
    letters = 0  # characters of the words `own` minus characters of the tokens `held`; 0 completes a unit
    for word in words:
        own.append(word)
        letters += len("".join(word.text.split()))
        while letters > 0:
            held.append(next(tokens))
            letters -= len(held[-1])
        if letters == 0:
            yield _Unit(tuple(own), tuple(held))
            own, held = [], []
