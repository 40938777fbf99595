"""So many work at once; who comes first goes first, but for those who may go before all."""

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
    """Let all wait in order, those named "first…" with priority. Return the order in which they ran."""
    had: list[str] = []

    def take(name: str) -> None:
        with semaphore.acquire(check_cancelled, priority=name.startswith("first")):
            had.append(name)

    futures = []
    for name in names:
        futures.append(pool.submit(take, name))
        until(lambda: waiting(semaphore) == len(futures))
    return had, futures


def test_no_more_than_given_work_at_once(pool):
    semaphore, meeting = PrioritySemaphore(2), threading.Barrier(2, timeout=10)
    at_work, most = [0], []

    def work() -> None:
        with semaphore.acquire(not_cancelled):
            at_work[0] += 1
            meeting.wait()
            most.append(at_work[0])
            meeting.wait()
            at_work[0] -= 1

    for future in [pool.submit(work) for _ in range(6)]:
        future.result(timeout=20)
    assert len(most) == 6 and max(most) <= 2


def test_turns_go_by_who_came_first_and_those_who_may_before_them(pool):
    semaphore = PrioritySemaphore(1)
    with semaphore.acquire(not_cancelled):
        had, futures = queue(pool, semaphore, ["a", "b", "first 1", "c", "first 2"])
    for future in futures:
        future.result(timeout=10)
    assert had == ["first 1", "first 2", "a", "b", "c"]


def test_who_waits_is_asked_and_may_leave(pool):
    semaphore, cancelled = PrioritySemaphore(1), threading.Event()

    def check_cancelled() -> None:
        if cancelled.is_set():
            raise Cancelled()

    with semaphore.acquire(not_cancelled):
        had, leaving = queue(pool, semaphore, ["a"], check_cancelled)
        stays = pool.submit(semaphore.acquire(not_cancelled).__enter__)
        until(lambda: waiting(semaphore) == 2)
        cancelled.set()
        with pytest.raises(Cancelled):
            leaving[0].result(timeout=10)
        assert not stays.done()
    stays.result(timeout=10)
    assert had == [] and waiting(semaphore) == 0


def test_who_is_asked_with_the_turn_and_leaves_gives_it_back():
    semaphore = PrioritySemaphore(1)

    def check_cancelled() -> None:
        raise Cancelled()

    with pytest.raises(Cancelled), semaphore.acquire(check_cancelled):
        raise AssertionError("nobody works here")
    with semaphore.acquire(not_cancelled):
        assert semaphore._free == 0
    assert semaphore._free == 1


def test_who_goes_first_leaves_a_turn_to_the_others_while_they_wait(pool):
    """Many short recordings beside a long one."""
    semaphore = PrioritySemaphore(2)
    with semaphore.acquire(not_cancelled, priority=True):
        with semaphore.acquire(not_cancelled):
            had, futures = queue(pool, semaphore, ["first 1", "first 2", "window 1", "window 2"])
        for future in futures:
            future.result(timeout=10)
    assert had == ["window 1", "window 2", "first 1", "first 2"]
