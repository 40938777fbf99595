"""Decide which language is spoken, window by window, from the encoder's output that a window needs anyway.

A window of 30 s is looked at in slices of 5 s: of the whole, Whisper names one language only. Switching has a price, so
that noise, music and one foreign sentence change nothing; two sure slices pay it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import ctranslate2
import numpy as np

from stt.speech.vad import Span

FRAMES, ENCODED = 100, 50  # a second: of the spectrum, and of the encoder's output
SLICE = 5.0  # seconds
CLOSE = 3.0  # seconds on either side of a pause, for the second look at where the language switches
LEAST = 1.0  # seconds; the language of less is not looked at
UNSURE = 0.05  # the least probability that counts, so that no slice decides alone
SWITCH = 5.0  # what a switch costs, as a difference of log probabilities; a slice gives 3 at most
LIKE = 0.1  # a smaller difference is none
SUSPECT = 2.5  # the same for the end of a window, from which on the next one begins
SURE = 0.5  # probability of a language in a slice that leaves no doubt about a switch to it
VOICED = 0.3  # share of a slice with a voice for its language to count in full

Probabilities = dict[str, float]


@dataclass(frozen=True, slots=True)
class Choice:
    """The language of a window, how likely it is, and its frames: fewer than it had where another one follows."""

    language: str
    probability: float
    frames: int


class LanguageChoice:
    """The language so far, among those that are possible (all if `among` is empty).

    `current` is None until something was said. It is set from outside, once words of a window are accepted: music
    has a language, too.
    """

    def __init__(self, current: str | None, among: Sequence[str] = ()) -> None:
        self.current, self.among = current, frozenset(among)

    def of_window(
        self,
        model: Any,
        encode: Callable[[int], Any],
        encoded: Any,
        size: int,
        *,
        follows: bool,
        pauses: Sequence[Span],
        voiced: Callable[[float, float], float],
    ) -> Choice:
        """Choose for a window of `size` frames. `pauses` are in seconds from its beginning, as are those of `voiced`.

        `voiced` gives the share of a span in which the VAD hears a voice; `follows` is whether the speech goes on
        after the window. `encode` gives the encoder's output of its first frames alone.
        """
        output = np.asarray(encoded)[0]
        spans = _slices(size / FRAMES)
        seen = self._seen(model, output, spans)
        weights = [min(1.0, voiced(*span) / VOICED) for span in spans]
        path = self._path(seen, weights)
        runs = [(language, len(list(run))) for language, run in groupby(path)]
        first, length = runs[0]
        following = runs[1][0] if len(runs) > 1 else None
        if head := self._doubtful(first, seen[:length]):
            # What comes after it colours the encoder's output of a short beginning, so that is looked at alone.
            # The silence after it belongs to it: without, Whisper names rare languages.
            (result,) = model.languages_of(encode(round(spans[head - 1][1] * FRAMES)))
            found = self._possible(result)
            if found.get(self.current or "", 0.0) > found.get(first, 0.0):
                first, following, length = str(self.current), first, head
                seen = [found] * head + seen[head:]
        if following is None and follows:
            following, length = self._suspect(first, seen, weights)
        frames = size
        if following is not None:
            frames = self._border(model, output, first, following, spans[length][0], size, pauses)
        sure = [one.get(first, 0.0) for one in seen[:length]]
        return Choice(first, float(np.mean(sure)), frames)

    def _seen(self, model: Any, output: np.ndarray, spans: Sequence[Span]) -> list[Probabilities]:
        """The probabilities of the possible languages in each span of a window."""
        slices = [output[round(a * ENCODED) : round(b * ENCODED)] for a, b in spans]
        found: list[Probabilities] = []
        # Slices of one length go together: all but the last, mostly.
        for _, group in groupby(slices, key=len):
            batch = ctranslate2.StorageView.from_array(np.ascontiguousarray(np.stack(list(group))))
            found += [self._possible(result) for result in model.languages_of(batch)]
        return found

    def _possible(self, result: Sequence[tuple[str, float]]) -> Probabilities:
        every = {token[2:-2]: float(probability) for token, probability in result}
        if not self.among:
            return every
        named = {code: every.get(code, 0.0) for code in self.among}
        total = sum(named.values()) or 1.0
        return {code: probability / total for code, probability in named.items()}

    def _path(self, seen: Sequence[Probabilities], weights: Sequence[float]) -> list[str]:
        """The most likely languages of the slices, a switch costing SWITCH (Viterbi)."""
        candidates = {max(one, key=lambda code: one[code]) for one in seen}
        if self.current is not None:
            candidates.add(self.current)
        score = {code: 0.0 if self.current in (None, code) else -SWITCH for code in candidates}
        steps: list[dict[str, str]] = []
        for one, weight in zip(seen, weights, strict=True):
            best = max(sorted(score), key=lambda code: score[code])
            # Where both are as likely, the language before goes on as long as it can.
            came = {code: code if score[code] > score[best] - SWITCH + LIKE else best for code in candidates}
            score = {
                code: max(score[code], score[best] - SWITCH) + weight * _log(one.get(code, 0.0)) for code in candidates
            }
            steps.append(came)
        code = max(sorted(score), key=lambda code: (score[code], code == self.current))
        path = []
        for came in reversed(steps):
            path.append(code)
            code = came[code]
        return path[::-1]

    def _doubtful(self, first: str, seen: Sequence[Probabilities]) -> int:
        """How many slices at the beginning may still be in the language before, where the window switches to
        `first`.
        """
        if self.current in (None, first):
            return 0
        sure = [one.get(first, 0.0) >= SURE for one in seen]
        return sure.index(True) if True in sure else 0

    def _suspect(self, first: str, seen: Sequence[Probabilities], weights: Sequence[float]) -> tuple[str | None, int]:
        """Another language that the last slices may be in, and how many slices are before them."""
        last = max(seen[-1], key=lambda code: seen[-1][code])
        length = len(seen)
        gained = 0.0
        while last != first and length > 1:
            one = seen[length - 1]
            gain = weights[length - 1] * (_log(one.get(last, 0.0)) - _log(one.get(first, 0.0)))
            if gain <= 0:
                break
            gained, length = gained + gain, length - 1
        return (last, length) if gained >= SUSPECT else (None, len(seen))

    def _border(
        self, model: Any, output: np.ndarray, one: str, other: str, near: float, size: int, pauses: Sequence[Span]
    ) -> int:
        """The frame at which `one` ends and `other` begins, near a second: the pause that parts them best."""
        end = size / FRAMES
        middles = [(a + b) / 2 for a, b in pauses]
        places = [at for at in middles if abs(at - near) <= SLICE and LEAST <= at <= end - LEAST] or [near]
        sides = [span for at in places for span in ((max(0.0, at - CLOSE), at), (at, min(end, at + CLOSE)))]
        seen = [_log(found.get(one, 0.0)) - _log(found.get(other, 0.0)) for found in self._seen(model, output, sides)]
        gains = [before - after for before, after in zip(seen[::2], seen[1::2], strict=True)]
        best = max(range(len(places)), key=lambda number: (gains[number], -abs(places[number] - near)))
        return round(places[best] * FRAMES)


def _slices(seconds: float) -> list[Span]:
    """Slices of SLICE that cover a window, the last one shorter, or longer where less than LEAST would be left."""
    edges = list(np.arange(0.0, seconds, SLICE))
    if len(edges) > 1 and seconds - edges[-1] < LEAST:
        edges.pop()
    return list(zip(edges, [*edges[1:], seconds], strict=True))


def _log(probability: float) -> float:
    return float(np.log(max(probability, UNSURE)))
