"""Test in which time span each word of a given text is searched for, and which words the recording does not contain."""

from __future__ import annotations

from itertools import pairwise

import pytest

from stt.transcript.model import Segment, Transcript, Word
from stt.whisper.forced_alignment import plan, result, windows
from stt.whisper.forced_alignment.plan import UNFIT, Guess, Placed
from tests.transcripts import PACE, spoken_segment

SPOKEN = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
UNSPOKEN = "nobody ever says these entirely different words anywhere"


def decoding(text: str = SPOKEN) -> Transcript:
    segment = spoken_segment(text)
    return Transcript((segment,), segment.end, "en")


def planned(text: str, decoded: Transcript | None = None) -> plan.Plan:
    return plan.from_decoding([Segment(0, 0, text)], decoded or decoding())


def test_equal_words_take_the_times_of_the_decoding():
    found = planned(SPOKEN.upper().replace(" FIVE", ", FIVE!")).words
    assert [word.start for word in found] == pytest.approx([number * PACE for number in range(16)])
    assert all(word.firm and word.fits for word in found)
    assert "".join(word.text for word in found).strip() == SPOKEN.upper().replace(" FIVE", ", FIVE!")


def test_differing_word_lies_between_its_neighbours_and_begins_no_window():
    found = planned(SPOKEN.replace("five six", "fife or so")).words
    assert [word.text for word in found[4:7]] == [" fife", " or", " so"]
    assert 3 * PACE < found[4].start < found[6].end <= 6 * PACE and not any(word.firm for word in found[4:7])
    assert not found[7].firm, "the word before it is not certain"


def test_words_without_room_in_the_recording_do_not_fit():
    found = planned(SPOKEN.replace("eight", f"eight {UNSPOKEN}"))
    assert [word.fits for word in found.words] == [True] * 8 + [False] * 8 + [True] * 8
    assert not found.unwritten


def test_speech_missing_from_the_text_is_reported():
    (gap,) = planned(SPOKEN.replace(" five six seven eight nine", "")).unwritten
    assert gap.text == "five six seven eight nine" and gap.start == pytest.approx(4 * PACE)


def test_single_ideographs_align_with_engine_words_of_several():
    words = tuple(Word(text, 1.0 + n, 1.8 + n) for n, text in enumerate(("今天", "天气", "很好", "，我", "们去")))
    decoded = Transcript((Segment(1.0, 5.8, "".join(word.text for word in words), words),), 6.0, "zh")
    found = plan.from_decoding([Segment(0, 0, "今天天气很好，我们去。")], decoded).words
    assert "".join(word.text for word in found) == "今天天气很好，我们去。" and all(word.firm for word in found)
    assert [round(word.start, 1) for word in found[:4]] == [1.0, 1.4, 2.0, 2.4]


def test_a_word_that_is_equal_by_chance_is_no_anchor():
    other = "we all went home and then five people came back to see what else there was to do"
    assert not any(word.firm and word.text == " five" for word in planned(other).words)


def test_text_of_another_recording_does_not_fit():
    found = planned(" ".join([UNSPOKEN] * 9))
    assert not any(word.fits for word in found.words) and len(found.unwritten) == 1


def test_windows_end_at_pauses_and_never_exceed_the_length_whisper_takes():
    texts = [f" w{number}" for number in range(300)]
    guesses = [
        Guess(text, 0, number * 0.4 + (number // 100) * 2, number * 0.4 + (number // 100) * 2 + 0.3, firm=True)
        for number, text in enumerate(texts)
    ]
    found = windows.windows(guesses, 0, 300, 0.0, 126.0)
    assert [n for window in found for n in range(window.first, window.last)] == list(range(300))
    assert all(window.end - window.start < 28 for window in found)
    assert {100, 200} <= {window.first for window in found}, "where there is a pause"
    for before, after in pairwise(found):
        assert before.end <= guesses[after.first].end and after.start >= guesses[before.last - 1].start


def test_words_that_do_not_fit_are_in_no_window():
    found = planned(SPOKEN.replace("eight", f"eight {UNSPOKEN}")).words
    planned_windows = windows.windows(found, 0, len(found), 0.0, 6.0)
    assert [(window.first, window.last) for window in planned_windows] == [(0, 8), (16, 24)]


def test_segments_that_fit_in_one_window_keep_their_times():
    short = Transcript((Segment(1, 3, "One two."), Segment(5, 8, "Three.")))
    assert plan.trusted(short)
    assert not plan.trusted(Transcript((Segment(1, 40, "One two."),)))
    assert not plan.trusted(Transcript((Segment(1, 3, "One two."),), timed=False))
    assert [(w.earliest, w.latest) for w in plan.from_segments(short.segments).words] == [(1, 3), (1, 3), (5, 8)]


def test_improbable_runs_lose_confidence_and_share_the_time_between_neighbours():
    found = planned(SPOKEN)
    placed = {n: Placed(n * PACE, n * PACE + 0.3, 0.0 if 4 <= n < 12 else 0.9) for n in range(16)}
    placed[7] = Placed(7 * PACE, 7 * PACE + 0.3, 0.8)  # one word of the improbable run is probable, by chance
    aligned = result.finished(Transcript((Segment(0, 0, SPOKEN),), timed=False), found, placed, 6.0)
    assert [word.confidence for word in aligned.words] == [0.9] * 4 + [None] * 8 + [0.9] * 4
    (row,) = aligned.extras[UNFIT]
    assert row["text"] == "five six seven eight nine ten eleven twelve" and aligned.timed
    assert 3 * PACE <= row["start"] < row["end"] <= 12 * PACE + 0.01
    starts = [word.start for word in aligned.words]
    assert starts == sorted(starts) and aligned.text == SPOKEN


def test_single_improbable_words_stay_with_low_confidence():
    placed = {n: Placed(n * PACE, n * PACE + 0.3, 0.01 if n % 5 == 0 else 0.9) for n in range(16)}
    aligned = result.finished(Transcript((Segment(0, 0, SPOKEN),), timed=False), planned(SPOKEN), placed, 6.0)
    assert UNFIT not in aligned.extras and aligned.words[0].confidence == 0.01


def test_an_edited_paragraph_stays_one_paragraph_when_pauses_split_its_text():
    placed = {n: Placed(n * PACE + 5.0 * (n >= 8), n * PACE + 0.3 + 5.0 * (n >= 8), 0.9) for n in range(16)}
    for begins, expected in ((True, [True, False]), (False, [False, False]), (None, [None, None])):
        given = Transcript((Segment(0, 0, SPOKEN, begins=begins),), timed=False)
        aligned = result.finished(given, planned(SPOKEN), placed, 12.0)
        assert [segment.begins for segment in aligned.segments] == expected
