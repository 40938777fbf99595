"""Test outages of the database, the provider and the disk: the app reports them, recovers, and loses nothing.

`--all` runs the long versions: a database outage of 30 seconds, a provider outage of two minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import requests
import sqlalchemy as sa
from dbos import DBOS
from streamlit.testing.v1 import AppTest

import stt
from stt import kinds
from stt.auth import tokens, visitors
from stt.cluster import workers
from stt.db.engine import database as pool
from stt.engines import provider as engines
from stt.jobs.workflow import _JobContext
from stt.store import records, transcripts
from tests import audio
from tests.conftest import reset_caches
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.provider import KEY, Provider
from tests.quotas import job
from tests.server import ROOT, Server
from tests.waiting import TICK, until

MODEL = "#g1_nova-2-general"
FRAME = str(ROOT / "pages" / "frame.py")
NAMED = {"X-File-Name": "talk.flac"}
DATABASE_AWAY = "The database of this server does not answer"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with Provider() as stand_in:
        monkeypatch.setenv("AIML_API_KEY", KEY)
        monkeypatch.setenv("AIML_BASE_URL", stand_in.url)
        reset_caches()
        yield stand_in
    reset_caches()


def sounds(folder: Path, count: int) -> list[Path]:
    """Write short sounds that all differ, so that the stand-in provider notices if a sound is submitted twice."""
    tone = np.sin(np.arange(4000) / 8).astype(np.float32) * 0.1
    return [
        audio.write(folder / f"{number:03}.wav", np.append(tone, np.full(1, number / count, np.float32)))
        for number in range(count)
    ]


def minutes_of_speech(folder: Path, count: int = 16) -> Path:
    clips = [audio.samples(audio.utterance(name)) for name in list(audio.librispeech())[:count]]
    return audio.write(folder / "talk.flac", np.concatenate([p for c in clips for p in (c, audio.silence(0.6))]))


def health(server: Server) -> dict:
    return requests.get(server.url + "/healthz", timeout=30).json()


def all_done(ids: list[str]) -> bool:
    found = [records.load(generation_id, None) for generation_id in ids]
    failed = [job.error for job in found if job.state in ("failed", "cancelled")]
    assert not failed, failed
    return all(job.state == "done" for job in found)


def test_app_reports_a_database_outage_and_loses_no_job(
    provider: Provider, tmp_path: Path, monkeypatch, request: pytest.FixtureRequest
):
    seconds, count = (30, 60) if request.config.getoption("--all") else (4, 12)
    provider.script(duration=2.0)
    with fleet.queue_only_process(tmp_path, monkeypatch, STT_ACCESS="shared") as database:
        fleet.install_triggers()
        shared = {name: os.environ[name] for name in os.environ if name.startswith(("STT_", "AIML_"))}
        web = Server(tmp_path / "web", **{**shared, "STT_DATA_DIR": str(tmp_path / "web")})
        with Worker(tmp_path / "worker") as worker, web:
            ids = [stt.create(path, model=MODEL) for path in sounds(tmp_path, count)]
            ids.append(stt.create(minutes_of_speech(tmp_path)))
            until(lambda: transcripts.last_chunk(ids[-1]) and provider.jobs, 90)
            with database.away():
                until(lambda: health(web)["missing"] == ["database"], 30)
                refused = requests.get(web.url + "/audio/some", timeout=30)
                assert refused.status_code == 503 and DATABASE_AWAY in refused.json()["message"]
                page = AppTest.from_file(FRAME, default_timeout=60).run()
                assert DATABASE_AWAY in page.error[0].value and "Nothing is lost" in page.error[0].value
                TICK.wait(seconds)
            until(lambda: health(web)["ready"], 60)
            assert not page.run().error and page.title
            until(lambda: all_done(ids), 240)
            assert worker.process.poll() is None
        assert len(provider.jobs) == count and provider.duplicates == []
        assert set(fleet.event_counts().values()) == {1}
    print(f"\ndatabase away for {seconds} s: of {len(ids)} jobs lost 0, created twice 0, recorded twice 0")


def test_no_worker_counts_as_dead_after_a_database_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog):
    """Let this process reach the database first after the outage, when the worker's last heartbeat is too old."""
    monkeypatch.setattr(workers, "HEARTBEAT_INTERVAL", 0.1)
    monkeypatch.setattr(workers, "HEARTBEAT_TIMEOUT", 3.0)
    with (
        fleet.queue_only_process(tmp_path, monkeypatch) as database,
        Worker(tmp_path / "worker", workers.HEARTBEAT_TIMEOUT) as worker,
    ):
        generation_id = stt.create(minutes_of_speech(tmp_path, 8))
        until(lambda: transcripts.last_chunk(generation_id), 90)
        before = records.load(generation_id, None).claim
        worker.send(signal.SIGSTOP)  # stalled until this process has sent a heartbeat after the outage
        with database.away():
            TICK.wait(workers.HEARTBEAT_TIMEOUT)
        until(lambda: live_process_count() == 1, 30)
        worker.send(signal.SIGCONT)
        until(lambda: live_process_count() == 2, 30)
        until(lambda: all_done([generation_id]), 120)
        assert records.load(generation_id, None).claim == before
    assert "of dead workers" not in caplog.text + worker.log_text()


