"""Test that long recordings are cut at pauses, and that only speech is detected."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stt.speech import vad
from tests import audio
from tests.audio import RATE, noise, silence


@pytest.fixture(scope="module")
def talk():
    """Return two sentences of 7.1 and 5.3 s with a pause of 1 s between, and the index of the pause's first sample."""
    first, second = (audio.samples(path) for path in audio.AUSTEN)
    return np.concatenate([first, silence(1.0), second]), len(first)


def test_speech_is_found_and_the_pause_is_not_part_of_it(talk):
    sound, pause = talk
    spans = vad.speech(sound)
    middle = pause / RATE + 0.5
    assert sum(end - start for start, end in spans) > 8
    assert all(start < end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    assert not any(start < middle < end for start, end in spans)


@pytest.mark.parametrize(
    "sound",
    [
        silence(20),
        noise(20),
        (0.3 * np.sin(np.arange(20 * RATE) * 2 * np.pi * 440 / RATE)).astype(np.float32),
        np.zeros(0, np.float32),
        np.full(RATE, np.nan, np.float32),
        np.full(RATE, np.inf, np.float32),
    ],
    ids=["silence", "noise", "tone", "empty", "NaN", "infinity"],
)
def test_sound_without_speech_has_no_speech_spans(sound):
    assert vad.speech(sound) == []


def test_telephone_voice_is_detected_after_a_clear_voice():
    clear, caller = (audio.samples(audio.utterance(f"1688-142285-000{number}")) for number in (7, 5))
    start = len(clear) / RATE
    spans = vad.speech(np.concatenate([clear, audio.telephone(caller)]))
    assert sum(end - max(start, begin) for begin, end in spans if end > start) > 2


def test_chunk_ends_in_the_pause_between_two_sentences(talk):
    sound, pause = talk
    cut = vad.cut(sound, 12.0)
    assert pause < cut < pause + RATE
    assert vad.cut(sound, 12.0, vad.speech(sound)) == pytest.approx(cut, abs=RATE / 4)


def test_recording_no_longer_than_a_chunk_is_not_cut(talk):
    sound, _ = talk
    assert vad.cut(sound, len(sound) / RATE) == len(sound)


def test_speech_without_a_pause_is_cut_where_it_is_quietest():
    sound = np.full(20 * RATE, 0.5, np.float32)
    sound[8 * RATE : 8 * RATE + 3200] = 0.01
    spans = [(0.0, 20.0)]
    assert 8 * RATE <= vad.cut(sound, 10.0, spans) <= 8 * RATE + 3200


def test_chunks_cover_a_recording_without_gap_or_overlap_reproducibly():
    sound = np.concatenate([audio.samples(audio.utterance(name)) for name in list(audio.librispeech())[:8]])

    def lengths() -> list[int]:
        rest, found = sound, []
        while len(rest):
            found.append(vad.cut(rest, 10.0))
            rest = rest[found[-1] :]
        return found

    once = lengths()
    assert sum(once) == len(sound)
    assert all(5 * RATE <= length <= 10 * RATE for length in once[:-1])
    assert once == lengths()
    assert len(once) > 4


@pytest.mark.parametrize("sound", [silence(40), noise(40)], ids=["silence", "noise"])
def test_cut_is_found_in_sound_without_speech(sound):
    assert 5 * RATE <= vad.cut(sound, 10.0) <= 10 * RATE


def test_samples_that_are_not_numbers_become_silence():
    cleaned = vad.clean(np.array([0.5, np.nan, np.inf, -np.inf, 7.0, -7.0], np.float32))
    assert cleaned.tolist() == [0.5, 0, 0, 0, 1, -1]
    assert cleaned.dtype == np.float32


def test_speech_detection_stores_no_usage_data(tmp_path: Path):
    """Guard against telemetry: ONNX Runtime would store an identifier and usage reports in the home folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    program = "import numpy; from stt.speech import vad; vad.speech(numpy.zeros(16000, numpy.float32))"
    subprocess.run([sys.executable, "-B", "-c", program], env={**inherited, "HOME": str(tmp_path)}, check=True)
    assert not list(tmp_path.rglob("*"))
