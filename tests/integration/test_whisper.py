"""Test that Whisper on this machine transcribes real speech, does not hallucinate, and can be cancelled."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import jiwer
import numpy as np
import pytest

from stt.errors import BadOption, Cancelled
from stt.speech import vad
from stt.whisper import transcribe, weights
from stt.whisper.loading.device import THREADS
from tests import audio, instruction_sets
from tests.audio import RATE, noise, silence
from tests.conftest import read_settings_again

pytestmark = pytest.mark.usefixtures("one_data_folder")


@pytest.fixture(scope="module")
def decoded(talk):
    run = transcribe.transcribe(talk)
    return run, list(run)


@pytest.fixture(scope="module")
def decoded_clips(speech):
    run = transcribe.transcribe(speech)
    return run, list(run)


def plain(text: str) -> str:
    text = re.sub(r"[^a-z' ]", " ", text.lower().replace("’", "'").replace("-", " "))
    return " ".join({"mr": "mister", "mrs": "missus"}.get(word, word) for word in text.split())


def text_of(sound: np.ndarray, **options) -> str:
    return "".join(segment.text for segment in transcribe.transcribe(sound, **options))


@pytest.mark.parametrize("language", ["en", None], ids=["language given", "language detected"])
def test_at_most_one_word_in_ten_is_wrong(speech, decoded_clips, language):
    run, segments = decoded_clips
    if language:
        run = transcribe.transcribe(speech, language=language)
        segments = list(run)
    text = "".join(segment.text for segment in segments)
    assert jiwer.wer(" ".join([audio.JFK_WORDS, *audio.AUSTEN_WORDS.values()]), plain(text)) <= 0.1
    assert run.language == "en"


def test_hard_speech_has_few_word_errors(request: pytest.FixtureRequest):
    """Transcribe two minutes of two speakers. With `--all`, transcribe six minutes of five speakers."""
    everybody = request.config.getoption("--all")
    words = {name: text for name, text in audio.librispeech().items() if everybody or name.startswith(("1998", "2414"))}
    sound = np.concatenate([audio.samples(audio.utterance(name)) for name in words])
    measured = jiwer.process_words(" ".join(words.values()), plain(text_of(sound)))
    assert measured.wer <= 0.16
    dropped = [part.ref_end_idx - part.ref_start_idx for part in measured.alignments[0] if part.type == "delete"]
    assert max(dropped, default=0) < 10, "no passage is missing"


def test_telephone_speech_is_not_treated_as_silence(talk, decoded):
    """Use speech at telephone quality. Only half of it scores above the threshold of speech detection."""
    _, segments = decoded
    words = [plain(word.text) for segment in segments for word in segment.words]
    measured = jiwer.process_words(" ".join(words), plain(text_of(audio.telephone(talk))))
    dropped = [part.ref_end_idx - part.ref_start_idx for part in measured.alignments[0] if part.type == "delete"]
    assert max(dropped, default=0) < 6
    assert measured.wer <= 0.15


def test_telephone_caller_between_clear_voices_is_transcribed():
    """Check a case where VAD adapts to the clear voices, and Whisper then skips the voice on the telephone."""
    names = [f"1688-142285-000{number}" for number in (7, 1, 6)]
    first, caller, last = (audio.samples(audio.utterance(name)) for name in names)
    reference = " ".join(audio.librispeech()[name] for name in names)
    measured = jiwer.process_words(reference, plain(text_of(np.concatenate([first, audio.telephone(caller), last]))))
    dropped = [part.ref_end_idx - part.ref_start_idx for part in measured.alignments[0] if part.type == "delete"]
    assert max(dropped, default=0) < 4
    assert measured.wer <= 0.1


@pytest.mark.parametrize("isa", instruction_sets.available()[-2:])
def test_repeated_recording_is_complete_both_times_on_every_processor(isa, request: pytest.FixtureRequest):
    """Check the two newest instruction sets of this CPU, because they round differently.

    The newest one is checked with silence between the recordings, and the other one with noise and music. With `--all`,
    both are checked with all three. `python -m tests.bench.twice` checks ten recordings.
    """
    noisy, silent = ("jfk", "noise,music", "15"), ("jfk,1688-142285-0001", "silence", "13")
    ordinary = [silent] if isa == instruction_sets.available()[-1] else [noisy]
    for recordings, kinds, gap in [noisy, silent] if request.config.getoption("--all") else ordinary:
        chosen = ["--recordings", recordings, "--kinds", kinds, "--gaps", gap]
        printed = instruction_sets.run(isa, "-m", "tests.bench.twice", "--here", *chosen)
        for name, kind, _, found in map(json.loads, printed.splitlines()):
            assert found["wrong"] <= found["wrong alone, doubled"] + 2, (name, kind, found)
            assert (found["dropped"] < 3, found["under 20 ms"], found["in the gap"]) == (True, 0, 0), (
                name,
                kind,
                found,
            )


def test_repeated_speech_is_kept(speech):
    """Repeat speech. Its text looks like a decoding loop of Whisper, but treating it as one spoiled words."""
    fellows = np.concatenate([speech[int(0.3 * RATE) : int(2.3 * RATE)], silence(0.6)] * 6)
    assert plain(text_of(fellows, language="en")).count("fellow americans") == 6
    thrice = np.concatenate([speech[: 11 * RATE], silence(1)] * 3)
    words = [word for segment in transcribe.transcribe(thrice, language="en") for word in segment.words]
    assert jiwer.wer(" ".join([audio.JFK_WORDS] * 3), plain("".join(word.text for word in words))) <= 0.05
    assert all(word.end - word.start > 0.02 for word in words)


def test_the_language_is_detected_with_its_probability(decoded):
    run, _ = decoded
    assert run.language == "en"
    assert 0.5 < run.language_probability <= 1


def test_a_given_language_has_no_probability(speech):
    run = transcribe.transcribe(speech[: 5 * RATE], language="en")
    assert list(run)
    assert run.language_probability is None


def test_segment_is_its_words_joined_and_words_have_times_and_confidences(decoded):
    _, segments = decoded
    assert len(segments) > 3
    for segment in segments:
        assert "".join(word.text for word in segment.words) == segment.text
        assert all(0 <= word.confidence <= 1 for word in segment.words)
        assert segment.words[0].text.startswith(" ")


def test_time_never_runs_backwards(decoded, talk):
    _, segments = decoded
    words = [word for segment in segments for word in segment.words]
    assert all(0 <= word.start < word.end <= len(talk) / RATE for word in words)
    assert all(one.start <= other.start for one, other in pairwise(words))
    assert all(one.end <= other.start for one, other in pairwise(segments))


def test_word_times_match_the_speech(decoded_clips):
    """Check words of three recordings that begin at 0, 11.0 and 18.1 s of the joined sound."""
    words = [word for segment in decoded_clips[1] for word in segment.words]
    begins = {plain(word.text): word.start for word in reversed(words)}
    assert begins["fellow"] == pytest.approx(1.5, abs=0.7)
    assert begins["leisure"] == pytest.approx(13.6, abs=1.0)
    assert 18.0 < begins["selfish"] < 23.4


def test_long_silence_shifts_the_words_after_it(speech):
    first = speech[: 11 * RATE]
    words = [w for s in transcribe.transcribe(np.concatenate([first, silence(30), first])) for w in s.words]
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
    ids=["silence", "noise", "short noise", "tone", "0.05 s", "empty", "NaN", "infinity"],
)
def test_sound_without_speech_gives_no_text(sound):
    run = transcribe.transcribe(sound)
    assert list(run) == []
    assert (run.language, run.language_probability) == (None, None)


@pytest.mark.parametrize("seed", [2, 25, 98, 117])
def test_music_gives_no_text_and_no_language(seed):
    """Use music for which Whisper alone writes dots, "Hmmm" with 200 m, "1 o'clock" nine times, or "Buh, buh, buh"."""
    sound = audio.melody(30, seed)
    assert vad.speech(sound)  # speech detection mistakes some of the music for speech
    run = transcribe.transcribe(sound)
    assert list(run) == []
    assert run.language is None


def test_music_before_speech_does_not_determine_the_language(talk):
    """Use music for which Whisper alone detects the language Khmer."""
    run = transcribe.transcribe(np.concatenate([audio.melody(20, 35), talk[: 50 * RATE]]))
    assert "shopboy" in plain("".join(segment.text for segment in run))
    assert run.language == "en"


def test_damaged_samples_do_not_spoil_the_rest(speech):
    sound = speech[: 11 * RATE].copy()
    sound[5000:5100] = np.nan
    sound[9000] = np.inf
    assert jiwer.wer(audio.JFK_WORDS, plain(text_of(sound))) <= 0.1


def test_no_segment_repeats_the_previous_one(decoded):
    _, segments = decoded
    texts = [segment.text for segment in segments]
    assert all(one != other for one, other in pairwise(texts))


def test_equal_samples_give_equal_segments(decoded, talk):
    _, segments = decoded
    assert list(transcribe.transcribe(talk)) == segments


def test_equal_samples_give_equal_text_whatever_was_decoded_before(speech):
    """Add noise to speech, so that the first results of windows are rejected and the windows are decoded again."""
    sound = speech[: 11 * RATE] + noise(11, 0.1)
    text = text_of(sound, language="en")
    text_of(speech[: 20 * RATE])
    assert text_of(sound, language="en") == text


def test_segments_arrive_window_by_window_and_cancel_works_between(talk):
    checks = 0

    def cancelled() -> bool:
        nonlocal checks
        checks += 1
        return stop

    stop = False
    run = iter(transcribe.transcribe(talk, cancelled=cancelled))
    first = next(run)
    assert first.end < 31, "the first segment arrives before the last window is decoded"
    stop = True
    with pytest.raises(Cancelled):
        list(run)
    assert checks >= 2


def test_job_cancelled_before_it_began_decodes_nothing(talk):
    with pytest.raises(Cancelled):
        list(transcribe.transcribe(talk, cancelled=lambda: True))


def test_an_unknown_language_is_refused_at_once(speech):
    with pytest.raises(BadOption, match="klingon"):
        transcribe.transcribe(speech, language="klingon")


def test_translation_gives_text(speech):
    assert "country" in text_of(speech[: 11 * RATE], language="en", translate=True)


def test_the_model_can_be_loaded_before_it_is_used(speech):
    transcribe.warm()
    assert list(transcribe.transcribe(speech[: 3 * RATE]))


def test_unusable_weights_are_logged_when_the_model_is_loaded_early(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(transcribe, "_found", None)
    monkeypatch.setenv("STT_WHISPER_MODEL", str(tmp_path))
    read_settings_again()
    transcribe.warm()
    monkeypatch.undo()
    read_settings_again()
    assert "lacks config.json and tokenizer.json and model.bin. Install requirements.txt again" in caplog.text


def test_the_provenance_names_weights_versions_and_settings():
    facts = transcribe.provenance()
    assert facts["model"] == "whisper-base"
    assert facts["weights_sha256"] == weights.BASE["model.bin"]
    assert {"faster-whisper", "ctranslate2", "onnxruntime"} <= set(facts["libraries"])
    assert facts["settings"]["compute_type"] == "int8"


def test_long_recording_is_cut_into_one_part_per_thread(talk):
    sound = np.concatenate([talk] * 3)
    bounds = transcribe._part_bounds(sound, RATE)
    assert bounds[0] == RATE and bounds[-1] == len(sound)
    assert len(bounds) == THREADS + 1
    assert all(other - one >= transcribe.SPLIT_SECONDS / 4 * RATE for one, other in pairwise(bounds))
    assert transcribe._part_bounds(talk[: 50 * RATE], 0) == [0, 50 * RATE]


def test_parallel_parts_give_about_the_same_text_as_one_part(talk, decoded):
    """Compare one part with `decoded`: its short first part gave the language, then the others ran in parallel."""
    _, segments = decoded
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcribe, "SPLIT_SECONDS", 1000.0)
        alone = text_of(talk, language="en")
    assert jiwer.wer(plain(alone), plain("".join(segment.text for segment in segments))) < 0.1


def test_progress_counts_all_parallel_parts(talk):
    """Check that the progress at the end of the first part includes what was decoded of the other parts."""
    sound = np.concatenate([talk, talk])
    run = transcribe.transcribe(sound, language="en")
    at_its_end, seen = {}, [run.seconds_done]
    for segment in run.events():
        seen.append(run.seconds_done)
        if segment is not None:
            at_its_end[segment.end] = run.seconds_done
    first_part = transcribe._part_bounds(sound, 0)[1] / RATE
    end = max(end for end in at_its_end if end <= first_part)
    assert at_its_end[end] > first_part + 10
    assert seen == sorted(seen) and seen[0] == 0 and seen[-1] == pytest.approx(len(sound) / RATE)
