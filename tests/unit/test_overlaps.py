"""Test subtitles of simultaneous speakers: each cue is shown long enough to be read, or is listed as too fast."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.export.cutting import width
from stt.export.formats import FORMATS
from stt.export.subtitles import LATEST, READING_SPEED, Cue, cues, too_fast
from stt.transcript.model import Segment, Transcript, Word

LONGEST = 7.0
SENTENCE = "This is a sentence that takes a while to be read by anybody."  # 60 characters, which take 3 s to read


def spoken_segment(text: str, start: float, end: float, speaker: str) -> Segment:
    """Return a segment whose words have equal durations."""
    words = text.split()
    step = (end - start) / len(words)
    timed_words = tuple(Word(f" {word}", start + i * step, start + (i + 1) * step) for i, word in enumerate(words))
    return Segment(start, end, text, timed_words, speaker)


def talk(*turns: tuple[str, float, float, str]) -> Transcript:
    segments = sorted((spoken_segment(*turn) for turn in turns), key=lambda segment: segment.start)
    return Transcript(tuple(segments), max(segment.end for segment in segments))


def numbered(*turns: tuple[float, float, str, int]) -> Transcript:
    """Return a transcript of turns (start, end, speaker, number of words). No word occurs twice."""
    return talk(
        *(
            (" ".join(f"w{turn}x{i}" for i in range(count)), start, end, who)
            for turn, (start, end, who, count) in enumerate(turns)
        )
    )


def spoken_span(transcript: Transcript, cue: Cue) -> tuple[float, float]:
    """Return the start of the first and the end of the last spoken word of a cue, in seconds."""
    times = {word.text.strip(): word for word in transcript.words}
    words = [times[word] for word in cue.text.split()]
    return min(word.start for word in words), max(word.end for word in words)


def assert_one_at_a_time(shown: list[Cue]) -> None:
    assert all(cue.start < cue.end for cue in shown)
    assert all(earlier.end <= later.start for earlier, later in pairwise(shown))


def readable(cue: Cue) -> bool:
    return width(cue.text) <= READING_SPEED * (cue.end - cue.start) + 1e-6


CASES = {
    "word during a sentence": talk((SENTENCE, 0, 4, "A"), ("Yes.", 1, 1.3, "B")),
    "simultaneous start": talk((SENTENCE, 0, 4, "A"), (SENTENCE, 0, 4, "B")),
    "overlapping turns": talk((SENTENCE, 0, 4, "A"), (SENTENCE, 2, 6, "B"), (SENTENCE, 4, 8, "A")),
    "three speakers at once": talk((SENTENCE, 0, 4, "A"), ("No, no, never.", 0.5, 2, "B"), ("But of course.", 0.6, 2, "C")),
    "two turns during a long one": talk((f"{SENTENCE} " * 4, 0, 20, "A"), (SENTENCE, 3, 7, "B"), ("Exactly.", 12, 12.5, "B")),
    "several interjections": talk((SENTENCE, 0, 4, "A"), *(("Mhm.", 0.5 + i, 0.7 + i, "B") for i in range(3))),
    "same speech from two microphones": talk((SENTENCE, 0, 4, "A"), (SENTENCE, 0.02, 4.02, "B"), (SENTENCE, 9, 13, "A"), (SENTENCE, 9, 13, "B")),
    "wide characters": talk(("今天天气很好我们去公园散步吧", 0, 4, "A"), ("好的我们走吧", 1, 2, "B")),
}  # fmt: skip


@pytest.mark.parametrize("transcript", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("speakers", [False, True])
def test_simultaneous_speakers_are_all_readable(transcript: Transcript, speakers: bool):
    shown = cues(transcript, speakers=speakers)
    assert_one_at_a_time(shown)
    assert too_fast(shown) == [] and all(map(readable, shown))
    assert all(cue.end - cue.start <= LONGEST for cue in shown)
    last = max(segment.end for segment in transcript.segments)
    assert shown[-1].start <= last + LATEST
    if not speakers:
        text = "".join("".join(segment.text.split()) for segment in transcript.segments)
        assert sorted("".join("".join(cue.text.split()) for cue in shown)) == sorted(text)


def test_a_cue_is_not_cut_short_by_the_next_speaker():
    """Cover a cue of 60 characters that the next speaker's cue replaced after only one second."""
    first, second = cues(CASES["simultaneous start"])
    assert (first.start, first.end, second.start) == (0.0, 3.0, 3.0)
    assert second.end == 6.0


def test_interrupting_cue_follows_without_delay_after_a_readable_cue():
    first, second = cues(talk((SENTENCE, 0, 6, "A"), ("Yes.", 4, 4.3, "B")))
    assert (first.start, first.end, second.start, second.end) == (0.0, 4.0, 4.0, 5.0)


