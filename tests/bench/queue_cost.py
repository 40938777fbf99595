"""What a job costs when 100 wait and when 10,000 do: `python -m tests.bench.queue_cost [--lengths 100 1000 10000]`.

Jobs of one second of silence, so that nearly all of the work is the queue's. Measured for each length of the queue, in
milliseconds of processor time: making one more job, and taking one and finishing it. To reach: the same at all lengths.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

import stt
from stt import jobs, records, recordings
from stt.database import database, transcriptions
from tests import audio
from tests.bench.table import print_table
from tests.conftest import forget
from tests.faults import fleet
from tests.faults.fleet import Worker

SAMPLE = 100  # jobs measured
WARM = 20  # jobs before, by which the model is loaded


@contextmanager
def on_sqlite(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {"STT_DATA_DIR": str(folder / "data"), "STT_ROLE": "web", "STT_JOBS_AT_ONCE": "1"}.items():
        patch.setenv(name, value)
    forget()
    jobs.start()
    yield
    jobs.stop()
    forget()


def cost(kind: str, length: int, sample: int) -> tuple[float, float, float]:
    """Milliseconds: on the clock to make a job, processor time to make one, processor time to take and finish one."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        place: AbstractContextManager = on_sqlite(folder, patch)
        if kind == "postgresql":
            place = fleet.front(folder, patch, STT_JOBS_AT_ONCE="1")
        with place:
            recording = recordings.take_in(audio.write(folder / "quiet.wav", audio.silence(1.0)), "local")
            for number in range(length):
                stt.create(recording, owner=f"visitor:{number % 50}")
            clock, used = time.perf_counter(), time.process_time()
            for number in range(sample):
                stt.create(recording, owner=f"visitor:{number % 50}")
            clock, used = time.perf_counter() - clock, time.process_time() - used
            with Worker(folder / ("data" if kind == "sqlite" else "worker")) as worker:
                process = psutil.Process(worker.process.pid)
                reach(min(WARM, length // 2))
                before, at = sum(process.cpu_times()[:2]), done()
                reach(at + sample - 1)
                working = sum(process.cpu_times()[:2]) - before
                working /= done() - at
        return clock / sample * 1000, used / sample * 1000, working * 1000


def reach(number: int) -> None:
    fleet.until(lambda: done() >= number, 120)


def done() -> int:
    with database().connect() as connection:
        query = sa.select(sa.func.count()).where(transcriptions.c.state == records.DONE)
        return connection.execute(query).scalar_one()


def measure(kind: str, lengths: list[int], sample: int = SAMPLE) -> dict[int, tuple[float, float, float]]:
    """Length of the queue -> what `cost` gives."""
    return {length: cost(kind, length, sample) for length in lengths}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--kinds", nargs="+", default=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    for kind in arguments.kinds:
        found = measure(kind, arguments.lengths)
        print_table(
            f"Cost of a job on {kind}, in ms",
            ["waiting", "making one, clock", "making one, processor", "taking and finishing one, processor"],
            [[f"{length:,}", *(f"{value:.2f}" for value in costs)] for length, costs in found.items()],
        )


if __name__ == "__main__":
    main()
