"""Test how jobs use a vocabulary and a prompt, on this machine and at the provider."""

from __future__ import annotations

import pytest

import stt
from stt import kinds
from stt.errors import BadOption
from stt.library import corrections, vocabulary
from stt.store import recordings
from stt.whisper import transcribe
from tests import audio
from tests.conftest import read_settings_again
from tests.provider import KEY, Provider
from tests.waiting import ended


def test_terms_are_recognised_and_replacements_can_be_undone(engine: None):
    source = recordings.take_in(audio.utterance("1998-15444-0009"), "local", "poison.flac")
    lines = ["apomorphine", "Kubernetes", "action -> deed"]
    done = ended(stt.create(source, options={"language": "en", "vocabulary": lines}))
    assert done.state == kinds.DONE
    assert done.text.lower().startswith("apomorphine is not") and " physiological deed to morphine" in done.text
    assert done.job.options["vocabulary"] == ["apomorphine", "Kubernetes", "action → deed"]
    assert done.job.provenance["vocabulary"] == "apomorphine, Kubernetes, deed"
    assert done.job.provenance["replacements"] == "action → deed (1)"
    assert done.job.words == done.transcript.word_count
    state = corrections.state(done.job.id, "local")
    assert state.corrected and state.changed == done.job.finished
    assert " physiological action" in corrections.machine(done.job.id, "local").text
    corrections.restore(done.job.id, "local", state.version)
    assert " physiological action" in stt.get(done.job.id).text


def test_a_job_keeps_the_terms_that_it_was_created_with(engine: None):
    vocabulary.save("local", "Zarathustra")
    source = recordings.take_in(audio.AUSTEN[1], "local", "austen.wav")
    job_id = stt.create(source, options={"language": "en", "vocabulary": ["Zarathustra"]})
    vocabulary.save("local", "Kine")
    assert ended(job_id).job.options["vocabulary"] == ["Zarathustra"]
    vocabulary.save("local", "")


def test_invalid_vocabulary_creates_no_job(engine: None):
    source = recordings.take_in(audio.AUSTEN[1], "local", "austen.wav")
    with pytest.raises(BadOption, match="several arrows"):
        stt.create(source, options={"vocabulary": ["a → b → c"]})


@pytest.mark.parametrize("prompt", ["The colour of the neighbourhood is our favourite.", "x " * 200])
def test_prompt_is_in_the_provenance_and_so_is_what_is_too_long(engine: None, prompt: str):
    source = recordings.take_in(audio.utterance("2414-128291-0001"), "local", "near.flac")
    provenance = ended(stt.create(source, options={"language": "en", "prompt": prompt})).job.provenance
    assert provenance["prompt"] == prompt.strip()
    assert ("prompt_left_out" in provenance) == (len(prompt) > 100)


def test_prompt_determines_the_spelling():
    sound = audio.samples(audio.utterance("2414-128291-0001"))

    def text(prompt: str) -> str:
        return "".join(s.text for s in transcribe.transcribe(sound, language="en", prompt=prompt))

    assert "neighborhood" in text("") and "neighbourhood" in text("The colour of the neighbourhood is our favourite.")


@pytest.mark.parametrize(
    ("model", "name", "sent"),
    [
        ("nova-3", "keyterm", ["Zau al-Makan", "Cyrille"]),
        ("#g1_nova-2-general", "keywords", ["Zau", "al-Makan", "Cyrille"]),
        ("aai/universal", "word_boost", ["Zau al-Makan", "Cyrille"]),
        ("aai/slam-1", "keyterms_prompt", ["Zau al-Makan", "Cyrille"]),
        ("openai/gpt-4o-transcribe", "prompt", "Glossary: Zau al-Makan, Cyrille."),
        ("microsoft/mai-transcribe-1.5", None, None),
    ],
)
def test_a_provider_gets_the_terms_in_its_own_field(
    engine: None, monkeypatch: pytest.MonkeyPatch, model: str, name: str | None, sent: object
):
    with Provider(key=f"{KEY}-{model}") as fake_provider:
        monkeypatch.setenv("AIML_BASE_URL", fake_provider.url)
        monkeypatch.setenv("AIML_API_KEY", fake_provider.key)
        read_settings_again()
        fake_provider.script(duration=0, seconds=5.0, text="So Cyril came.")
        source = recordings.take_in(audio.AUSTEN[1], "local", "austen.wav")
        done = ended(stt.create(source, model=model, options={"vocabulary": ["Zau al-Makan", "Cyril → Cyrille"]}))
        (job,) = fake_provider.jobs.values()
    assert done.text == "So Cyrille came." and done.job.provenance["replacements"] == "Cyril → Cyrille (1)"
    assert corrections.machine(done.job.id, "local").text == "So Cyril came."
    assert "vocabulary" not in job.options and (name is None or job.options[name] == sent)
    provenance = done.job.provenance
    assert provenance.get("vocabulary" if name else "vocabulary_left_out") == "Zau al-Makan, Cyrille"
