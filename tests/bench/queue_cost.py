"""Measure the cost of a job by queue length: `python -m tests.bench.queue_cost [--lengths 100 1000 10000]`.

The jobs are one second of silence, so that nearly all of their cost is the cost of the queue. For each queue length,
the benchmark measures the cost of creating one more job, and of taking and finishing one, in milliseconds of processor
time and in database steps (SQLite: instructions of its virtual machine; PostgreSQL: rows and index entries read by all
connections). Goal: the same cost at all lengths.

On PostgreSQL a separate worker process takes the jobs. On SQLite only one process at a time can use the data folder, so
this process first creates the jobs in the role `web`, and then restarts the job engine in the role `all` to take them.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from itertools import cycle, islice
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

import stt
from stt import kinds
from stt.db.engine import database
from stt.jobs import service as jobs
from stt.store import recordings, records
from stt.store.recordings import Recording
from tests import audio
from tests.bench.table import print_table
from tests.conftest import reset_caches
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.waiting import until

SAMPLE = 100  # number of measured jobs
WARM = 20  # maximum number of jobs that run before the measurement begins; the first one loads the model
VISITORS = 50
READ = "SELECT tup_returned FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True)
class Cost:
    """Represent the cost of one job, in milliseconds and in database steps (see the module's docstring)."""

    create_wall: float
    create_processor: float
    create_steps: float
    run_processor: float
    run_steps: float

    @staticmethod
    def of(jobs: int, clock: float, used: float, create_steps: float, run_seconds: float, run_steps: float) -> Cost:
        """Return the cost of one job.

        Creating `jobs` jobs took `clock` seconds, `used` seconds of processor time and `create_steps` database
        steps. Taking and finishing them took `run_seconds` seconds of processor time and `run_steps` steps.
        """
        return Cost(
            1000 * clock / jobs, 1000 * used / jobs, create_steps / jobs, 1000 * run_seconds / jobs, run_steps / jobs
        )


def on_sqlite(folder: Path, patch: pytest.MonkeyPatch, length: int, sample: int) -> Cost:
    for name, value in {"STT_DATA_DIR": str(folder / "data"), "STT_ROLE": "web", "STT_JOBS_AT_ONCE": "1"}.items():
        patch.setenv(name, value)
    reset_caches()
    with counted() as steps:
        try:
            silent = store_silence(folder)
            ids = create_jobs(silent, length)[0]
            before = steps[threading.get_ident()]
            measured_ids, clock, used = create_jobs(silent, sample)
            create_steps = steps[threading.get_ident()] - before
            jobs.stop()
            patch.setenv("STT_ROLE", "all")
            reset_caches()
            jobs.start()
            begin, end = measured_span(ids + measured_ids, length, sample)
            wait_until_done(begin)
            # Leave this thread out of the measurement, because it only polls.
            before, cpu_before = steps_of_other_threads(steps), time.process_time() - time.thread_time()
            wait_until_done(end)
            run_seconds, run_steps = (
                time.process_time() - time.thread_time() - cpu_before,
                steps_of_other_threads(steps) - before,
            )
        finally:
            jobs.stop(timeout=10)
            reset_caches()
    return Cost.of(sample, clock, used, create_steps, run_seconds, run_steps)


def on_postgresql(folder: Path, patch: pytest.MonkeyPatch, length: int, sample: int) -> Cost:
    with fleet.queue_only_process(folder, patch, STT_JOBS_AT_ONCE="1"):
        silent = store_silence(folder)
        ids = create_jobs(silent, length)[0]
        with database().begin() as connection:
            connection.execute(sa.text("ANALYZE"))  # update the statistics, which autovacuum would do within a minute
        before = rows_read()
        measured_ids, clock, used = create_jobs(silent, sample)
        create_steps = rows_read() - before
        with Worker(folder / "worker") as worker:
            process = psutil.Process(worker.process.pid)
            begin, end = measured_span(ids + measured_ids, length, sample)
            wait_until_done(begin)
            cpu_before, before = sum(process.cpu_times()[:2]), rows_read()
            wait_until_done(end)
            run_seconds, run_steps = sum(process.cpu_times()[:2]) - cpu_before, rows_read() - before
    return Cost.of(sample, clock, used, create_steps, run_seconds, run_steps)


KINDS = {"sqlite": on_sqlite, "postgresql": on_postgresql}


def measured_span(ids: list[str], length: int, sample: int) -> tuple[str, str]:
    """Return the ids of two jobs: the measurement lasts from the end of the first to the end of the second.

    `ids` are the ids of all jobs in the order in which they run.
    """
    begin = min(WARM, length // 2)
    return ids[begin - 1], ids[begin + sample - 1]


def store_silence(folder: Path) -> list[Recording]:
    """Store a recording of one second of silence for each of VISITORS visitors."""
    path = audio.write(folder / "quiet.wav", audio.silence(1.0))
    return [recordings.take_in(path, f"visitor:{number}") for number in range(VISITORS)]


def create_jobs(silent: list[Recording], count: int) -> tuple[list[str], float, float]:
    """Create `count` jobs, and return (their ids, seconds of wall time, seconds of this thread's processor time)."""
    clock, used = time.perf_counter(), time.thread_time()
    ids = [stt.create(recording, owner=recording.owner) for recording in islice(cycle(silent), count)]
    return ids, time.perf_counter() - clock, time.thread_time() - used


@contextmanager
def counted() -> Iterator[Counter[int]]:
    """Count by thread the virtual machine instructions of SQLite, whose number grows with the rows that are read."""
    steps: Counter[int] = Counter()

    def step() -> None:
        steps[threading.get_ident()] += 1

    def count(connection, _record) -> None:
        connection.set_progress_handler(step, 1)

    sa.event.listen(sa.Engine, "connect", count)
    try:
        yield steps
    finally:
        sa.event.remove(sa.Engine, "connect", count)


def steps_of_other_threads(steps: Counter[int]) -> int:
    return sum(steps.copy().values()) - steps[threading.get_ident()]


def rows_read() -> int:
    """Return the rows read by all connections so far. Wait first, because connections report them up to 1 s late."""
    threading.Event().wait(1.5)
    with database().connect() as connection:
        return connection.execute(sa.text(READ)).scalar_one()


def wait_until_done(generation_id: str) -> None:
    """Wait until this job is done. Each poll reads only one row, so it hardly changes the counted steps."""
    until(lambda: is_done(generation_id), 120)


def is_done(generation_id: str) -> bool:
    state = records.load(generation_id, None).state
    assert state != kinds.FAILED
    return state == kinds.DONE


def measure(kind: str, length: int, sample: int = SAMPLE) -> Cost:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        return KINDS[kind](Path(folder), patch, length, sample)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    arguments = parser.parse_args()
    for kind in arguments.kinds:
        print_table(
            f"Cost of a job on {kind}, in ms and in database steps",
            [
                "queued jobs",
                "create: wall, ms",
                "create: processor, ms",
                "create: steps",
                "run: processor, ms",
                "run: steps",
            ],
            [
                [f"{length:,}", *(f"{value:.2f}" for value in astuple(measure(kind, length)))]
                for length in arguments.lengths
            ],
        )


if __name__ == "__main__":
    main()