def test_speaker_is_named_again_after_an_interruption():
    shown = cues(talk((f"{SENTENCE} " * 3, 0, 15, "A"), ("Exactly.", 5.5, 6, "B")), speakers=True)
    starts = [cue.text.split()[0] for cue in shown]
    assert starts[0] == "A:" and starts.count("A:") == 2 and starts.count("B:") == 1
    assert starts.index("B:") < len(starts) - 1 - starts[::-1].index("A:")
    assert all(row.count(":") <= 1 and width(row) <= 42 for cue in shown for row in cue.text.split("\n"))


def test_too_fast_speech_is_listed_and_shown_for_its_duration():
    shown = cues(talk((SENTENCE, 0, 1.5, "A"), (SENTENCE, 1.5, 5.5, "A")))
    (fast,) = too_fast(shown)
    assert (fast.start, fast.end, fast.speed) == (0.0, 1.5, 40.0)


def test_unreadably_fast_dialogue_is_listed_and_no_cue_is_very_late():
    """Use five minutes of two speakers who never pause, at 30 characters per second."""
    turns = [(SENTENCE, 4.0 * i, 4.0 * i + 4, who) for i in range(75) for who in "AB"]
    shown = cues(talk(*turns))
    assert_one_at_a_time(shown)
    assert shown[-1].start <= 296 + LATEST
    fast = too_fast(shown)
    assert len(fast) > 140
    # All cues are shortened by about the same share, so that no cue is much faster than the 30 characters per second.
    assert max(cue.speed for cue in fast) < 1.2 * 30


TURNS = st.lists(
    st.tuples(st.floats(0, 20, width=32), st.floats(0.125, 8, width=32), st.sampled_from("ABC"), st.integers(1, 12)),
    min_size=1,
    max_size=12,
)


@given(TURNS, st.sampled_from([20, 42]), st.integers(1, 3))
def test_any_overlap_is_shown_long_enough_or_listed(
    turns: list[tuple[float, float, str, int]], line_length: int, lines: int
):
    transcript = numbered(*((start, start + length, who, count) for start, length, who, count in turns))
    shown = cues(transcript, line_length, lines)
    assert_one_at_a_time(shown)
    assert sorted(word for cue in shown for word in cue.text.split()) == sorted(
        word.text.strip() for word in transcript.words
    )
    assert too_fast(shown) == [cue for cue in shown if not readable(cue)]
    waits = [cue.start - spoken_span(transcript, cue)[0] for cue in shown]
    shortest_total = 0.1 * len(shown)  # the minimum duration of a cue is 0.1 s
    assert all(-0.001 <= wait <= LATEST + shortest_total for wait in waits)
    shortened = {
        number for number, cue in enumerate(shown)
        if not readable(cue) and cue.end < min(spoken_span(transcript, cue)[1], cue.start + LONGEST) - 0.002
    }  # fmt: skip
    if shortened:  # a cue may be shortened only if other cues are already shown too late
        assert max(waits) > 0.5 * LATEST


@given(st.lists(st.tuples(st.floats(0, 3, width=32), st.integers(1, 2)), min_size=1, max_size=20))
def test_short_interjections_delay_no_cue_for_long(interjections: list[tuple[float, int]]):
    """Use one continuous speaker at 9 characters per second, and another who says a word or two at least 2 s apart."""
    now, turns = 0.0, [(0.0, 80.0, "A", 100)]
    for wait, count in interjections:
        now += 2 + wait
        turns.append((now, now + 0.3 * count, "B", count))
    transcript = numbered(*turns)
    shown = cues(transcript)
    assert_one_at_a_time(shown)
    for cue in shown:
        assert readable(cue) or cue.end >= spoken_span(transcript, cue)[1] - 0.002
        assert cue.start - spoken_span(transcript, cue)[0] <= LATEST


@pytest.mark.parametrize("extension", ["srt", "vtt"])
def test_byte_order_mark_and_windows_line_ends_are_written_if_requested(extension: str):
    write = FORMATS[extension].write
    plain = write(CASES["three speakers at once"])
    assert not plain.startswith(b"\xef\xbb\xbf") and b"\r" not in plain
    assert write(CASES["three speakers at once"], bom=True) == b"\xef\xbb\xbf" + plain
    assert write(CASES["three speakers at once"], crlf=True) == plain.replace(b"\n", b"\r\n")
    assert write(CASES["three speakers at once"], bom=True, crlf=True) == b"\xef\xbb\xbf" + plain.replace(
        b"\n", b"\r\n"
    )
