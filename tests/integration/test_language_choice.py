"""Test the language of each window: a confident result switches it; noise, music or one foreign sentence does not."""

from __future__ import annotations

import numpy as np
import pytest

from stt.errors import BadOption
from stt.whisper import transcribe
from stt.whisper.language_choice import LanguageChoice
from tests import audio
from tests.audio import RATE

pytestmark = pytest.mark.usefixtures("one_data_folder")

CASE = audio.AUDIO / "spanish-then-english.flac"
SPANISH = 21.5  # time in seconds at which the recording changes from Spanish to English
ENGLISH = [f"1998-15444-000{number}" for number in range(10)]


class Slices:
    """Imitate a model that detects languages in slices of 5 s. Its encoder output for a frame is the slice number."""

    def __init__(self, *found: dict[str, float]) -> None:
        self.found = found
        self.encoded = np.repeat(np.arange(len(found), dtype=np.float32), 250)[None, :, None]
        self.alone = self.encoded

    def detect_languages(self, batch) -> list[list[tuple[str, float]]]:
        numbers = np.asarray(batch)[:, :, 0].mean(axis=1).round().astype(int)
        return [[(f"<|{code}|>", share) for code, share in self.found[number].items()] for number in numbers]

    def choose(
        self, choice: LanguageChoice, *, follows: bool = True, voiced: float = 1.0, pauses=()
    ) -> tuple[str, int]:
        size = self.encoded.shape[1] * 2
        found = choice.choose(
            self,
            lambda frames: self.alone,
            self.encoded,
            size,
            follows=follows,
            pauses=pauses,
            voiced=lambda start, end: voiced,
        )
        return found.language, found.frames


EN, ES, KM = {"en": 0.97, "es": 0.01}, {"en": 0.01, "es": 0.97}, {"en": 0.01, "km": 0.9}
UNCERTAIN = {"en": 0.3, "es": 0.4}


@pytest.mark.parametrize(
    ("current", "slices", "language", "frames"),
    [
        (None, [EN] * 6, "en", 3000),
        ("en", [ES] * 6, "es", 3000),
        ("es", [ES] * 4 + [EN] * 2, "es", 2000),
        (None, [ES] * 4 + [EN] * 2, "es", 2000),
        ("en", [EN] * 2 + [ES] + [EN] * 3, "en", 3000),
        ("en", [UNCERTAIN] * 6, "en", 3000),
        ("en", [EN] * 5 + [UNCERTAIN], "en", 3000),
        ("en", [EN] * 5 + [ES], "en", 2500),
        ("en", [ES] + [EN] * 5, "en", 3000),
        ("en", [ES], "en", 500),
    ],
    ids=[
        "first window", "confident switch", "switch inside a window", "switch inside the first window", "one sentence in another language", "uncertain",
        "uncertain end", "another language at the end", "another language at the beginning", "too short",
    ],
)  # fmt: skip
def test_window_switches_its_language_only_when_confident(current, slices, language, frames):
    assert Slices(*slices).choose(LanguageChoice(current)) == (language, frames)


@pytest.mark.parametrize(("share", "expected"), [(0.6, "en"), (0.9, "es")])
def test_first_language_is_the_likely_one_unless_another_is_clear(share: float, expected: str):
    slices = [{"es": share, "en": 0.07}]
    assert Slices(*slices).choose(LanguageChoice(None, likely="en")) == (expected, 500)
    assert Slices(*slices).choose(LanguageChoice(None)) == ("es", 500)


def test_music_without_detected_speech_does_not_count():
    assert Slices(*[KM] * 6).choose(LanguageChoice("en"), voiced=0.02) == ("en", 3000)


@pytest.mark.parametrize(("alone", "expected"), [(3, ("es", 500)), (1, ("en", 1500))])
def test_uncertain_beginning_is_detected_alone_before_the_language_switches(alone, expected):
    """Encode a short beginning alone: encoded with the English after it, a German sentence is detected as Finnish."""
    slices = Slices({"fi": 0.8, "en": 0.1, "es": 0.01}, EN, EN, ES)
    slices.alone = np.full((1, 250, 1), alone, np.float32)
    slices.encoded = slices.encoded[:, :750]  # keep three slices: only `alone` uses the fourth
    assert slices.choose(LanguageChoice("es"), follows=False) == expected


def test_only_named_languages_are_chosen():
    assert Slices(*[{"cy": 0.6, "en": 0.3, "es": 0.1}] * 6).choose(LanguageChoice(None, ["es", "en"])) == ("en", 3000)


def test_language_boundary_lies_in_a_nearby_pause():
    found = Slices(*[ES] * 4, *[EN] * 2).choose(LanguageChoice("es"), pauses=[(3.0, 4.0), (21.0, 22.0), (28.0, 28.2)])
    assert found == ("es", 2150)


def test_each_part_of_a_recording_is_transcribed_in_its_language():
    """Check the switch to English. Whisper alone hallucinates Spanish text for the English speech."""
    sound = audio.samples(CASE)[: int(60 * RATE)]
    run = transcribe.transcribe(sound)
    segments = list(run)
    assert {segment.language for segment in segments if segment.end < SPANISH} == {"es"}
    assert {segment.language for segment in segments if segment.start > SPANISH - 1} == {"en"}
    assert run.language == "en" and run.language_probability > 0.8
    text = "".join(segment.text for segment in segments).lower()
    assert "historia de la ciudad" in text and "to save the patient's life" in text


def test_previous_language_is_kept_unless_the_speech_differs(speech):
    sound = speech[: 11 * RATE]
    assert {segment.language for segment in transcribe.transcribe(sound, previous="de")} == {"en"}
    run = transcribe.transcribe(sound[: 2 * RATE], previous="de")
    assert {segment.language for segment in run} <= {"de"} and run.language == "de"


def test_named_language_that_whisper_does_not_support_is_refused(speech):
    with pytest.raises(BadOption, match="klingon"):
        transcribe.transcribe(speech, candidates=["en", "klingon"])