def test_job_assigned_to_a_process_that_does_not_run_it_is_requeued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
):
    """Assign the job to this process in the database only, as if the database's response had been lost."""
    monkeypatch.setattr(workers, "HEARTBEAT_INTERVAL", 0.1)
    monkeypatch.setattr(workers, "HEARTBEAT_TIMEOUT", 3.0)
    with fleet.queue_only_process(tmp_path, monkeypatch):
        generation_id = stt.create(audio.JFK)
        assignment = sa.text(
            "UPDATE dbos.workflow_status SET status = 'PENDING', executor_id = :me, started_at_epoch_ms = created_at"
            " WHERE workflow_uuid = :id AND status = 'ENQUEUED'"
        )
        with pool().begin() as connection:
            parameters = {"id": f"{generation_id}-1", "me": DBOS.executor_id}
            assert connection.execute(assignment, parameters).rowcount == 1
        with Worker(tmp_path / "worker", workers.HEARTBEAT_TIMEOUT):
            until(lambda: all_done([generation_id]), 90)
    assert "requeued 1 assigned jobs" in caplog.text


def live_process_count() -> int:
    """Return how many processes have sent a heartbeat within the last second."""
    table = workers.executors
    with pool().connect() as connection:
        recent = table.c.seen > sa.text("extract(epoch from now()) - 1")
        return connection.execute(sa.select(sa.func.count()).select_from(table).where(recent)).scalar_one()


