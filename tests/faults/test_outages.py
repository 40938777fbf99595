"""What the app stands on goes away for a while: it says so, recovers by itself, and loses nothing.

`--all` runs the long versions: the database away for 30 seconds, the provider for two minutes.
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
from stt.auth import tokens, visitors
from stt.cluster import workers
from stt.db.engine import database as pool
from stt.store import records, transcripts
from tests import audio
from tests.conftest import forget
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.provider import KEY, Provider
from tests.server import ROOT, Server
from tests.waiting import TICK, until

MODEL = "#g1_nova-2-general"
FRAME = str(ROOT / "pages" / "frame.py")
NAMED = {"X-File-Name": "talk.flac"}
SAYS = "The database of this server does not answer"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with Provider() as stand_in:
        monkeypatch.setenv("AIML_API_KEY", KEY)
        monkeypatch.setenv("AIML_BASE_URL", stand_in.url)
        forget()
        yield stand_in
    forget()


def sounds(folder: Path, count: int) -> list[Path]:
    """Short sounds, each another, so that the provider sees what is created twice."""
    tone = np.sin(np.arange(4000) / 8).astype(np.float32) * 0.1
    return [
        audio.write(folder / f"{number:03}.wav", np.append(tone, np.full(1, number / count, np.float32)))
        for number in range(count)
    ]


def minutes_of_speech(folder: Path, count: int = 16) -> Path:
    clips = [audio.samples(audio.utterance(name)) for name in list(audio.librispeech())[:count]]
    return audio.write(folder / "talk.flac", np.concatenate([p for c in clips for p in (c, audio.silence(0.6))]))


def answer(server: Server) -> dict:
    return requests.get(server.url + "/healthz", timeout=30).json()


def all_done(ids: list[str]) -> bool:
    found = [records.load(generation_id, None) for generation_id in ids]
    failed = [job.error for job in found if job.state in ("failed", "cancelled")]
    assert not failed, failed
    return all(job.state == "done" for job in found)


def test_the_database_is_away(provider: Provider, tmp_path: Path, monkeypatch, request: pytest.FixtureRequest):
    seconds, count = (30, 60) if request.config.getoption("--all") else (4, 12)
    provider.script(duration=2.0)
    with fleet.front(tmp_path, monkeypatch, STT_ACCESS="shared") as database:
        fleet.watch()
        shared = {name: os.environ[name] for name in os.environ if name.startswith(("STT_", "AIML_"))}
        web = Server(tmp_path / "web", **{**shared, "STT_DATA_DIR": str(tmp_path / "web")})
        with Worker(tmp_path / "worker") as worker, web:
            ids = [stt.create(path, model=MODEL) for path in sounds(tmp_path, count)]
            ids.append(stt.create(minutes_of_speech(tmp_path)))
            until(lambda: transcripts.last_chunk(ids[-1]) and provider.jobs, 90)
            with database.away():
                until(lambda: answer(web)["missing"] == ["database"], 30)
                refused = requests.get(web.url + "/audio/some", timeout=30)
                assert refused.status_code == 503 and SAYS in refused.json()["message"]
                page = AppTest.from_file(FRAME, default_timeout=60).run()
                assert SAYS in page.error[0].value and "Nothing is lost" in page.error[0].value
                TICK.wait(seconds)
            until(lambda: answer(web)["ready"], 60)
            assert not page.run().error and page.title
            until(lambda: all_done(ids), 240)
            assert worker.process.poll() is None
        assert len(provider.jobs) == count and provider.duplicates == []
        assert set(fleet.witnessed().values()) == {1}
    print(f"\ndatabase away for {seconds} s: of {len(ids)} jobs lost 0, created twice 0, recorded twice 0")


def test_after_an_outage_nobody_is_taken_for_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog):
    """Who is the first to reach the database again finds that nobody else has given a sign of life for long."""
    monkeypatch.setattr(workers, "HEARTBEAT_INTERVAL", 0.1)
    monkeypatch.setattr(workers, "HEARTBEAT_TIMEOUT", 3.0)
    with (
        fleet.front(tmp_path, monkeypatch) as database,
        Worker(tmp_path / "worker", workers.HEARTBEAT_TIMEOUT) as worker,
    ):
        generation_id = stt.create(minutes_of_speech(tmp_path, 8))
        until(lambda: transcripts.last_chunk(generation_id), 90)
        before = records.load(generation_id, None).claim
        worker.send(signal.SIGSTOP)  # so that it is surely not the first
        with database.away():
            TICK.wait(workers.HEARTBEAT_TIMEOUT)
        until(lambda: signs_of_life() == 1, 30)
        worker.send(signal.SIGCONT)
        until(lambda: signs_of_life() == 2, 30)
        until(lambda: all_done([generation_id]), 120)
        assert records.load(generation_id, None).claim == before
    assert "of dead workers" not in caplog.text + worker.said()


def test_a_job_that_was_given_away_unheard_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog):
    """The database gave the job to a process, and its answer was lost on the way: nobody works on it."""
    monkeypatch.setattr(workers, "HEARTBEAT_INTERVAL", 0.1)
    monkeypatch.setattr(workers, "HEARTBEAT_TIMEOUT", 3.0)
    with fleet.front(tmp_path, monkeypatch):
        generation_id = stt.create(audio.JFK)
        given = sa.text(
            "UPDATE dbos.workflow_status SET status = 'PENDING', executor_id = :me, started_at_epoch_ms = created_at"
            " WHERE workflow_uuid = :id AND status = 'ENQUEUED'"
        )
        with pool().begin() as connection:
            me = {"id": f"{generation_id}-1", "me": DBOS.executor_id}
            assert connection.execute(given, me).rowcount == 1
        with Worker(tmp_path / "worker", workers.HEARTBEAT_TIMEOUT):
            until(lambda: all_done([generation_id]), 90)
    assert "requeued 1 assigned jobs" in caplog.text


def signs_of_life() -> int:
    """Return how many processes have sent a heartbeat within the last second."""
    table = workers.executors
    with pool().connect() as connection:
        recent = table.c.seen > sa.text("extract(epoch from now()) - 1")
        return connection.execute(sa.select(sa.func.count()).select_from(table).where(recent)).scalar_one()


def test_the_provider_is_away(provider: Provider, tmp_path: Path, monkeypatch, request: pytest.FixtureRequest):
    seconds, count = (120, 60) if request.config.getoption("--all") else (4, 10)
    provider.script(duration=1.0)
    with fleet.front(tmp_path, monkeypatch), Worker(tmp_path / "worker"):
        paths = sounds(tmp_path, count)
        ids = [stt.create(path, model=MODEL) for path in paths[: count // 2]]
        until(lambda: len(provider.jobs) >= count // 4, 60)
        # Of the answers of a gateway, 503 alone says that a create was surely not accepted.
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


def as_root(request: pytest.FixtureRequest, folder: Path) -> None:
    """Run this test again in a namespace in which this user is root, and may mount a disk; fails where that does."""
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    test = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", f"--basetemp={folder / 'again'}"]
    long = ["--all"] * request.config.getoption("--all")
    subprocess.run([*alone, *test, *long, request.node.nodeid], cwd=ROOT, check=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a file system of this size, which takes root."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def create(server: Server, path: Path) -> str:
    """Hand a file in as a program does; the generation id."""
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
    """Write until the disk is full: not even a page of the database fits."""
    block = b"\0" * 4096
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(block)
        except OSError:
            pass


def test_the_disk_is_full(tmp_path: Path, monkeypatch, request: pytest.FixtureRequest):
    """On SQLite, where one disk holds the audio, the database and the weights."""
    seconds = 30 if request.config.getoption("--all") else 2
    if os.geteuid() != 0:
        return as_root(request, tmp_path)
    with small_disk(tmp_path / "disk", 320) as disk:
        monkeypatch.setenv("STT_DATA_DIR", str(disk / "data"))
        monkeypatch.setenv("STT_ACCESS", "shared")
        forget()
        talk = minutes_of_speech(tmp_path)
        with Server(disk / "data", STT_ACCESS="shared") as server:
            generation_id = create(server, talk)
            until(lambda: transcripts.last_chunk(generation_id), 90)
            text = transcripts.text_so_far(generation_id)
            fill(disk / "filler")
            assert answer(server)["missing"] == ["room on the disk"]
            refused = requests.post(server.url + "/upload", data=talk.read_bytes(), headers=NAMED, timeout=60)
            assert refused.status_code == 507 and "full" in str(refused.json()), refused.text
            page = AppTest.from_file(FRAME, default_timeout=60).run()
            assert "disk of this server is full" in page.warning[0].value
            TICK.wait(seconds)
            os.unlink(disk / "filler")
            until(lambda: answer(server)["ready"], 30)
            until(lambda: all_done([generation_id]), 240)
            transcript = transcripts.transcript_of(generation_id)
            assert transcript.text.startswith(text[:40]) and transcript.duration > 60
            assert requests.post(server.url + "/upload", data=talk.read_bytes(), headers=NAMED, timeout=60).ok
        forget()
    print(f"\ndisk full for {seconds} s in the middle of a job: done, {transcript.word_count} words")


def test_a_worker_that_starts_while_the_database_is_away_waits_for_it(tmp_path: Path, monkeypatch):
    with fleet.front(tmp_path, monkeypatch) as database:
        generation_id = stt.create(audio.write(tmp_path / "quiet.wav", audio.silence(1.0)))
        with database.away():
            worker = Worker(tmp_path / "worker").start(ready=False)
            until(lambda: "trying again" in worker.said(), 60)
        until(lambda: all_done([generation_id]), 120)
        assert worker.stop() == 0
