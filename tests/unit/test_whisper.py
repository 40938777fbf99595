"""Whisper on this machine hears real speech, invents nothing, and stops when asked."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import jiwer
import numpy as np
import pytest
from faster_whisper import transcribe as fw
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer

from stt import decoding, stretches, weights, whisper, windows
from stt.errors import BadOption, Cancelled
from stt.features import features
from stt.settings import settings
from tests import audio
from tests.audio import RATE, noise, silence

AUSTEN_WORDS = (
    "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for"
    " them unless to be rather cold hearted and rather selfish is to be ill disposed"
)


@pytest.fixture(scope="module", autouse=True)
def one_data_folder(tmp_path_factory):
    """The weights are joined once for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="module")
def speech():
    return np.concatenate([audio.samples(path) for path in (audio.JFK, *audio.AUSTEN)])


@pytest.fixture(scope="module")
def heard(talk):
    run = whisper.transcribe(talk)
    return run, list(run)


def plain(text: str) -> str:
    text = re.sub(r"[^a-z' ]", " ", text.lower().replace("’", "'").replace("-", " "))
    return " ".join({"mr": "mister", "mrs": "missus"}.get(word, word) for word in text.split())


def text_of(sound: np.ndarray, **options) -> str:
    return "".join(segment.text for segment in whisper.transcribe(sound, **options))


@pytest.mark.parametrize("language", ["en", None], ids=["given", "detected"])
def test_at_most_one_word_in_ten_is_wrong(speech, language):
    run = whisper.transcribe(speech, language=language)
    text = "".join(segment.text for segment in run)
    assert jiwer.wer(f"{audio.JFK_WORDS} {AUSTEN_WORDS}", plain(text)) <= 0.1
    assert run.language == "en"


def test_hard_speech_is_mostly_right_too():
    words = audio.librispeech()
    sound = np.concatenate([audio.samples(audio.utterance(name)) for name in words])
    measured = jiwer.process_words(" ".join(words.values()), plain(text_of(sound)))
    assert measured.wer <= 0.16
    dropped = [part.ref_end_idx - part.ref_start_idx for part in measured.alignments[0] if part.type == "delete"]
    assert max(dropped) < 10, "no passage goes missing"


def test_speech_on_the_telephone_is_not_taken_for_silence(talk, heard):
    """The voice filter is sure of half of it only."""
    _, segments = heard
    words = [plain(word.text) for segment in segments for word in segment.words]
    measured = jiwer.process_words(" ".join(words), plain(text_of(audio.telephone(talk))))
    dropped = [part.ref_end_idx - part.ref_start_idx for part in measured.alignments[0] if part.type == "delete"]
    assert max(dropped, default=0) < 6
    assert measured.wer <= 0.15


def test_a_caller_on_the_telephone_is_heard_between_clear_voices():
    """The voice filter gets used to the clear voice, and Whisper then jumps over the other one."""
    names = [f"1688-142285-000{number}" for number in (7, 1, 6)]
    first, caller, last = (audio.samples(audio.utterance(name)) for name in names)
    said = " ".join(audio.librispeech()[name] for name in names)
    measured = jiwer.process_words(said, plain(text_of(np.concatenate([first, audio.telephone(caller), last]))))
    dropped = [part.ref_end_idx - part.ref_start_idx for part in measured.alignments[0] if part.type == "delete"]
    assert max(dropped, default=0) < 4
    assert measured.wer <= 0.1


@pytest.mark.parametrize("between", [noise(15), audio.chords(15), silence(15)], ids=["noise", "music", "silence"])
def test_what_nobody_says_between_two_sentences_gives_no_words(speech, between):
    sentence = speech[: 11 * RATE]
    words = [w for s in whisper.transcribe(np.concatenate([sentence, between, sentence])) for w in s.words]
    assert [plain(word.text) for word in words].count("fellow") == 2
    assert not [word for word in words if word.start > 11.5 and word.end < 25.5]


