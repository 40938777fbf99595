"""Decode one window of 30 s: prompt truncation and the fallback policy."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import TranscriptionOptions

from stt.speech.samples import Samples
from stt.whisper import memory
from stt.whisper.fair_semaphore import Turns
from stt.whisper.mel import features

PROMPT = (
    100  # tokens of the text before that a window is given; 40 and the library's 223 gave about as many words wrong
)
BEAM = 5  # candidates kept while decoding; one alone is quicker, but loses commas and some words
PENALTY = 1.1  # by which said tokens become less likely, the last resort
# Of a window, in frames of 10 ms:
SILENCE = 800  # left after the sound; a clip of 11 s takes three quarters of the time with it, with as few words wrong
LEAST = 2000  # in all; with less, more words are wrong
STEP = 500  # the encoder keeps 2 MB for every length that it met

# A result, its mean log probability, whether the text before is to be forgotten, and the compression ratio.
Decoded = tuple[Any, float, bool, float]


@dataclass
class Options(TranscriptionOptions):
    """The library's options, with all thresholds set."""

    log_prob_threshold: float
    no_speech_threshold: float
    compression_ratio_threshold: float


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

    def features(self, sound: Samples) -> Samples:
        """What the encoder hears of 16 kHz samples. It takes six times what it leaves, so one at a time."""
        with self._turn(), self._encoding:
            memory.give_back()  # what the windows of the part before left
            try:
                return features(self.feature_extractor, sound)
            finally:
                memory.give_back()

    def encoded(self, features: Samples) -> Any:
        """Encode a window, without most of the silence that fills it up to 30 s.

        One at a time: it takes 70 MB for a moment, and two lanes seldom want it together.
        """
        longest = max(LEAST, _sounding(features) + SILENCE)
        with self._turn(), self._encoding:
            return super().encode(features[:, : -(-longest // STEP) * STEP])

    def languages_of(self, encoded: Any) -> list[list[tuple[str, float]]]:
        """Return tokens of all languages with their probabilities, likeliest first, for each of a batch of outputs."""
        with self._turn(first=True):
            found: list[list[tuple[str, float]]] = self.model.detect_language(encoded)
            return found

    def split(self, **named: Any) -> tuple[list[dict[str, Any]], int, bool]:
        """Return the parts of a window by its timestamps, where it ends, and whether it ends with one timestamp."""
        # The library types it as a list of lists.
        return cast("tuple[list[dict[str, Any]], int, bool]", super()._split_segments_by_timestamps(**named))

    def get_prompt(self, tokenizer: Any, previous_tokens: list[int], *rest: Any, **named: Any) -> list[int]:
        return super().get_prompt(tokenizer, previous_tokens[-PROMPT:], *rest, **named)

    def decoded(
        self,
        encoded: Any,
        before: Sequence[int],
        tokenizer: Any,
        options: Options,
        misled: bool = False,
    ) -> Decoded:
        """Decode a window conditioned on the tokens `before`, or without them if that fails."""
        best = self._tried(encoded, self.get_prompt(tokenizer, list(before)), tokenizer, options, misled)
        if before and failed(best, options):
            best = _better(best, self._tried(encoded, tokenizer.sot_sequence, tokenizer, options, True), options)
        return best

    def with_less_repeated(self, found: Decoded, encoded: Any, tokenizer: Any, options: Options) -> Decoded:
        """Decode a window that failed with a penalty on what was said; the better of the two."""
        options = replace(options, repetition_penalty=PENALTY)
        return _better(found, self._tried(encoded, tokenizer.sot_sequence, tokenizer, options, True), options)

    def _tried(self, encoded: Any, prompt: Sequence[int], tokenizer: Any, options: Options, misled: bool) -> Decoded:
        with self._turn():
            result, likely, _, repeats = super().generate_with_fallback(encoded, list(prompt), tokenizer, options)
        return result, likely, misled, repeats

    def find_alignment(self, *values: Any, **named: Any) -> list[dict[str, Any]]:
        """Short, and the text of a window is given after it: so it goes before what others begin."""
        with self._turn(first=True):
            return super().find_alignment(*values, **named)


def _sounding(features: Samples) -> int:
    """Frames before the silence that the library fills a window up with, which is exactly 0."""
    return int(np.flatnonzero(features.any(axis=0)).max(initial=-1)) + 1


def repetitive(found: Decoded, options: Options) -> bool:
    """Return whether the text of a window repeats itself, as a loop does, and a refrain."""
    return found[3] > options.compression_ratio_threshold


def failed(found: Decoded, options: Options) -> bool:
    """Return whether a result repeats itself, or is unlikely without being mere silence."""
    result, likely, _, _ = found
    if repetitive(found, options):
        return True
    return likely < options.log_prob_threshold and result.no_speech_prob <= options.no_speech_threshold


def _better(one: Decoded, other: Decoded, options: Options) -> Decoded:
    return max(one, other, key=lambda found: (not repetitive(found, options), found[1]))
