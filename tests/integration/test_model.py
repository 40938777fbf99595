"""How windows are decoded: what they are conditioned on, when one is tried again or cut, and whose turn it is."""

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


def tries(sound: np.ndarray, check_cancelled=lambda: None, previous: tuple[int, ...] = (), **options) -> tuple:
    """Return the results of decoding the window that starts `sound`."""
    model = transcribe._model().whole
    tokenizer = model.tokenizer("transcribe", "en")
    encoded = model.encode_window(pad_or_trim(model.feature_extractor(sound)[:, :-1]))
    chosen = replace(default_options(tokenizer, beam_size=BEAM_SIZE), **options)
    with model.session(check_cancelled, short=False) as mine:
        found = mine.decode_window(encoded, previous, tokenizer, chosen)
        return mine.retry_with_penalty(found, encoded, tokenizer, chosen) if failed(found, chosen) else found


def test_clear_speech_is_decoded_once(speech):
    asked = []
    _, _, drop_prompt, _ = tries(speech[: 11 * RATE], lambda: asked.append(1))
    assert (len(asked), drop_prompt) == (1, False)


def test_a_window_that_fails_is_tried_without_the_text_before_then_with_less_of_it_repeated(speech):
    asked = []
    _, likely, _, _ = tries(speech[: 11 * RATE], lambda: asked.append(1), (2221,) * 5, log_prob_threshold=1.0)
    assert len(asked) == 3
    assert likely > -0.5, "and the best try is taken"


def test_text_before_that_leads_astray_is_forgotten(speech):
    """A window that would say one thing over and over."""
    model = transcribe._model().whole
    loop = (
        tuple(model.hf_tokenizer.encode(" the the the the the the the the the the", add_special_tokens=False).ids) * 4
    )
    result, *_ = tries(speech[: 11 * RATE], previous=loop, compression_ratio_threshold=1.2)
    text = model.hf_tokenizer.decode(result.sequences_ids[0])
    assert " country" in text and " the the" not in text


@pytest.mark.parametrize(
    ("seek", "content", "frames"),
    [(0, 4000, 3000), (900, 4000, 3000), (900, 2000, 1100), (900, 904, 0), (900, 930, 0), (900, 960, 60), (0, 30, 30)],
)
def test_a_rest_too_short_for_a_word_is_not_decoded(seek, content, frames):
    """What a window leaves over may be a hundredth of a second, and the text before it would be said again."""
    assert sliding.next_window_size(seek, content, 3000) == frames


@pytest.mark.parametrize(("seconds", "encoded"), [(2.5, 20.0), (11.0, 20.0), (15.0, 25.0), (25.0, 30.0)])
def test_a_short_window_is_encoded_with_less_silence_behind_it(speech, seconds, encoded):
    model = transcribe._model().whole
    features = pad_or_trim(model.features(speech[: int(seconds * RATE)])[:, :-1])
    assert model.encode_window(features).shape[1] == encoded * 50, "fifty a second"


def test_between_tries_a_window_can_be_cancelled(speech):
    asked = []

    def check_cancelled() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise Cancelled()

    with pytest.raises(Cancelled):
        tries(speech[: 11 * RATE], check_cancelled, (2221,) * 5, log_prob_threshold=1.0)


@pytest.mark.parametrize("short", [True, False])
def test_each_thing_that_the_model_does_can_be_cancelled(speech, short):
    """Two jobs have more lanes than the model has turns; a cancelled one must not take any."""
    sound = speech[: 11 * RATE]

    def asked(until: int) -> int:
        asks = []

        def check_cancelled() -> None:
            asks.append(1)
            if len(asks) == until:
                raise Cancelled()

        with transcribe._model().whole.session(check_cancelled, short=short) as model:
            list(decoding.segments(model, sound, vad.speech_probabilities(sound), "en", False))
        return len(asks)

    steps = asked(0)
    assert steps >= 4 + short, "features, encoded, decoded, and its words timed"
    for step in range(1, steps + 1):
        with pytest.raises(Cancelled):
            asked(step)
    assert asked(0) == steps, "and every turn was given back"


def test_a_short_part_goes_before_a_long_one_and_is_not_interrupted(speech):
    """A clip beside a long recording, whose windows wait for a turn since before the clip came."""
    model, sound, heard = transcribe._model().whole, speech[: 11 * RATE], []

    def hear(name: str, *, short: bool) -> None:
        with model.session(lambda: None, short=short) as mine:
            for step in range(2):
                mine.features(sound)
                heard.append(f"{name} {step}")

    with ThreadPoolExecutor() as pool, model._semaphore.acquire(lambda: None):
        with model._semaphore.acquire(lambda: None):
            for number, (name, short) in enumerate([("window", False), ("clip", True)], 1):
                pool.submit(hear, name, short=short)
                until(lambda waiting=number: len(model._semaphore._waiting) == waiting)
        until(lambda: len(heard) == 4)
    assert heard == ["clip 0", "clip 1", "window 0", "window 1"]


def test_a_passage_that_was_jumped_over_is_found(talk):
    """Of a minute of speech only the first and the last words were given: the rest is decoded again."""
    names = [name for name in audio.librispeech() if name.startswith("1688")]
    said = " ".join(audio.librispeech()[name] for name in names).split()
    model = transcribe._model().whole
    tokenizer = model.tokenizer("transcribe", "en")
    decoder = decoding.SpeechDecoder(
        model, talk, lambda _: tokenizer, default_options(tokenizer, beam_size=BEAM_SIZE), "en"
    )
    few = [decoded((" there's", 0.3, 0.6)), decoded((" silly", len(talk) / RATE - 0.5, len(talk) / RATE))]
    found = decoding.fill_gaps(few, vad.speech(talk), decoder.redecode)
    assert len("".join(segment.text for segment in found).split()) > 0.9 * len(said)
