"""Decode speech window by window, and determine where each window begins and ends and what its prompt is.

Unlike faster-whisper's loop, this loop splits a window whose text repeats itself, and chooses a language for each
window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from stt.compat.faster_whisper import Options, Segment, Tokenizer, Word, pad_or_trim
from stt.speech.samples import Samples
from stt.speech.vad import Span
from stt.vocabulary.rescoring import Rescorer
from stt.whisper.language_choice import LanguageChoice
from stt.whisper.model import GIVEN_TOKENS, Whisper, WindowResult, failed, repetitive
from stt.whisper.word_times import LONGEST_WORD

FRAMES_PER_SECOND = 100
MIN_WINDOW = 50  # minimum length of a window, frames; in a shorter window Whisper finds no words or repeats its prompt
MIN_SPLIT_WINDOW = 200  # minimum length of the parts of a split window, frames
# Maximum speed of repetitive text that was really spoken, in characters per second. Decoding loops have hundreds.
MAX_REPETITION_RATE = 25


@dataclass
class Decoded(Segment):
    """A Segment of faster-whisper, with the language in which it was decoded."""

    words: list[Word]
    language: str = ""
    language_probability: float | None = None  # None if the user gave the language


@dataclass(frozen=True, slots=True)
class Hints:
    """The user's hints: a vocabulary, which `rescorer` holds, and a `prompt` that shows style or script."""

    rescorer: Rescorer
    prompt: str = ""

    def prompt_tokens(self, tokenizer: Tokenizer) -> list[int]:
        """Return the last GIVEN_TOKENS tokens of the prompt. Whisper also removes the beginning of a long prompt."""
        return tokenizer.encode(f" {self.prompt.strip()}")[-GIVEN_TOKENS:] if self.prompt.strip() else []


