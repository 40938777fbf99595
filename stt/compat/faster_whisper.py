"""Internals of faster-whisper: windows, options, spectrum and VAD scores.

The public interface of faster-whisper transcribes only whole recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from ctranslate2 import StorageView
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import (
    Segment,
    TranscriptionOptions,
    Word,
    get_ctranslate2_storage,
    get_suppressed_tokens,
    restore_speech_timestamps,
)
from faster_whisper.vad import get_vad_model

__all__ = ["FeatureExtractor", "Options", "Segment", "Tokenizer", "WindowModel", "Word", "pad_or_trim"]

Samples = npt.NDArray[np.float32]
S = TypeVar("S", bound=Segment)
MARGIN = 25  # number of encoder outputs used after the end of the sound (0.5 s)


@dataclass
class Options(TranscriptionOptions):
    """faster-whisper's options, with types that exclude None for the thresholds."""

    log_prob_threshold: float
    no_speech_threshold: float
    compression_ratio_threshold: float


def default_options(tokenizer: Tokenizer, *, beam_size: int) -> Options:
    """Return the default options of `WhisperModel.transcribe`, but with word times and without temperature sampling."""
    return Options(
        beam_size=beam_size,
        best_of=5,
        patience=1,
        length_penalty=1,
        repetition_penalty=1,
        no_repeat_ngram_size=0,
        log_prob_threshold=-1.0,
        no_speech_threshold=0.6,
        compression_ratio_threshold=2.4,
        condition_on_previous_text=True,
        prompt_reset_on_temperature=0.5,
        temperatures=[0.0],
        initial_prompt=None,
        prefix=None,
        suppress_blank=True,
        suppress_tokens=get_suppressed_tokens(tokenizer, (-1,)),
        without_timestamps=False,
        max_initial_timestamp=1.0,
        word_timestamps=True,
        prepend_punctuations="\"'“¿([{-",
        append_punctuations="\"'.。,，!！?？:：”)]}、",
        multilingual=False,
        max_new_tokens=None,
        clip_timestamps="0",
        hallucination_silence_threshold=None,
        hotwords=None,
    )


