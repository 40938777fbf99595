"""What is deleted: by its age, where the host sets days, and all of a visitor's when they ask for it."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from dbos import DBOS

from stt import history, jobs, recordings, records, retention, sharing, spoken, tokens
from stt.database import database, transcriptions
from stt.database import recordings as recordings_table
from stt.errors import NotFound
from stt.settings import settings
from tests import audio
from tests.transcripts import finished
from tests.waiting import until

ANN, BEN = "visitor:ann", "visitor:ben"


def old(table: sa.Table, id: str, days: float, **more: float) -> None:
    columns = {name: time.time() - days * retention.DAY for name in ("created", "finished") if name in table.c}
    with database().begin() as connection:
        connection.execute(table.update().where(table.c.id == id).values(**columns, **more))


def test_audio_goes_after_its_days_and_the_transcript_stays(host):
    host(STT_KEEP_AUDIO_DAYS=3)
    young, aged, working = finished(), finished(), finished()
    old(recordings_table, young.recording_id, 2.99)
    for each in (aged, working):
        old(recordings_table, each.recording_id, 3.01)
    records.move(working.id, (records.DONE,), records.WORKING)
    assert retention.prune() == (0, 1)
    assert recordings.find(young.recording_id, ANN).kept and recordings.find(working.recording_id, ANN).kept
    with pytest.raises(NotFound):
        recordings.find(aged.recording_id, ANN)
    assert not (settings().data_dir / "audio" / aged.recording_id).exists()
    assert spoken.transcript_of(aged.id).text == "Ask not."


def test_transcripts_go_after_their_days_with_their_audio(host):
    host(STT_KEEP_TRANSCRIPTS_DAYS=3)
    young, aged, working = finished(), finished(BEN), finished()
    old(transcriptions, young.id, 2.99)
    for each in (aged, working):
        old(transcriptions, each.id, 3.01)
        old(recordings_table, each.recording_id, 3.01)
    records.move(working.id, (records.DONE,), records.WORKING)
    never_used = recordings.take_in(audio.JFK, ANN)
    old(recordings_table, never_used.id, 3.01)
    assert retention.prune() == (1, 1)
    assert {found.id for found in history.find(ANN)} == {young.id, working.id} and not history.find(BEN)
    assert {path.name for path in (settings().data_dir / "audio").iterdir()} == {
        young.recording_id,
        working.recording_id,
    }


def test_without_days_nothing_is_ever_deleted(host):
    made = finished()
    old(transcriptions, made.id, 10_000)
    old(recordings_table, made.recording_id, 10_000)
    assert retention.prune() == (0, 0)


@pytest.mark.parametrize("role", ["all", "worker"])
def test_the_schedule_deletes_by_itself_and_ends_with_the_setting(host, role: str):
    host(STT_KEEP_TRANSCRIPTS_DAYS=3, STT_ROLE=role)
    made = finished()
    old(transcriptions, made.id, 4)
    try:
        jobs.start()
        assert DBOS.get_schedule(retention.SCHEDULE) is not None
        until(lambda: not history.find(ANN), 30)
        jobs.stop(patience=5)
        host(STT_KEEP_TRANSCRIPTS_DAYS="")
        jobs.start()
        assert DBOS.get_schedule(retention.SCHEDULE) is None
    finally:
        jobs.stop(patience=5)


def test_a_process_that_only_serves_pages_keeps_the_schedule_too(host):
    host(STT_KEEP_AUDIO_DAYS=3, STT_ROLE="web")
    try:
        jobs.start()
        assert DBOS.get_schedule(retention.SCHEDULE) is not None
    finally:
        jobs.stop(patience=5)


def test_all_that_is_a_visitors_goes_and_nobody_elses(host):
    mine, theirs = finished(ANN), finished(BEN)
    unused = recordings.take_in(audio.JFK, ANN)
    shared = sharing.make(mine.id, ANN, days=7, audio=True)
    program = tokens.make("Program", ANN)
    retention.delete_everything(ANN)
    assert not history.find(ANN) and not recordings.find_all([mine.recording_id, unused.id], ANN)
    assert {path.name for path in (settings().data_dir / "audio").iterdir()} == {theirs.recording_id}
    assert tokens.find(program) is None and history.find(BEN)
    with pytest.raises(NotFound):
        sharing.shared(shared)
