"""Test other readings of a word: its span is decoded again with the real model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stt.engines import second_reading
from stt.errors import BadOption, NotFound
from stt.library import versions
from stt.store import recordings, records
from stt.store.records import Job
from stt.transcript.model import Transcript
from stt.whisper import transcribe
from tests import audio, transcripts
from tests.conftest import reset_caches

pytestmark = pytest.mark.usefixtures("one_data_folder")
OWNER = "visitor:ann"


@pytest.fixture(scope="module")
def spoken() -> Transcript:
    segments = tuple(transcribe.transcribe(audio.samples(audio.JFK), language="en"))
    return Transcript(segments, 11.0, "en")


def with_wrong_word(transcript: Transcript, word: str, wrong: str) -> Transcript:
    """Return the transcript with `wrong` in place of `word`."""

    def changed(segment):
        words = tuple(replace(one, text=one.text.replace(word, wrong)) for one in segment.words)
        return replace(segment, words=words, text="".join(one.text for one in words))

    return replace(transcript, segments=tuple(map(changed, transcript.segments)))


def job_of(transcript: Transcript, **values) -> Job:
    return records.load(transcripts.store(OWNER, transcript, audio.JFK, options={}, **values), OWNER)


def test_misrecognised_word_is_corrected_by_a_second_reading(spoken: Transcript):
    wrong = with_wrong_word(spoken, "fellow", "yellow")
    job = job_of(wrong)
    word = next(word for word in wrong.words if "yellow" in word.text)
    recording = versions.recording_of(job)
    assert recording is not None
    found = second_reading.of(job, recording, wrong, word.start, word.end)
    assert found[0].strip(".,").lower() == "fellow" and len(found) == len(set(found))
    with pytest.raises(NotFound):
        second_reading.of(job, recording, wrong, word.start + 0.1, word.start + 0.15)
    recordings.find(job.recording_id or "", OWNER).path.unlink()
    with pytest.raises(NotFound):
        second_reading.of(job, recording, wrong, word.start, word.end)


def test_word_is_read_in_the_language_spoken_there():
    """Use the Spanish beginning of a recording that is mostly English."""
    path = audio.AUDIO / "spanish-then-english.flac"
    segments = tuple(transcribe.transcribe(audio.samples(path)[: 20 * audio.RATE], language="es"))
    wrong = with_wrong_word(Transcript(segments, 60.0, "en"), "rima", "lima")
    job = records.load(transcripts.store(OWNER, wrong, path, options={}), OWNER)
    word = next(word for word in wrong.words if "lima" in word.text)
    recording = versions.recording_of(job)
    assert recording is not None
    assert {"rima", "misma"} & set(second_reading.of(job, recording, wrong, word.start, word.end))


def test_server_that_only_serves_pages_decodes_nothing(spoken: Transcript, monkeypatch: pytest.MonkeyPatch):
    job = job_of(spoken, model="provider/any")
    recording = versions.recording_of(job)
    assert recording is not None
    monkeypatch.setenv("STT_ROLE", "web")
    reset_caches()
    with pytest.raises(BadOption):
        second_reading.of(job, recording, spoken, spoken.words[0].start, spoken.words[0].end)
