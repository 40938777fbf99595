"""Decode speech without its long silences, re-decode gaps between words, and drop hallucinations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from stt.compat.faster_whisper import Options, Tokenizer, default_options, with_silences
from stt.speech import vad
from stt.speech.samples import Samples
from stt.speech.vad import FRAME, RATE, VAD_HIGH, Span
from stt.transcript import scripts
from stt.whisper import sliding
from stt.whisper.language_choice import LanguageChoice
from stt.whisper.model import (
    BEAM_SIZE,
    PAD_FRAMES,
    PROMPT_TOKENS,
    RETRY_REPETITION_PENALTY,
    Whisper,
)
from stt.whisper.word_times import LONGEST_WORD

VAD_LOW = 0.1  # VAD threshold for possible speech: telephone audio often scores below the normal threshold
PADDING = 0.4  # seconds of sound kept before and after each span of speech, because words may start or end softly
MISSED_SECONDS = 2.0  # a gap between words is re-decoded if the VAD finds more than this many seconds of speech in it
MAX_REDECODES = 3  # maximum number of times that one gap is re-decoded; an attempt that finds no words is the last
# A segment is checked more strictly if less than this share of its VAD scores reaches VAD_HIGH. Nearly all speech has a
# larger share.
MIN_VOICED_SHARE = 0.3
# Maximum no-speech probability (from Whisper) of a segment whose voiced share is below MIN_VOICED_SHARE. Music has 0.8
# and more, telephone audio up to 0.4.
NO_SPEECH = 0.6
MIN_CONFIDENCE = 0.1  # minimum confidence of the most probable word of a segment
# Minimum median confidence of the words in a segment whose voiced share is below MIN_VOICED_SHARE.
MIN_MEDIAN_CONFIDENCE = 0.25
MAX_CHARS_PER_SECOND = 60  # maximum speed of a segment's text; the fastest speakers reach 50 characters per second
MIN_CHARS = 20  # a segment with at most this many characters never counts as too fast


def segments(
    model: Whisper,
    sound: Samples,
    voice: Samples,
    choice: LanguageChoice | str,
    translate: bool,
    hints: sliding.Hints | None = None,
) -> Iterator[sliding.Decoded]:
    """Yield segments of the speech in `sound`, with times in seconds from the beginning of `sound`.

    `voice` is the result of `vad.speech_probabilities` and must contain speech. `choice` is the language, or the object
    that chooses it. Only segments that are no hallucinations set the current language of this object, because
    hallucinations in music have a language, too. `hints` are the user's vocabulary and prompt.
    """
    # Skip long silences: Whisper hallucinates in them.
    kept = _kept(vad.spans(voice, vad.LONG_SILENCE, VAD_LOW), len(sound))
    speech = np.concatenate([sound[part["start"] : part["end"]] for part in kept])
    task = "translate" if translate else "transcribe"

    @cache
    def tokenizers(language: str) -> Tokenizer:
        return model.tokenizer(task, language)

    options = default_options(tokenizers("en"), beam_size=BEAM_SIZE)
    speech_scores = np.concatenate([voice[round(part["start"] / FRAME) : round(part["end"] / FRAME)] for part in kept])
    decoder = SpeechDecoder(model, speech, tokenizers, options, choice, _pauses(voice, kept), speech_scores, hints)
    # VAD_LOW is high enough as the threshold here, because re-decoded words are kept only if they are probable.
    possible = vad.spans(voice, low=VAD_LOW, high=VAD_LOW)
    complete = fill_gaps(decoder.decode(), _without_silences(possible, kept), decoder.redecode)
    for segment in with_silences(complete, kept, RATE):
        if not is_hallucination(segment, voice, options.compression_ratio_threshold):
            if isinstance(choice, LanguageChoice):
                choice.current = segment.language
            yield segment


def provenance_settings() -> dict[str, Any]:
    """Return the decoding settings that the provenance records."""
    return {
        "beam_size": BEAM_SIZE,
        "word_timestamps": True,
        "voice_filter": "Silero VAD",
        "condition_on_previous_text": True,
        "prompt_tokens": PROMPT_TOKENS,
        "penalty_in_doubt": RETRY_REPETITION_PENALTY,
        "silence_seconds": PAD_FRAMES / 100,
    }


def fill_gaps(
    segments: Iterable[Any],
    spans: Sequence[Span],
    redecode: Callable[[float, float], Iterable[Any]],
    attempts: int = MAX_REDECODES,
) -> Iterator[Any]:
    """Yield `segments`, and re-decode each gap between words that has more than MISSED_SECONDS of speech.

    Whisper sometimes stops early or skips speech, and reports no error. `spans` are the spans of possible speech.
    `redecode(start, end)` decodes a span again. Each gap is re-decoded up to `attempts` times.
    """

    def fill(start: float, end: float) -> Iterator[Any]:
        found = list(redecode(start, end))
        if not found or attempts <= 1:
            return iter(found)
        return fill_gaps(found, _inside(spans, start, end), redecode, attempts - 1)

    at = 0.0
    for segment in segments:
        first = 0  # index of the first word of `segment` that has not been yielded
        for number, word in enumerate(segment.words):
            if gap := missed_speech(spans, at, word.start):
                if number > first:
                    yield _slice(segment, first, number)
                yield from fill(*gap)
                first = number
            at = max(at, min(word.end, word.start + LONGEST_WORD))
        yield _slice(segment, first, len(segment.words)) if first else segment
    if spans and (gap := missed_speech(spans, at, spans[-1][1])):
        yield from fill(*gap)


def missed_speech(spans: Sequence[Span], start: float, end: float) -> Span | None:
    """Return the span from the beginning of the first speech to the end of the last speech between `start` and `end`.

    Returns None if there are at most MISSED_SECONDS of speech in total between `start` and `end`.
    """
    inside = _inside(spans, start, end)
    if sum(other - one for one, other in inside) <= MISSED_SECONDS:
        return None
    return inside[0][0], inside[-1][1]


def is_hallucination(segment: Any, voice: Samples, max_compression_ratio: float) -> bool:
    """Return whether a segment is probably text without speech, as in music or at the end of a window.

    A segment counts as a hallucination if it has no words, only improbable words, or impossibly fast words. A segment
    in which the VAD finds little voice also counts as one if it has a high no-speech probability, low confidence or
    repetitions. Speed is measured in characters per second, because not all scripts separate words. Text with a
    compression ratio above `max_compression_ratio` counts as repetitive.
    """
    words = scripts.runs(segment.text.lower())
    confidences = [word.probability for word in segment.words]
    if not words or max(confidences, default=0.0) < MIN_CONFIDENCE:
        return True
    if sum(map(str.isalnum, segment.text)) > max(MIN_CHARS, MAX_CHARS_PER_SECOND * (segment.end - segment.start)):
        return True
    first, last = (min(int(at * RATE / FRAME), len(voice) - 1) for at in (segment.start, segment.end))
    if (voice[first : last + 1] >= VAD_HIGH).mean() >= MIN_VOICED_SHARE:
        return False
    one_word = (len(words) > 2 and len(set(words)) == 1) or re.search(r"(\w)\1{9}", segment.text)
    repetitive = one_word or segment.compression_ratio > max_compression_ratio
    improbable = median(confidences) < MIN_MEDIAN_CONFIDENCE
    return bool(segment.no_speech_prob > NO_SPEECH or improbable or repetitive)


def _inside(spans: Sequence[Span], start: float, end: float) -> list[Span]:
    """Return the parts of `spans` that are between `start` and `end`."""
    return [(max(start, one), min(end, other)) for one, other in spans if one < end and other > start]


def _slice(segment: Any, first: int, last: int) -> Any:
    """Return a segment that has only the words `first` to `last` (exclusive) of `segment`."""
    words = segment.words[first:last]
    text = "".join(word.word for word in words)
    return replace(segment, start=words[0].start, end=words[-1].end, text=text, words=words)


@dataclass(frozen=True, slots=True)
class SpeechDecoder:
    """A decoder of `speech`, from which long silences were removed, with everything that decoding needs."""

    model: Whisper
    speech: Samples
    tokenizers: Callable[[str], Tokenizer]
    options: Options
    choice: LanguageChoice | str
    pauses: Sequence[Span] = ()
    voice: Samples = field(default_factory=lambda: np.zeros(0, np.float32))  # speech probabilities of `speech`
    hints: sliding.Hints | None = None

    def decode(self) -> Iterator[sliding.Decoded]:
        """Decode all of `speech`."""
        return self._decode_span(0.0, len(self.speech) / RATE, self.options)

    def redecode(self, start: float, end: float) -> Iterator[sliding.Decoded]:
        """Decode the span from `start` to `end` (seconds) again.

        The text of earlier windows is not part of the prompt, because it may mislead Whisper.
        """
        first, last = max(0.0, start - PADDING / 2), end + PADDING / 2
        for segment in self._decode_span(first, last, replace(self.options, condition_on_previous_text=False)):
            if segment.avg_logprob < self.options.log_prob_threshold or (
                segment.compression_ratio > self.options.compression_ratio_threshold
            ):
                continue
            for word in segment.words:
                word.start, word.end = word.start + first, word.end + first
            # The sound around the span may contain part of a word that was decoded before, so only words whose middle
            # is in the span are kept.
            words = [word for word in segment.words if start <= (word.start + word.end) / 2 <= end]
            if words:
                yield _slice(replace(segment, words=words), 0, len(words))

    def _decode_span(self, first: float, last: float, options: Options) -> Iterator[sliding.Decoded]:
        def voiced(start: float, end: float) -> float:
            scores = self.voice[round((first + start) * RATE / FRAME) : round((first + end) * RATE / FRAME)]
            return float((scores >= VAD_HIGH).mean()) if len(scores) else 0.0

        features = self.model.features(self.speech[int(first * RATE) : int(last * RATE)])
        pauses = [(one - first, other - first) for one, other in self.pauses if first < one and other < last]
        return sliding.segments(self.model, features, self.tokenizers, options, self.choice, pauses, voiced, self.hints)


def _pauses(voice: Samples, kept: Sequence[dict[str, int]]) -> list[Span]:
    """Return the pauses between spans of speech, in seconds of the sound that consists of the parts `kept` only."""
    spans = _without_silences(vad.spans(voice, low=VAD_LOW), kept)
    return [(end, start) for (_, end), (start, _) in pairwise(spans)]


def _kept(spans: Sequence[Span], samples: int) -> list[dict[str, int]]:
    """Return the start and end of each part to decode, in samples: a span with PADDING seconds before and after it."""
    return [
        {"start": max(0, int((start - PADDING) * RATE)), "end": min(samples, int((end + PADDING) * RATE))}
        for start, end in spans
    ]


def _without_silences(spans: Sequence[Span], kept: Sequence[dict[str, int]]) -> list[Span]:
    """Return the spans that begin in the parts `kept`, in seconds of the sound that consists of these parts only.

    A span that is longer than its part is cut off at the end of the part.
    """
    found: list[Span] = []
    position = 0.0  # total length of the parts before the current part, seconds
    for part in kept:
        begin, finish = part["start"] / RATE, part["end"] / RATE
        shift = position - begin
        found += [(start + shift, min(end, finish) + shift) for start, end in spans if begin <= start < finish]
        position += finish - begin
    return found
