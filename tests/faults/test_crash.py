"""Test jobs while random workers are killed: no job is lost, done twice, or has a wrong text.

The test runs on one worker with SQLite, and on two workers with PostgreSQL. `--all` runs 200 jobs with 30 kills.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from jiwer import wer

from stt.db.engine import database
from stt.db.tables import transcripts
from stt.store import records
from stt.store import transcripts as stored_transcripts
from tests import audio
from tests.bench.accuracy import normalised
from tests.conftest import reset_caches
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.server import ROOT
from tests.waiting import TICK, until

MAKE = """
import sys
from pathlib import Path
import stt
from stt.jobs import service as jobs; from stt.store import recordings
kept = [recordings.take_in(Path(path), "local") for path in sys.argv[2:]]
for number in range(int(sys.argv[1])):
    print(stt.create(kept[number % len(kept)]), flush=True)
jobs.stop()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def workers(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Worker]]:
    heartbeat_timeout = None if request.config.getoption("--all") else 3.0
    if request.param == "postgresql":
        with fleet.queue_only_process(tmp_path, monkeypatch):
            fleet.install_triggers()
            yield [Worker(tmp_path / name, heartbeat_timeout) for name in ("first", "second")]
        return
    monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
    reset_caches()
    fleet.install_triggers()
    yield [Worker(tmp_path / "data", heartbeat_timeout)]
    reset_caches()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Return {path of a recording: its words} of several short recordings and one that is decoded in two chunks."""
    words = audio.librispeech()
    folder = tmp_path_factory.mktemp("clips")
    shortest = sorted(words, key=lambda name: audio.utterance(name).stat().st_size)[:3]
    found = {audio.utterance(name): words[name] for name in shortest}
    found[audio.JFK] = audio.JFK_WORDS
    parts = [part for name in list(words)[:3] for part in (audio.samples(audio.utterance(name)), audio.silence(0.8))]
    longer = audio.write(folder / "longer.flac", np.concatenate([*parts, audio.samples(audio.JFK)]))
    found[longer] = " ".join([*(words[name] for name in list(words)[:3]), audio.JFK_WORDS])
    return found


def create_jobs(count: int, paths: list[Path]) -> list[str]:
    """Create `count` jobs from the recordings in turn, in a process that runs no jobs, and return the job ids."""
    command = [sys.executable, "-c", MAKE, str(count), *map(str, paths)]
    environment = {**os.environ, "STT_ROLE": "web"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return result.stdout.split()


def text_of(generation_id: str) -> str:
    return stored_transcripts.transcript_of(generation_id).text


def test_no_job_is_lost_duplicated_or_wrong_after_kills(
    workers: list[Worker], clips: dict[Path, str], request: pytest.FixtureRequest
):
    count, kills = (200, 30) if request.config.getoption("--all") else (5, 2)
    paths, rng = list(clips), random.Random(6)
    undisturbed_ids = create_jobs(len(paths), paths)
    with workers[0]:
        until(lambda: not records.open_jobs(), 300)
    expected = [text_of(generation_id) for generation_id in undisturbed_ids]
    assert wer(" ".join(clips.values()), normalised(" ".join(expected))) < 0.3
    ids = create_jobs(count, paths)
    try:
        for worker in workers:
            worker.start()
        for kill in range(kills):
            # Before each kill, wait until one more share of the jobs is done, and then for a random time.
            until(lambda kill=kill: count_done(ids) >= kill * count // (kills + 1), 600)
            TICK.wait(rng.uniform(0.0, 1.5))
            worker = rng.choice(workers)
            worker.kill()
            worker.start()
        until(lambda: not records.open_jobs(), 900)
    finally:
        for worker in workers:
            if worker.process.poll() is None:
                worker.kill()
    seen = fleet.event_counts()
    lost = [i for i in ids if records.load(i, None).state != "done"]
    duplicated = [key for key, times in seen.items() if times != 1]
    wrong = [i for number, i in enumerate(ids) if i not in lost and text_of(i) != expected[number % len(paths)]]
    for i in lost:
        print(i, records.load(i, None).state, records.load(i, None).error)
    print(f"\n{count} jobs, {kills} kill -9: lost {len(lost)}, duplicated {len(duplicated)}, wrong {len(wrong)}")
    assert (lost, duplicated, wrong) == ([], [], [])
    with database().connect() as connection:
        stored = connection.execute(transcripts.select().with_only_columns(transcripts.c.id)).scalars().all()
    assert sorted(stored) == sorted(undisturbed_ids + ids) and len(records.jobs_of("local")) == len(stored)


def count_done(ids: list[str]) -> int:
    return sum(job.state == "done" for job in records.jobs_of("local", ids=ids))
