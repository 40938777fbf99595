"""Test the concurrency limit, the order of arrival and the priority of the semaphore."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from stt.errors import Cancelled
from stt.whisper.fair_semaphore import PrioritySemaphore
from tests.waiting import until


def not_cancelled() -> None:
    pass


def waiting(semaphore: PrioritySemaphore) -> int:
    return len(semaphore._waiting)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as pool:
        yield pool


def queue(
    pool: ThreadPoolExecutor, semaphore: PrioritySemaphore, names: list[str], check_cancelled=not_cancelled
) -> tuple[list[str], list]:
    """Queue a caller for each name, with priority if the name begins with "first".

    Return a list to which each name is added when its caller gets a permit, and the futures of the callers.
    """
    order: list[str] = []

    def take(name: str) -> None:
        with semaphore.acquire(check_cancelled, priority=name.startswith("first")):
            order.append(name)

    futures = []
    for name in names:
        futures.append(pool.submit(take, name))
        until(lambda: waiting(semaphore) == len(futures))
    return order, futures


def test_no_more_than_the_limit_run_at_once(pool):
    semaphore, meeting = PrioritySemaphore(2), threading.Barrier(2, timeout=10)
    running, counts = [0], []

    def work() -> None:
        with semaphore.acquire(not_cancelled):
            running[0] += 1
            meeting.wait()
            counts.append(running[0])
            meeting.wait()
            running[0] -= 1

    for future in [pool.submit(work) for _ in range(6)]:
        future.result(timeout=20)
    assert len(counts) == 6 and max(counts) <= 2


def test_permits_go_in_order_of_arrival_after_callers_with_priority(pool):
    semaphore = PrioritySemaphore(1)
    with semaphore.acquire(not_cancelled):
        order, futures = queue(pool, semaphore, ["a", "b", "first 1", "c", "first 2"])
    for future in futures:
        future.result(timeout=10)
    assert order == ["first 1", "first 2", "a", "b", "c"]


def test_waiting_caller_can_be_cancelled(pool):
    semaphore, cancelled = PrioritySemaphore(1), threading.Event()

    def check_cancelled() -> None:
        if cancelled.is_set():
            raise Cancelled()

    with semaphore.acquire(not_cancelled):
        order, leaving = queue(pool, semaphore, ["a"], check_cancelled)
        stays = pool.submit(semaphore.acquire(not_cancelled).__enter__)
        until(lambda: waiting(semaphore) == 2)
        cancelled.set()
        with pytest.raises(Cancelled):
            leaving[0].result(timeout=10)
        assert not stays.done()
    stays.result(timeout=10)
    assert order == [] and waiting(semaphore) == 0


def test_caller_cancelled_with_a_permit_releases_it():
    semaphore = PrioritySemaphore(1)

    def check_cancelled() -> None:
        raise Cancelled()

    with pytest.raises(Cancelled), semaphore.acquire(check_cancelled):
        raise AssertionError("nobody works here")
    with semaphore.acquire(not_cancelled):
        assert semaphore._free == 0
    assert semaphore._free == 1


def test_callers_with_priority_leave_a_permit_to_waiting_others(pool):
    """Imitate many short recordings, which have priority, beside the windows of a long recording."""
    semaphore = PrioritySemaphore(2)
    with semaphore.acquire(not_cancelled, priority=True):
        with semaphore.acquire(not_cancelled):
            order, futures = queue(pool, semaphore, ["first 1", "first 2", "window 1", "window 2"])
        for future in futures:
            future.result(timeout=10)
    assert order == ["window 1", "window 2", "first 1", "first 2"]
