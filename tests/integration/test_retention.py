"""Test deletion: of old records if the host limits their age in days, and of all data of a visitor on request."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from dbos import DBOS

from stt import kinds
from stt.auth import tokens
from stt.cluster import crashes
from stt.db.engine import database
from stt.db.tables import recordings as recordings_table
from stt.db.tables import transcriptions
from stt.engines import on_device
from stt.errors import Cancelled, NotFound
from stt.jobs import service
from stt.library import history, retention, sharing
from stt.settings import settings
from stt.store import recordings, records, removals, submissions, transcripts
from tests import audio
from tests.transcripts import finished
from tests.waiting import until

ANN, BEN = "visitor:ann", "visitor:ben"


def set_age(table: sa.Table, id: str, days: float, **more: float) -> None:
    columns = {name: time.time() - days * retention.DAY for name in ("created", "finished") if name in table.c}
    with database().begin() as connection:
        connection.execute(table.update().where(table.c.id == id).values(**columns, **more))


def test_audio_is_deleted_after_its_days_and_the_transcript_stays(host):
    host(STT_KEEP_AUDIO_DAYS=3)
    young, aged, working = finished(), finished(), finished()
    set_age(recordings_table, young.recording_id, 2.99)
    for each in (aged, working):
        set_age(recordings_table, each.recording_id, 3.01)
    records.transition(working.id, (kinds.DONE,), kinds.WORKING)
    assert retention.prune() == (0, 1)
    assert recordings.find(young.recording_id, ANN).kept and recordings.find(working.recording_id, ANN).kept
    with pytest.raises(NotFound):
        recordings.find(aged.recording_id, ANN)
    assert not (settings().data_dir / "audio" / aged.recording_id).exists()
    assert transcripts.transcript_of(aged.id).text == "Ask not."


def test_transcripts_are_deleted_after_their_days_with_their_audio(host):
    host(STT_KEEP_TRANSCRIPTS_DAYS=3)
    young, aged, working = finished(), finished(BEN), finished()
    set_age(transcriptions, young.id, 2.99)
    for each in (aged, working):
        set_age(transcriptions, each.id, 3.01)
        set_age(recordings_table, each.recording_id, 3.01)
    records.transition(working.id, (kinds.DONE,), kinds.WORKING)
    assert retention.prune() == (1, 0)
    assert {found.id for found in history.find(ANN)} == {young.id, working.id} and not history.find(BEN)
    assert {path.name for path in (settings().data_dir / "audio").iterdir()} == {
        young.recording_id,
        working.recording_id,
    }


def test_without_days_only_unused_uploads_are_deleted(host):
    done, queued = finished(), finished()
    set_age(transcriptions, done.id, 10_000)
    records.transition(queued.id, (kinds.DONE,), kinds.QUEUED)
    for each in (done, queued):
        set_age(recordings_table, each.recording_id, 10_000)
    unused, fresh = recordings.take_in(audio.JFK, ANN), recordings.take_in(audio.JFK, ANN)
    set_age(recordings_table, unused.id, 1.01)
    set_age(recordings_table, fresh.id, 0.99)
    assert retention.prune() == (0, 1)
    assert recordings.unused_ids(ANN) == [fresh.id] and not unused.kept
    assert recordings.find(done.recording_id, ANN).kept and recordings.find(queued.recording_id, ANN).kept


def test_file_that_cannot_be_deleted_does_not_delay_the_others(host, tmp_path, monkeypatch):
    """Let the store fail to delete the first of three files.

    The owner no longer sees this recording, and its file is deleted when the store works again.
    """
    host(STT_KEEP_AUDIO_DAYS=3, STT_STORAGE=f"file://{tmp_path}/afar")
    aged = [finished() for _ in range(3)]
    for number, each in enumerate(aged):
        set_age(recordings_table, each.recording_id, 9 - number)
    first = tmp_path / "afar" / aged[0].recording_id
    first.unlink()
    first.mkdir()  # the store cannot delete a folder as a file
    (first / "in the way").touch()
    assert retention.prune() == (0, 3)
    assert [path.name for path in (tmp_path / "afar").iterdir()] == [aged[0].recording_id]
    assert not recordings.all_of(ANN) and removals.due(removals.AUDIO) == [aged[0].recording_id]
    (first / "in the way").unlink()
    first.rmdir()
    first.touch()
    assert removals.remove_audio(aged[0].recording_id) and not first.exists() and not removals.due(removals.AUDIO)


@pytest.mark.parametrize("role", ["all", "worker"])
def test_schedule_deletes_unused_uploads_also_without_a_setting(host, role: str):
    host(STT_ROLE=role)
    done, unused = finished(), recordings.take_in(audio.JFK, ANN)
    set_age(transcriptions, done.id, 4)
    set_age(recordings_table, unused.id, 2)
    try:
        service.start()
        until(lambda: not recordings.unused_ids(ANN))
        assert history.find(ANN)
        service.stop(timeout=5)
        host(STT_KEEP_TRANSCRIPTS_DAYS="3")
        service.start()
        until(lambda: not history.find(ANN))
    finally:
        service.stop(timeout=5)


def test_process_that_only_serves_pages_keeps_the_schedule(host):
    host(STT_KEEP_AUDIO_DAYS=3, STT_ROLE="web")
    try:
        service.start()
        assert DBOS.get_schedule(retention.SCHEDULE) is not None
    finally:
        service.stop(timeout=5)


def test_delete_everything_deletes_all_data_of_one_visitor_only(host):
    mine, theirs = finished(ANN), finished(BEN)
    unused = recordings.take_in(audio.JFK, ANN)
    shared = sharing.create(mine.id, ANN, days=7, audio=True)
    program = tokens.create("Program", ANN)
    retention.delete_everything(ANN)
    assert not history.find(ANN) and not recordings.find_all([mine.recording_id, unused.id], ANN)
    assert {path.name for path in (settings().data_dir / "audio").iterdir()} == {theirs.recording_id}
    assert tokens.find(program) is None and history.find(BEN)
    with pytest.raises(NotFound):
        sharing.shared(shared)


def test_link_job_deleted_during_its_download_stores_no_audio(host, httpserver):
    """Fetch the recording of a deleted job that does not report the deletion, as if it came during the download."""
    host(STT_ALLOW_PRIVATE_URLS=1)
    job = finished()
    history.delete(job.id, ANN)
    httpserver.expect_request("/a.flac").respond_with_data(audio.JFK.read_bytes(), content_type="audio/flac")
    link = replace(job, recording_id=None, url=httpserver.url_for("/a.flac"), state=kinds.WORKING)
    with crashes.Watch(job.id, lambda: False) as watch, pytest.raises(Cancelled):
        on_device._fetch_recording(SimpleNamespace(job=link, cancelled=lambda: False), watch)
    assert not recordings.all_of(ANN) and not removals.due(removals.AUDIO)
    assert not any(any((settings().data_dir / name).iterdir()) for name in ("audio", "incoming"))


def test_file_whose_row_cannot_be_inserted_is_moved_back(host, tmp_path):
    part = tmp_path / "part"
    part.write_bytes(audio.JFK.read_bytes())

    def refuse(_connection: sa.Connection) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("away"))

    with pytest.raises(sa.exc.OperationalError):
        recordings.keep(part, recordings.inspect(part, "a.flac", ANN), together=refuse)
    assert part.read_bytes() == audio.JFK.read_bytes() and not recordings.all_of(ANN)
    assert not list((settings().data_dir / "audio").iterdir())


def test_provider_response_after_deletion_is_not_stored(host):
    job = finished()
    submissions.save_raw(job.id, {"text": "ask not"})
    assert submissions.raw_response(job.id)
    history.delete(job.id, ANN)
    submissions.save_raw(job.id, {"text": "ask not"})
    assert submissions.raw_response(job.id) is None
