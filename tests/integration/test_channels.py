"""Test recordings with a speaker in each channel: speakers, order and languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import stt
from tests import audio
from tests.bench.accuracy import normalised
from tests.waiting import ended

pytestmark = pytest.mark.usefixtures("engine")


def test_each_channel_is_a_speaker_with_that_option(tmp_path: Path):
    left, right = audio.samples(audio.AUSTEN[0]), audio.samples(audio.JFK)
    both = np.zeros((2, max(len(left), len(right))), np.float32)
    both[0, : len(left)], both[1, : len(right)] = left, right
    path = audio.write(tmp_path / "call.wav", both)
    transcript = ended(stt.create(path, options={"channels_are_speakers": True})).transcript
    texts = {
        speaker: normalised(" ".join(s.text for s in transcript.segments if s.speaker == speaker))
        for speaker in transcript.speakers
    }
    assert set(texts) == {"Speaker 1", "Speaker 2"}
    assert "leisure to consider" in texts["Speaker 1"] and "your country" in texts["Speaker 2"]
    starts = [segment.start for segment in transcript.segments]
    assert starts == sorted(starts)


def test_each_channel_keeps_its_language(tmp_path: Path):
    """Use a call in which one speaker speaks English, and the other one a few words of Spanish in each chunk."""
    spanish = audio.samples(audio.AUDIO / "spanish-then-english.flac")
    both = np.zeros((2, 66 * audio.RATE), np.float32)
    both[0] = np.tile(audio.samples(audio.JFK), 6)
    for at, begin, end in ((0, 0, 11), (30, 0, 6), (50, 12, 15)):
        both[1, at * audio.RATE : (at + end - begin) * audio.RATE] = spanish[begin * audio.RATE : end * audio.RATE]
    job = stt.create(audio.write(tmp_path / "call.wav", both), options={"channels_are_speakers": True})
    segments = ended(job).transcript.segments
    found = {(segment.speaker, segment.language) for segment in segments}
    assert found == {("Speaker 1", "en"), ("Speaker 2", "es")}


def test_short_answer_in_a_channel_is_in_the_language_of_the_call(tmp_path: Path):
    """Use a word that Whisper alone takes for Arabic."""
    both = np.zeros((2, 11 * audio.RATE), np.float32)
    both[0] = audio.samples(audio.JFK)
    both[1, : audio.RATE] = audio.samples(audio.utterance("1688-142285-0005"))[: audio.RATE]
    job = stt.create(audio.write(tmp_path / "call.wav", both), options={"channels_are_speakers": True})
    assert {segment.language for segment in ended(job).transcript.segments} == {"en"}
