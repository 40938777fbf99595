"""Choose the language of each window from its encoder output.

A window of 30 s is scored in slices of 5 s, because Whisper names only one language for a whole window. A switch to
another language has a cost. So noise, music and one foreign sentence do not switch the language. Two successive slices
in which another language is highly probable switch it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import ctranslate2
import numpy as np

from stt.speech.vad import Span

FRAMES_PER_SECOND = 100  # frames of the log mel spectrum per second
OUTPUTS_PER_SECOND = 50  # outputs of the encoder per second
SLICE = 5.0  # length of a slice, seconds
BORDER_CONTEXT = 3.0  # seconds scored before and after each pause, to find the pause where the language switches
MIN_SLICE = 1.0  # minimum length of the last slice, seconds; a shorter remainder is added to the previous slice
MIN_PROBABILITY = 0.05  # lower probabilities are raised to this, so that no single slice decides alone
SWITCH_COST = 5.0  # cost of a switch, as a difference of log probabilities; one slice makes a difference of at most 3
# Cost of another first language than the likely one. One clear slice is enough to choose the other language. Without a
# likely language, half of the answers of 1 s get a wrong language.
UNLIKELY_COST = 2.5
TIE = 0.1  # two log probabilities are treated as equal if they differ by less than this
# A window is ended before its last slices if another language increases their log probability by at least this.
SUSPECT_GAIN = 2.5
CLEAR_PROBABILITY = 0.5  # minimum probability of the new language in a slice that confirms a switch
FULL_VOICED_SHARE = 0.3  # minimum share of speech in a slice of full weight; slices with less speech weigh less

Probabilities = dict[str, float]


@dataclass(frozen=True, slots=True)
class Choice:
    """The language of a window, its probability, and the number of frames in this language.

    `frames` is the size of the window, or smaller if the window switches to another language.
    """

    language: str
    probability: float
    frames: int


class LanguageChoice:
    """The current language of a recording, among the `candidates` (all languages if empty).

    `current` is None until there is speech. Until then, `likely` is the language to expect, if known. The caller sets
    `current` only when it accepts the words of a window, because hallucinations in music have a language, too.
    """

    def __init__(self, current: str | None, candidates: Sequence[str] = (), likely: str | None = None) -> None:
        self.current, self.candidates, self.likely = current, frozenset(candidates), likely

    def choose(
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
        """Choose the language of a window of `size` frames, whose encoder output is `encoded`.

        `encode(frames)` encodes only the first `frames` of the window. `follows` is whether speech continues after the
        window. `voiced(start, end)` returns which share of the span from `start` to `end` has speech, 0 to 1. `start`,
        `end` and `pauses` are in seconds from the window's start.
        """
        output = np.asarray(encoded)[0]
        spans = _slices(size / FRAMES_PER_SECOND)
        scores = self._score(model, output, spans)
        weights = [min(1.0, voiced(*span) / FULL_VOICED_SHARE) for span in spans]
        path = self._path(scores, weights)
        runs = [(language, len(list(run))) for language, run in groupby(path)]
        first, length = runs[0]
        following = runs[1][0] if len(runs) > 1 else None
        if head := self._unconfirmed(first, scores[:length]):
            # The first `head` slices may be in the current language, but the speech after them affects their encoder
            # output. So encode these slices alone, padded with silence. Without padding Whisper names rare languages.
            (result,) = model.detect_languages(encode(round(spans[head - 1][1] * FRAMES_PER_SECOND)))
            score = self._restrict(result)
            if score.get(self.current or "", 0.0) > score.get(first, 0.0):
                first, following, length = str(self.current), first, head
                scores = [score] * head + scores[head:]
        if following is None and follows:
            following, length = self._suspect(first, scores, weights)
        frames = size
        if following is not None:
            frames = self._border(model, output, first, following, spans[length][0], size, pauses)
        probabilities = [score.get(first, 0.0) for score in scores[:length]]
        return Choice(first, float(np.mean(probabilities)), frames)

    def _score(self, model: Any, output: np.ndarray, spans: Sequence[Span]) -> list[Probabilities]:
        """Return the probabilities of the candidates in each span of a window."""
        slices = [output[round(a * OUTPUTS_PER_SECOND) : round(b * OUTPUTS_PER_SECOND)] for a, b in spans]
        scores: list[Probabilities] = []
        # Batch slices of equal length: usually all slices but the last.
        for _, group in groupby(slices, key=len):
            batch = ctranslate2.StorageView.from_array(np.ascontiguousarray(np.stack(list(group))))
            scores += [self._restrict(result) for result in model.detect_languages(batch)]
        return scores

    def _restrict(self, result: Sequence[tuple[str, float]]) -> Probabilities:
        """Return the probabilities of the candidates, normalised to a sum of 1."""
        every = {token[2:-2]: float(probability) for token, probability in result}
        if not self.candidates:
            return every
        restricted = {code: every.get(code, 0.0) for code in self.candidates}
        total = sum(restricted.values()) or 1.0
        return {code: probability / total for code, probability in restricted.items()}

    def _path(self, scores: Sequence[Probabilities], weights: Sequence[float]) -> list[str]:
        """Return the most probable sequence of languages, one per slice. Each switch costs SWITCH_COST (Viterbi)."""
        states = {max(one, key=lambda code: one[code]) for one in scores}
        expected, cost = (self.current, SWITCH_COST) if self.current is not None else (self.likely, UNLIKELY_COST)
        if expected is not None:
            states.add(expected)
        total = {code: 0.0 if expected in (None, code) else -cost for code in states}
        steps: list[dict[str, str]] = []
        for one, weight in zip(scores, weights, strict=True):
            best = max(sorted(total), key=lambda code: total[code])
            # If an earlier and a later switch to `code` are equally probable, choose the later switch.
            came_from = {code: code if total[code] > total[best] - SWITCH_COST + TIE else best for code in states}
            total = {
                code: max(total[code], total[best] - SWITCH_COST) + weight * _log(one.get(code, 0.0)) for code in states
            }
            steps.append(came_from)
        code = max(sorted(total), key=lambda code: (total[code], code == expected))
        path = []
        for came_from in reversed(steps):
            path.append(code)
            code = came_from[code]
        return path[::-1]

    def _unconfirmed(self, first: str, scores: Sequence[Probabilities]) -> int:
        """Return how many slices at the window's beginning may still be in the current language.

        These are all slices before the first slice in which the language `first` reaches CLEAR_PROBABILITY. Returns 0
        if no slice reaches it, or if `first` is the current language.
        """
        if self.current in (None, first):
            return 0
        clear = [score.get(first, 0.0) >= CLEAR_PROBABILITY for score in scores]
        return clear.index(True) if True in clear else 0

    def _suspect(self, first: str, scores: Sequence[Probabilities], weights: Sequence[float]) -> tuple[str | None, int]:
        """Return another language that the last slices may be in, and the number of slices before these slices.

        If no other language is likely, returns None and the number of all slices.
        """
        last = max(scores[-1], key=lambda code: scores[-1][code])
        length = len(scores)
        total = 0.0
        while last != first and length > 1:
            score = scores[length - 1]
            gain = weights[length - 1] * (_log(score.get(last, 0.0)) - _log(score.get(first, 0.0)))
            if gain <= 0:
                break
            total, length = total + gain, length - 1
        return (last, length) if total >= SUSPECT_GAIN else (None, len(scores))

    def _border(
        self, model: Any, output: np.ndarray, one: str, other: str, near: float, size: int, pauses: Sequence[Span]
    ) -> int:
        """Return the frame where the language `one` switches to `other`.

        The frame is in the middle of a pause within SLICE seconds of `near`: the pause at which the switch is most
        probable. If there is no such pause, the frame is at `near` (seconds).
        """
        end = size / FRAMES_PER_SECOND
        middles = [(a + b) / 2 for a, b in pauses]
        places = [at for at in middles if abs(at - near) <= SLICE and MIN_SLICE <= at <= end - MIN_SLICE] or [near]
        sides = [
            span for at in places for span in ((max(0.0, at - BORDER_CONTEXT), at), (at, min(end, at + BORDER_CONTEXT)))
        ]
        scores = self._score(model, output, sides)
        differences = [_log(score.get(one, 0.0)) - _log(score.get(other, 0.0)) for score in scores]
        gains = [before - after for before, after in zip(differences[::2], differences[1::2], strict=True)]
        best = max(range(len(places)), key=lambda number: (gains[number], -abs(places[number] - near)))
        return round(places[best] * FRAMES_PER_SECOND)


def _slices(seconds: float) -> list[Span]:
    """Return slices of SLICE seconds that cover a window. The last slice may be shorter, or up to MIN_SLICE longer."""
    edges = list(np.arange(0.0, seconds, SLICE))
    if len(edges) > 1 and seconds - edges[-1] < MIN_SLICE:
        edges.pop()
    return list(zip(edges, [*edges[1:], seconds], strict=True))


def _log(probability: float) -> float:
    return float(np.log(max(probability, MIN_PROBABILITY)))
