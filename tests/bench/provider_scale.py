"""Measure a worker with many provider jobs: `python -m tests.bench.provider_scale [--jobs 1000] [--seconds 30]`.

One machine runs a worker on SQLite, and the stand-in provider in a separate process. While all jobs are at the provider
and polled as usual, the worker's processor time, memory, threads and open files are measured. Goal: less than one
core, and less than 600 MB of memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
import requests

from tests import audio
from tests.bench.table import print_table
from tests.conftest import reset_caches
from tests.faults.fleet import Worker
from tests.provider import KEY
from tests.server import ROOT, free_port
from tests.waiting import until

MODEL = "#g1_nova-2-general"
CREATE_JOBS = """
import sys
from pathlib import Path
import stt
from stt.jobs import service as jobs; from stt.store import recordings
recording = recordings.take_in(Path(sys.argv[1]), "local")
for _ in range(int(sys.argv[2])):
    stt.create(recording, model=sys.argv[3])
jobs.stop()
"""


def start_stand_in(port: int) -> subprocess.Popen:
    """Start the stand-in provider as a process and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.provider", "--port", str(port)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout and b"AIML" in process.stdout.readline()
    return process


def states() -> Counter[str]:
    """Return the number of jobs by state; the key "in flight" has the number of jobs that are at the provider."""
    import sqlalchemy as sa

    from stt.db.engine import database
    from stt.db.tables import transcriptions

    t = transcriptions.c
    with database().connect() as connection:
        found = Counter(dict(connection.execute(sa.select(t.state, sa.func.count()).group_by(t.state)).all()))
        at_provider = sa.select(sa.func.count()).where(t.state == "working", t.remote_id.is_not(None))
        found["in flight"] = connection.execute(at_provider).scalar_one()
    return found


def measure(count: int, seconds: float, stays: float) -> dict[str, float]:
    """Measure a worker for `seconds` s while `count` jobs are at the provider, where each takes `stays` seconds."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {
            "STT_DATA_DIR": str(folder / "data"), "AIML_API_KEY": KEY, "AIML_BASE_URL": f"http://127.0.0.1:{port}/v1",
            "STT_PROVIDER_JOBS_AT_ONCE": str(count), "STT_PROVIDER_CREATES_AT_ONCE": "16",
        }  # fmt: skip
        reset_caches()
        provider = start_stand_in(port)
        try:
            commands = {"script": [{"duration": stays, "seconds": 5.3}]}
            requests.post(f"http://127.0.0.1:{port}/_script", json=commands, timeout=10).raise_for_status()
            environment = {**os.environ, "STT_ROLE": "web"}
            command = [sys.executable, "-c", CREATE_JOBS, str(audio.AUSTEN[1]), str(count), MODEL]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
            with Worker(folder / "data") as worker:
                process = psutil.Process(worker.process.pid)
                before = process.memory_info().rss
                began = time.monotonic()
                until(lambda: states()["in flight"] == count, stays)
                reached = time.monotonic() - began
                used_before, at = sum(process.cpu_times()[:2]), time.monotonic()
                polls_before = calls(port)
                memory, threads, files = 0, 0, 0
                while time.monotonic() - at < seconds:
                    memory = max(memory, process.memory_info().rss)
                    threads, files = max(threads, process.num_threads()), max(files, process.num_fds())
                    time.sleep(0.5)
                assert states()["in flight"] == count, "some jobs ended early: increase `stays`"
                cores = (sum(process.cpu_times()[:2]) - used_before) / (time.monotonic() - at)
                polls = (calls(port) - polls_before) / (time.monotonic() - at)
                until(lambda: states()["done"] == count, 2 * stays + 60)
                created = len(requests.get(f"http://127.0.0.1:{port}/_state", timeout=30).json()["jobs"])
                assert created == count, f"{created} were created at the provider"
                assert worker.stop() == 0
        finally:
            provider.kill()
            provider.communicate()  # wait for the end of the process, and close its pipe
            reset_caches()
    return {
        "jobs in flight": count, "cores": cores, "memory, MB": memory / 2**20, "memory before the jobs, MB": before / 2**20,
        "threads": threads, "open files": files, "polls per second": polls, "time until all jobs were at the provider, s": reached,
    }  # fmt: skip


def calls(port: int) -> int:
    return requests.get(f"http://127.0.0.1:{port}/_state", timeout=30).json()["calls"].get("get", 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the measurement; default: %(default)s")
    parser.add_argument(
        "--stays", type=float, default=150.0, help="seconds that a job takes at the provider; default: %(default)s"
    )
    arguments = parser.parse_args()
    found = measure(arguments.jobs, arguments.seconds, arguments.stays)
    print_table(
        "One worker with provider jobs in flight", ["measurement", "value"], [[k, f"{v:.2f}"] for k, v in found.items()]
    )


if __name__ == "__main__":
    main()
