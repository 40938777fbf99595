"""What Whisper said is kept unless nobody can have said it, and what it jumped over is heard again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise, repeat

import numpy as np
import pytest
from faster_whisper import transcribe as fw

from stt.whisper import decoding, sliding, word_times


def decoded(*words: tuple[str, float, float], confidences: Iterable[float] = repeat(0.9)) -> sliding.Decoded:
    said = [fw.Word(start, end, text, sure) for (text, start, end), sure in zip(words, confidences, strict=False)]
    text = "".join(word.word for word in said)
    return sliding.Decoded(1, 0, said[0].start, said[-1].end, text, [], -0.2, 1.0, 0.0, said, 0.0, language="en")


@pytest.mark.parametrize(("pace", "expected"), [(60, True), (20, True), (11, False), (3, False)])
def test_more_words_than_anybody_can_say_are_invented(pace: float, expected: bool):
    """At the end of a window Whisper now and then puts a sentence of its own into a third of a second."""
    said = [
        "i'm",
        "going",
        "to",
        "put",
        "it",
        "on",
        "the",
        "right",
        "side",
        "of",
        "your",
        "head",
        "so",
        "that",
        "you",
        "need",
        "not",
        "worry",
    ]
    segment = decoded(*((f" {word}", at / pace, (at + 1) / pace) for at, word in enumerate(said)))
    assert decoding.is_hallucination(segment, np.ones(1000, np.float32), 2.4) == expected


@pytest.mark.parametrize(
    ("confidences", "voice", "expected"),
    [
        ((0.12, 0.05, 0.87, 0.07, 0.18, 0.15), 0.02, True),
        ((0.12, 0.05, 0.87, 0.07, 0.18, 0.15), 0.9, False),
        ((0.92, 0.3, 0.99, 0.96, 0.4, 0.7), 0.02, False),
        ((0.03,), 0.9, True),
    ],
    ids=["a tune", "somebody hard to understand", "somebody on the telephone", "one word out of nothing"],
)
def test_what_is_mostly_doubtful_where_hardly_a_voice_is_expected(confidences, voice: float, expected: bool):
    segment = decoded(*((" word" + "s" * at, at, at + 1.0) for at in range(len(confidences))), confidences=confidences)
    assert decoding.is_hallucination(segment, np.full(1000, voice, np.float32), 2.4) == expected


@pytest.mark.parametrize(("nobody", "voice", "expected"), [(0.8, 0.02, True), (0.8, 0.9, False), (0.4, 0.02, False)])
def test_sure_words_are_invented_where_whisper_itself_finds_that_nobody_speaks(
    nobody: float, voice: float, expected: bool
):
    """A tune was " 2-3-4", nearly sure, four times; somebody on the telephone has a probability of up to 0.4."""
    segment = replace(decoded((" 2", 0.0, 0.4), ("-3", 0.4, 0.8), ("-4", 0.8, 1.3)), no_speech_prob=nobody)
    assert decoding.is_hallucination(segment, np.full(1000, voice, np.float32), 2.4) == expected


@pytest.mark.parametrize(
    "sentence",
    ["मैं हिन्दी में बहुत जल्दी जल्दी बोल रहा हूँ", "ผมพูดภาษาไทยเร็วมากวันนี้", "我今天说得非常快因为我没有时间再等你们了"],
)
def test_quick_speech_in_other_scripts_is_not_taken_for_invented(sentence: str):
    """Forty-five signs a second, each as a word, as Whisper parts scripts without spaces; Hindi's signs are no letters."""
    segment = decoded(*((sign, at / 45, (at + 1) / 45) for at, sign in enumerate(sentence)))
    assert not decoding.is_hallucination(segment, np.ones(1000, np.float32), 2.4)


def test_a_passage_that_was_jumped_over_is_heard_again():
    """Between two segments, inside one, and at the end; silence of any length is no passage."""
    spans = [(0.0, 10.0), (30.0, 40.0)]
    first = decoded((" a", 0.0, 0.5), (" b", 0.5, 1.0), (" c", 9.5, 10.0))
    second = decoded((" d", 30.0, 31.0), (" e", 31.0, 36.0))
    asked = []

    def redecode(start: float, end: float) -> list[fw.Segment]:
        asked.append((start, end))
        return [
            decoded((" again", start, start + 1.0), *(("!", at, at + 1.0) for at in np.arange(start + 1, end, 1.0)))
        ]

    texts = [segment.text.strip("!") for segment in decoding.fill_gaps([first, second], spans, redecode)]
    assert texts == [" a b", " again", " c", " d e", " again"]
    assert asked == [(1.0, 9.5), (32.5, 40.0)], "a word that seems to last five seconds hides a passage"


def test_where_every_passage_has_its_words_nothing_is_heard_again():
    spans = [(0.0, 3.0), (9.0, 12.0)]
    segments = [decoded((" a", 0.2, 1.2), (" b", 1.2, 3.0)), decoded((" c", 9.0, 10.5), (" d", 10.5, 12.0))]
    assert list(decoding.fill_gaps(segments, spans, lambda start, end: pytest.fail("asked again"))) == segments


def test_a_passage_of_which_only_a_part_was_found_is_decoded_again_for_the_rest():
    asked = []

    def redecode(start: float, end: float) -> list[fw.Segment]:
        asked.append((start, end))
        return [decoded((" again", start, start + 1.0))] if len(asked) < 6 else []

    texts = [segment.text for segment in decoding.fill_gaps([], [(0.0, 10.0)], redecode)]
    assert texts == [" again"] * decoding.MAX_REDECODES
    assert asked == [(0.0, 10.0), (1.0, 10.0), (2.0, 10.0)]


def placed(
    *words: tuple[str, float, float], earliest: float = 0.0, latest: float = 30.0
) -> list[tuple[float, float]] | None:
    found = word_times.segment(decoded(*words), earliest, latest)
    return [(word.start, word.end) for word in found.words] if found else None


def test_a_word_that_seems_to_last_until_the_end_does_not_push_the_next_ones_there():
    """The last word before a passage that was passed over: 12.7 s long, and 21 words after it at 37.0 s."""
    assert placed((" but", 10.0, 30.0)) == [(10.0, 11.5)]
    assert placed((" but", 10.0, 30.0), (" so", 25.0, 25.5)) == [(10.0, 11.5), (25.0, 25.5)]


def test_words_in_one_place_get_a_length_and_stay_in_order():
    times = placed((" a", 29.9, 29.9), (" b", 30.0, 30.0), (" c", 30.0, 30.0), (" d", 30.4, 30.2))
    assert all(end - start >= 0.03 for start, end in times) and times[-1][1] <= 30.0
    assert all(one[0] < other[0] for one, other in pairwise(times))


def test_words_for_which_there_is_no_time_were_never_said():
    assert placed(*((f" {at}", 37.0, 37.0) for at in range(21)), earliest=36.9, latest=37.0) is None
