"""Test that Whisper's text is kept unless it is a hallucination, and that skipped speech is decoded again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise, repeat

import numpy as np
import pytest
from faster_whisper import transcribe as fw

from stt.whisper import decoding, sliding, word_times


def decoded(*words: tuple[str, float, float], confidences: Iterable[float] = repeat(0.9)) -> sliding.Decoded:
    timed_words = [
        fw.Word(start, end, text, confidence)
        for (text, start, end), confidence in zip(words, confidences, strict=False)
    ]
    text = "".join(word.word for word in timed_words)
    return sliding.Decoded(
        1, 0, timed_words[0].start, timed_words[-1].end, text, [], -0.2, 1.0, 0.0, timed_words, 0.0, language="en"
    )


@pytest.mark.parametrize(("pace", "expected"), [(60, True), (20, True), (11, False), (3, False)])
def test_impossibly_fast_words_are_a_hallucination(pace: float, expected: bool):
    """Cover a hallucinated sentence whose words Whisper sometimes places in the last third of a second of a window."""
    spoken = [
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
    segment = decoded(*((f" {word}", at / pace, (at + 1) / pace) for at, word in enumerate(spoken)))
    assert decoding.is_hallucination(segment, np.ones(1000, np.float32), 2.4) == expected


@pytest.mark.parametrize(
    ("confidences", "voice", "expected"),
    [
        ((0.12, 0.05, 0.87, 0.07, 0.18, 0.15), 0.02, True),
        ((0.12, 0.05, 0.87, 0.07, 0.18, 0.15), 0.9, False),
        ((0.92, 0.3, 0.99, 0.96, 0.4, 0.7), 0.02, False),
        ((0.03,), 0.9, True),
    ],
    ids=["music", "unclear speech", "telephone speech", "single hallucinated word"],
)
def test_low_confidence_with_low_speech_probability_is_a_hallucination(confidences, voice: float, expected: bool):
    segment = decoded(*((" word" + "s" * at, at, at + 1.0) for at in range(len(confidences))), confidences=confidences)
    assert decoding.is_hallucination(segment, np.full(1000, voice, np.float32), 2.4) == expected


@pytest.mark.parametrize(("no_speech", "voice", "expected"), [(0.8, 0.02, True), (0.8, 0.9, False), (0.4, 0.02, False)])
def test_confident_words_are_a_hallucination_if_whisper_detects_no_speech(
    no_speech: float, voice: float, expected: bool
):
    """Cover music decoded as " 2-3-4" with high confidence.

    For speech on the telephone, the probability `no_speech` is at most 0.4.
    """
    segment = replace(decoded((" 2", 0.0, 0.4), ("-3", 0.4, 0.8), ("-4", 0.8, 1.3)), no_speech_prob=no_speech)
    assert decoding.is_hallucination(segment, np.full(1000, voice, np.float32), 2.4) == expected


@pytest.mark.parametrize(
    "sentence",
    ["मैं हिन्दी में बहुत जल्दी जल्दी बोल रहा हूँ", "ผมพูดภาษาไทยเร็วมากวันนี้", "我今天说得非常快因为我没有时间再等你们了"],
)
def test_fast_speech_in_other_scripts_is_no_hallucination(sentence: str):
    """Make each character a word, as Whisper does in these scripts, at 45 words per second."""
    segment = decoded(*((character, at / 45, (at + 1) / 45) for at, character in enumerate(sentence)))
    assert not decoding.is_hallucination(segment, np.ones(1000, np.float32), 2.4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" दादा दादी नाना", False),
        (" दादा दादी", False),
        (" मामा मामी", False),
        (" கமலா கமலி", False),
        (" grandpa grandma", False),
        (" दादा दादा दादा", True),
        (" la la la", True),
        (" 对对对", False),
    ],
)
def test_only_one_word_again_and_again_in_faint_sound_is_a_hallucination(text: str, expected: bool):
    segment = decoded(*((f" {word}", at, at + 1.0) for at, word in enumerate(text.split())))
    assert decoding.is_hallucination(segment, np.full(1000, 0.02, np.float32), 2.4) == expected


@pytest.mark.parametrize("text", [" ❤️", " ☎️ ♪", " …"])
def test_symbols_without_a_word_are_a_hallucination(text: str):
    assert decoding.is_hallucination(decoded((text, 0.0, 1.0)), np.ones(1000, np.float32), 2.4)


def test_skipped_speech_is_decoded_again():
    """Check that speech without words is decoded again, inside a segment and at the end, but silence is not."""
    spans = [(0.0, 10.0), (30.0, 40.0)]
    first = decoded((" a", 0.0, 0.5), (" b", 0.5, 1.0), (" c", 9.5, 10.0))
    second = decoded((" d", 30.0, 31.0), (" e", 31.0, 36.0))
    redecoded = []

    def redecode(start: float, end: float) -> list[fw.Segment]:
        redecoded.append((start, end))
        return [
            decoded((" again", start, start + 1.0), *(("!", at, at + 1.0) for at in np.arange(start + 1, end, 1.0)))
        ]

    texts = [segment.text.strip("!") for segment in decoding.fill_gaps([first, second], spans, redecode)]
    assert texts == [" a b", " again", " c", " d e", " again"]
    assert redecoded == [(1.0, 9.5), (32.5, 40.0)], "a word of five seconds hides skipped speech"


def test_nothing_is_decoded_again_if_all_speech_has_words():
    spans = [(0.0, 3.0), (9.0, 12.0)]
    segments = [decoded((" a", 0.2, 1.2), (" b", 1.2, 3.0)), decoded((" c", 9.0, 10.5), (" d", 10.5, 12.0))]
    assert list(decoding.fill_gaps(segments, spans, lambda start, end: pytest.fail("asked again"))) == segments


def test_rest_of_partly_decoded_speech_is_decoded_again():
    redecoded = []

    def redecode(start: float, end: float) -> list[fw.Segment]:
        redecoded.append((start, end))
        return [decoded((" again", start, start + 1.0))] if len(redecoded) < 6 else []

    texts = [segment.text for segment in decoding.fill_gaps([], [(0.0, 10.0)], redecode)]
    assert texts == [" again"] * decoding.MAX_REDECODES
    assert redecoded == [(0.0, 10.0), (1.0, 10.0), (2.0, 10.0)]


def placed(
    *words: tuple[str, float, float], earliest: float = 0.0, latest: float = 30.0
) -> list[tuple[float, float]] | None:
    found = word_times.segment(decoded(*words), earliest, latest)
    return [(word.start, word.end) for word in found.words] if found else None


def test_overlong_word_does_not_push_the_next_words_to_its_end():
    """Cover a word of 12.7 s before skipped speech. A bug moved the next 21 words to its end at 37.0 s."""
    assert placed((" but", 10.0, 30.0)) == [(10.0, 11.5)]
    assert placed((" but", 10.0, 30.0), (" so", 25.0, 25.5)) == [(10.0, 11.5), (25.0, 25.5)]


def test_words_at_the_same_time_get_a_duration_and_stay_in_order():
    times = placed((" a", 29.9, 29.9), (" b", 30.0, 30.0), (" c", 30.0, 30.0), (" d", 30.4, 30.2))
    assert all(end - start >= 0.03 for start, end in times) and times[-1][1] <= 30.0
    assert all(one[0] < other[0] for one, other in pairwise(times))


def test_words_without_enough_time_are_dropped():
    assert placed(*((f" {at}", 37.0, 37.0) for at in range(21)), earliest=36.9, latest=37.0) is None
