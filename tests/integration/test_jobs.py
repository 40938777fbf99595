"""Test durable jobs on real audio: create, progress, cancel, resume and separation by owner."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from dbos import DBOS
from jiwer import wer

import stt
from stt import kinds
from stt.cluster import crashes, processes
from stt.db.engine import database
from stt.db.tables import chunks
from stt.errors import BadLink, BadOption, EmptyFile, KeyMissing, NotFound
from stt.files.dates import Dated
from stt.jobs import maintenance, queueing, service
from stt.library import history
from stt.speech import vad
from stt.store import quotas, recordings, records, transcripts
from stt.transcript.model import Segment, Transcript, Word
from tests import audio
from tests.bench.accuracy import normalised
from tests.conftest import read_settings_again
from tests.waiting import ended, until

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture(scope="module")
def two_minutes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clips = [audio.samples(audio.utterance(name)) for name in list(audio.librispeech())[:18]]
    sound = np.concatenate([part for clip in clips for part in (clip, audio.silence(0.6))])
    return audio.write(tmp_path_factory.mktemp("long") / "long.flac", sound)


def test_a_file_becomes_a_transcript_with_times_confidences_and_provenance():
    progress = ended(stt.create(audio.JFK))
    assert progress.state == "done"
    transcript = progress.transcript
    assert wer(audio.JFK_WORDS, normalised(transcript.text)) <= 0.1
    assert transcript.language == "en" and transcript.duration == pytest.approx(11, abs=0.1)
    words = transcript.words
    assert all(0 <= a.start <= a.end <= b.end <= 11.1 for a, b in itertools.pairwise(words))
    assert all(0 <= word.confidence <= 1 for word in words)
    provenance = progress.job.provenance
    assert provenance["weights_sha256"].startswith("d01c3014") and provenance["model"] and progress.job.worked > 0


def test_all_segments_of_a_decoded_window_are_reported_at_once(tmp_path: Path):
    """Check that not only the first but every segment of a window is reported before the next window is decoded."""
    clips = [audio.samples(audio.utterance(name)) for name in list(audio.librispeech())[:8]]
    generation_id = stt.create(audio.write(tmp_path / "minute.flac", np.concatenate(clips)[: 60 * audio.RATE]))
    progress = []

    def over() -> bool:
        job = records.load(generation_id, None)
        progress.append((job.seconds_done, job.worked))
        return not job.pending

    until(over, 300)
    # The first chunk (at most 20 s) and the window after it (nearly 30 s) are reported before the last window ends.
    assert max(done for done, _ in progress if done < 59) > 40
    assert progress == sorted(progress) and len({worked for _, worked in progress}) > 3


def test_progress_counts_prefetched_chunks_and_never_decreases(two_minutes: Path, monkeypatch: pytest.MonkeyPatch):
    """Let an idle thread prefetch a chunk. The progress must not jump to the end of the prefetched chunk."""
    monkeypatch.setattr(vad, "CHUNK_SECONDS", 40.0)
    generation_id = stt.create(two_minutes)
    progress, chunk_numbers = [], set()

    def over() -> bool:
        chunk_numbers.update(chunk["number"] for chunk in transcripts.chunks_of(generation_id))
        job = records.load(generation_id, None)
        progress.append(job.seconds_done)
        return not job.pending

    until(over, 300, every=0.01)
    assert {1, 2, 3} <= chunk_numbers and progress == sorted(progress)


def test_cancel_keeps_the_text_and_retry_continues_from_it(two_minutes: Path):
    generation_id = stt.create(two_minutes)
    until(lambda: transcripts.last_chunk(generation_id))
    stt.cancel(generation_id)
    cancelled = stt.get(generation_id)
    assert cancelled.state == "cancelled" and len(cancelled.text) > 20
    workflow = f"{generation_id}-1"
    until(lambda: DBOS.get_workflow_status(workflow).status == "SUCCESS")
    stored = transcripts.chunks_of(generation_id)
    stt.retry(generation_id)
    done = ended(generation_id)
    assert done.state == "done" and done.job.attempt == 2
    assert stored and done.text.startswith(" ".join(s["text"].strip() for s in stored[0]["segments"])[:40])


@pytest.fixture(scope="module")
def half_an_hour_long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sound = np.resize(audio.samples(audio.JFK), 1800 * audio.RATE)
    return audio.write(tmp_path_factory.mktemp("longer") / "half an hour.flac", sound)


def test_a_short_recording_does_not_wait_for_long_ones(half_an_hour_long: Path):
    """Transcribe a voice message while two lectures run and a third one waits, because two may run at once."""
    lectures = [stt.create(half_an_hour_long) for _ in range(3)]
    until(lambda: sum(bool(transcripts.text_so_far(lecture)) for lecture in lectures) == 2)
    assert ended(stt.create(audio.JFK)).state == "done"
    assert [stt.get(lecture).state for lecture in lectures] == ["working", "working", "queued"]
    for lecture in lectures:
        stt.cancel(lecture)


def test_cancelled_job_frees_the_cpu_for_the_next(half_an_hour_long: Path):
    half_an_hour = stt.create(half_an_hour_long)
    until(lambda: stt.get(half_an_hour).text)
    stt.cancel(half_an_hour)
    assert stt.get(half_an_hour).state == "cancelled"
    worked = time.process_time()
    until(lambda: DBOS.get_workflow_status(f"{half_an_hour}-1").status == "SUCCESS")
    assert ended(stt.create(audio.JFK)).state == "done"
    worked = time.process_time() - worked  # CPU seconds, which do not depend on other processes
    assert worked < 20, "the rest of the half hour takes over a hundred seconds"


def test_silence_gives_an_empty_transcript(tmp_path: Path):
    progress = ended(stt.create(audio.write(tmp_path / "silence.flac", audio.silence(600))))
    assert (progress.state, progress.text, progress.job.words) == ("done", "", 0)


def test_truncated_recording_reports_how_much_is_missing(tmp_path: Path):
    content = audio.JFK.read_bytes()
    cut = tmp_path / "cut.flac"
    cut.write_bytes(content[: len(content) * 6 // 10])
    transcript = ended(stt.create(cut)).transcript
    assert "fellow" in transcript.text.lower()
    start, end, why = transcript.lost[-1]
    assert end == pytest.approx(11, abs=0.2) and start == pytest.approx(6.5, abs=1.5) and "missing" in why


def test_owner_sees_only_own_jobs():
    recording = recordings.take_in(audio.AUSTEN[1], "visitor:a")
    generation_id = stt.create(recording, owner="visitor:a")
    for call in (stt.get, stt.cancel, stt.retry):
        with pytest.raises(NotFound):
            call(generation_id, owner="visitor:b")
    with pytest.raises(NotFound):
        stt.create(recording, owner="visitor:b")
    with pytest.raises(NotFound):
        history.delete(generation_id, "visitor:b")
    assert generation_id not in [job.id for job in history.find("visitor:b")]
    ended(generation_id, "visitor:a")
    assert generation_id in [job.id for job in history.find("visitor:a", text="selfish")]
    history.delete(generation_id, "visitor:a")
    assert not recording.path.exists()


def test_new_owner_is_served_before_another_owners_backlog():
    crashes._gate.enter(alone=True, cancelled=lambda: False)  # no job decodes until all are queued
    try:
        backlog = [
            stt.create(recordings.take_in(audio.AUSTEN[1], "visitor:crowd"), owner="visitor:crowd") for _ in range(12)
        ]
        new_job = stt.create(recordings.take_in(audio.AUSTEN[1], "visitor:new"), owner="visitor:new")
    finally:
        crashes._gate.leave()
    first = ended(new_job, "visitor:new").job.finished
    later = [ended(i, "visitor:crowd").job.finished for i in backlog]
    assert sum(finish < first for finish in later) <= 6


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"options": {"language": "klingon"}}, BadOption),
        ({"options": {"volume": 11}}, BadOption),
        ({"model": "nobody/nothing"}, BadOption),
        ({"model": "nova-3"}, KeyMissing),
    ],
)
def test_impossible_job_is_refused_before_it_starts(arguments: dict, error: type):
    with pytest.raises(error):
        stt.create(audio.JFK, **arguments)


def test_an_empty_file_is_refused_and_leaves_nothing_behind(tmp_path: Path, engine: Path):
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    with pytest.raises(EmptyFile):
        stt.create(empty)
    assert not list((engine / "incoming").iterdir())


def test_start_of_the_job_engine_keeps_uploads_in_progress_and_deletes_those_of_a_killed_process(engine: Path):
    content = audio.JFK.read_bytes()
    with recordings.Intake("talk.flac", "local") as intake:
        intake.write(content[:1000])
        intake.flush()
        left = engine / "incoming" / "left"
        left.touch()
        before = time.time() - 86_400
        os.utime(left, (before, before))  # received before this process began, by one that was killed
        service.stop(timeout=10)
        service.start()
        assert list((engine / "incoming").iterdir()) == [intake.part]
        intake.write(content[1000:])
        assert intake.finish().path.read_bytes() == content


def test_the_same_file_twice_gives_two_transcripts():
    first, second = stt.create(audio.AUSTEN[0]), stt.create(audio.AUSTEN[0])
    assert first != second
    assert ended(first).text == ended(second).text


def test_provider_model_runs_on_device_without_a_key():
    progress = ended(stt.create(audio.AUSTEN[1], model="#g1_whisper-base", options={"language": "en-US"}))
    assert progress.job.model == "local/whisper-base" and "selfish" in progress.text


def test_job_with_two_named_languages_keeps_the_language_of_each_segment(tmp_path: Path):
    """Use a recording whose language changes inside the second chunk. The first chunk is Spanish."""
    sound = audio.samples(audio.AUDIO / "spanish-then-english.flac")[: 50 * audio.RATE]
    options = {"language": ["es", "en-US"]}
    progress = ended(stt.create(audio.write(tmp_path / "two.flac", sound), options=options))
    transcript = progress.transcript
    assert progress.job.options["language"] == "es,en"
    assert list(transcript.languages) == ["en", "es"] and transcript.language == progress.job.language == "en"
    assert transcript.languages["es"] == pytest.approx(21, abs=2)
    assert {s.language for s in transcript.segments if s.end < 21} == {"es"}
    assert "historia de la ciudad" in transcript.text and "save the patient" in transcript.text


def test_job_begun_by_an_older_version_continues_without_segment_languages():
    job = ended(stt.create(audio.AUSTEN[1])).job
    old = Transcript((Segment(0.0, 2.0, "Hola.", (Word("Hola.", 0.0, 2.0, 0.9),)),)).to_dict()["segments"]
    for segment in old:
        del segment["language"]
    with database().begin() as connection:
        notes = {"worked": 1.0, "last": False, "language": "es", "language_probability": 0.9, "facts": {}}
        row = dict(id=job.id, number=1, start=0.0, end=2.0, segments=old, notes=notes)
        connection.execute(chunks.insert().values(row))
    transcript = transcripts.assembled(job.id)
    assert (transcript.language, transcript.language_probability, transcript.languages) == ("es", 0.9, {})


def test_reconcile_repairs_jobs_that_a_killed_process_left_inconsistent(tmp_path: Path):
    quiet = recordings.take_in(audio.write(tmp_path / "quiet.wav", audio.silence(1.0)), "local")
    job = ended(stt.create(quiet)).job
    until(lambda: DBOS.get_workflow_status(f"{job.id}-1").status == "SUCCESS")
    # Two jobs that were stored but never queued, because their process was killed.
    again = replace(job, state=kinds.QUEUED, finished=None, claim=None)
    records.insert(replace(again, id="never-started"), maker="a process that died")
    records.insert(replace(again, id="of-an-older-version"))
    # A job stored by this process, which is alive and about to queue it.
    records.insert(replace(again, id="about-to-be-queued"), maker=processes.NAME)
    # A job whose workflow has ended although its final state could not be stored.
    records.transition(job.id, (kinds.DONE,), kinds.WORKING)
    queueing.reconcile()
    assert ended("never-started").state == ended("of-an-older-version").state == "done"
    assert DBOS.get_workflow_status("about-to-be-queued-1") is None
    service.cancel("about-to-be-queued")
    failed = ended(job.id)
    assert failed.state == "failed" and "stopped" in failed.job.error["message"]
    stt.retry(job.id)
    assert ended(job.id).state == "done"


def test_create_that_cannot_be_queued_leaves_nothing_and_can_be_repeated(engine: Path):
    ann, files_before = "visitor:unlucky", set((engine / "audio").iterdir())
    with sqlite3.connect(engine / "jobs.db") as rows:
        rows.execute("CREATE TRIGGER full BEFORE INSERT ON workflow_status BEGIN SELECT RAISE(ABORT, 'no'); END")
    try:
        with pytest.raises(sa.exc.IntegrityError):
            stt.create(audio.AUSTEN[1], owner=ann)
        assert not records.jobs_of(ann) and not quotas.used(ann).mine
        assert set((engine / "audio").iterdir()) == files_before and not recordings.all_of(ann)
    finally:
        with sqlite3.connect(engine / "jobs.db") as rows:
            rows.execute("DROP TRIGGER full")
    queueing.reconcile()
    assert ended(stt.create(audio.AUSTEN[1], owner=ann), ann).state == "done"
    assert len(records.jobs_of(ann)) == 1


@pytest.mark.parametrize(("file", "table"), [("jobs.db", "workflow_status"), ("stt.db", "usage")])
def test_retry_that_cannot_be_queued_or_counted_changes_nothing_and_can_be_repeated(
    engine: Path, file: str, table: str
):
    generation_id = stt.create(audio.AUSTEN[1])
    stt.cancel(generation_id)
    before = quotas.used("local")
    with sqlite3.connect(engine / file) as rows:
        rows.execute(f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT json('{{'); END")
    try:
        with pytest.raises(sa.exc.OperationalError):
            stt.retry(generation_id)
        assert stt.get(generation_id).state == "cancelled" and quotas.used("local") == before
    finally:
        with sqlite3.connect(engine / file) as rows:
            rows.execute("DROP TRIGGER full")
    stt.retry(generation_id)
    assert ended(generation_id).state == "done"


def test_failed_retry_does_not_undo_the_retry_of_another_tab(tmp_path: Path):
    generation_id = stt.create(audio.write(tmp_path / "quiet.wav", audio.silence(1.0)))
    stt.cancel(generation_id)
    before = stt.get(generation_id).job
    stt.retry(generation_id)
    service._undo_retry(replace(before, attempt=2, queued=time.time() + 1), before)
    assert ended(generation_id).state == "done"


def test_retry_of_a_job_retried_in_another_tab_changes_nothing(tmp_path: Path):
    quiet = stt.create(audio.write(tmp_path / "quiet.wav", audio.silence(1.0)))
    stale = ended(quiet).job
    assert records.requeue(stale, attempt=2) and not records.requeue(stale, attempt=2)
    queueing.enqueue(records.load(quiet, None))
    again = ended(quiet).job
    assert again.state == "done" and again.attempt == 2
    assert not records.requeue(stale, attempt=2), "the second attempt has run: its workflow would never start"


def test_finished_workflows_are_deleted_from_the_job_engine(tmp_path: Path):
    generation_id = stt.create(audio.write(tmp_path / "quiet.wav", audio.silence(1.0)), title="Secret")
    assert ended(generation_id).state == "done"
    until(lambda: DBOS.get_workflow_status(f"{generation_id}-1").status == "SUCCESS")
    assert maintenance.purge_finished(3600) == 0
    assert maintenance.purge_finished(0) >= 1
    assert DBOS.get_workflow_status(f"{generation_id}-1") is None
    queueing.reconcile()
    assert stt.get(generation_id).state == "done"


def test_reading_a_setting_does_not_load_the_job_engine():
    check = "import sys, stt.settings, stt.web.endpoints; sys.exit('dbos' in sys.modules or 'faster_whisper' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize(
    ("given", "header", "title"),
    [
        ("", "attachment; filename*=UTF-8''M%C3%BCn%2012.05.2024.wav", "Mün 12.05.2024"),
        ("", None, "1.1 Lesson"),
        ("My title", 'attachment; filename="other.wav"', "My title"),
        ("My \u202etitle", None, "My title"),
    ],
)
def test_link_gets_the_title_from_its_server_unless_one_was_given(
    httpserver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, header: str | None, title: str
):
    monkeypatch.setenv("STT_ALLOW_PRIVATE_URLS", "1")
    read_settings_again()
    path = audio.write(tmp_path / "quiet.m4a", audio.silence(0.5))
    headers = {"Content-Disposition": header} if header else {}
    httpserver.expect_request("/1.1 Lesson.wav").respond_with_data(path.read_bytes(), headers=headers)
    job = ended(stt.create(recordings.Link(httpserver.url_for("/1.1%20Lesson.wav")), title=given or None)).job
    assert (job.state, job.title) == ("done", title)
    assert history.find("local", sort="title", limit=1, text=title)[0].id == job.id


def test_link_to_a_page_without_a_recording_creates_no_job():
    for address in ("https://youtu.be/x", "https://open.spotify.com/episode/x", "https://zoom.us/rec/share/x"):
        with pytest.raises(BadLink, match="This is a page"):
            stt.create(recordings.Link(address))


def test_a_job_has_the_date_of_its_recording(tmp_path: Path):
    with recordings.Intake("talk.flac", "local", changed=Dated(1715508123.0, "change")) as intake:
        intake.write(audio.write(tmp_path / "quiet.flac", audio.silence(0.5)).read_bytes())
        recording = intake.finish()
    job = ended(stt.create(recording)).job
    assert (job.dated, job.dated_by) == (1715508123.0, "change")
    assert job.id in [found.id for found in history.find("local", sort="dated", limit=3)]
