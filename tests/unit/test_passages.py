"""Test replacing the words of a passage: other words, paragraphs and speakers stay, and undo is exact."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest

from stt.background.passages.decoding import within
from stt.editing import document, performing, requests
from stt.editing.channel_speakers import with_present_speakers
from stt.editing.passages import sides, words_within
from stt.editing.requests import Step
from stt.editing.steps import text_of
from stt.transcript.model import Segment, Word, paragraphs

ANN, BEN = "Ann", "Ben"


def spoken(text: str, start: float, speaker: str | None = None, *, worded: bool = True) -> Segment:
    """Return a segment with one second per word."""
    parts = text.split()
    words = tuple(Word(f" {part}", start + i, start + i + 1, 0.9, speaker) for i, part in enumerate(parts))
    return Segment(start, start + len(parts), f" {text}", words if worded else (), speaker)


def frozen(*segments: Segment) -> document.Rows:
    rows = document.rows_of(segments)
    document.freeze(rows)
    return rows


def retake(
    rows: document.Rows, start: float, end: float, *new: Segment, original: tuple[Segment, ...] = ()
) -> performing.Outcome:
    """Replace the words from `start` to `end` seconds by those of `new`, and check that undo restores the rows."""
    before = deepcopy(rows)
    outcome = performing.perform(
        rows, Step(requests.PASSAGE, start=start, end=end, segments=new, original=original), None
    )
    document.apply(rows, outcome.splices)
    undone = deepcopy(rows)
    document.apply(undone, document.inverse(outcome.splices))
    assert undone == before
    return outcome


def shown(rows: document.Rows) -> list[tuple[str | None, str]]:
    return [(p.speaker, text_of([p])) for p in paragraphs(document.segments_of(rows))]


def test_words_inside_a_paragraph_are_replaced_and_others_keep_their_times():
    rows = frozen(spoken("one two three four", 0, ANN), spoken("five", 10, BEN))
    retake(rows, 1.0, 3.0, spoken("too free", 1.0))
    assert shown(rows) == [(ANN, "one too free four"), (BEN, "five")]
    words = [w for s in document.segments_of(rows) for w in s.words]
    assert [(w.text, w.start, w.speaker) for w in words] == [
        (" one", 0.0, ANN), (" too", 1.0, ANN), (" free", 2.0, ANN), (" four", 3.0, ANN), (" five", 10.0, BEN),
    ]  # fmt: skip


def test_each_paragraph_takes_the_words_spoken_in_its_time():
    rows = frozen(spoken("one two", 0, ANN), spoken("three four", 5, BEN), spoken("five six", 10, ANN))
    retake(rows, 1.0, 11.0, spoken("two", 1.0), spoken("THREE FOUR more", 5.0), spoken("FIVE", 10.0))
    assert shown(rows) == [(ANN, "one two"), (BEN, "THREE FOUR more"), (ANN, "FIVE six")]


def test_paragraph_without_new_words_is_removed():
    rows = frozen(spoken("one two", 0, ANN), spoken("three four", 5, BEN), spoken("five six", 10, ANN))
    retake(rows, 4.0, 8.0)
    assert shown(rows) == [(ANN, "one two"), (ANN, "five six")]


def test_speech_in_a_pause_joins_the_open_paragraph_or_becomes_one():
    first = Segment(0.0, 9.0, " one two", (Word(" one", 0, 1), Word(" two", 8, 9)), ANN)
    rows = frozen(first, spoken("three", 20, BEN))
    retake(rows, 3.0, 5.0, spoken("and", 3.0))
    assert shown(rows) == [(ANN, "one and two"), (BEN, "three")]
    retake(rows, 12.0, 14.0, spoken("well", 12.0))
    assert shown(rows) == [(ANN, "one and two"), (ANN, "well"), (BEN, "three")]
    retake(rows, 30.0, 40.0, spoken("end", 31.0))
    assert shown(rows)[-1] == (BEN, "end")
    empty: document.Rows = []
    retake(empty, 0.0, 5.0, spoken("first", 1.0))
    assert shown(empty) == [(None, "first")]


def test_words_with_a_speaker_go_only_to_paragraphs_of_that_speaker():
    """Use two channels with speech at the same time, and words of Ben where he had no paragraph."""
    rows = frozen(spoken("one two three", 0, ANN), spoken("for", 1, BEN), spoken("five", 4, ANN))
    retake(rows, 0.0, 5.0, spoken("ONE TWO", 0, ANN), spoken("four", 1, BEN), spoken("five", 4, ANN))
    assert shown(rows) == [(ANN, "ONE TWO"), (BEN, "four"), (ANN, "five")]
    retake(rows, 3.0, 5.0, spoken("yes", 3.1, BEN), spoken("no", 4, ANN), spoken("so", 4.5, BEN))
    assert shown(rows) == [(ANN, "ONE TWO"), (BEN, "four"), (BEN, "yes"), (ANN, "no"), (BEN, "so")]
    retake(rows, 20.0, 30.0, spoken("later", 21, BEN), spoken("still later", 24, ANN))
    assert shown(rows)[-2:] == [(BEN, "later"), (ANN, "still later")]


def test_words_of_a_channel_get_the_speaker_that_the_user_gave_to_the_words_around_them():
    """Use a channel that the user divided between Ann and Ben, another that was renamed, and one that was missed."""
    original = (spoken("one two", 0, "Speaker 1"), spoken("three", 5, "Speaker 2"), spoken("four", 150, "Speaker 1"))
    rows = frozen(spoken("one too", 0, ANN), spoken("three", 5, "Cat"), spoken("four", 150, BEN))
    new = [spoken("a b", 120, "Speaker 1"), spoken("c", 5, "Speaker 2"), spoken("d", 2, "Speaker 3"), spoken("e", 3)]
    assert speakers(with_present_speakers(new, original, rows)) == [
        (BEN, "a"), (BEN, "b"), ("Cat", "c"), ("Speaker 3", "d"), (None, "e"),
    ]  # fmt: skip
    long = replace(spoken("a b", 0, "Speaker 1"), end=150.0, words=(Word(" a", 1.0, 2.0), Word(" b", 149.0, 150.0)))
    assert speakers(with_present_speakers([long], original, rows)) == [(ANN, "a"), (BEN, "b")]
    retake(rows, 149.5, 152.0, spoken("for", 150, "Speaker 1"), original=original)
    assert shown(rows) == [(ANN, "one too"), ("Cat", "three"), (BEN, "for")]


def test_a_call_that_is_transcribed_twice_more_keeps_its_speakers():
    original = (spoken("one", 0, "Speaker 1"), spoken("two", 5, "Speaker 2"))
    rows = frozen(spoken("one", 0, ANN), spoken("two", 5, BEN))
    for text in ("won", "on"):
        new = spoken(text, 0, "Speaker 1"), spoken(f"{text} too", 5, "Speaker 2")
        retake(rows, 0.0, 10.0, *new, original=original)
        assert shown(rows) == [(ANN, text), (BEN, f"{text} too")]


def test_a_word_at_the_same_time_in_two_channels_tells_nothing_about_their_speakers():
    original = (spoken("yes I", 0, "Speaker 1"), spoken("yes no", 0, "Speaker 2"))
    rows = frozen(spoken("yes I", 0, ANN), spoken("yes no", 0, BEN))
    new = [spoken("yes", 0, "Speaker 1"), spoken("yes", 0, "Speaker 2")]
    assert speakers(with_present_speakers(new, original, rows)) == [(ANN, "yes"), (BEN, "yes")]


def speakers(segments: list[Segment]) -> list[tuple[str | None, str]]:
    """Return the speaker and the text of each word."""
    assert all(word.speaker == segment.speaker for segment in segments for word in segment.words)
    return [(word.speaker, word.text.strip()) for segment in segments for word in segment.words]


def test_paragraphs_without_word_times_are_replaced_completely():
    rows = frozen(spoken("one two", 0, ANN, worded=False), spoken("three four", 5, BEN, worded=False))
    retake(rows, 4.0, 8.0, spoken("3 4", 5.0))
    assert shown(rows) == [(ANN, "one two"), (BEN, "3 4")]


def test_neighbouring_segments_without_word_times_stay_in_the_text():
    rows = frozen(spoken("one two", 0, ANN, worded=False), spoken("three four", 2, ANN, worded=False))
    rows[1]["begins"] = False
    retake(rows, 2.0, 4.0, spoken("3 4", 2.0))
    assert shown(rows) == [(ANN, "one two 3 4")]


def test_new_segment_without_words_is_inserted_once():
    rows = frozen(spoken("one two", 0, ANN), spoken("three four", 5, BEN), spoken("five six", 10, ANN))
    retake(rows, 0.0, 12.0, spoken("ONE TWO", 0.0, worded=False), spoken("three four FIVE SIX", 5.0, worded=False))
    assert " ".join(text for _, text in shown(rows)) == "ONE TWO three four FIVE SIX"


@pytest.mark.parametrize("new", [(), (spoken("one two", 0),)])
def test_equal_words_or_no_words_in_an_empty_passage_are_no_step(new: tuple[Segment, ...]):
    rows = frozen(spoken("three", 10))
    if new:
        rows = frozen(spoken("one two", 0))
    assert retake(rows, 0.0, 5.0, *new).splices == []


def test_browser_cannot_send_a_passage_step():
    assert requests.PASSAGE not in requests.KINDS


def test_both_sides_mark_the_words_that_differ():
    old, new = sides([" Good", " morning", " all."], [" Good", " evening", " all.", " Bye."])
    assert old == [
        {"text": " Good", "same": True},
        {"text": " morning", "same": False},
        {"text": " all.", "same": True},
    ]
    assert [run["text"] for run in new if not run["same"]] == [" evening", " Bye."]
    assert sides([], []) == ([], [])


def test_words_within_a_passage_have_their_middle_there():
    segments = [spoken("one two three", 0), spoken("four", 10, worded=False)]
    assert words_within(segments, 0.6, 2.4) == [" two"]
    assert words_within(segments, 2.0, 11.0) == [" three", " four"]


def test_a_decoded_segment_is_cut_to_the_passage_and_its_times_stay_in_it():
    found = within(spoken("one two three", 0.3), 1.0, 2.9)
    assert found is not None
    assert [(w.text, w.start, w.end) for w in found.words] == [(" two", 1.3, 2.3), (" three", 2.3, 2.9)]
    assert (found.start, found.end, found.text) == (1.3, 2.9, " two three")
    assert within(spoken("one", 0.3), 1.0, 2.9) is None
