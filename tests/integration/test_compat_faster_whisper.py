"""Test what this project assumes about faster-whisper and CTranslate2, with the model weights."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from ctranslate2 import StorageView
from faster_whisper import WhisperModel

from stt.compat.faster_whisper import WindowModel, default_options, pad_or_trim, speech_scores
from stt.settings import settings
from stt.speech.vad import FRAME, RATE
from stt.whisper import weights

PER_SECOND = 100  # feature frames per second
pytestmark = pytest.mark.usefixtures("one_data_folder")


class CountingModel(WindowModel):
    """Count how often words are aligned."""

    aligned = 0

    @contextmanager
    def aligning(self) -> Iterator[None]:
        self.aligned += 1
        yield


class RecordingEncoder:
    """Record whether CTranslate2 is asked to copy the encoder output to main memory."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.to_cpu: list[bool] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def encode(self, features: StorageView, to_cpu: bool = False) -> StorageView:
        self.to_cpu.append(to_cpu)
        return self.model.encode(features, to_cpu=to_cpu)


@pytest.fixture(scope="module")
def model(one_data_folder: None) -> CountingModel:
    return CountingModel(str(weights.find(settings()).folder), device="cpu", compute_type="int8", cpu_threads=2)


def test_faster_whisper_decodes_splits_and_times_one_window(model: CountingModel, speech: np.ndarray):
    sound = speech[: 11 * RATE]
    tokenizer = model.tokenizer("transcribe", "en")
    options = default_options(tokenizer, beam_size=5)
    encoded = model.encoder_output(pad_or_trim(model.feature_extractor(sound)[:, :-1]))
    result, logprob, ratio = model.generate(encoded, model.prompt(tokenizer, ()), tokenizer, options)
    assert -1.0 < logprob < 0.0 and 0.0 < ratio < options.compression_ratio_threshold
    assert 0.0 <= result.no_speech_prob < options.no_speech_threshold
    size, seek = 11 * PER_SECOND, 5 * PER_SECOND
    segments, end, _ = model.split(tokenizer, result.sequences_ids[0], seek, size, PER_SECOND)
    assert seek < end <= seek + size and segments[0]["start"] >= 5.0
    before = model.aligned
    model.time_words(segments, tokenizer, encoded, size, options)
    assert model.aligned == before + 1, "words are aligned by a method that may be replaced"
    words = [word for segment in segments for word in segment["words"]]
    assert (
        "".join(word["word"] for word in words).strip()
        == "".join(tokenizer.decode(p["tokens"]) for p in segments).strip()
    )
    assert all(5.0 <= word["start"] <= word["end"] <= 16.0 and 0.0 <= word["probability"] <= 1.0 for word in words)


def test_faster_whisper_encodes_a_window_of_less_than_30_seconds(model: CountingModel, speech: np.ndarray):
    window = pad_or_trim(model.feature_extractor(speech[: 11 * RATE])[:, :-1])
    assert model.longest_window == window.shape[1] == 30 * PER_SECOND
    assert model.encoder_output(window[:, :2000]).shape[1] == 1000, "fifty outputs a second"


def test_numpy_can_read_the_encoder_output(model: CountingModel, speech: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    encoder = RecordingEncoder(model.model)
    monkeypatch.setattr(model, "model", encoder)
    encoded = model.encoder_output(pad_or_trim(model.feature_extractor(speech[: 11 * RATE])[:, :-1]))
    assert encoded.device == "cpu" and np.asarray(encoded).shape == (1, 1500, encoded.shape[2])
    assert encoder.to_cpu == [True], "with a graphics card, NumPy can read only this copy"


def test_ctranslate2_names_all_languages_of_an_encoded_window_with_probabilities(
    model: CountingModel, speech: np.ndarray
):
    encoded = model.encoder_output(pad_or_trim(model.feature_extractor(speech[: 11 * RATE])[:, :-1]))
    (found,) = model.language_scores(encoded)
    assert found[0][0] == "<|en|>" and len(found) > 90
    assert sum(probability for _, probability in found) == pytest.approx(1.0, abs=0.01)


def test_faster_whisper_puts_the_text_before_a_window_into_its_prompt(model: CountingModel):
    tokenizer = model.tokenizer("transcribe", "en")
    previous = tokenizer.encode(" four score and seven years ago")
    prompt = model.prompt(tokenizer, previous)
    assert prompt[0] == tokenizer.sot_prev and prompt[1 : 1 + len(previous)] == previous
    assert prompt[1 + len(previous) :] == list(tokenizer.sot_sequence) == model.prompt(tokenizer, ())


def test_faster_whisper_has_the_options_used_here_with_the_same_defaults(model: CountingModel):
    options = default_options(model.tokenizer("transcribe", "en"), beam_size=5)
    parameters = inspect.signature(WhisperModel.transcribe).parameters
    different = {"word_timestamps", "suppress_tokens"}
    for field in dataclasses.fields(options):
        if field.name in parameters and field.name not in different:
            assert getattr(options, field.name) == parameters[field.name].default, field.name
    assert -1 not in options.suppress_tokens and len(options.suppress_tokens) > 50


def test_the_vad_of_faster_whisper_scores_every_512_samples(speech: np.ndarray):
    sound = np.concatenate([np.zeros(20 * FRAME, np.float32), speech[: 100 * FRAME]])
    scores = speech_scores(sound)
    assert scores.shape == (120,) and scores.dtype == np.float32
    assert 0.0 <= scores[:18].max() < 0.3 < 0.5 < scores[20:].max() <= 1.0, "first silence, then speech"


def test_ctranslate2_gives_each_token_of_a_text_a_start_and_a_probability(model: CountingModel, speech: np.ndarray):
    tokenizer = model.tokenizer("transcribe", "en")
    encoded = model.encoder_output(pad_or_trim(model.feature_extractor(speech[: 11 * RATE])[:, :-1]))
    right, wrong = (tokenizer.encode(text) for text in (" And so my fellow Americans", " Seven yellow bananas"))
    starts, probabilities = model.token_times(encoded, tokenizer, right, 4 * PER_SECOND)
    assert len(starts) == len(right) + 1 and len(probabilities) == len(right), "the end of the text has a time, too"
    assert starts == sorted(starts) and starts[0] >= 0.0 and starts[-1] <= 4.0
    assert min(probabilities[1:]) > 0.3
    assert max(model.token_times(encoded, tokenizer, wrong, 4 * PER_SECOND)[1]) < 0.1
