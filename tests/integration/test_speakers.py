"""Test diarization with joined conversations of real speakers, and with sound that is no conversation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from stt import speakers
from stt.errors import Cancelled
from stt.speakers import Diarization, Models, voiceprints
from stt.speakers.chunks import Chunk
from stt.transcript.model import Segment, Word
from tests import audio, conversations
from tests.conversations import Conversation

Analyse = Callable[[np.ndarray], list[dict]]
TWELVE = [f"{number}*{rate}" for number in ("1688", "1998", "2033", "2414") for rate in (0.8, 1.0, 1.25)]


@pytest.fixture(scope="module")
def analysed(models: Models) -> Analyse:
    """Return a function that analyses chunks of `length` seconds, and returns the results as read from a checkpoint."""

    def analyse(samples: np.ndarray, length: int = 40) -> list[dict]:
        step = length * audio.RATE
        chunks = [
            speakers.analyse(samples[at : at + step], at / audio.RATE, models) for at in range(0, len(samples), step)
        ]
        return json.loads(json.dumps(chunks))

    return analyse


@pytest.fixture(scope="module")
def talk() -> Conversation:
    return conversations.conversation(["1688", "1998", "2609"], seed=4, turns=14)


@pytest.fixture(scope="module")
def chunks(talk: Conversation, analysed: Analyse) -> list[dict]:
    return analysed(talk.samples)


@pytest.fixture(scope="module")
def found(chunks: list[dict]) -> Diarization:
    return speakers.diarize(chunks)


def _share_right(talk: Conversation, found: Diarization) -> float:
    """Return the share of the words that were assigned to the right speaker."""
    assigned = speakers.of_words([Word(word.text, word.start, word.end) for word in talk.words], found)
    together = np.zeros((len(talk.speakers), max(len(found.speakers), 1)))
    for word, one in zip(talk.words, assigned, strict=True):
        if one.speaker is not None:
            together[talk.speakers.index(word.speaker), one.speaker] += 1
    return sum(together[pair] for pair in conversations.matched(together)) / len(talk.words)


def test_speakers_are_counted_and_found_across_chunks(talk, found):
    assert len(found.speakers) == 3
    assert _share_right(talk, found) >= 0.95
    turns = [(turn.start, turn.end, str(turn.speaker)) for turn in found.turns]
    assert conversations.diarization_error(talk.turns, turns) <= 8
    assert [turn.start for turn in found.turns] == sorted(turn.start for turn in found.turns)
    assert found.turns[0].speaker == 0, "speakers are numbered as they first speak"


def test_a_diarization_survives_a_checkpoint(found):
    again = Diarization.from_dict(json.loads(json.dumps(found.to_dict())))
    assert len(again.turns) == len(found.turns) and again.labels == found.labels
    assert all(
        np.allclose(one.voiceprint, two.voiceprint, atol=1e-4)
        for one, two in zip(again.speakers, found.speakers, strict=True)
    )


def test_checkpoint_of_a_version_with_closer_windows_is_still_read():
    """Read a checkpoint that an older version made of a conversation of 35 s, without the distance between windows."""
    talk = conversations.conversation(["1688", "2609"], seed=5, turns=8)
    chunk = json.loads((Path(__file__).parents[1] / "databases" / "analysis-nearer-windows.json").read_text())
    found = speakers.diarize([chunk])
    words = [word for word in talk.words if word.end < 60]
    assigned = speakers.of_words([Word(word.text, word.start, word.end) for word in words], found)
    pairs = Counter((word.speaker, one.speaker) for word, one in zip(words, assigned, strict=True))
    assert len(found.speakers) == 2 and sum(count for _, count in pairs.most_common(2)) > 0.95 * len(words)


def test_chunk_checkpoint_is_small(talk, chunks):
    assert sum(len(json.dumps(chunk)) for chunk in chunks) < 2000 * talk.duration


@pytest.mark.parametrize(("asked", "least", "most"), [(1, 1, 1), (2, 2, 2), (3, 3, 3), (12, 3, 6)])
def test_given_number_of_speakers_is_an_upper_bound(chunks, asked, least, most):
    found = speakers.diarize(chunks, asked)
    assert least <= len(found.speakers) <= most
    assert found.requested == asked and found.is_fewer == (len(found.speakers) < asked)
    assert {turn.speaker for turn in found.turns} == set(range(len(found.speakers)))


@pytest.mark.parametrize("asked", [0, 13, -1])
def test_number_of_speakers_out_of_bounds_is_refused(chunks, asked):
    with pytest.raises(ValueError, match="1 to 12"):
        speakers.diarize(chunks, asked)


def test_speaker_who_is_really_two_can_be_split(talk, chunks):
    two = conversations.conversation(["1688", "2609"], seed=2, turns=8)
    parts = [dict(chunk) for chunk in chunks]
    merged = speakers.diarize(parts, 2)
    mixed = max(range(2), key=lambda number: merged.speakers[number].seconds)
    other = [turn for turn in merged.turns if turn.speaker != mixed]
    again = speakers.split(parts, merged, mixed)
    assert len(again.speakers) == 3 and two.duration > 0
    assert [turn for turn in again.turns if turn.speaker == 1 - mixed] == other, "the other speaker keeps the turns"
    assert _share_right(talk, again) >= 0.9


def test_voiceprints_identify_the_same_person_in_another_recording(found, talk, analysed):
    other = conversations.conversation(["1688", "1998", "2609"], seed=9, turns=8)
    later = speakers.diarize(analysed(other.samples))
    assert len(later.speakers) == 3
    likeness = np.array(
        [[speakers.likeness(one.voiceprint, two.voiceprint) for two in later.speakers] for one in found.speakers]
    )
    best = likeness.max(1)
    assert sorted(likeness.argmax(1).tolist()) == [0, 1, 2]
    assert best.min() > 0.7 and np.sort(likeness, axis=1)[:, :-1].max() < 0.3
    assert likeness.min() >= 0 and likeness.max() <= 1


def test_a_sample_is_three_seconds_of_that_speaker(found):
    for number, speaker in enumerate(found.speakers):
        start, end = speaker.sample
        assert 0.5 <= end - start <= 3.01
        own = sum(
            min(end, turn.end) - max(start, turn.start)
            for turn in found.turns
            if turn.speaker == number and turn.start < end and turn.end > start
        )
        assert own >= 0.95 * (end - start)


def _segments(talk: Conversation, words: int = 12) -> list[Segment]:
    """Return the words of a conversation in segments of equal word count, regardless of speaker."""
    found = []
    for at in range(0, len(talk.words), words):
        part = tuple(Word(f" {word.text}", word.start, word.end, 0.9) for word in talk.words[at : at + words])
        end = max(word.end for word in part)
        found.append(Segment(part[0].start, end, "".join(word.text for word in part), part, language="en"))
    return found


def test_segments_are_cut_where_the_speaker_changes_and_lose_no_word(talk, found):
    before = _segments(talk)
    after = speakers.label(before, found, ["Ann", "Ben", "Cy"])
    assert "".join(segment.text for segment in after) == "".join(segment.text for segment in before)
    assert len(after) > len(before)
    assert all({word.speaker for word in segment.words} == {segment.speaker} for segment in after)
    assert all(segment.language == "en" and segment.start <= segment.end for segment in after)
    assert {segment.speaker for segment in after} == {"Ann", "Ben", "Cy"}


def test_segment_without_word_times_gets_the_longest_speaker(found):
    turn = max(found.turns, key=lambda turn: turn.end - turn.start)
    (segment,) = speakers.label([Segment(turn.start, turn.end, "text")], found, ["Ann", "Ben", "Cy"])
    assert segment.speaker == ["Ann", "Ben", "Cy"][turn.speaker]


def test_words_in_an_overlap_are_doubtful():
    found = Diarization((speakers.Turn(0, 4, 0), speakers.Turn(3, 6, 1)))
    words = [Word("a", 1, 1.5), Word("b", 3.1, 3.5), Word("c", 3.8, 4.3), Word("d", 5, 5.5), Word("e", 6.5, 7)]
    assigned = speakers.of_words(words, found)
    assert [one.speaker for one in assigned] == [0, 0, 1, 1, 1]
    assert [one.doubtful for one in assigned] == [False, True, True, False, False]
    assert speakers.of_words([Word("f", 60, 61)], found)[0].speaker is None


@pytest.mark.parametrize(
    "samples", [audio.silence(30), audio.silence(0.01), np.zeros(0, np.float32), np.full(9999, np.nan)]
)
def test_without_speech_there_is_no_speaker(analysed, samples):
    found = speakers.diarize(analysed(samples))
    assert found.turns == () and found.speakers == ()
    assert speakers.label([Segment(0, 1, "text")], found, []) == (Segment(0, 1, "text"),)


@pytest.mark.parametrize("samples", [audio.chords(20), audio.melody(20, 3), audio.noise(20)])
def test_music_and_noise_are_not_many_speakers(analysed, samples):
    assert len(speakers.diarize(analysed(samples)).speakers) <= 1


def test_half_a_second_of_speech_is_one_speaker(analysed):
    samples = audio.samples(audio.AUSTEN[0])[audio.RATE : audio.RATE * 3 // 2]
    assert len(speakers.diarize(analysed(samples)).speakers) == 1
    assert len(speakers.diarize(analysed(samples), 5).speakers) == 1


@pytest.mark.parametrize("length", [40, 261, 313, 366, 399, 400])
def test_last_chunk_of_a_few_milliseconds_is_analysed(models, length):
    """Analyse chunks of `length` samples from several places in speech. Such a chunk can end a long recording."""
    samples = audio.samples(audio.JFK)
    chunks = [speakers.analyse(samples[at : at + length], 0.0, models) for at in (9_000, 31_000, 32_000, 33_000)]
    found = [Chunk.from_dict(chunk) for chunk in chunks]
    assert length < 300 or any(chunk.pieces for chunk in found), "speech is found in some of the chunks"
    assert all(np.isfinite(chunk.prints).all() for chunk in found)
    assert len(speakers.diarize(chunks).speakers) <= 1


def test_sound_without_a_frame_of_filter_banks_has_features():
    banks = voiceprints.filter_banks(np.ones(40, np.float32))
    assert len(banks) == 0 and voiceprints.normalised(banks).shape == (voiceprints.SHORTEST, voiceprints.BANKS)


def test_speakers_with_one_word_each_are_found(analysed):
    talk = conversations.conversation(["1688", "1998", "2414"], seed=1, turns=3, lengths=(0.3, 0.6), overlapping=0)
    assert 1 <= len(speakers.diarize(analysed(talk.samples)).speakers) <= 3
    found = speakers.diarize(analysed(talk.samples), 3)
    assert 1 <= len(found.speakers) <= 3 and _share_right(talk, found) >= 0.3


def test_twelve_speakers_are_found(analysed):
    talk = conversations.conversation(TWELVE, seed=3, turns=30, lengths=(3, 6), overlapping=0)
    chunks = analysed(talk.samples)
    assert 9 <= len(speakers.diarize(chunks).speakers) <= 13
    found = speakers.diarize(chunks, 12)
    assert 10 <= len(found.speakers) <= 12 and _share_right(talk, found) >= 0.8


def test_rare_speaker_in_a_long_recording_is_found(analysed):
    """Insert 12 s of a fifth speaker into 258 s of four others. Sound of a varying voice may be as short as that."""
    others = conversations.conversation(["1998", "2033", "2414", "2609"], seed=7, turns=60).samples
    rare = conversations.conversation(["1688"], seed=9, turns=4).samples[: 12 * audio.RATE]
    middle = len(others) // 2
    found = speakers.diarize(analysed(np.concatenate([others[:middle], rare, others[middle:]]), 300))
    assert len(found.speakers) == 5 and 7 < min(speaker.seconds for speaker in found.speakers) < 13


@pytest.mark.parametrize("change", [np.copy, conversations.in_noise, conversations.changing_distance])
def test_one_speaker_stays_one(analysed, change):
    one = np.concatenate([samples for samples, _ in conversations.utterances_of("2033")])
    assert len(speakers.diarize(analysed(change(one), 30)).speakers) == 1


def test_progress_goes_up_to_a_hundred_and_cancel_stops_at_once(talk, models):
    percents: list[int] = []
    speakers.analyse(talk.samples, 0.0, models, percents.append)
    assert percents[-1] == 100 and all(one <= two for one, two in pairwise(percents)) and len(set(percents)) > 10
    checks = []

    def cancel() -> None:
        checks.append(1)
        if len(checks) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        speakers.analyse(talk.samples, 0.0, models, check_cancelled=cancel)
    assert len(checks) == 3


def test_loudness_does_not_matter(talk, models):
    quiet = speakers.diarize([speakers.analyse(talk.samples * 0.01, 0.0, models)])
    assert len(quiet.speakers) == 3 and _share_right(talk, quiet) >= 0.9
