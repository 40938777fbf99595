"""Measure whether a second worker doubles the throughput: `python -m tests.bench.workers [--jobs 12] [--turns 2]`.

The workers use PostgreSQL. Each is pinned to one core and transcribes one recording at a time with one thread.
Goal: two workers transcribe at least 1.8 times as much audio per second as one worker. Before the measurement, one job
for each worker loads the models.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pytest

import stt
from stt.store import recordings, records
from tests import audio
from tests.bench.table import print_table
from tests.faults import fleet
from tests.faults.fleet import Worker
from tests.waiting import TICK, until

LENGTH = 30.0  # seconds of each recording


def speech(folder: Path) -> Path:
    clips = [audio.samples(audio.utterance(name)) for name in audio.librispeech()]
    return audio.write(folder / "speech.flac", np.concatenate(clips)[: int(LENGTH * audio.RATE)])


def throughput(folder: Path, cores: list[int], count: int) -> float:
    """Run `count` jobs on workers, one pinned to each of `cores`, and return the seconds of audio done per second."""
    with pytest.MonkeyPatch.context() as patch, fleet.queue_only_process(folder, patch, STT_JOBS_AT_ONCE="1"):
        recording = recordings.take_in(speech(folder), "local")
        workers = [Worker(folder / f"worker-{core}", pin=core) for core in cores]
        try:
            for worker in workers:
                worker.start()
            warm = [stt.create(recording) for _ in workers]
            until(lambda: all(records.load(i, None).state == "done" for i in warm), 120)
            began = time.time()
            ids = [stt.create(recording) for _ in range(count)]
            poll_slowly(lambda: not records.open_jobs())
            jobs = [records.load(generation_id, None) for generation_id in ids]
        finally:
            for worker in workers:
                worker.kill()
    assert all(job.state == "done" for job in jobs)
    return count * LENGTH / (max(job.finished for job in jobs if job.finished) - began)


def poll_slowly(condition) -> None:
    """Wait until a condition is true. Check it only once a second, because checks use processor time too."""
    while not condition():
        TICK.wait(1.0)


def measure(count: int, turns: int) -> tuple[float, float, float]:
    """Return the median seconds of audio per second of one worker and of two, and the median ratio of two to one."""
    one, two = [], []
    for turn in range(turns):
        for name, cores, rates in (("one", [0], one), ("two", [0, 1], two)):
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder) / f"{name}-{turn}"
                place.mkdir()
                rates.append(throughput(place, cores, count * len(cores)))
    return median(one), median(two), median(b / a for a, b in zip(one, two, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=12, help="jobs per worker; default: %(default)s")
    parser.add_argument("--turns", type=int, default=2)
    arguments = parser.parse_args()
    assert {0, 1} <= os.sched_getaffinity(0), "needs two cores"
    one, two, ratio = measure(arguments.jobs, arguments.turns)
    rows = [["one worker, one core", f"{one:.2f}", "1.00"], ["two workers, two cores", f"{two:.2f}", f"{ratio:.2f}"]]
    print_table(
        "Throughput of on-device jobs (goal: a ratio of 1.8)", ["workers", "seconds of audio per second", "ratio"], rows
    )


if __name__ == "__main__":
    main()
