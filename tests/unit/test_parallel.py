"""Parts of a recording are heard at once, and given in their order."""

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


def test_items_come_lane_after_lane(pool):
    assert list(pool.submit([counting(0, 3), counting(3, 3), counting(3, 9)], not_cancelled)) == list(range(9))


def test_lanes_run_at_the_same_time(pool):
    """Each waits for the other: one after the other would never end."""
    meeting = threading.Barrier(2, timeout=10)

    def task(checkpoint):
        meeting.wait()
        yield threading.current_thread().name

    assert len(set(pool.submit([task, task], not_cancelled))) == 2


def test_an_item_is_given_before_its_lane_has_ended(pool):
    given = threading.Event()

    def task(checkpoint):
        yield "early"
        assert given.wait(10)
        yield "late"

    items = iter(pool.submit([task], not_cancelled))
    assert next(items) == "early"
    given.set()
    assert list(items) == ["late"]


def test_who_waits_may_look_around(pool):
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
def test_what_a_lane_raises_is_raised_and_ends_the_others(pool, which):
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

    parts = [broken, endless] if which == 0 else [counting(0, 1), broken, endless]
    with pytest.raises(ValueError, match="broken"):
        list(pool.submit(parts, not_cancelled))
    assert ended.wait(10)


def test_all_lanes_end_when_nobody_wants_more(pool):
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


def test_all_lanes_end_when_told_to(pool):
    told = threading.Event()

    def check_cancelled():
        if told.is_set():
            raise InterruptedError

    def endless(checkpoint):
        while True:
            checkpoint()
            yield 1

    items = iter(pool.submit([endless, endless], check_cancelled))
    next(items)
    told.set()
    with pytest.raises(InterruptedError):
        list(items)


def test_who_is_told_to_end_does_not_wait_for_what_a_lane_is_at(pool):
    """A window that is being decoded cannot be broken off."""
    told, decoded, ended = threading.Event(), threading.Event(), threading.Event()

    def check_cancelled():
        if told.is_set():
            raise InterruptedError

    def deep_in_work(checkpoint):
        told.set()
        decoded.wait(20)
        try:
            checkpoint()
        finally:
            ended.set()
        yield 1

    with pytest.raises(InterruptedError):
        list(pool.submit([deep_in_work], check_cancelled))
    assert not ended.is_set()
    decoded.set()
    assert ended.wait(10)


def test_an_idle_lane_takes_what_follows_while_the_other_is_still_busy():
    following = threading.Event()

    def busy(checkpoint):
        yield 1
        assert following.wait(10), "it would wait for all of the first part"
        yield 2

    def next_part(checkpoint):
        following.set()
        yield 3

    with DecodePool(2) as pool:
        first = pool.submit([busy, counting(0, 0)], not_cancelled)
        second = pool.submit([next_part], not_cancelled)
        assert list(first) == [1, 2]
        assert list(second) == [3]


def test_what_was_begun_but_not_asked_for_ends_with_the_lanes():
    begun, ended, late = threading.Event(), [], []

    def endless(checkpoint):
        begun.set()
        try:
            while True:
                checkpoint()
                yield 1
        finally:
            ended.append(1)

    def waiting(checkpoint):
        late.append(1)
        yield 1

    with DecodePool(1) as pool:
        pool.submit([endless], not_cancelled)
        pool.submit([waiting], not_cancelled)
        assert begun.wait(10)
    until(lambda: ended == [1])
    assert not late
