"""Test that cues end at pauses and sentence ends, follow each other in order, and can be read in their time."""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.export.cutting import Unit, cut, width
from stt.export.formats import FORMATS
from stt.export.subtitles import cues
from stt.transcript.model import Segment, Transcript
from tests.exports import displayed_text, read_subtitles, segment, transcript, transcripts, without_spaces, words_of


def test_cues_are_cut_at_sentence_ends_and_pauses():
    talk = transcript(
        segment("This is a first sentence. This is a second one that ends here", gaps={9: 1.2}),
        segment("and this goes on a little later.", 8.0),
    )
    assert [cue.text.replace("\n", " ") for cue in cues(talk)] == [
        "This is a first sentence.",
        "This is a second",
        "one that ends here",
        "and this goes on a little later.",
    ]


def test_an_abbreviation_does_not_end_a_sentence():
    (cue,) = cues(transcript(segment("I saw Mr. Smith and Dr. Jones.")))
    assert cue.text == "I saw Mr. Smith and Dr. Jones."


def test_short_cues_last_a_second_if_the_next_cue_leaves_room():
    first, second = cues(transcript(segment("Yes.", pace=0.2), segment("No.", 5.0, pace=0.2)))
    assert (first.start, first.end, second.end) == (0.0, 1.0, 6.0)
    first, second = cues(transcript(segment("Yes.", pace=0.2, speaker="A"), segment("No.", 0.6, pace=0.2, speaker="B")))
    assert (first.end, second.start) == (0.6, 0.6)


def test_simultaneous_speakers_have_consecutive_cues():
    both = transcript(
        segment("one two three four five six seven eight", 0.0, pace=1.0, speaker="A"),
        segment("yes indeed", 3.0, speaker="B"),
        segment("no", 3.0, speaker="C"),
    )
    cut = cues(both, speakers=True)
    assert_in_order(cut)
    assert all(cue.end - cue.start >= 0.1 for cue in cut)
    assert "B: yes indeed" in [cue.text for cue in cut]


def test_a_sentence_without_times_is_one_cue_over_the_duration():
    (cue,) = cues(Transcript((Segment(0.0, 0.0, "Nothing is known of when."),), duration=60.0, timed=False))
    assert (cue.start, cue.end, cue.text) == (0.0, 60.0, "Nothing is known of when.")


def test_a_long_text_without_times_is_spread_by_its_characters():
    sentence = "Here comes a sentence of about sixty characters, more or less. "
    cut = cues(Transcript((Segment(0.0, 0.0, sentence * 10),), duration=100.0, timed=False))
    assert [round(cue.start) for cue in cut] == list(range(0, 100, 10))
    assert cut[-1].end == 100.0


def test_each_speaker_of_a_text_without_times_has_separate_cues_with_the_name():
    turns = [
        ("Anna", "Good morning."),
        ("Anna", "Shall we begin?"),
        ("Ben", "Yes."),
        (None, "A door."),
        ("Anna", "Good."),
    ]
    talk = Transcript(tuple(Segment(0.0, 0.0, text, speaker=who) for who, text in turns), duration=40.0, timed=False)
    named = cues(talk, speakers=True)
    assert [cue.text for cue in named] == [
        "Anna: Good morning.",
        "Shall we begin?",
        "Ben: Yes.",
        "A door.",
        "Anna: Good.",
    ]
    assert [cue.start for cue in named] == [0.0, 12.0, 25.0, 29.0, 35.0] and named[-1].end == 40.0
    assert [cue.text for cue in cues(talk)] == [text for _, text in turns]
    unpunctuated = tuple(Segment(0.0, 0.0, text, speaker=who) for who, text in (("A", "well I"), ("B", "no")))
    assert [cue.text for cue in cues(replace(talk, segments=unpunctuated))] == ["well I", "no"]


def test_chinese_is_cut_between_characters_and_thai_never_before_a_mark():
    chinese = "今天天气很好，我们去公园散步吧。" * 6
    rows = [row for cue in cues(transcript(Segment(0.0, 30.0, chinese))) for row in cue.text.split("\n")]
    assert "".join(rows) == chinese
    assert all(width(row) <= 42 and row[0] not in "，。" for row in rows)
    thai = "สวัสดีครับผมชื่อสมชายและนี่คือการทดสอบที่ยาวมาก" * 3
    rows = [row for cue in cues(transcript(Segment(0.0, 20.0, thai))) for row in cue.text.split("\n")]
    assert "".join(rows) == thai
    assert not any(unicodedata.category(row[0]).startswith("M") for row in rows)


def test_an_hour_of_speech_has_readable_cues():
    sentence = "So we went on, as one does, and looked for the place where the river turns."
    long = transcript(*(segment(sentence, 5.5 * number, pace=0.3) for number in range(650)))
    cut = cues(long)
    assert_in_order(cut)
    assert all(1.0 <= cue.end - cue.start <= 7.0 for cue in cut)
    assert len(cut) == 650 and all(cue.text.count("\n") == 1 for cue in cut)


@given(
    st.lists(st.sampled_from(["A", "Word", "Clause,", "End.", "X" * 30]), min_size=1, max_size=40), st.integers(1, 3)
)
def test_no_other_cut_of_a_text_costs_less(words: list[str], lines: int):
    units = [Unit(word, 0.3 * at, 0.3 * at + 0.2) for at, word in enumerate(words)]

    def cost(cue: list[Unit]) -> float:
        """Return the cost of a cue as the docstring of `cut` defines it."""
        last = units.index(cue[-1])
        shown = units[last + 1].start - cue[0].start if last + 1 < len(units) else 1.0
        ends = [0.0 if unit.text == "End." else 0.6 if unit.text == "Clause," else 2.0 for unit in cue]
        at_end = ends[-1] if last + 1 < len(units) else 0.0
        return 1 + 1.5 * ends[:-1].count(0.0) + max(0.0, 3 * (1 - shown)) + at_end

    def fits(cue: list[Unit]) -> bool:
        rows = textwrap.wrap(" ".join(unit.text for unit in cue), 32)
        return len(cue) == 1 or (len(rows) <= lines and cue[-1].end - cue[0].start <= 4.0)

    best = [0.0]
    for end in range(1, len(units) + 1):
        cues_ending_here = ((first, units[first:end]) for first in range(end))
        best.append(min(best[first] + cost(cue) for first, cue in cues_ending_here if fits(cue)))
    found = cut(units, 32, lines, 1.0, 4.0)
    assert [unit for cue in found for unit in cue] == units and all(map(fits, found))
    assert sum(map(cost, found)) == pytest.approx(best[-1])


def assert_in_order(cut):
    for cue in cut:
        assert cue.start < cue.end and cue.text.strip()
    for earlier, later in pairwise(cut):
        assert earlier.end <= later.start


@given(transcripts(), st.sampled_from([8, 42]), st.integers(1, 3))
def test_any_transcript_becomes_cues_in_order_with_all_its_words(original, line_length, lines):
    cut = cues(original, line_length, lines)
    assert_in_order(cut)
    assert without_spaces("".join(cue.text for cue in cut)) == words_of(original)
    assert all(cue.text.count("\n") < lines for cue in cut)
    assert all(cue.end - cue.start <= 7.001 for cue in cut) or not original.timed
    for extension in ("srt", "vtt"):
        read = read_subtitles(FORMATS[extension].write(original, line_length=line_length, lines=lines), extension)
        assert [(e.start, e.end) for e in read] == [(round(c.start * 1000), round(c.end * 1000)) for c in cut]
        assert without_spaces("".join(displayed_text(event, extension) for event in read)) == words_of(original)