def segments(
    model: Whisper,
    features: Samples,
    tokenizers: Callable[[str], Tokenizer],
    options: Options,
    choice: LanguageChoice | str,
    pauses: Sequence[Span] = (),
    voiced: Callable[[float, float], float] = lambda start, end: 1.0,
    hints: Hints | None = None,
) -> Iterator[Decoded]:
    """Yield segments of the speech that has the log mel spectrum `features`.

    `choice` is the language, or the object that chooses it. `tokenizers` returns the tokenizer of a language. Windows
    may be split at `pauses`. `voiced(start, end)` returns which share of the span from `start` to `end` has speech, 0
    to 1. All times are in seconds from the beginning of `features`.
    """
    content = features.shape[-1] - 1
    seek, number = 0, 0
    prompt: list[int] = []
    prompt_language: str | None = None
    while size := next_window_size(seek, content, model.longest_window):
        encoded = model.encode_window(pad_or_trim(features[:, seek : seek + size]))
        probability: float | None = None
        if isinstance(choice, str):
            language = choice
        else:
            start = seek / FRAMES_PER_SECOND

            def encode(frames: int, seek: int = seek) -> Any:
                return model.encode_window(pad_or_trim(features[:, seek : seek + frames]))

            def voiced_here(one: float, other: float, start: float = start) -> float:
                return voiced(start + one, start + other)

            chosen = choice.choose(
                model,
                encode,
                encoded,
                size,
                follows=seek + size < content,
                pauses=[
                    (one - start, other - start)
                    for one, other in pauses
                    if start < one and other < start + size / FRAMES_PER_SECOND
                ],
                voiced=voiced_here,
            )
            language, probability = chosen.language, chosen.probability
            if chosen.frames < size:
                size = chosen.frames
                encoded = model.encode_window(pad_or_trim(features[:, seek : seek + size]))
        if language != prompt_language:
            prompt, prompt_language = [], language  # a prompt in another language would mislead the decoder
        tokenizer = tokenizers(language)
        given = hints.prompt_tokens(tokenizer) if hints else []
        window = model.decode_window(encoded, prompt, tokenizer, options, given=given)
        while repetitive(window, options) and (shorter := _split_frames(pauses, seek, size)):
            # A sentence that is spoken twice looks like a decoding loop. A part of the window may contain the sentence
            # only once.
            size = shorter
            encoded = model.encode_window(pad_or_trim(features[:, seek : seek + size]))
            window = model.decode_window(encoded, (), tokenizer, options, drop_prompt=True, given=given)
        if failed(window, options) and not _plausible_repetition(window, tokenizer, size, options):
            window = model.retry_with_penalty(window, encoded, tokenizer, options)
        result, logprob, drop_prompt, compression_ratio = window
        window_start = seek
        if result.no_speech_prob > options.no_speech_threshold and logprob <= options.log_prob_threshold:
            seek += size
            continue
        tokens = result.sequences_ids[0]
        if hints:
            score = partial(model.token_probabilities, encoded, tokenizer, size=size)
            tokens = hints.rescorer.rescored(tokens, tokenizer, score)
        parts, seek, single_timestamp = model.split(tokenizer, tokens, window_start, size, FRAMES_PER_SECOND)
        model.time_words(parts, tokenizer, encoded, size, options)
        words = [word for part in parts for word in part["words"]]
        if not single_timestamp and words and words[-1]["end"] > window_start / FRAMES_PER_SECOND:
            # If decoding stops before the window's end, the last word seems to last until the window's end. The next
            # window would then skip the speech after that word.
            seek = round(min(words[-1]["end"], words[-1]["start"] + LONGEST_WORD) * FRAMES_PER_SECOND)
        seek = min(max(seek, window_start + MIN_WINDOW), window_start + size)
        for part in parts:
            text = tokenizer.decode(part["tokens"])
            if part["start"] == part["end"] or not text.strip():
                continue
            prompt += part["tokens"]
            number += 1
            yield Decoded(
                id=number,
                seek=window_start,
                start=part["start"],
                end=part["end"],
                text=text,
                tokens=part["tokens"],
                temperature=float(drop_prompt),
                avg_logprob=logprob,
                compression_ratio=compression_ratio,
                no_speech_prob=result.no_speech_prob,
                words=[Word(**word) for word in part["words"]],
                language=language,
                language_probability=probability,
            )
        if drop_prompt or not options.condition_on_previous_text:
            prompt = []


def next_window_size(seek: int, content: int, longest: int) -> int:
    """Return the size in frames of the window at frame `seek`.

    Returns 0 if none of the `content` frames is left, or if fewer than MIN_WINDOW are left after an earlier window.
    """
    size = min(longest, content - seek)
    return 0 if seek and size < MIN_WINDOW else size


def _split_frames(pauses: Sequence[Span], seek: int, size: int) -> int | None:
    """Return the number of frames from the start of a window to the middle of the window's longest pause.

    The middle of the pause must be at least MIN_SPLIT_WINDOW frames away from the window's start and end. Returns None
    if there is no such pause. A pause in the middle half of the window is preferred to a longer pause elsewhere.
    """
    places = [
        (other - one, round((one + other) / 2 * FRAMES_PER_SECOND) - seek)
        for one, other in pauses
        if seek + MIN_SPLIT_WINDOW <= (one + other) / 2 * FRAMES_PER_SECOND <= seek + size - MIN_SPLIT_WINDOW
    ]
    middle = [place for place in places if size / 4 <= place[1] <= size * 3 / 4]
    return max(middle or places)[1] if places else None


def _plausible_repetition(window: WindowResult, tokenizer: Tokenizer, size: int, options: Options) -> bool:
    """Return whether repetitive text may have been spoken: it is probable, and no faster than MAX_REPETITION_RATE."""
    result, logprob, _, _ = window
    characters = sum(map(str.isalnum, tokenizer.decode(result.sequences_ids[0])))
    return bool(logprob >= options.log_prob_threshold and characters <= MAX_REPETITION_RATE * size / FRAMES_PER_SECOND)
