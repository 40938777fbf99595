"""Test that the first job of a new owner starts next while another owner has 200 jobs waiting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import stt
from stt import kinds
from stt.jobs import service
from stt.store import recordings, records
from tests import audio
from tests.conftest import reset_caches
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.waiting import until

BUSY_OWNER, NEW_OWNER = "visitor:crowd", "visitor:new"


@pytest.fixture(params=["sqlite", "postgresql"])
def working(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run jobs one at a time: in this process on SQLite, in a worker on PostgreSQL."""
    monkeypatch.setenv("STT_JOBS_AT_ONCE", "1")
    if request.param == "postgresql":
        with fleet.queue_only_process(tmp_path, monkeypatch), Worker(tmp_path / "worker"):
            yield
        return
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
    reset_caches()
    service.start()
    yield
    service.stop(timeout=10)
    reset_caches()


def test_first_job_of_a_new_owner_is_the_next_to_start(working: None, tmp_path: Path):
    # The jobs are one second of silence: they are queued like others, but need little CPU time.
    quiet = recordings.take_in(audio.write(tmp_path / "quiet.wav", audio.silence(1.0)), BUSY_OWNER)
    backlog = [stt.create(quiet, owner=BUSY_OWNER) for _ in range(200)]
    until(lambda: count(kinds.DONE) >= 10, 60)
    recording = recordings.take_in(tmp_path / "quiet.wav", NEW_OWNER)
    new_job = stt.create(recording, owner=NEW_OWNER)
    started = count(kinds.DONE, kinds.WORKING)
    ended = until(lambda: (p := stt.get(new_job, owner=NEW_OWNER)) and p.transcript and p, 60).job
    for generation_id in backlog:
        stt.cancel(generation_id, owner=BUSY_OWNER)
    until(lambda: not records.open_jobs(), 60)
    others = [job for job in records.jobs_of(BUSY_OWNER) if job.started and job.started < ended.started]
    print(f"\n{started} of 200 had begun, and {len(others) - started} more began before the newcomer's")
    # One job of the backlog may start while the new job is being created. No second job of the backlog may start
    # before the new job.
    assert len(others) - started <= 1 and started < 150


def count(*states: str) -> int:
    return len(records.jobs_of(BUSY_OWNER, states=states))