def test_the_language_is_detected_with_its_probability(heard):
    run, _ = heard
    assert run.language == "en"
    assert 0.5 < run.language_probability <= 1


def test_a_given_language_has_no_probability(speech):
    run = whisper.transcribe(speech[: 5 * RATE], language="en")
    assert list(run)
    assert run.language_probability is None


def test_every_segment_is_its_words_joined_and_every_word_has_a_time_and_a_confidence(heard):
    _, segments = heard
    assert len(segments) > 3
    for segment in segments:
        assert "".join(word.text for word in segment.words) == segment.text
        assert all(0 <= word.confidence <= 1 for word in segment.words)
        assert segment.words[0].text.startswith(" ")


def test_time_never_runs_backwards(heard, talk):
    _, segments = heard
    words = [word for segment in segments for word in segment.words]
    assert all(0 <= word.start <= word.end <= len(talk) / RATE for word in words)
    assert all(one.start <= other.start for one, other in pairwise(words))
    assert all(one.end <= other.start for one, other in pairwise(segments))


def test_words_stand_where_they_are_said(speech):
    """The second and third recordings begin at 11.0 and 18.1 s."""
    words = [word for segment in whisper.transcribe(speech) for word in segment.words]
    begins = {plain(word.text): word.start for word in reversed(words)}
    assert begins["fellow"] == pytest.approx(1.5, abs=0.7)
    assert begins["leisure"] == pytest.approx(13.6, abs=1.0)
    assert 18.0 < begins["selfish"] < 23.4


def test_a_long_silence_moves_the_words_behind_it(speech):
    first = speech[: 11 * RATE]
    words = [w for s in whisper.transcribe(np.concatenate([first, silence(30), first])) for w in s.words]
    starts = [word.start for word in words if plain(word.text) == "fellow"]
    assert len(starts) == 2
    assert starts[1] - starts[0] == pytest.approx(41, abs=0.6)


@pytest.mark.parametrize(
    "sound",
    [
        silence(35),
        noise(35),
        noise(3),
        (0.3 * np.sin(np.arange(35 * RATE) * 2 * np.pi * 440 / RATE)).astype(np.float32),
        silence(0.05),
        np.zeros(0, np.float32),
        np.full(5 * RATE, np.nan, np.float32),
        np.full(5 * RATE, np.inf, np.float32),
    ],
    ids=["silence", "noise", "short noise", "tone", "0.05 s", "nothing", "not numbers", "infinite"],
)
def test_what_nobody_says_gives_no_text(sound):
    run = whisper.transcribe(sound)
    assert list(run) == []
    assert (run.language, run.language_probability) == (None, None)


@pytest.mark.parametrize("seed", [2, 25, 98, 117])
def test_a_tune_gives_no_text_and_no_language(seed):
    """By itself Whisper hears in these: dots, "Hmmm" with 200 m, nine times "1 o'clock", and "Buh, buh, buh"."""
    sound = audio.tune(30, seed)
    assert stretches.speech(sound)  # the voice filter takes some of it for speech
    run = whisper.transcribe(sound)
    assert list(run) == []
    assert run.language is None


def test_a_tune_before_somebody_speaks_does_not_choose_the_language(talk):
    """The tune alone is Khmer to Whisper."""
    run = whisper.transcribe(np.concatenate([audio.tune(20, 35), talk[: 50 * RATE]]))
    assert "shopboy" in plain("".join(segment.text for segment in run))
    assert run.language == "en"


def test_damaged_samples_do_not_spoil_the_rest(speech):
    sound = speech[: 11 * RATE].copy()
    sound[5000:5100] = np.nan
    sound[9000] = np.inf
    assert jiwer.wer(audio.JFK_WORDS, plain(text_of(sound))) <= 0.1


def test_no_sentence_is_heard_again_and_again(heard):
    _, segments = heard
    texts = [segment.text for segment in segments]
    assert all(one != other for one, other in pairwise(texts))


