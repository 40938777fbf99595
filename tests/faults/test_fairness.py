"""Another visitor has 200 jobs waiting, and the newcomer's first one is the next to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import stt
from stt import kinds
from stt.jobs import service
from stt.store import recordings, records
from tests import audio
from tests.conftest import forget
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.waiting import until

CROWD, NEW = "visitor:crowd", "visitor:new"


@pytest.fixture(params=["sqlite", "postgresql"])
def working(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jobs are worked on one at a time: in this process on SQLite, by a worker on PostgreSQL."""
    monkeypatch.setenv("STT_JOBS_AT_ONCE", "1")
    if request.param == "postgresql":
        with fleet.front(tmp_path, monkeypatch), Worker(tmp_path / "worker"):
            yield
        return
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
    forget()
    service.start()
    yield
    service.stop(timeout=10)
    forget()


def test_a_newcomers_first_job_is_the_next_to_start(working: None, tmp_path: Path):
    # A second of silence: work enough for the queue, little for the machine.
    quiet = recordings.take_in(audio.write(tmp_path / "quiet.wav", audio.silence(1.0)), CROWD)
    crowd = [stt.create(quiet, owner=CROWD) for _ in range(200)]
    until(lambda: count(kinds.DONE) >= 10, 60)
    mine = recordings.take_in(tmp_path / "quiet.wav", NEW)
    newcomer = stt.create(mine, owner=NEW)
    begun = count(kinds.DONE, kinds.WORKING)
    ended = until(lambda: (p := stt.get(newcomer, owner=NEW)) and p.transcript and p, 60).job
    for generation_id in crowd:
        stt.cancel(generation_id, owner=CROWD)
    until(lambda: not records.open_jobs(), 60)
    others = [job for job in records.jobs_of(CROWD) if job.started and job.started < ended.started]
    print(f"\n{begun} of 200 had begun, and {len(others) - begun} more began before the newcomer's")
    # One may have left the queue in the moment of asking; it and the one being worked on are one job's time.
    assert len(others) - begun <= 1 and begun < 150


def count(*states: str) -> int:
    return len(records.jobs_of(CROWD, states=states))
