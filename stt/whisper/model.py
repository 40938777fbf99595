"""Decode one window of 30 s: prompt truncation and the fallback policy."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from stt.compat.faster_whisper import Options, Tokenizer, WindowModel
from stt.speech.samples import Samples
from stt.whisper import memory
from stt.whisper.fair_semaphore import PrioritySemaphore
from stt.whisper.mel import features

# Maximum number of prompt tokens from previous windows. 40 and faster-whisper's 223 gave a similar word error rate.
PROMPT_TOKENS = 100
GIVEN_TOKENS = 123  # maximum number of tokens of the user's prompt; Whisper takes GIVEN_TOKENS + PROMPT_TOKENS at most
BEAM_SIZE = 5  # number of hypotheses in the beam search; greedy decoding is faster, but loses commas and some words
RETRY_REPETITION_PENALTY = 1.1  # penalty for repeated tokens in the last attempt to decode a window
# Sizes of an encoded window, in frames of 10 ms:
PAD_FRAMES = 800  # silence kept after the sound; 8 s are as accurate as padding to the full 30 s, and faster
MIN_FRAMES = 2000  # minimum size; Whisper is less accurate with shorter windows
FRAME_STEP = 500  # sizes are rounded up to multiples of this, because the encoder keeps 2 MB for each different size

# The result of decoding a window: CTranslate2's result, the mean log probability, whether the next window gets no
# prompt, and the compression ratio.
WindowResult = tuple[Any, float, bool, float]


class Whisper(WindowModel):
    """A model with a shorter prompt and a deterministic fallback instead of temperature sampling.

    If the text of a window fails faster-whisper's thresholds (it is repetitive or improbable), the prompt is usually
    the cause. So the window is decoded again without a prompt, and then with a repetition penalty. Temperature sampling
    would give different words for equal samples, because random numbers depend on the thread.
    """

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self._encoding = threading.Lock()
        # A caller that waits for this semaphore can be cancelled, unlike a caller that waits in CTranslate2's queue.
        self._semaphore = PrioritySemaphore(named.get("num_workers", 1))
        self._check_cancelled: Callable[[], None] = lambda: None
        self._holds_permit = False

    @contextmanager
    def session(self, check_cancelled: Callable[[], None], *, short: bool) -> Iterator[Whisper]:
        """Yield a copy of the model, with shared weights, for decoding one part of a recording.

        `check_cancelled` is called before each operation, and may raise an exception to stop. If `short`, the session
        acquires one permit of the semaphore with priority, and holds it for all operations. Otherwise the session
        acquires a permit for each operation.
        """
        mine = copy.copy(self)
        mine._check_cancelled, mine._holds_permit = check_cancelled, short
        with self._semaphore.acquire(check_cancelled, priority=True) if short else nullcontext():
            yield mine

    @contextmanager
    def _permit(self, *, priority: bool = False) -> Iterator[None]:
        if self._holds_permit:
            self._check_cancelled()
            yield
        else:
            with self._semaphore.acquire(self._check_cancelled, priority=priority):
                yield

    def features(self, sound: Samples) -> Samples:
        """Return the log mel spectrum of 16 kHz samples, (bands, frames).

        Only one thread at a time computes a spectrum, because the computation needs six times the memory of its result.
        """
        with self._permit(), self._encoding:
            memory.trim()  # frees the memory that was used for the windows of the previous part
            try:
                return features(self.feature_extractor, sound)
            finally:
                memory.trim()

    def encode_window(self, features: Samples) -> Any:
        """Encode a window, without most of the silence that pads the window to 30 s.

        Only one thread at a time encodes, because encoding needs 70 MB of memory for a moment. Threads rarely wait for
        this, because they rarely encode at the same time.
        """
        longest = max(MIN_FRAMES, _sounding_frames(features) + PAD_FRAMES)
        with self._permit(), self._encoding:
            return self.encoder_output(features[:, : -(-longest // FRAME_STEP) * FRAME_STEP])

    def detect_languages(self, encoded: Any) -> list[list[tuple[str, float]]]:
        """Return all language tokens with their probabilities, most probable first, for each item of a batch."""
        with self._permit(priority=True):
            return self.language_scores(encoded)

    def token_probabilities(self, encoded: Any, tokenizer: Tokenizer, tokens: list[int], size: int) -> list[float]:
        with self._permit(priority=True):  # with priority, because this operation is short, like `aligning`
            return super().token_probabilities(encoded, tokenizer, tokens, size)

    def hypotheses(self, encoded: Any, tokenizer: Tokenizer, *, beam_size: int) -> list[str]:
        with self._permit():
            return super().hypotheses(encoded, tokenizer, beam_size=beam_size)

    def token_times(
        self, encoded: Any, tokenizer: Tokenizer, tokens: list[int], size: int
    ) -> tuple[list[float], list[float]]:
        with self._permit():
            return super().token_times(encoded, tokenizer, tokens, size)

    def decode_window(
        self,
        encoded: Any,
        previous_tokens: Sequence[int],
        tokenizer: Tokenizer,
        options: Options,
        drop_prompt: bool = False,
        given: Sequence[int] = (),
    ) -> WindowResult:
        """Decode a window conditioned on the user's prompt `given` and on the preceding text `previous_tokens`.

        If the window's text fails the thresholds (see `failed`), decode again without a prompt, and return the better
        of the two results. `drop_prompt` is whether the next window gets no prompt, even if the first attempt succeeds.
        """
        context = [*given, *previous_tokens[-PROMPT_TOKENS:]]
        best = self._attempt(encoded, self.prompt(tokenizer, context), tokenizer, options, drop_prompt)
        if context and failed(best, options):
            best = _better(best, self._attempt(encoded, tokenizer.sot_sequence, tokenizer, options, True), options)
        return best

    def retry_with_penalty(
        self, failure: WindowResult, encoded: Any, tokenizer: Tokenizer, options: Options
    ) -> WindowResult:
        """Decode a window again, with a repetition penalty. Return the better of the new result and `failure`."""
        options = replace(options, repetition_penalty=RETRY_REPETITION_PENALTY)
        return _better(failure, self._attempt(encoded, tokenizer.sot_sequence, tokenizer, options, True), options)

    def _attempt(
        self, encoded: Any, prompt: Sequence[int], tokenizer: Tokenizer, options: Options, drop_prompt: bool
    ) -> WindowResult:
        with self._permit():
            result, logprob, compression_ratio = self.generate(encoded, prompt, tokenizer, options)
        return result, logprob, drop_prompt, compression_ratio

    def aligning(self) -> AbstractContextManager[None]:
        """Acquire a permit for aligning words. It has priority, because a window's text waits for it."""
        return self._permit(priority=True)


def _sounding_frames(features: Samples) -> int:
    """Return the number of frames of a window before its padding, in which all values are exactly 0."""
    return int(np.flatnonzero(features.any(axis=0)).max(initial=-1)) + 1


def repetitive(result: WindowResult, options: Options) -> bool:
    """Return whether the text of a window repeats itself, as in a decoding loop or in a refrain."""
    return result[3] > options.compression_ratio_threshold


def failed(window: WindowResult, options: Options) -> bool:
    """Return whether the text of a window is repetitive, or improbable although the window probably has speech."""
    result, logprob, _, _ = window
    if repetitive(window, options):
        return True
    return logprob < options.log_prob_threshold and result.no_speech_prob <= options.no_speech_threshold


def _better(one: WindowResult, other: WindowResult, options: Options) -> WindowResult:
    return max(one, other, key=lambda result: (not repetitive(result, options), result[1]))
