"""How Whisper is asked: speech without its long silences, one window after the other, each word with its time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from statistics import median
from typing import Any, cast

import numpy as np
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, restore_speech_timestamps

from stt.speech import vad
from stt.speech.samples import Samples
from stt.speech.vad import FRAME, RATE, SURE, Span
from stt.whisper import model as windows
from stt.whisper import sliding
from stt.whisper.language_choice import LanguageChoice
from stt.whisper.word_times import LONGEST_WORD

FAINT = (
    0.1  # how likely speech must be to be heard at all: on the telephone the filter is sure of every second word only
)
PADDING = 0.4  # seconds kept on either side of speech, for soft beginnings and endings
MISSED = 2.0  # seconds of speech without a word that are heard again
AGAIN = 3  # times that a passage is decoded again, if each time gave some words of it
HARDLY = 0.3  # share of a segment in which the voice filter is sure; nearly all speech has more
NOBODY = (
    0.6  # probability that nobody speaks, as Whisper finds itself; 0.8 and more in music, up to 0.4 on the telephone
)
UNLIKELY, DOUBTFUL = 0.1, 0.25  # confidence of a word
FASTEST, MANY = 60, 20  # letters a second, in more letters than that; the quickest speakers say fifty


def segments(
    model: windows.Whisper, sound: Samples, voice: Samples, choice: LanguageChoice | str, translate: bool
) -> Iterator[sliding.Decoded]:
    """Yield segments of the speech in `sound`, timed from its beginning.

    `voice` is that of `stretches.voice`, with speech in it; `choice` the language, or what decides on it. What was
    accepted decides for what follows: music has a language, too.
    """
    # Long silences are left out: Whisper invents text in them.
    kept = _kept(vad.spans(voice, vad.LONG_SILENCE, FAINT), len(sound))
    speech = np.concatenate([sound[part["start"] : part["end"]] for part in kept])
    task = "translate" if translate else "transcribe"

    @cache
    def tokenizers(language: str) -> Tokenizer:
        return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task=task, language=language)

    options = _options(tokenizers("en"))
    passage = Passage(model, speech, tokenizers, options, choice, _pauses(voice, kept), _left(voice, kept))
    # What may be speech is enough here: no word comes of it that Whisper does not find likely.
    maybe = vad.spans(voice, faint=FAINT, sure=FAINT)
    whole = complete(passage.decoded(), _without_silences(maybe, kept), passage.again)
    # It yields what it is given, with other times.
    for segment in cast("Iterable[sliding.Decoded]", restore_speech_timestamps(whole, kept, RATE)):
        if not invented(segment, voice, options.compression_ratio_threshold):
            if isinstance(choice, LanguageChoice):
                choice.current = segment.language
            yield segment


def settings() -> dict[str, Any]:
    """What is set otherwise than in the library, for the provenance."""
    return {
        "beam_size": windows.BEAM,
        "word_timestamps": True,
        "voice_filter": "Silero VAD",
        "condition_on_previous_text": True,
        "prompt_tokens": windows.PROMPT,
        "penalty_in_doubt": windows.PENALTY,
        "silence_seconds": windows.SILENCE / 100,
    }


def complete(
    heard: Iterable[Any], spans: Sequence[Span], again: Callable[[float, float], Iterable[Any]], times: int = AGAIN
) -> Iterator[Any]:
    """Yield the segments `heard`, and between them what was left out, decoded `again`, up to `times` in a row.

    Whisper now and then ends early or jumps over a passage without any sign of it. Speech for more than MISSED
    seconds without a word tells.
    """

    def filled(start: float, end: float) -> Iterator[Any]:
        found = list(again(start, end))
        if not found or times <= 1:
            return iter(found)
        inside = [(max(start, one), min(end, other)) for one, other in spans if one < end and other > start]
        return complete(found, inside, again, times - 1)

    at = 0.0
    for segment in heard:
        since = 0  # the first word that is not yet given
        for number, word in enumerate(segment.words):
            if passage := missed(spans, at, word.start):
                if number > since:
                    yield _part(segment, since, number)
                yield from filled(*passage)
                since = number
            at = max(at, min(word.end, word.start + LONGEST_WORD))
        yield _part(segment, since, len(segment.words)) if since else segment
    if spans and (passage := missed(spans, at, spans[-1][1])):
        yield from filled(*passage)


def missed(spans: Sequence[Span], start: float, end: float) -> Span | None:
    """The passage between `start` and `end` from its first to its last speech, if there is more than MISSED of it."""
    inside = [(max(start, one), min(end, other)) for one, other in spans if one < end and other > start]
    if sum(other - one for one, other in inside) <= MISSED:
        return None
    return inside[0][0], inside[-1][1]


def invented(segment: Any, voice: Samples, repetitive: float) -> bool:
    """Whether no word is in a segment, or none that is likely, or more than anybody can say; or, where hardly a voice
    is, Whisper itself finds that nobody speaks, or mostly doubtful words, or the same over and over. Counted in
    letters, as not every script parts its words.

    Music is heard so, and now and then the end of a window. `repetitive` is the compression ratio from which on a
    window repeats itself.
    """
    words = re.findall(r"\w+", segment.text.lower())
    confidences = [word.probability for word in segment.words]
    if not words or max(confidences, default=0.0) < UNLIKELY:
        return True
    if len("".join(words)) > max(MANY, FASTEST * (segment.end - segment.start)):
        return True
    first, last = (min(int(at * RATE / FRAME), len(voice) - 1) for at in (segment.start, segment.end))
    if (voice[first : last + 1] >= SURE).mean() >= HARDLY:
        return False
    over_and_over = (len(words) > 2 and len(set(words)) == 1) or re.search(r"(\w)\1{9}", segment.text)
    doubtful = median(confidences) < DOUBTFUL
    repeated = over_and_over or segment.compression_ratio > repetitive
    return bool(segment.no_speech_prob > NOBODY or doubtful or repeated)


def _part(segment: Any, since: int, until: int) -> Any:
    """The words `since` to `until` of a segment as one of its own."""
    words = segment.words[since:until]
    text = "".join(word.word for word in words)
    return replace(segment, start=words[0].start, end=words[-1].end, text=text, words=words)


@dataclass(frozen=True, slots=True)
class Passage:
    """Speech without its long silences, and what decoding it takes."""

    model: windows.Whisper
    speech: Samples
    tokenizers: Callable[[str], Tokenizer]
    options: windows.Options
    choice: LanguageChoice | str
    pauses: Sequence[Span] = ()
    voice: Samples = field(default_factory=lambda: np.zeros(0, np.float32))  # of `speech`, as of `stretches.voice`

    def decoded(self) -> Iterator[sliding.Decoded]:
        """Decode all of it."""
        return self._between(0.0, len(self.speech) / RATE, self.options)

    def again(self, start: float, end: float) -> Iterator[sliding.Decoded]:
        """Decode a part by itself, without the text before it, which may be what led astray."""
        first, last = max(0.0, start - PADDING / 2), end + PADDING / 2
        for segment in self._between(first, last, replace(self.options, condition_on_previous_text=False)):
            if segment.avg_logprob < self.options.log_prob_threshold or (
                segment.compression_ratio > self.options.compression_ratio_threshold
            ):
                continue
            for word in segment.words:
                word.start, word.end = word.start + first, word.end + first
            # The padding may hold the end of a word that is known already.
            words = [word for word in segment.words if start <= (word.start + word.end) / 2 <= end]
            if words:
                yield _part(replace(segment, words=words), 0, len(words))

    def _between(self, first: float, last: float, options: windows.Options) -> Iterator[sliding.Decoded]:
        def voiced(start: float, end: float) -> float:
            here = self.voice[round((first + start) * RATE / FRAME) : round((first + end) * RATE / FRAME)]
            return float((here >= SURE).mean()) if len(here) else 0.0

        features = self.model.features(self.speech[int(first * RATE) : int(last * RATE)])
        pauses = [(one - first, other - first) for one, other in self.pauses if first < one and other < last]
        return sliding.segments(self.model, features, self.tokenizers, options, self.choice, pauses, voiced)


def _pauses(voice: Samples, kept: Sequence[dict[str, int]]) -> list[Span]:
    """The pauses of the speech, where they are once only the parts `kept` are left."""
    return list(_between(_without_silences(vad.spans(voice, faint=FAINT), kept)))


def _left(voice: Samples, kept: Sequence[dict[str, int]]) -> Samples:
    """The judgement of the VAD on the parts `kept`."""
    return np.concatenate([voice[round(part["start"] / FRAME) : round(part["end"] / FRAME)] for part in kept])


def _between(spans: Sequence[Span]) -> Iterator[Span]:
    """The pauses between the spans."""
    for (_, one), (other, _) in pairwise(spans):
        yield one, other


def _kept(spans: Sequence[Span], samples: int) -> list[dict[str, int]]:
    """The parts to hear, as samples: the spans and a little around them."""
    return [
        {"start": max(0, int((start - PADDING) * RATE)), "end": min(samples, int((end + PADDING) * RATE))}
        for start, end in spans
    ]


def _without_silences(spans: Sequence[Span], kept: Sequence[dict[str, int]]) -> list[Span]:
    """The spans where they are once only the parts `kept` are left."""
    found: list[Span] = []
    before = 0.0  # seconds of the parts so far
    for part in kept:
        begin, finish = part["start"] / RATE, part["end"] / RATE
        shift = before - begin
        found += [(start + shift, min(end, finish) + shift) for start, end in spans if begin <= start < finish]
        before += finish - begin
    return found


def _options(tokenizer: Any) -> windows.Options:
    """The library's defaults, but our beam, and word times."""
    return windows.Options(
        beam_size=windows.BEAM,
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