def test_equal_samples_give_equal_segments(heard, talk):
    _, segments = heard
    assert list(whisper.transcribe(talk)) == segments


def test_news_comes_window_by_window_and_cancel_works_between(talk):
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return stop

    stop = False
    run = iter(whisper.transcribe(talk, cancelled=cancelled))
    first = next(run)
    assert first.end < 31, "the first words do not wait for the last ones"
    stop = True
    with pytest.raises(Cancelled):
        list(run)
    assert asked >= 2


def test_a_job_cancelled_before_it_began_hears_nothing(talk):
    with pytest.raises(Cancelled):
        list(whisper.transcribe(talk, cancelled=lambda: True))


def test_an_unknown_language_is_refused_at_once(speech):
    with pytest.raises(BadOption, match="klingon"):
        whisper.transcribe(speech, language="klingon")


def test_every_language_offered_is_one_that_whisper_knows():
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert set(whisper.LANGUAGES) == set(_LANGUAGE_CODES) - {"yue"}  # Cantonese came with large-v3


def test_translation_gives_text(speech):
    assert "country" in text_of(speech[: 11 * RATE], language="en", translate=True)


def test_the_model_can_be_loaded_before_it_is_used(speech):
    whisper.warm()
    assert list(whisper.transcribe(speech[: 3 * RATE]))


def test_the_provenance_names_weights_versions_and_settings():
    facts = whisper.provenance()
    assert facts["model"] == "whisper-base"
    assert facts["weights_sha256"] == weights.BASE["model.bin"]
    assert {"faster-whisper", "ctranslate2", "onnxruntime"} <= set(facts["libraries"])
    assert facts["settings"]["compute_type"] == "int8"


def tries(sound: np.ndarray, ask=lambda: None, before: tuple[int, ...] = (), **options) -> tuple:
    """What is decided for the window that begins `sound`."""
    model = whisper._models().whole
    tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language="en")
    encoded = model.encoded(fw.pad_or_trim(model.feature_extractor(sound)[:, :-1]))
    chosen = replace(decoding._options(tokenizer, ask), **options)
    return model.generate_with_fallback(encoded, model.get_prompt(tokenizer, list(before)), tokenizer, chosen)


def test_clear_speech_is_decoded_once(speech):
    asked = []
    _, _, temperature, _ = tries(speech[: 11 * RATE], lambda: asked.append(1))
    assert (len(asked), temperature) == (1, 0.0)


def test_a_window_that_fails_is_tried_without_the_text_before_then_with_less_of_it_repeated(speech):
    asked = []
    _, likely, _, _ = tries(speech[: 11 * RATE], lambda: asked.append(1), (2221,) * 5, log_prob_threshold=1.0)
    assert len(asked) == 3
    assert likely > -0.5, "and the best try is taken"


def test_text_before_that_leads_astray_is_forgotten(speech):
    """A window that would say one thing over and over."""
    model = whisper._models().whole
    loop = tuple(model.hf_tokenizer.encode(" the the the the the the the the the the", add_special_tokens=False).ids) * 4
    result, *_ = tries(speech[: 11 * RATE], before=loop, compression_ratio_threshold=1.2)
    text = model.hf_tokenizer.decode(result.sequences_ids[0])
    assert " country" in text and " the the" not in text


def test_equal_samples_give_equal_text_whatever_was_heard_before(speech):
    """Noise over speech, so that windows fail and are decoded again."""
    sound = speech[: 11 * RATE] + noise(11, 0.1)
    text = text_of(sound, language="en")
    text_of(speech[: 20 * RATE])
    assert text_of(sound, language="en") == text


