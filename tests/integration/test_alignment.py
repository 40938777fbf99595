"""Test imported transcripts: words are aligned with the speech, and text or speech without a match is reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from dbos import DBOS

from stt import kinds
from stt.engines.alignment import Alignment
from stt.errors import BadOption, LimitReached, NotFound
from stt.imports import reader
from stt.jobs import importing, service
from stt.jobs.workflow import _JobContext
from stt.library import history, versions
from stt.store import recordings, records, transcripts
from stt.store.recordings import Recording
from stt.store.records import Job
from stt.transcript.model import Segment, Transcript, Word
from stt.whisper.forced_alignment.plan import UNFIT, UNWRITTEN
from tests import audio
from tests.conftest import read_settings_again, reset_caches
from tests.transcripts import retype, store
from tests.waiting import ended, until

OWNER = "visitor:ann"
TEXT = (
    "And so, my fellow Americans: ask not what your country can do for you — ask what you can do for your country. "
    "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his power to do for them."
)
ELSE = "Seven clever students calculate the price of yellow bananas in distant markets before breakfast."


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STT_DATA_DIR", str(tmp_path_factory.mktemp("alignment")))
        reset_caches()
        yield
        service.stop()
        reset_caches()


@pytest.fixture(scope="module")
def recording(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Return a recording of two speakers, one after the other, with 3 s of silence between them."""
    sound = np.concatenate([audio.samples(audio.JFK), audio.silence(3.0), audio.samples(audio.AUSTEN[0])])
    path = audio.write(tmp_path_factory.mktemp("sound") / "talk.flac", sound)
    return recordings.take_in(path, OWNER)


@pytest.fixture(scope="module")
def decoded(recording: Recording) -> Transcript:
    """Transcribe the recording on this machine and return the transcript."""
    job_id = service.create(recording, owner=OWNER, options={"language": "en"})
    found = ended(job_id, OWNER).transcript
    assert found is not None
    return found


def bring(found: reader.Imported, recording: Recording | None, **options: str) -> service.Progress:
    transcript = found.for_sound if recording else found.transcript
    job_id = importing.import_transcript(
        transcript, recording, provenance=found.provenance, owner=OWNER, options=options
    )
    return ended(job_id, OWNER)


def letters(word: Word) -> str:
    return "".join(filter(str.isalnum, word.text)).lower()


def test_every_word_of_a_text_without_times_is_aligned(decoded: Transcript, recording: Recording):
    found = bring(reader.read(TEXT.encode(), "speech.txt"), recording)
    assert found.state == kinds.DONE and found.transcript is not None
    assert found.text == TEXT and found.transcript.timed and found.job.language == "en"
    where = {letters(word): word.start for word in reversed(decoded.words)}
    first = {letters(word): word for word in reversed(found.transcript.words)}
    distances = [abs(word.start - where[name]) for name, word in first.items() if name in where]
    assert len(distances) > 20 and median(distances) <= 0.2
    assert first["dashwood"].start > 14.0, "after the silence"
    assert UNFIT not in found.transcript.extras and UNWRITTEN not in found.transcript.extras
    assert found.job.provenance["brought_from"] == "speech.txt"
    assert found.job.provenance["times"] == "found, and the words aligned with the sound"
    assert found.job.provenance["decoding"].startswith("version "), "not decoded again"
    assert found.job.id in {job.id for job in versions.of(found.job)} and len(versions.of(found.job)) > 1


def test_text_that_nobody_speaks_is_marked_and_not_aligned(decoded: Transcript, recording: Recording):
    found = bring(reader.pasted(TEXT.replace("And Mr.", f"{ELSE} And Mr.")), recording).transcript
    assert found is not None and ELSE in found.text, "nothing is dropped"
    (row,) = found.extras[UNFIT]
    assert "yellow bananas" in row["text"] and len(row["text"]) < len(ELSE) + 20
    unaligned = {letters(word) for word in found.words if word.confidence is None}
    assert {"yellow", "bananas", "markets"} <= unaligned and not {"dashwood", "fellow"} & unaligned
    assert [w.start for w in found.words] == sorted(w.start for w in found.words)


