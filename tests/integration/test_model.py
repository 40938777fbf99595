"""Test how windows are decoded: prompt, retries, short windows, cancellation and priority."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from stt.compat.faster_whisper import default_options, pad_or_trim
from stt.errors import Cancelled
from stt.speech import vad
from stt.whisper import decoding, sliding, transcribe
from stt.whisper.model import BEAM_SIZE, failed
from tests import audio
from tests.audio import RATE
from tests.unit.test_decoding import decoded
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("one_data_folder")


def decode_first_window(
    sound: np.ndarray, check_cancelled=lambda: None, previous: tuple[int, ...] = (), **options
) -> tuple:
    """Decode the window at the start of `sound`, and return the results."""
    model = transcribe._model().whole
    tokenizer = model.tokenizer("transcribe", "en")
    encoded = model.encode_window(pad_or_trim(model.feature_extractor(sound)[:, :-1]))
    chosen = replace(default_options(tokenizer, beam_size=BEAM_SIZE), **options)
    with model.session(check_cancelled, short=False) as session:
        found = session.decode_window(encoded, previous, tokenizer, chosen)
        return session.retry_with_penalty(found, encoded, tokenizer, chosen) if failed(found, chosen) else found


def test_clear_speech_is_decoded_once(speech):
    checks = []
    _, _, drop_prompt, _ = decode_first_window(speech[: 11 * RATE], lambda: checks.append(1))
    assert (len(checks), drop_prompt) == (1, False)


def test_failed_window_is_retried_without_prompt_then_with_repetition_penalty(speech):
    checks = []
    _, likely, _, _ = decode_first_window(
        speech[: 11 * RATE], lambda: checks.append(1), (2221,) * 5, log_prob_threshold=1.0
    )
    assert len(checks) == 3
    assert likely > -0.5, "the best attempt is used"


def test_prompt_that_causes_a_loop_is_dropped(speech):
    """Decode with a prompt that would make the window repeat one word."""
    model = transcribe._model().whole
    loop = (
        tuple(model.hf_tokenizer.encode(" the the the the the the the the the the", add_special_tokens=False).ids) * 4
    )
    result, *_ = decode_first_window(speech[: 11 * RATE], previous=loop, compression_ratio_threshold=1.2)
    text = model.hf_tokenizer.decode(result.sequences_ids[0])
    assert " country" in text and " the the" not in text


@pytest.mark.parametrize(
    ("seek", "content", "frames"),
    [(0, 4000, 3000), (900, 4000, 3000), (900, 2000, 1100), (900, 904, 0), (900, 930, 0), (900, 960, 60), (0, 30, 30)],
)
def test_remainder_too_short_for_a_word_is_not_decoded(seek, content, frames):
    """Check remainders of 0.04 s and more at the end of a recording. In very short ones, Whisper repeats its prompt."""
    assert sliding.next_window_size(seek, content, 3000) == frames


@pytest.mark.parametrize(("seconds", "encoded"), [(2.5, 20.0), (11.0, 20.0), (15.0, 25.0), (25.0, 30.0)])
def test_short_window_is_encoded_with_less_trailing_silence(speech, seconds, encoded):
    model = transcribe._model().whole
    features = pad_or_trim(model.features(speech[: int(seconds * RATE)])[:, :-1])
    assert model.encode_window(features).shape[1] == encoded * 50, "fifty a second"


def test_window_can_be_cancelled_between_retries(speech):
    checks = []

    def check_cancelled() -> None:
        checks.append(1)
        if len(checks) == 2:
            raise Cancelled()

    with pytest.raises(Cancelled):
        decode_first_window(speech[: 11 * RATE], check_cancelled, (2221,) * 5, log_prob_threshold=1.0)


@pytest.mark.parametrize("short", [True, False])
def test_every_model_step_can_be_cancelled(speech, short):
    """Cancel at each step. A cancelled job must release the semaphore, because other jobs wait for it."""
    sound = speech[: 11 * RATE]

    def count_checks(cancel_at: int) -> int:
        checks = []

        def check_cancelled() -> None:
            checks.append(1)
            if len(checks) == cancel_at:
                raise Cancelled()

        with transcribe._model().whole.session(check_cancelled, short=short) as model:
            list(decoding.segments(model, sound, vad.speech_probabilities(sound), "en", False))
        return len(checks)

    steps = count_checks(0)
    assert steps >= 4 + short, "features, encoding, decoding and word timing"
    for step in range(1, steps + 1):
        with pytest.raises(Cancelled):
            count_checks(step)
    assert count_checks(0) == steps, "the semaphore was released each time"


def test_short_part_goes_before_a_long_one_and_is_not_interrupted(speech):
    """Let a clip wait for the model after a window of a long recording. The clip's two steps run first."""
    model, sound, finished_steps = transcribe._model().whole, speech[: 11 * RATE], []

    def run_steps(name: str, *, short: bool) -> None:
        with model.session(lambda: None, short=short) as session:
            for step in range(2):
                session.features(sound)
                finished_steps.append(f"{name} {step}")

    with ThreadPoolExecutor() as pool, model._semaphore.acquire(lambda: None):
        with model._semaphore.acquire(lambda: None):
            for number, (name, short) in enumerate([("window", False), ("clip", True)], 1):
                pool.submit(run_steps, name, short=short)
                until(lambda waiting=number: len(model._semaphore._waiting) == waiting)
        until(lambda: len(finished_steps) == 4)
    assert finished_steps == ["clip 0", "clip 1", "window 0", "window 1"]


def test_skipped_speech_is_decoded_again(talk):
    """Pass only the first and the last word of a minute of speech to `fill_gaps`. It must decode the words between."""
    names = [name for name in audio.librispeech() if name.startswith("1688")]
    reference_words = " ".join(audio.librispeech()[name] for name in names).split()
    model = transcribe._model().whole
    tokenizer = model.tokenizer("transcribe", "en")
    decoder = decoding.SpeechDecoder(
        model, talk, lambda _: tokenizer, default_options(tokenizer, beam_size=BEAM_SIZE), "en"
    )
    few = [decoded((" there's", 0.3, 0.6)), decoded((" silly", len(talk) / RATE - 0.5, len(talk) / RATE))]
    found = decoding.fill_gaps(few, vad.speech(talk), decoder.redecode)
    assert len("".join(segment.text for segment in found).split()) > 0.9 * len(reference_words)
