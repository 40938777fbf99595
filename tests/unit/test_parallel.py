"""Test the pool that decodes parts of recordings: tasks run in parallel, and results come in the order of the tasks."""

from __future__ import annotations

import threading

import pytest

from stt.whisper.parallel import DecodePool
from tests.waiting import until


@pytest.fixture
def pool():
    with DecodePool(3) as pool:
        yield pool


def not_cancelled() -> None:
    pass


def counting(first: int, last: int):
    return lambda checkpoint: iter(range(first, last))


def test_items_come_task_by_task_in_order(pool):
    assert list(pool.submit([counting(0, 3), counting(3, 3), counting(3, 9)], not_cancelled)) == list(range(9))


def test_tasks_run_in_parallel(pool):
    """Let two tasks wait for each other: they would time out if they ran one after the other."""
    meeting = threading.Barrier(2, timeout=10)

    def task(checkpoint):
        meeting.wait()
        yield threading.current_thread().name

    assert len(set(pool.submit([task, task], not_cancelled))) == 2


def test_item_is_yielded_before_its_task_ends(pool):
    received = threading.Event()

    def task(checkpoint):
        yield "early"
        assert received.wait(10)
        yield "late"

    items = iter(pool.submit([task], not_cancelled))
    assert next(items) == "early"
    received.set()
    assert list(items) == ["late"]


def test_events_yield_none_while_waiting_for_an_item(pool):
    go = threading.Event()

    def task(checkpoint):
        yield 1
        assert go.wait(10)
        yield 2

    events = pool.submit([task], not_cancelled).events()
    assert next(item for item in events if item is not None) == 1
    assert next(events) is None
    go.set()
    assert [item for item in events if item is not None] == [2]


@pytest.mark.parametrize("which", [0, 1])
def test_exception_of_a_task_is_raised_and_stops_the_others(pool, which):
    begun, ended = threading.Event(), threading.Event()

    def broken(checkpoint):
        yield 1
        assert begun.wait(10)
        raise ValueError("broken")

    def endless(checkpoint):
        begun.set()
        try:
            while True:
                checkpoint()
                yield 2
        finally:
            ended.set()

    tasks = [broken, endless] if which == 0 else [counting(0, 1), broken, endless]
    with pytest.raises(ValueError, match="broken"):
        list(pool.submit(tasks, not_cancelled))
    assert ended.wait(10)


def test_all_tasks_stop_when_the_iterator_is_closed(pool):
    both, ended = threading.Barrier(2, timeout=10), []

    def endless(checkpoint):
        try:
            both.wait()
            while True:
                checkpoint()
                yield 1
        finally:
            ended.append(1)

    items = iter(pool.submit([endless, endless], not_cancelled))
    next(items)
    items.close()
    until(lambda: len(ended) == 2)


def test_all_tasks_stop_when_cancelled(pool):
    cancelled = threading.Event()

    def check_cancelled():
        if cancelled.is_set():
            raise InterruptedError

    def endless(checkpoint):
        while True:
            checkpoint()
            yield 1

    items = iter(pool.submit([endless, endless], check_cancelled))
    next(items)
    cancelled.set()
    with pytest.raises(InterruptedError):
        list(items)


def test_cancelled_caller_does_not_wait_for_a_running_task(pool):
    """Use a task that cannot be interrupted, like the decoding of a window."""
    cancelled, decoded, ended = threading.Event(), threading.Event(), threading.Event()

    def check_cancelled():
        if cancelled.is_set():
            raise InterruptedError

    def uninterruptible(checkpoint):
        cancelled.set()
        decoded.wait(20)
        try:
            checkpoint()
        finally:
            ended.set()
        yield 1

    with pytest.raises(InterruptedError):
        list(pool.submit([uninterruptible], check_cancelled))
    assert not ended.is_set()
    decoded.set()
    assert ended.wait(10)


def test_idle_thread_takes_the_next_tasks_while_the_other_is_busy():
    following = threading.Event()

    def busy(checkpoint):
        yield 1
        assert following.wait(10), "it waited for all of the first tasks"
        yield 2

    def next_task(checkpoint):
        following.set()
        yield 3

    with DecodePool(2) as pool:
        first = pool.submit([busy, counting(0, 0)], not_cancelled)
        second = pool.submit([next_task], not_cancelled)
        assert list(first) == [1, 2]
        assert list(second) == [3]


def test_tasks_whose_items_are_not_read_stop_with_the_pool():
    begun, ended, started_late = threading.Event(), [], []

    def endless(checkpoint):
        begun.set()
        try:
            while True:
                checkpoint()
                yield 1
        finally:
            ended.append(1)

    def queued(checkpoint):
        started_late.append(1)
        yield 1

    with DecodePool(1) as pool:
        pool.submit([endless], not_cancelled)
        pool.submit([queued], not_cancelled)
        assert begun.wait(10)
    until(lambda: ended == [1])
    assert not started_late
