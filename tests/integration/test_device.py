"""Test the fallback from a graphics card to fewer windows at once and then to the CPU, and how provenance records it.

These tests need a machine without a graphics card.
"""

from __future__ import annotations

import pytest
from jiwer import wer

from stt.settings import settings
from stt.whisper import transcribe, weights
from stt.whisper.loading import device, loaded
from stt.whisper.loading.device import CPU
from tests import audio
from tests.bench.accuracy import normalised
from tests.conftest import read_settings_again

pytestmark = pytest.mark.usefixtures("one_data_folder")


@pytest.fixture
def on_card(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STT_DEVICE", "cuda")
    read_settings_again()
    return loaded.Model(weights.find(settings()))


def test_cpu_is_chosen_without_a_graphics_card(monkeypatch):
    assert device.cards() == 0 and device.plans() == (CPU,)


def test_card_is_tried_with_four_windows_then_one_and_then_the_cpu_is_used(on_card):
    assert [(plan.device, plan.compute_type, plan.windows) for plan in device.plans()] == [
        ("cuda", "float16", 4),
        ("cuda", "float16", 1),
        ("cpu", "int8", 0),
    ]
    assert on_card.plan.device == "cuda"
    run = transcribe.transcribe(audio.samples(audio.JFK), language="en", model=on_card)
    assert wer(audio.JFK_WORDS, normalised("".join(segment.text for segment in run))) <= 0.1
    facts = transcribe.provenance(on_card)
    assert facts["settings"]["device"] == "cpu" and facts["settings"]["compute_type"] == "int8"
    assert facts["fell_back"].startswith("the graphics card, 1 at once failed: ")
    assert "CUDA" in facts["fell_back"], "CTranslate2's own reason"


def test_failure_while_decoding_steps_down_once_for_all_users_of_the_model(on_card):
    first = on_card.plan
    assert on_card.step_down(first, RuntimeError("CUDA failed with error out of memory"))
    second = on_card.plan
    assert (second.device, second.windows) == ("cuda", 1) and on_card.fell_back
    assert on_card.step_down(first, RuntimeError("the same, of another job")) and on_card.plan is second
    assert on_card.step_down(second, RuntimeError("CUDA failed with error out of memory")) and on_card.plan is CPU
    assert not on_card.step_down(CPU, RuntimeError("something else")), "a failure of the CPU is an error"
