"""Test many jobs at a provider that fails at random, on a server that is killed at random moments.

All jobs end in the right state, and none is created twice. `--all` runs the long version.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from stt.store import records
from tests import audio
from tests.conftest import reset_caches
from tests.provider import AFTER, KEY, Provider
from tests.server import ROOT
from tests.waiting import until

WORK = """
from stt.jobs import service as jobs; from stt.store import records
from tests.waiting import until
jobs.start()
print("started", flush=True)
until(lambda: not records.open_jobs(), 900)
jobs.stop()
"""
TRANSIENT = ("429", "503", "reset-before")  # faults of a create that the provider did not accept: it is retried
CREATES_AT_ONCE = 4
LOST = ("reset-after", "truncated", "html-after")  # faults that lose the response to a create that was accepted


def test_no_job_is_lost_or_created_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    count, kills = (1000, 20) if request.config.getoption("--all") else (120, 5)
    rng = random.Random(7)
    with Provider() as provider:
        provider.script(duration=1.0)
        monkeypatch.setenv("STT_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("AIML_API_KEY", KEY)
        monkeypatch.setenv("AIML_BASE_URL", provider.url)
        monkeypatch.setenv("STT_PROVIDER_CREATES_AT_ONCE", str(CREATES_AT_ONCE))
        reset_caches()
        contents = make_jobs(count, tmp_path)
        provider.chaos("create", 0.05, TRANSIENT + LOST)
        provider.chaos("get", 0.15, ("429", "500", "502", "503", "504", "reset-before", *AFTER))
        for _ in range(kills):
            with run_jobs() as process:
                wait_for_calls(provider, provider.calls.total() + rng.randrange(5, 3 * count // kills))
                process.send_signal(signal.SIGKILL)
        with run_jobs() as process:
            assert process.wait(900) == 0
        ended = {job.id: job for job in records.jobs_of("local")}
        at_provider = {job.id: job.content for job in provider.jobs.values()}
        assert provider.duplicates == []
    reset_caches()
    states = Counter(job.state if job.state == "done" else (job.error or {}).get("kind") for job in ended.values())
    print(f"\n{count} jobs, {kills} kills: {dict(states)}; created at the provider {len(at_provider)}, twice 0")
    assert len(ended) == count
    assert set(states) <= {"done", "SubmissionUncertain"}, states
    # A job may end as uncertain only if a fault lost the response to its create, or a kill interrupted the create.
    lost_responses = sum(provider.faults["create", kind] for kind in LOST)
    assert states["SubmissionUncertain"] <= lost_responses + kills * CREATES_AT_ONCE
    assert states["done"] >= count - lost_responses - kills * CREATES_AT_ONCE > 0
    for job in ended.values():
        if job.state == "done":
            assert at_provider[job.provenance["generation_id"]] == contents[job.id]


def make_jobs(count: int, folder: Path) -> dict[str, str]:
    """Store `count` jobs with different sounds without queueing them. Return {generation id: SHA-256 of its sound}."""
    program = (
        "import sys\nfrom pathlib import Path\nimport stt\nfrom stt.jobs import queueing as jobs\n"
        "jobs.enqueue = lambda job: None\n"
        "for path in sorted(Path(sys.argv[1]).glob('*.wav')):\n"
        "    print(stt.create(path, model='#g1_whisper-base'), path, flush=True)\n"
    )
    sounds = folder / "sounds"
    sounds.mkdir()
    tone = np.sin(np.arange(4000) / 8).astype(np.float32) * 0.1
    for number in range(count):
        audio.write(sounds / f"{number:04}.wav", np.append(tone, np.full(1, number / count, np.float32)))
    result = subprocess.run(
        [sys.executable, "-c", program, str(sounds)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pairs = (line.split(" ", 1) for line in result.stdout.splitlines())
    return {key: hashlib.sha256(Path(path).read_bytes()).hexdigest() for key, path in pairs}


@contextmanager
def run_jobs() -> Iterator[subprocess.Popen]:
    """Run a process that runs open jobs until none is left, or until the `with` block ends."""
    with subprocess.Popen([sys.executable, "-c", WORK], cwd=ROOT, stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout and process.stdout.readline().strip() == b"started"
        try:
            yield process
        finally:
            process.kill()


def wait_for_calls(provider: Provider, calls: int) -> None:
    until(lambda: provider.calls.total() >= calls or (provider.jobs and not records.open_jobs()), 300, every=0.01)
