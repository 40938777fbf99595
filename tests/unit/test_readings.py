"""Test the alternatives offered for a word: another version's text at the same time, or between the same words."""

from __future__ import annotations

import pytest

from stt.transcript import readings
from stt.transcript.model import Segment, Transcript, Word

SPOKEN = Transcript(
    (Segment(0.0, 3.0, "", (Word(" my", 1.0, 1.3), Word(" story", 1.3, 1.9), Word(" ends.", 1.9, 2.4))),), 3.0
)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ((1.0, 1.9), "my story"),
        ((1.95, 2.4), "ends."),
        ((1.9, 3.0), "ends."),
        ((1.0, 1.1), "my"),
        ((2.4, 3.0), ""),
        ((0.0, 0.9), ""),
        ((1.5, 1.5), ""),
    ],
)
def test_reading_is_the_text_spoken_at_the_same_time(span: tuple[float, float], expected: str):
    assert readings.at(SPOKEN, [span]) == [expected]


WORDS = [" We", " read", " a", " tail", " of", " two"]


@pytest.mark.parametrize(
    ("texts", "place", "expected"),
    [
        (["We read a tale of two cities.", "we read a tale, of two", "We read the tale of two"], 3, ["tale"]),
        (["We read a tail of two", "We read a Tail of two"], 3, []),
        (["We read a tall tale of two"], 3, ["tall tale"]),
        (["We read a of two", "", "Nothing else"], 3, []),
        (["He read a tail"], 0, ["He"]),
        (["We read a tail of too"], 5, ["too"]),
    ],
)
def test_another_text_gives_a_reading_between_equal_neighbouring_words(
    texts: list[str], place: int, expected: list[str]
):
    assert readings.between(texts, WORDS, place) == expected
