"""Test that a job fails after its recording has crashed three workers, on one machine and on several.

Other jobs still finish.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

import stt
from stt.cluster import crashes
from stt.db.engine import database
from stt.db.tables import crashes as marks
from stt.jobs import service
from stt.store import records
from tests import audio
from tests.conftest import reset_caches
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.faults.test_crash import create_jobs
from tests.waiting import until

HEARTBEAT_TIMEOUT = 6.0  # seconds; with less, a live worker on a busy machine may count as dead


@pytest.fixture(params=["sqlite", "postgresql"])
def workers(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Worker]]:
    if request.param == "postgresql":
        with fleet.queue_only_process(tmp_path, monkeypatch):
            yield [Worker(tmp_path / name, HEARTBEAT_TIMEOUT) for name in ("first", "second")]
        return
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("STT_ROLE", "web")
    reset_caches()
    yield [Worker(tmp_path / "data", HEARTBEAT_TIMEOUT)]
    reset_caches()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return three recordings, each long enough that a worker can be killed while it decodes one."""
    folder = tmp_path_factory.mktemp("clips")
    words = list(audio.librispeech())[:3]

    sound = np.concatenate([audio.samples(audio.utterance(name)) for name in words])
    return [
        audio.write(folder / f"{number}.flac", np.append(np.tile(sound, 2), sound[:number])) for number in (1, 2, 3)
    ]


def processes_of(generation_id: str) -> set[str]:
    with database().connect() as connection:
        query = sa.select(marks.c.process).where(marks.c.id == generation_id)
        return set(connection.execute(query).scalars())


def kill_during_decoding(generation_id: str, workers: list[Worker], killed: set[str]) -> None:
    """Kill the worker that is decoding this job, add its process name to `killed`, and start the worker again."""
    name = until(lambda: next(iter(processes_of(generation_id) - killed), None), 120)
    worker = next(worker for worker in workers if f"-{worker.process.pid}-" in name)
    worker.kill()
    assert name in processes_of(generation_id)
    killed.add(name)
    worker.start(ready=False)


def test_job_fails_with_a_message_after_three_crashes_and_others_finish(workers: list[Worker], clips: list[Path]):
    fatal, *others = create_jobs(3, clips)
    with ExitStack() as started:
        for worker in workers:
            worker.start(ready=False)
            started.push(worker.__exit__)
        killed: set[str] = set()
        for _ in range(crashes.MAX_CRASHES):
            kill_during_decoding(fatal, workers, killed)
        until(lambda: not records.open_jobs(), 180)
        failed = records.load(fatal, None)
        assert failed.state == "failed" and failed.error["kind"] == "UnsafeRecording"
        assert "stopped 3 times while it read this recording" in failed.error["message"]
        assert failed.error["title"] == "This recording cannot be read safely"
        assert {records.load(other, None).state for other in others} == {"done"}
    stt.retry(fatal)  # resets the count of crashes to zero; this time no worker is killed, so the job finishes
    service.stop()
    with workers[0]:
        until(lambda: records.load(fatal, None).state == "done", 120)
    assert not processes_of(fatal)


def test_sigterm_is_not_counted_as_a_crash(workers: list[Worker], clips: list[Path]):
    (generation_id,) = create_jobs(1, clips)
    for _ in range(crashes.MAX_CRASHES + 1):
        with workers[0] as worker:
            until(lambda: processes_of(generation_id), 120)
            assert worker.stop() == 0
            assert not processes_of(generation_id)
    with workers[0]:
        until(lambda: records.load(generation_id, None).state == "done", 120)
