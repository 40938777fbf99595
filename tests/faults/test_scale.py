"""Run the benchmarks of scale and the soak test, briefly or with `--all` at full length, and check their figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import provider_scale, queue_cost, soak, workers
from tests.bench.table import print_table

pytestmark = pytest.mark.alone


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("--all")


def test_one_worker_keeps_many_provider_jobs_in_flight(long: bool):
    count, seconds, stays = (1000, 30, 150) if long else (40, 1, 12)
    found = provider_scale.measure(count, seconds, stays)
    print_table(
        "One worker with provider jobs in flight", ["measurement", "value"], [[k, f"{v:.2f}"] for k, v in found.items()]
    )
    assert found["jobs in flight"] == count and found["memory, MB"] < 600


def test_two_workers_share_the_work(long: bool, tmp_path: Path):
    if long:
        one, two, ratio = workers.measure(12, 2)
        print(f"\none worker {one:.2f}, two workers {two:.2f} seconds of audio per second: {ratio:.2f} times")
    else:
        assert workers.throughput(tmp_path, [0, 1], 2) > 0


def test_cost_of_a_job_does_not_depend_on_the_queue_length(long: bool):
    kinds, lengths, sample = (
        (("sqlite", "postgresql"), (100, 1000, 10_000), 100) if long else (("sqlite",), (20, 300), 10)
    )
    for kind in kinds:
        costs = [queue_cost.measure(kind, length, sample) for length in lengths]
        for length, cost in zip(lengths, costs, strict=True):
            print(f"\n{kind}, {length} queued: {cost}")
        for steps in ([cost.create_steps for cost in costs], [cost.run_steps for cost in costs]):
            # If a job's steps depended on the queue length, a queue ten times as long would need ten times as many.
            # Fewer steps are fine: PostgreSQL may change its plan.
            assert all(0 < later < 1.5 * steps[0] for later in steps)


def test_mixed_load_leaves_nothing_behind(long: bool):
    minutes = 30 if long else 0.25
    figures, load = soak.soak(minutes)
    print_table(f"Resource use in {minutes} minutes of mixed load", ["measurement", "after warming up", "at the end"],
                [[k, f"{a:.1f}", f"{b:.1f}"] for k, (a, b) in figures.items()])  # fmt: skip
    print(f"\n{dict(load.done)}")
    assert not load.failures, load.failures[:5]
    assert all(load.done[who] for who in ("transcriber", "provider_user", "reader", "watcher"))
    if long:
        assert all(last <= first * 1.05 for first, last in figures.values()), figures
