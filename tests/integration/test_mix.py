"""Test that mixing channels loses no speech, and that the mix is described."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jiwer import wer

from stt.audio import decoder
from stt.audio.mix import Mix
from stt.whisper import transcribe
from tests import audio
from tests.bench.accuracy import normalised

JFK = audio.samples(audio.JFK)  # 11.0 s
HALF = len(JFK) // 2
NONE = np.zeros_like(JFK)
AUSTEN = np.resize(audio.samples(audio.AUSTEN[0]), len(JFK))
MUSIC = audio.chords(len(JFK) / audio.RATE)
RUMBLE = (0.5 * np.sin(2 * np.pi * 40 * np.arange(len(JFK)) / audio.RATE)).astype(np.float32)


def noisy(sound: np.ndarray, seed: int, loudness: float = 0.02) -> np.ndarray:
    return sound + audio.noise(len(sound) / audio.RATE, loudness, seed)[: len(sound)]


def mixed(path: Path, channels: list[np.ndarray]) -> tuple[np.ndarray, str | None]:
    with decoder.Reader(audio.write(path, np.stack(channels).astype(np.float32))) as reader:
        return reader.read(100)[0], reader.mix


def pitches(sound: np.ndarray) -> np.ndarray:
    """Return the log magnitudes of a spectrogram, without phase. Speech models have a similar input."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, 512)[::256]
    return np.log(np.abs(np.fft.rfft(frames * np.hanning(512))) + 0.05)


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    count = min(len(one), len(other))
    return float(np.corrcoef(pitches(one[:count]).ravel(), pitches(other[:count]).ravel())[0, 1])


# By name: the channels, and a part of the expected description of their mix.
KINDS = {
    "one channel inverted": ([JFK, -JFK], "right inverted or phase-shifted (11 s)"),
    "inverted and softer": ([JFK, -0.5 * JFK], "right inverted or phase-shifted"),
    "inverted, with separate noise": ([noisy(JFK, 1), noisy(-JFK, 2)], "right inverted or phase-shifted"),
    "inverted, telephone quality": ([audio.telephone(JFK), -audio.telephone(JFK)], "right inverted or phase-shifted"),
    "inverted from the middle on": (
        [JFK, np.concatenate([JFK[:HALF], -JFK[HALF:]])],
        "right inverted or phase-shifted",
    ),
    "inverted, with music": ([JFK + MUSIC / 2, -JFK + MUSIC / 2], "right inverted or phase-shifted"),
    "left channel silent": ([NONE, JFK], "left silent"),
    "right channel silent": ([JFK, NONE], "right silent"),
    "right channel nearly silent": ([JFK, audio.noise(11, 1e-4)[: len(JFK)]], "right silent"),
    "only centre and subwoofer": ([NONE, NONE, JFK, RUMBLE, NONE, NONE], "without subwoofer"),
    "only back left and subwoofer": ([NONE, NONE, NONE, RUMBLE, JFK, NONE], "without subwoofer"),
    "surround, one channel inverted": ([JFK, -JFK, NONE, RUMBLE, NONE, NONE], "right inverted or phase-shifted"),
    "four channels, two inverted": ([JFK, -JFK, JFK, -JFK], "back right inverted or phase-shifted"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_speech_is_lost_in_the_mix(tmp_path: Path, kind: str):
    channels, description = KINDS[kind]
    sound, mix = mixed(tmp_path / "a.wav", channels)
    assert mix is not None and mix.startswith(f"{len(channels)} channels to one") and description in mix
    assert similarity(sound, JFK) > (0.5 if "noise" in kind or "music" in kind else 0.85)
    assert np.sqrt(np.mean(sound**2)) > 0.5 * np.sqrt(np.mean(JFK**2))
    segments = transcribe.transcribe(sound, language="en")
    assert wer(audio.JFK_WORDS, normalised("".join(segment.text for segment in segments))) <= 0.1


@pytest.mark.parametrize(
    ("one", "other"),
    [(JFK, JFK), (JFK, AUSTEN), (JFK, noisy(JFK, 3)), (JFK + MUSIC, JFK + 0.3 * MUSIC), (AUSTEN, 0.2 * JFK)],
)
def test_channels_that_do_not_cancel_out_are_averaged(tmp_path: Path, one: np.ndarray, other: np.ndarray):
    sound, mix = mixed(tmp_path / "a.flac", [one / 2, other / 2])
    assert mix == "2 channels to one"
    assert sound == pytest.approx((one + other) / 4, abs=1e-3)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9, 1.0])
def test_speech_in_sum_and_in_difference_both_stay_in_the_mix(share: float):
    """Check that both speakers are in the mix: one equal in both channels, the other in opposite phase."""
    mix = Mix(["FL", "FR"])
    parts = [
        np.stack([AUSTEN + share * JFK, AUSTEN - share * JFK]) / 3,
        np.stack([JFK + share * AUSTEN, share * AUSTEN - JFK]) / 3,
    ]
    for channels in parts:
        sound = np.concatenate([mix.add(channels[:, at : at + 16_000]) for at in range(0, len(JFK), 16_000)], axis=1)[0]
        for voice in (AUSTEN, JFK):
            assert similarity(sound, (AUSTEN + JFK) / 3) > 0.6, share
            assert np.sqrt(np.mean(sound**2)) > 0.1 * np.sqrt(np.mean(voice**2))


def test_speech_moving_from_one_channel_to_the_other_is_not_lost(tmp_path: Path):
    left, right = JFK.copy(), AUSTEN.copy()
    left[HALF:], right[:HALF] = 0, 0
    sound, mix = mixed(tmp_path / "a.wav", [left, right])
    assert mix == "2 channels to one"
    assert similarity(sound[:HALF], JFK[:HALF]) > 0.95 and similarity(sound[HALF:], AUSTEN[HALF:]) > 0.95


def test_channels_with_unknown_positions_have_equal_weight():
    mix = Mix(["NONE"] * 6)  # six microphones whose positions are not stored in the file
    channels = np.zeros((6, 16_000), np.float32)
    channels[3] = 0.5
    np.testing.assert_allclose(mix.add(channels), np.full((1, 16_000), 0.5), rtol=0, atol=1e-6)


def test_the_same_sound_in_pieces_gives_the_same_mix(tmp_path: Path):
    path = audio.write(tmp_path / "a.wav", np.stack(KINDS["inverted from the middle on"][0]))
    with decoder.Reader(path) as whole, decoder.Reader(path) as parts:
        together = np.concatenate([parts.read(0.7)[0] for _ in range(20)])
        np.testing.assert_array_equal(whole.read(100)[0], together)
