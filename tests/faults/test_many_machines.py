"""Two workers on PostgreSQL and a shared folder of audio; one is killed, and the other takes its work over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from jiwer import wer

import stt
from stt import jobs, records
from tests import audio
from tests.bench.accuracy import normalised
from tests.conftest import forget
from tests.postgres import postgres
from tests.server import ROOT

WORKER = "from stt import jobs\nimport threading\njobs.start()\nprint('started', flush=True)\nthreading.Event().wait()\n"
TICK = threading.Event()


@pytest.fixture
def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """This process hands out work and takes none (STT_ROLE=web); the environment for workers."""
    (tmp_path / "pg").mkdir()
    with postgres(tmp_path / "pg") as address:
        shared = {"STT_DATABASE_URL": address, "STT_STORAGE": f"file://{tmp_path}/audio"}
        for name, value in {**shared, "STT_DATA_DIR": str(tmp_path / "front"), "STT_ROLE": "web"}.items():
            monkeypatch.setenv(name, value)
        forget()
        jobs.start()
        yield shared
        jobs.stop()
        forget()


class Worker:
    def __init__(self, data: Path, shared: dict[str, str]) -> None:
        environment = {**os.environ, **shared, "STT_DATA_DIR": str(data), "STT_ROLE": "worker", "STT_JOBS_AT_ONCE": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER], cwd=ROOT, env=environment, stdout=subprocess.PIPE
        )
        assert self.process.stdout and self.process.stdout.readline().strip() == b"started"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def until(condition, seconds: float):
    for _ in range(int(seconds / 0.05)):
        if found := condition():
            return found
        TICK.wait(0.05)
    raise AssertionError("it did not come about")


def test_the_work_of_a_killed_worker_is_taken_over_from_its_last_stretch(front: dict[str, str], tmp_path: Path):
    words = audio.librispeech()
    names = list(words)[:10]
    sound = np.concatenate([p for n in names for p in (audio.samples(audio.utterance(n)), audio.silence(0.6))])
    path = audio.write(tmp_path / "talk.flac", np.tile(sound, 2))
    generation_id = stt.create(path)
    first = Worker(tmp_path / "first", front)
    until(lambda: records.last_stretch(generation_id), 90)
    done_before = len(records.stretches_of(generation_id))
    first.kill()
    second = Worker(tmp_path / "second", front)
    try:
        until(lambda: (s := records.last_stretch(generation_id)) is None or s["number"] > done_before, 90)
        progress = until(lambda: (p := stt.get(generation_id)) and not p.job.pending and p, 180)
    finally:
        second.kill()
    assert progress.state == "done"
    said = " ".join(words[name] for name in names)
    assert wer(" ".join([said] * 2), normalised(progress.text)) < 0.25
    begun = jobs.DBOS.list_workflow_steps(f"{generation_id}-1")
    assert [step["function_name"] for step in begun].count("transcribe a stretch") >= 2


def test_a_worker_that_joins_takes_waiting_jobs(front: dict[str, str], tmp_path: Path):
    ids = [stt.create(path) for path in (*audio.AUSTEN, audio.JFK)]
    assert {stt.get(i).state for i in ids} == {"queued"}
    workers = [Worker(tmp_path / name, front) for name in ("first", "second")]
    try:
        texts = [until(lambda i=i: (p := stt.get(i)).transcript and p.text, 90) for i in ids]
    finally:
        for worker in workers:
            worker.kill()
    assert "leisure" in texts[0] and "selfish" in texts[1] and "country" in texts[2]
