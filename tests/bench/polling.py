"""Compare our polling schedule with polls every 10 seconds: the delay until a finished job is noticed, and the polls.

    python -m tests.bench.polling

Jobs take 1 to 600 s, distributed log-uniformly. For a "learnt" job, the duration is estimated from earlier jobs, with
an error of about a quarter. An "unknown" job is the first of its model and has no estimate. Time is simulated.
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


def seed_moments() -> Iterator[float]:
    """Yield the times of polls in seconds, as the seed program polls: at 0, then every 10 seconds."""
    at = 0.0
    while True:
        yield at
        at += 10.0


def ours_moments(expected: float | None) -> Iterator[float]:
    """Yield the times of polls in seconds by our schedule. `expected` is the expected duration of the job, if known."""
    schedule, at = Schedule(expected), 0.0
    while True:
        at += schedule.wait(at)
        yield at


def allowed(job: float) -> float:
    return max(1.0, 0.08 * job)


def simulate(expect: Callable[[float, random.Random], float | None], count: int = JOBS, chance: int = 1) -> list[dict]:
    rng = random.Random(chance)
    rows = []
    for _ in range(count):
        job = math.exp(rng.uniform(0, math.log(600)))
        lost, polls = watch(job, ours_moments(expect(job, rng)))
        seed_lost, seed_polls = watch(job, seed_moments())
        rows.append({"job": job, "lost": lost, "polls": polls, "seed_lost": seed_lost, "seed_polls": seed_polls})
    return rows


def learnt(job: float, rng: random.Random) -> float:
    return job * math.exp(rng.gauss(0, 0.25))


def unknown(job: float, rng: random.Random) -> None:
    return None


def main() -> None:
    learnt_rows, unknown_rows = simulate(learnt), simulate(unknown)
    headers = ["job (s)", "allowed", "lost, learnt", "lost, unknown", "lost, every 10 s"]
    headers += ["calls, learnt", "calls, unknown", "calls, every 10 s", "more calls at most"]
    table = []
    for low, high in BINS:
        known, unlearnt = ([row for row in rows if low <= row["job"] <= high] for rows in (learnt_rows, unknown_rows))
        lost = [[row["lost"] for row in known], [row["lost"] for row in unlearnt], [row["seed_lost"] for row in known]]
        calls = [
            [row["polls"] for row in known],
            [row["polls"] for row in unlearnt],
            [row["seed_polls"] for row in known],
        ]
        table.append(
            [f"{low} to {high}", f"{median(allowed(row['job']) for row in known):.2f}"]
            + [f"{median(each):.2f} / {mean(each):.2f}" for each in lost]
            + [f"{mean(each):.1f}" for each in calls]
            + [f"{max(row['polls'] - row['seed_polls'] for row in [*known, *unlearnt]):+d}"]
        )
    print_table("Seconds between done there and shown here (median / mean), and calls of a job (mean)", headers, table)


if __name__ == "__main__":
    main()