def test_speech_missing_from_the_text_is_reported(decoded: Transcript, recording: Recording):
    found = bring(reader.pasted(TEXT.partition(" And Mr.")[0]), recording).transcript
    assert found is not None
    (row,) = found.extras[UNWRITTEN]
    assert "leisure to consider" in row["text"] and 13.5 < row["start"] < 15.5
    assert max(word.end for word in found.words) < 11.5, "the last word is not stretched over it"


def test_subtitle_times_are_kept_and_their_words_lie_within_them(recording: Recording):
    subtitles = (
        "1\n00:00:00,200 --> 00:00:03,400\nAnna: And so, my fellow Americans:\n\n"
        "2\n00:00:08,000 --> 00:00:10,900\nAnna: ask what you can do for your country.\n"
    )
    found = bring(reader.read(subtitles.encode(), "speech.srt"), recording)
    assert found.transcript is not None and "decoding" not in found.job.provenance
    assert [(s.start, s.end, s.speaker) for s in found.transcript.segments] == [(0.2, 3.4, "Anna"), (8.0, 10.9, "Anna")]
    for segment in found.transcript.segments:
        assert "".join(word.text for word in segment.words) == segment.text
        assert all(segment.start <= word.start <= word.end <= segment.end for word in segment.words)
    country = found.transcript.words[-1]
    assert letters(country) == "country" and 9.6 < country.start < 10.6 and (country.confidence or 0) > 0.5
    between, after = found.transcript.extras[UNWRITTEN]
    assert between["start"] < 8.0 and after["end"] > 20.0, "ask not, and what Austen says"


def test_recording_without_a_transcript_is_decoded_first(engine: None):
    found = bring(reader.read(audio.JFK_WORDS.encode(), "a.txt"), recordings.take_in(audio.JFK, OWNER), language="en")
    assert found.state == kinds.DONE and found.job.provenance["decoding"] == "made for it"
    assert found.text == audio.JFK_WORDS and found.transcript is not None and len(found.transcript.words) == 22


def test_timed_words_and_texts_without_a_recording_are_done_at_once(engine: None, recording: Recording):
    words = (Word(" Ask", 0.2, 0.6, 0.9), Word(" not.", 0.6, 1.2, 0.4))
    timed = Transcript((Segment(0.2, 1.2, " Ask not.", words),), 1.2, "en")
    for transcript, sound in ((timed, recording), (Transcript((Segment(0, 0, "Only a memory."),), timed=False), None)):
        job_id = importing.import_transcript(transcript, sound, provenance={"brought_from": "a"}, owner=OWNER)
        job = records.load(job_id, OWNER)
        assert job.state == kinds.DONE and transcripts.transcript_of(job_id) == transcript
        assert job.id in {each.id for each in history.find(OWNER, text=transcript.text.split()[-1].strip("."))}
        retype(job_id, OWNER, 0, "Corrected.")
        assert transcripts.transcript_of(job_id).text == "Corrected."


def test_segments_after_the_end_of_the_recording_are_marked(recording: Recording):
    words = (Word(" Ask", 90.2, 90.6, 0.9), Word(" not.", 90.6, 91.2, 0.4))
    late = Transcript((Segment(90.2, 91.2, " Ask not.", words),), 91.2, "en")
    job_id = importing.import_transcript(late, recording, provenance={}, owner=OWNER)
    assert transcripts.transcript_of(job_id).extras[UNFIT] == [{"start": 90.2, "end": 91.2, "text": "Ask not."}]
    subtitles = bring(reader.pasted("1\n00:01:30,000 --> 00:01:32,000\nAsk not what your country can do.\n"), recording)
    assert subtitles.transcript is not None and len(subtitles.transcript.extras[UNFIT]) == 1
    assert [word.confidence for word in subtitles.transcript.words] == [None] * 7