@pytest.mark.parametrize(("rest", "heard"), [(0.04, False), (0.3, False), (0.6, True)])
def test_a_rest_too_short_for_a_word_is_not_heard(speech, rest, heard):
    """What a window leaves over may be a hundredth of a second, and what it was told before would be said again."""
    model = whisper._models().whole
    tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language="en")
    features = model.features(speech)

    def asked(parts: str) -> int:
        asks = []
        options = replace(decoding._options(tokenizer, lambda: asks.append(1)), clip_timestamps=parts)
        list(model.generate_segments(features, tokenizer, options, False))
        return len(asks)

    assert (asked(f"0,9,9,{9 + rest}") > asked("0,9")) is heard


@pytest.mark.parametrize(("seconds", "encoded"), [(2.5, 20.0), (11.0, 20.0), (15.0, 25.0), (25.0, 30.0)])
def test_a_short_window_is_encoded_with_less_silence_behind_it(speech, seconds, encoded):
    model = whisper._models().whole
    features = fw.pad_or_trim(model.features(speech[: int(seconds * RATE)])[:, :-1])
    assert model.encoded(features).shape[1] == encoded * 50, "fifty a second"


def test_between_tries_a_window_can_be_cancelled(speech):
    asked = []

    def ask() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise Cancelled()

    with pytest.raises(Cancelled):
        tries(speech[: 11 * RATE], ask, (2221,) * 5, log_prob_threshold=1.0)


def test_a_window_that_waited_for_its_turn_is_asked_for_once_more(speech):
    """Two jobs have more lanes than the model decodes at once; a cancelled one must not take its turn."""
    model = whisper._models().whole
    turns = []

    def ask() -> None:
        free = [model._free.acquire(blocking=False) for _ in range(whisper.THREADS + 1)]
        turns.append(free)
        for _ in filter(None, free):
            model._free.release()

    tries(speech[: 11 * RATE], ask)
    assert turns == [[True] * whisper.THREADS + [False]], "one of the turns is its own by then"


def test_a_long_recording_is_cut_into_a_lane_for_each_thread(talk):
    sound = np.concatenate([talk] * 3)
    bounds = whisper._bounds(sound, RATE)
    assert bounds[0] == RATE and bounds[-1] == len(sound)
    assert len(bounds) == whisper.THREADS + 1
    assert all(other - one >= whisper.LONG / 4 * RATE for one, other in pairwise(bounds))
    assert whisper._bounds(talk[: 50 * RATE], 0) == [0, 50 * RATE]


def test_lanes_hear_what_one_part_hears(talk, heard):
    """`heard` was: a short part alone for the language, and the rest in lanes."""
    _, segments = heard
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whisper, "LONG", 1000.0)
        alone = text_of(talk, language="en")
    assert jiwer.wer(plain(alone), plain("".join(segment.text for segment in segments))) < 0.1


def test_what_is_done_counts_in_all_lanes(talk):
    """In one lane alone, half the work would pass before the first half of the recording is done."""
    sound = np.concatenate([talk, talk])
    run = whisper.transcribe(sound, language="en")
    at_its_end, seen = {}, [run.seconds_done]
    for segment in run.live():
        seen.append(run.seconds_done)
        if segment is not None:
            at_its_end[segment.end] = run.seconds_done
    first_lane = whisper._bounds(sound, 0)[1] / RATE
    end = max(end for end in at_its_end if end <= first_lane)
    assert at_its_end[end] > first_lane + 10
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == pytest.approx(len(sound) / RATE)


@pytest.mark.parametrize("seconds", [0, 0.05, 29.99, 30, 30.01, 60, 75.321])
def test_features_are_those_of_the_library_bit_for_bit(seconds: float):
    """One loud moment counts for all, also where it lies in another piece."""
    sound = np.tile(audio.samples(audio.JFK), 8)[: int(seconds * RATE)] * 0.001
    sound[len(sound) // 2 :][:1] = 1.0
    extract = FeatureExtractor()
    expected = extract(sound)
    found = features(extract, sound)
    assert found.dtype == expected.dtype and np.array_equal(found, expected)
