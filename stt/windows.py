"""How Whisper decodes one window of 30 s: what it is told of the text before, and when it tries again."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import TranscriptionOptions

from stt import memory
from stt.features import features
from stt.turns import Turns

PROMPT = 100  # tokens of the text before that a window is given; 40 and the library's 223 gave about as many words wrong
BEAM = 5  # candidates kept while decoding; one alone is quicker, but loses commas and some words
PENALTY = 1.1  # by which said tokens become less likely, the last resort
# Of a window, in frames of 10 ms:
SHORTEST = 50  # in less than that Whisper hears no word, but says again what was said before
SILENCE = 800  # left after the sound; a clip of 11 s takes three quarters of the time with it, with as few words wrong
LEAST = 2000  # in all; with less, more words are wrong
STEP = 500  # the encoder keeps 2 MB for every length that it met

NOTHING = (SimpleNamespace(no_speech_prob=1.0), float("-inf"), 0.0, 0.0)  # the library goes on after such a window


class Whisper(WhisperModel):
    """faster-whisper, with a shorter memory and another way out of doubt.

    A window that fails by the library's own measures (it repeats itself, or is unlikely) was mostly led astray by the
    text before it. So it is decoded without that first, and then with less of what it said already. The library would
    sample, whose numbers depend on the thread that draws them: the same sound would not give the same words.
    """

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self._encoding = threading.Lock()
        # Who waits here can still be cancelled; who stands in the library's own queue is decoded in any case.
        self._turns = Turns(named.get("num_workers", 1))
        self._ask: Callable[[], None] = lambda: None
        self._has_turn = False

    @contextmanager
    def part(self, ask: Callable[[], None], *, short: bool) -> Iterator[Whisper]:
        """The model for one part of a sound. `ask` is called before each thing it does, and may raise.

        A long part takes a turn for each of them. A short one goes before long ones, and one turn is for all it does.
        """
        mine = copy.copy(self)
        mine._ask, mine._has_turn = ask, short
        with self._turns.taken(ask, first=True) if short else nullcontext():
            yield mine

    @contextmanager
    def _turn(self, *, first: bool = False) -> Iterator[None]:
        if self._has_turn:
            self._ask()
            yield
        else:
            with self._turns.taken(self._ask, first=first):
                yield

    def features(self, sound: np.ndarray) -> np.ndarray:
        """What the encoder hears of 16 kHz samples. It takes six times what it leaves, so one at a time."""
        with self._turn(), self._encoding:
            memory.give_back()  # what the windows of the part before left
            try:
                return features(self.feature_extractor, sound)
            finally:
                memory.give_back()

    def encode(self, features: np.ndarray) -> Any:
        """A window after the first, or None if it is too short for a word: what the window before it left over."""
        return self.encoded(features) if _sounding(features) >= SHORTEST else None

    def encoded(self, features: np.ndarray) -> Any:
        """A window, without most of the silence that fills it up to 30 s.

        One at a time: it takes 70 MB for a moment, and two lanes seldom want it together.
        """
        longest = max(LEAST, _sounding(features) + SILENCE)
        with self._turn(), self._encoding:
            return super().encode(features[:, : -(-longest // STEP) * STEP])

    def get_prompt(self, tokenizer: Any, previous_tokens: list[int], *rest: Any, **named: Any) -> list[int]:
        return super().get_prompt(tokenizer, previous_tokens[-PROMPT:], *rest, **named)

    def generate_with_fallback(
        self, encoded: Any, prompt: list[int], tokenizer: Any, options: TranscriptionOptions
    ) -> tuple:
        if encoded is None:
            return NOTHING

        def tried(before: list[int], penalty: float) -> tuple:
            once = replace(options, repetition_penalty=penalty)
            with self._turn():
                result, likely, _, repeats = super(Whisper, self).generate_with_fallback(encoded, before, tokenizer, once)
            # By a temperature of 1 the library forgets the text before, as it has misled.
            return result, likely, 0.0 if before is prompt else 1.0, repeats

        def better(one: tuple, other: tuple) -> tuple:
            return max(one, other, key=lambda found: (found[3] <= options.compression_ratio_threshold, found[1]))

        best = tried(prompt, options.repetition_penalty)
        bare = list(tokenizer.sot_sequence)
        if _failed(best, options) and len(prompt) > len(bare):
            best = better(best, tried(bare, options.repetition_penalty))
        if _failed(best, options):
            best = better(best, tried(bare, PENALTY))
        return best

    def find_alignment(self, *values: Any, **named: Any) -> list:
        """Short, and the text of a window is given after it: so it goes before what others begin."""
        with self._turn(first=True):
            return super().find_alignment(*values, **named)


def _sounding(features: np.ndarray) -> int:
    """Frames before the silence that the library fills a window up with, which is exactly 0."""
    return int(np.flatnonzero(features.any(axis=0)).max(initial=-1)) + 1


def _failed(found: tuple, options: TranscriptionOptions) -> bool:
    """Whether a result repeats itself, or is unlikely without being mere silence."""
    result, likely, _, repeats = found
    if repeats > options.compression_ratio_threshold:
        return True
    return likely < options.log_prob_threshold and result.no_speech_prob <= options.no_speech_threshold