def test_a_cancelled_alignment_keeps_the_text_and_can_be_retried(engine: None, recording: Recording):
    transcript = Transcript((Segment(0, 0, TEXT),), timed=False)
    job_id = importing.import_transcript(transcript, recording, provenance={}, owner=OWNER, options={"language": "en"})
    assert service.get(job_id, owner=OWNER).text == TEXT
    service.cancel(job_id, owner=OWNER)
    found = until(lambda: (p := service.get(job_id, owner=OWNER)) and p.state == kinds.CANCELLED and p)
    assert found.text == TEXT
    service.retry(job_id, owner=OWNER)
    again = ended(job_id, OWNER)
    assert again.state == kinds.DONE and again.text == TEXT and again.transcript is not None and again.transcript.words


class Restarted(_JobContext):
    """A job that is continued after a restart, with one recorded step: the search for a decoding found `version`."""

    def __init__(self, job: Job, version: str) -> None:
        super().__init__(job)
        self.version, self.recorded = version, []

    def step(self, name, function, *args, **values):
        self.recorded.append(name)
        return self.version if name == "find a decoding" else function(*args, **values)


def test_sound_is_decoded_if_the_version_with_the_times_was_deleted(engine: None, recording: Recording):
    transcript = Transcript((Segment(0, 0, TEXT),), timed=False)
    job_id = importing.import_transcript(transcript, recording, provenance={}, owner=OWNER, options={"language": "en"})
    service.cancel(job_id, owner=OWNER)
    until(lambda: DBOS.get_workflow_status(f"{job_id}-1").status == "SUCCESS")
    DBOS.delete_workflow(f"{job_id}-1")  # otherwise `reconcile` may mark the job as failed meanwhile
    records.transition(job_id, (kinds.CANCELLED,), kinds.WORKING)
    work = Restarted(records.load(job_id, OWNER), "a deleted version")
    outcome = Alignment().run(work)
    records.transition(job_id, (kinds.WORKING,), kinds.CANCELLED)
    assert outcome.provenance["decoding"] == "made for it"
    words = outcome.transcript.words
    assert (
        next(word for word in words if letters(word) == "dashwood").start > 14.0
        and UNFIT not in outcome.transcript.extras
    )
    assert set(work.recorded) == {"find a decoding", "align a chunk"}


def test_transcript_is_imported_only_for_an_own_recording_and_valid_options(recording: Recording):
    transcript = Transcript((Segment(0, 0, TEXT),), timed=False)
    with pytest.raises(NotFound):
        importing.import_transcript(transcript, recording, provenance={}, owner="visitor:ben")
    for options in ({"model": "x"}, {"language": "klingon"}, {"track": "all"}):
        with pytest.raises(BadOption):
            importing.import_transcript(transcript, recording, provenance={}, owner=OWNER, options=options)


def test_quotas_of_the_host_count_aligned_recordings(engine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = audio.write(tmp_path / "a.wav", np.resize(audio.samples(audio.JFK), 90 * audio.RATE))
    sound = recordings.take_in(path, "visitor:quota")
    monkeypatch.setenv("STT_MINUTES_PER_VISITOR", "1")
    read_settings_again()
    try:
        with pytest.raises(LimitReached):
            importing.import_transcript(Transcript((Segment(0, 0, TEXT),)), sound, provenance={}, owner="visitor:quota")
    finally:
        monkeypatch.undo()
        read_settings_again()
    assert records.jobs_of("visitor:quota") == []


def test_segments_of_a_finished_version_are_unchanged_by_another(decoded: Transcript, recording: Recording):
    job_id = store(OWNER, decoded)
    bring(reader.pasted(TEXT), recording)
    assert transcripts.transcript_of(job_id) == decoded
