"""How long a finished job goes unnoticed, and what finding out costs: our polls against asking every 10 seconds.

    python -m tests.bench.polling

Jobs of 1 to 600 s, as many short as long ones (log-uniform). "Learnt" expects the time from history with an error of
about a quarter either way; "unknown" is the first job of a model. Time is simulated.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from statistics import mean, median

from stt.polling import Schedule

JOBS = 20_000
BINS = [(1, 5), (5, 15), (15, 30), (30, 60), (60, 120), (120, 300), (300, 600), (1, 600)]


def watch(job: float, moments: Iterator[float]) -> tuple[float, int]:
    """(seconds between done there and shown here, polls made) for a job of `job` seconds."""
    for polls, moment in enumerate(moments, start=1):
        if moment >= job:
            return moment - job, polls
    raise AssertionError("moments never end")


def seed_moments() -> Iterator[float]:
    """At once, then every 10 seconds."""
    at = 0.0
    while True:
        yield at
        at += 10.0


def ours_moments(expected: float | None) -> Iterator[float]:
    """The polls of a job that asks the schedule anew after each, as a restarted one does."""
    schedule, at = Schedule(expected), 0.0
    while True:
        at += schedule.wait(at)
        yield at


def allowed(job: float) -> float:
    return max(1.0, 0.08 * job)


def simulate(expect: Callable[[float, random.Random], float | None], count: int = JOBS, chance: int = 1) -> list[dict]:
    draw = random.Random(chance)
    rows = []
    for _ in range(count):
        job = math.exp(draw.uniform(0, math.log(600)))
        lost, polls = watch(job, ours_moments(expect(job, draw)))
        seed_lost, seed_polls = watch(job, seed_moments())
        rows.append({"job": job, "lost": lost, "polls": polls, "seed_lost": seed_lost, "seed_polls": seed_polls})
    return rows


def learnt(job: float, draw: random.Random) -> float:
    return job * math.exp(draw.gauss(0, 0.25))


def unknown(job: float, draw: random.Random) -> None:
    return None


def main() -> None:
    learnt_rows, unknown_rows = simulate(learnt), simulate(unknown)
    print("| job (s) | allowed (s) | lost, learnt: median / mean | lost, unknown | lost, every 10 s "
          "| polls more, learnt: mean / most | unknown |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for low, high in BINS:
        known = [row for row in learnt_rows if low <= row["job"] <= high]
        blind = [row for row in unknown_rows if low <= row["job"] <= high]
        limit = median(allowed(row["job"]) for row in known)
        cells = [
            f"{median(r['lost'] for r in rows):.2f} / {mean(r['lost'] for r in rows):.2f}" for rows in (known, blind)
        ]
        cells.append(f"{median(r['seed_lost'] for r in known):.2f} / {mean(r['seed_lost'] for r in known):.2f}")
        for rows in (known, blind):
            more = [row["polls"] - row["seed_polls"] for row in rows]
            cells.append(f"{mean(more):+.1f} / {max(more):+d}")
        print(f"| {low} to {high} | {limit:.2f} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