def test_provider_outage_loses_no_job_and_creates_none_twice(
    provider: Provider, tmp_path: Path, monkeypatch, request: pytest.FixtureRequest
):
    seconds, count = (120, 60) if request.config.getoption("--all") else (4, 10)
    provider.script(duration=1.0)
    with fleet.queue_only_process(tmp_path, monkeypatch), Worker(tmp_path / "worker"):
        paths = sounds(tmp_path, count)
        ids = [stt.create(path, model=MODEL) for path in paths[: count // 2]]
        until(lambda: len(provider.jobs) >= count // 4, 60)
        # Creates fail only with 503: after 502 or 504 it would be unknown whether the provider accepted the create.
        provider.chaos("create", 1.0, ("503",))
        provider.chaos("get", 1.0, ("reset-before", "502", "503", "504"))
        ids += [stt.create(path, model=MODEL) for path in paths[count // 2 :]]
        until(lambda: any("does not answer" in (j.stage or "") for j in records.jobs_of("local", ids=ids)), 60)
        TICK.wait(seconds)
        for call in ("create", "get"):
            provider.chaos(call, 0.0, ())
        until(lambda: all_done(ids), 240)
        assert len(provider.jobs) == count and provider.duplicates == []
    print(f"\nprovider away for {seconds} s: of {count} jobs lost 0, created twice 0")


def test_create_that_the_provider_refuses_as_a_connection_to_the_database_breaks_is_sent_again(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Break the connection that is to note the refusal, as a restart of the database does."""
    provider.fault("create", "503", retry_after=0)
    broken = []

    def break_once(connection: sa.Connection, _cursor: object, statement: str, parameters: dict, *_: object) -> None:
        if not broken and "SET sent=" in statement and parameters["sent"] is None:
            broken.append(connection.connection.driver_connection)
            broken[0].close()

    with fleet.queue_only_process(tmp_path, monkeypatch):
        refused = job("local", engine=kinds.PROVIDER, state=kinds.WORKING, url="https://example.org/a.mp3")
        records.insert(refused)
        sa.event.listen(pool(), "before_cursor_execute", break_once)
        outcome = engines.Provider().run(_JobContext(refused))
    assert broken and outcome.transcript.text and provider.calls["create"] == 2 and len(provider.jobs) == 1


def as_root(request: pytest.FixtureRequest, folder: Path) -> None:
    """Run this test again, as root of a new namespace in which it may mount a disk, and check that it passes."""
    in_namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    test = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", f"--basetemp={folder / 'again'}"]
    long = ["--all"] * request.config.getoption("--all")
    subprocess.run([*in_namespace, *test, *long, request.node.nodeid], cwd=ROOT, check=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a file system of `megabytes` MB at `folder` during the `with` block. Only root can do this."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def create(server: Server, path: Path) -> str:
    """Create a job from a file through the REST routes, and return its generation id."""
    token = tokens.create("test", visitors.SHARED)
    answer = requests.post(
        server.url + "/v1/stt/create",
        data={"model": "local/whisper-base"},
        files={"audio": (path.name, path.read_bytes(), "audio/flac")},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert answer.ok, answer.text
    return answer.json()["generation_id"]


def fill(path: Path) -> None:
    """Write blocks of 4 KiB to the file `path` until the disk is full: not even a page of the database has room."""
    block = b"\0" * 4096
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(block)
        except OSError:
            pass


def test_app_reports_a_full_disk_and_the_job_continues_after_it(
    tmp_path: Path, monkeypatch, request: pytest.FixtureRequest
):
    """Use SQLite, so that the database is on the full disk too, beside the audio and the weights."""
    seconds = 30 if request.config.getoption("--all") else 2
    if os.geteuid() != 0:
        return as_root(request, tmp_path)
    with small_disk(tmp_path / "disk", 320) as disk:
        monkeypatch.setenv("STT_DATA_DIR", str(disk / "data"))
        monkeypatch.setenv("STT_ACCESS", "shared")
        reset_caches()
        talk = minutes_of_speech(tmp_path)
        with Server(disk / "data", STT_ACCESS="shared") as server:
            generation_id = create(server, talk)
            until(lambda: transcripts.last_chunk(generation_id), 90)
            text = transcripts.text_so_far(generation_id)
            fill(disk / "filler")
            assert health(server)["missing"] == ["room on the disk"]
            refused = requests.post(server.url + "/upload", data=talk.read_bytes(), headers=NAMED, timeout=60)
            assert refused.status_code == 507 and "full" in str(refused.json()), refused.text
            page = AppTest.from_file(FRAME, default_timeout=60).run()
            assert "disk of this server is full" in page.warning[0].value
            TICK.wait(seconds)
            os.unlink(disk / "filler")
            until(lambda: health(server)["ready"], 30)
            until(lambda: all_done([generation_id]), 240)
            transcript = transcripts.transcript_of(generation_id)
            assert transcript.text.startswith(text[:40]) and transcript.duration > 60
            assert requests.post(server.url + "/upload", data=talk.read_bytes(), headers=NAMED, timeout=60).ok
        reset_caches()
    print(f"\ndisk full for {seconds} s in the middle of a job: done, {transcript.word_count} words")


def test_worker_that_starts_during_a_database_outage_waits_for_it(tmp_path: Path, monkeypatch):
    with fleet.queue_only_process(tmp_path, monkeypatch) as database:
        generation_id = stt.create(audio.write(tmp_path / "quiet.wav", audio.silence(1.0)))
        with database.away():
            worker = Worker(tmp_path / "worker").start(ready=False)
            until(lambda: "trying again" in worker.log_text(), 60)
        until(lambda: all_done([generation_id]), 120)
        assert worker.stop() == 0
