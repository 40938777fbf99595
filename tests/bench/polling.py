"""Compare our polling schedule with polls every 10 seconds: the delay until a finished job is noticed, and the polls.

    python -m tests.bench.polling

Jobs take 1 to 600 s, distributed log-uniformly. The duration of a job is either estimated from earlier jobs,
with an error of about a quarter, or unknown, because the job is the first of its model. Time is simulated.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from statistics import mean, median

from stt.aiml.pacing import Schedule
from tests.bench.table import print_table

JOBS = 20_000
BINS = [(1, 5), (5, 15), (15, 30), (30, 60), (60, 120), (120, 300), (300, 600), (1, 600)]


def watch(job: float, moments: Iterator[float]) -> tuple[float, int]:
    """Return (seconds from the end of a job to the next poll, number of polls) for a job that takes `job` seconds.

    `moments` yields the times of the polls, in seconds after the start of the job.
    """
    for polls, moment in enumerate(moments, start=1):
        if moment >= job:
            return moment - job, polls
    raise AssertionError("moments never end")


def fixed_moments() -> Iterator[float]:
    """Yield the times of polls in seconds: at 0, then every 10 seconds."""
    at = 0.0
    while True:
        yield at
        at += 10.0


def schedule_moments(expected: float | None) -> Iterator[float]:
    """Yield the times of polls in seconds by our schedule. `expected` is the expected duration of the job, if known."""
    schedule, at = Schedule(expected), 0.0
    while True:
        at += schedule.wait(at)
        yield at


def max_delay(job: float) -> float:
    return max(1.0, 0.08 * job)


def simulate(expect: Callable[[float, random.Random], float | None], count: int = JOBS, seed: int = 1) -> list[dict]:
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        job = math.exp(rng.uniform(0, math.log(600)))
        delay, polls = watch(job, schedule_moments(expect(job, rng)))
        fixed_delay, fixed_polls = watch(job, fixed_moments())
        rows.append(
            {"job": job, "delay": delay, "polls": polls, "fixed_delay": fixed_delay, "fixed_polls": fixed_polls}
        )
    return rows


def estimated(job: float, rng: random.Random) -> float:
    return job * math.exp(rng.gauss(0, 0.25))


def unknown(job: float, rng: random.Random) -> None:
    return None


def main() -> None:
    estimated_rows, unknown_rows = simulate(estimated), simulate(unknown)
    headers = ["job, s", "goal", "delay, estimated", "delay, unknown", "delay, every 10 s"]
    headers += ["polls, estimated", "polls, unknown", "polls, every 10 s", "most additional polls"]
    table = []
    for low, high in BINS:
        with_estimate, without = (
            [row for row in rows if low <= row["job"] <= high] for rows in (estimated_rows, unknown_rows)
        )
        delays = [
            [row["delay"] for row in with_estimate],
            [row["delay"] for row in without],
            [row["fixed_delay"] for row in with_estimate],
        ]
        polls = [
            [row["polls"] for row in with_estimate],
            [row["polls"] for row in without],
            [row["fixed_polls"] for row in with_estimate],
        ]
        table.append(
            [f"{low} to {high}", f"{median(max_delay(row['job']) for row in with_estimate):.2f}"]
            + [f"{median(each):.2f} / {mean(each):.2f}" for each in delays]
            + [f"{mean(each):.1f}" for each in polls]
            + [f"{max(row['polls'] - row['fixed_polls'] for row in [*with_estimate, *without]):+d}"]
        )
    print_table(
        "Delay from the end of a job to its notice, seconds (median / mean), and polls per job (mean)", headers, table
    )


if __name__ == "__main__":
    main()
