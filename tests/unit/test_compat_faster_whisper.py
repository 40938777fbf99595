"""Test those assumptions of the code about faster-whisper that can be tested without model weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from stt.compat.faster_whisper import FeatureExtractor, Segment, Word, with_silences
from stt.speech.vad import RATE
from stt.transcript.languages import LANGUAGES
from stt.whisper.mel import features
from tests import audio


@pytest.mark.parametrize("bands", [80, 128])  # models derived from large-v3 use 128 mel bands, all others 80
@pytest.mark.parametrize("seconds", [0, 0.05, 29.99, 30, 30.01, 60, 75.321])
def test_faster_whisper_computes_the_same_spectrum_as_we_do_bit_for_bit(seconds: float, bands: int):
    """Use one loud sample in quiet sound: it changes the spectrum of all pieces, which our code computes one by one."""
    sound = np.tile(audio.samples(audio.JFK), 8)[: int(seconds * RATE)] * 0.001
    sound[len(sound) // 2 :][:1] = 1.0
    extract = FeatureExtractor(feature_size=bands)
    expected = extract(sound)
    found = features(extract, sound)
    assert found.dtype == expected.dtype and np.array_equal(found, expected)


def test_faster_whisper_knows_every_language_that_is_offered():
    # Cantonese is not offered, because only large-v3 can transcribe it.
    assert set(LANGUAGES) == set(_LANGUAGE_CODES) - {"yue"}


def test_faster_whisper_yields_its_input_segments_with_times_of_the_recording():
    @dataclasses.dataclass
    class CustomSegment(Segment):
        own: str = ""

    segment = CustomSegment(
        id=1, seek=0, start=1.0, end=3.0, text=" a b", tokens=[], avg_logprob=0.0, compression_ratio=1.0,
        no_speech_prob=0.0, temperature=0.0, words=[Word(1.0, 1.5, " a", 0.9), Word(2.5, 3.0, " b", 0.9)], own="kept",
    )  # fmt: skip
    spans = [{"start": 10 * RATE, "end": 12 * RATE}, {"start": 60 * RATE, "end": 70 * RATE}]
    (found,) = with_silences([segment], spans, RATE)
    assert found.own == "kept"
    assert [(word.start, word.end) for word in found.words] == [(11.0, 11.5), (60.5, 61.0)]
    assert (found.start, found.end) == (11.0, 61.0)
