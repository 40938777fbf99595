"""Decode speech window by window: where a window begins and ends, and what it is conditioned on.

faster-whisper does this in one function of 300 lines. It is here, as a window that repeats itself is cut in two, and
as each window has its language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import Segment, Word

from stt.speech.samples import Samples
from stt.speech.vad import Span
from stt.whisper import model as windows
from stt.whisper.language_choice import LanguageChoice
from stt.whisper.word_times import LONGEST_WORD

FRAMES = 100  # a second
SHORTEST = 50  # frames; in less than that Whisper hears no word, but says again what was said before
SHORTEST_CUT = 200  # frames; a window is not cut into less
PACE = 25  # letters a second of a repetition that somebody can have said; loops have hundreds


@dataclass
class Decoded(Segment):
    """faster-whisper's segment, with the language that it was decoded in."""

    words: list[Word]
    language: str = ""
    language_probability: float | None = None  # None where the language was given


def segments(
    model: windows.Whisper,
    features: Samples,
    tokenizers: Callable[[str], Tokenizer],
    options: windows.Options,
    choice: LanguageChoice | str,
    pauses: Sequence[Span] = (),
    voiced: Callable[[float, float], float] = lambda start, end: 1.0,
) -> Iterator[Decoded]:
    """Yield segments of the speech whose log mel spectrum is `features`, timed from its beginning.

    `choice` is the language, or what decides on it; `tokenizers` gives the tokenizer of a language. `pauses` are where
    the speech may be cut, and `voiced` tells in which share of a span somebody speaks, in seconds.
    """
    content = features.shape[-1] - 1
    seek, number = 0, 0
    before: list[int] = []
    spoken: str | None = None
    while size := frames_of_next(seek, content, model.feature_extractor.nb_max_frames):
        encoded = model.encoded(pad_or_trim(features[:, seek : seek + size]))
        probability: float | None = None
        if isinstance(choice, str):
            language = choice
        else:
            start = seek / FRAMES

            def encode(frames: int, seek: int = seek) -> Any:
                return model.encoded(pad_or_trim(features[:, seek : seek + frames]))

            def voiced_here(one: float, other: float, start: float = start) -> float:
                return voiced(start + one, start + other)

            chosen = choice.of_window(
                model,
                encode,
                encoded,
                size,
                follows=seek + size < content,
                pauses=[
                    (one - start, other - start)
                    for one, other in pauses
                    if start < one and other < start + size / FRAMES
                ],
                voiced=voiced_here,
            )
            language, probability = chosen.language, chosen.probability
            if chosen.frames < size:
                size = chosen.frames
                encoded = model.encoded(pad_or_trim(features[:, seek : seek + size]))
        if language != spoken:
            before, spoken = [], language  # text in another language would lead astray
        tokenizer = tokenizers(language)
        found = model.decoded(encoded, before, tokenizer, options)
        while windows.repetitive(found, options) and (cut := _cut(pauses, seek, size)):
            # A sentence said twice and a loop look alike in the text. Each half alone does not repeat what is said
            # twice.
            size = cut
            encoded = model.encoded(pad_or_trim(features[:, seek : seek + size]))
            found = model.decoded(encoded, (), tokenizer, options, misled=True)
        if windows.failed(found, options) and not _can_be_said(found, tokenizer, size, options):
            found = model.with_less_repeated(found, encoded, tokenizer, options)
        result, likely, misled, repeats = found
        began = seek
        if result.no_speech_prob > options.no_speech_threshold and likely <= options.log_prob_threshold:
            seek += size
            continue
        parts, seek, whole = model.split(
            tokenizer=tokenizer,
            tokens=result.sequences_ids[0],
            time_offset=began / FRAMES,
            segment_size=size,
            segment_duration=size / FRAMES,
            seek=began,
        )
        segments_of_batch = cast("list[dict[str, Any]]", [parts])  # the library types a list of lists as this
        model.add_word_timestamps(
            segments_of_batch, tokenizer, encoded, size, options.prepend_punctuations, options.append_punctuations, 0.0
        )
        said = [word for part in parts for word in part["words"]]
        if not whole and said and said[-1]["end"] > began / FRAMES:
            # The last word of a window that ends early seems to last until its end: what follows would be passed over.
            seek = round(min(said[-1]["end"], said[-1]["start"] + LONGEST_WORD) * FRAMES)
        seek = min(max(seek, began + SHORTEST), began + size)
        for part in parts:
            text = tokenizer.decode(part["tokens"])
            if part["start"] == part["end"] or not text.strip():
                continue
            before += part["tokens"]
            number += 1
            yield Decoded(
                id=number,
                seek=began,
                start=part["start"],
                end=part["end"],
                text=text,
                tokens=part["tokens"],
                temperature=float(misled),
                avg_logprob=likely,
                compression_ratio=repeats,
                no_speech_prob=result.no_speech_prob,
                words=[Word(**word) for word in part["words"]],
                language=language,
                language_probability=probability,
            )
        if misled or not options.condition_on_previous_text:
            before = []


def frames_of_next(seek: int, content: int, longest: int) -> int:
    """Return the frames of the window that begins at `seek`; 0 at the end, also where the rest holds no word."""
    size = min(longest, content - seek)
    return 0 if seek and size < SHORTEST else size


def _cut(pauses: Sequence[Span], seek: int, size: int) -> int | None:
    """The frames of a window to keep if it must be shorter: up to its longest pause, best one in its middle half."""
    places = [
        (other - one, round((one + other) / 2 * FRAMES) - seek)
        for one, other in pauses
        if seek + SHORTEST_CUT <= (one + other) / 2 * FRAMES <= seek + size - SHORTEST_CUT
    ]
    middle = [place for place in places if size / 4 <= place[1] <= size * 3 / 4]
    return max(middle or places)[1] if places else None


def _can_be_said(found: windows.Decoded, tokenizer: Tokenizer, size: int, options: windows.Options) -> bool:
    """Whether a window that repeats itself is likely, and not quicker than somebody speaks."""
    result, likely, _, _ = found
    letters = sum(map(str.isalnum, tokenizer.decode(result.sequences_ids[0])))
    return bool(likely >= options.log_prob_threshold and letters <= PACE * size / FRAMES)