class WindowModel(WhisperModel):
    """A WhisperModel that decodes one window at a time. A window is a log mel spectrum (bands, frames of 10 ms)."""

    @property
    def longest_window(self) -> int:
        """Return the number of frames in 30 s, the most that Whisper decodes at once."""
        frames: int = self.feature_extractor.nb_max_frames
        return frames

    def tokenizer(self, task: str, language: str) -> Tokenizer:
        return Tokenizer(self.hf_tokenizer, self.model.is_multilingual, task=task, language=language)

    def prompt(self, tokenizer: Tokenizer, previous_tokens: Sequence[int]) -> list[int]:
        """Return the prompt tokens for a window: `previous_tokens`, the text before the window, and special tokens."""
        return self.get_prompt(tokenizer, list(previous_tokens))

    def encoder_output(self, window: Samples) -> Any:
        """Return CTranslate2's encoder output for a window, which may be shorter than 30 s.

        The output is in main memory, so that NumPy can read it. CTranslate2 copies it to a graphics card when it is
        used there (`WhisperReplica::maybe_encode`).
        """
        return self.model.encode(get_ctranslate2_storage(np.expand_dims(window, 0)), to_cpu=True)

    def language_scores(self, encoded: Any) -> list[list[tuple[str, float]]]:
        """Return all language tokens with their probabilities, for each encoder output of a batch.

        The most probable language is first.
        """
        found: list[list[tuple[str, float]]] = self.model.detect_language(encoded)
        return found

    def generate(
        self, encoded: Any, prompt: Sequence[int], tokenizer: Tokenizer, options: Options
    ) -> tuple[Any, float, float]:
        """Decode a window. Return CTranslate2's result, its mean log probability and its text's compression ratio."""
        result, logprob, _, compression_ratio = self.generate_with_fallback(encoded, list(prompt), tokenizer, options)
        return result, logprob, compression_ratio

    def hypotheses(self, encoded: Any, tokenizer: Tokenizer, *, beam_size: int) -> list[str]:
        """Return the `beam_size` texts that a beam search of an encoded window finds, the most probable text first."""
        prompt = self.get_prompt(tokenizer, [], without_timestamps=True)
        (found,) = self.model.generate(
            encoded,
            [prompt],
            beam_size=beam_size,
            num_hypotheses=beam_size,
            suppress_tokens=get_suppressed_tokens(tokenizer, (-1,)),
            max_length=self.max_length // 2,
        )
        return [tokenizer.decode([t for t in ids if t < tokenizer.eot]).strip() for ids in found.sequences_ids]

    def token_probabilities(self, encoded: Any, tokenizer: Tokenizer, tokens: list[int], size: int) -> list[float]:
        """Return the probability of each of the `tokens` in an encoded window of `size` frames.

        The tokens are those of a text without timestamps. On the CPU, the padding of the window to 30 s is removed
        first, because it would take most of the time if the sound is short.
        """
        if self.model.device == "cpu":
            sound = np.asarray(encoded)[:, : size // 2 + MARGIN]
            encoded = StorageView.from_array(np.ascontiguousarray(sound))
        (found,) = self.model.align(encoded, tokenizer.sot_sequence, [tokens], [size])
        return [float(probability) for probability in found.text_token_probs]

    def token_times(
        self, encoded: Any, tokenizer: Tokenizer, tokens: list[int], size: int
    ) -> tuple[list[float], list[float]]:
        """Return the start times and the probabilities of the `tokens` of a text in an encoded window.

        The window has `size` frames. Times are in seconds from the start of the window. The list of times has one
        more entry than `tokens`: its last entry is the time at which the text ends.
        """
        (found,) = self.model.align(encoded, tokenizer.sot_sequence, [tokens], [size])
        starts = [0.0] * (len(tokens) + 1)
        # A token may be aligned with several encoder outputs and begins at the first one. The loop runs in reverse, so
        # that the first output is assigned last and remains.
        for token, output in reversed(found.alignments):
            starts[token] = output / self.tokens_per_second
        return starts, [float(probability) for probability in found.text_token_probs]

    def split(
        self, tokenizer: Tokenizer, tokens: Sequence[int], seek: int, size: int, frames_per_second: int
    ) -> tuple[list[dict[str, Any]], int, bool]:
        """Split the tokens of a window into segments at their timestamp tokens.

        The window begins at frame `seek` and has `size` frames. Returns the segments, the frame at which the next
        window begins, and whether the tokens end in a single timestamp.
        """
        found = self._split_segments_by_timestamps(
            tokenizer=tokenizer,
            tokens=list(tokens),
            time_offset=seek / frames_per_second,
            segment_size=size,
            segment_duration=size / frames_per_second,
            seek=seek,
        )
        # faster-whisper's type annotation says that the segments are a list of lists.
        return cast("tuple[list[dict[str, Any]], int, bool]", found)

    def time_words(
        self, parts: list[dict[str, Any]], tokenizer: Tokenizer, encoded: Any, size: int, options: Options
    ) -> None:
        """Add "words" with times to `parts`, the segments of a window of `size` frames.

        The alignment runs within `self.aligning()`.
        """
        batch = cast("list[dict[str, Any]]", [parts])  # faster-whisper's annotation of this argument is a list of dicts
        self.add_word_timestamps(
            batch, tokenizer, encoded, size, options.prepend_punctuations, options.append_punctuations, 0.0
        )

    def aligning(self) -> AbstractContextManager[None]:
        """Return the context in which words are aligned. A subclass may return a lock if threads share the model."""
        return nullcontext()

    def find_alignment(self, *values: Any, **named: Any) -> list[dict[str, Any]]:
        with self.aligning():
            return super().find_alignment(*values, **named)


def stft(extract: FeatureExtractor, samples: Samples) -> npt.NDArray[np.complex64]:
    """Return the short-time Fourier transform of samples, which must be padded, as (frequencies, frames)."""
    window = np.hanning(extract.n_fft + 1)[:-1].astype(np.float32)
    spectrum: npt.NDArray[np.complex64] = extract.stft(
        samples, extract.n_fft, extract.hop_length, window=window, center=False, return_complex=True
    )
    return spectrum


def speech_scores(samples: Samples) -> Samples:
    """Return Silero's probability of speech for every 512 samples at 16 kHz.

    The number of samples must be a multiple of 512.
    """
    scores: Samples = get_vad_model()(samples).ravel()
    return scores


def with_silences(segments: Iterable[S], parts: list[dict[str, int]], rate: int) -> Iterable[S]:
    """Convert the times of segments of a sound without its silences to times in the whole sound. Yield the segments.

    The segments are changed in place. `parts` are the spans that were not removed as silence, as {"start", "end"} in
    samples. `rate` is samples per second.
    """
    return cast("Iterable[S]", restore_speech_timestamps(segments, parts, rate))
