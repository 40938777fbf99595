"""Parts of a recording are heard at once, and given in their order."""

from __future__ import annotations

import threading

import pytest

from stt.whisper.parallel import Lanes
from tests.waiting import until


@pytest.fixture
def lanes():
    with Lanes(3) as lanes:
        yield lanes


def nobody_asks() -> None:
    pass


def counting(first: int, last: int):
    return lambda go_on: iter(range(first, last))


def test_items_come_lane_after_lane(lanes):
    assert list(lanes.begin([counting(0, 3), counting(3, 3), counting(3, 9)], nobody_asks)) == list(range(9))


def test_lanes_run_at_the_same_time(lanes):
    """Each waits for the other: one after the other would never end."""
    meeting = threading.Barrier(2, timeout=10)

    def lane(go_on):
        meeting.wait()
        yield threading.current_thread().name

    assert len(set(lanes.begin([lane, lane], nobody_asks))) == 2


def test_an_item_is_given_before_its_lane_has_ended(lanes):
    given = threading.Event()

    def lane(go_on):
        yield "early"
        assert given.wait(10)
        yield "late"

    items = iter(lanes.begin([lane], nobody_asks))
    assert next(items) == "early"
    given.set()
    assert list(items) == ["late"]


def test_who_waits_may_look_around(lanes):
    go = threading.Event()

    def lane(go_on):
        yield 1
        assert go.wait(10)
        yield 2

    live = lanes.begin([lane], nobody_asks).live()
    assert next(item for item in live if item is not None) == 1
    assert next(live) is None
    go.set()
    assert [item for item in live if item is not None] == [2]


@pytest.mark.parametrize("which", [0, 1])
def test_what_a_lane_raises_is_raised_and_ends_the_others(lanes, which):
    begun, ended = threading.Event(), threading.Event()

    def broken(go_on):
        yield 1
        assert begun.wait(10)
        raise ValueError("broken")

    def endless(go_on):
        begun.set()
        try:
            while True:
                go_on()
                yield 2
        finally:
            ended.set()

    parts = [broken, endless] if which == 0 else [counting(0, 1), broken, endless]
    with pytest.raises(ValueError, match="broken"):
        list(lanes.begin(parts, nobody_asks))
    assert ended.wait(10)


def test_all_lanes_end_when_nobody_wants_more(lanes):
    both, ended = threading.Barrier(2, timeout=10), []

    def endless(go_on):
        try:
            both.wait()
            while True:
                go_on()
                yield 1
        finally:
            ended.append(1)

    items = iter(lanes.begin([endless, endless], nobody_asks))
    next(items)
    items.close()
    until(lambda: len(ended) == 2)


def test_all_lanes_end_when_told_to(lanes):
    told = threading.Event()

    def ask():
        if told.is_set():
            raise InterruptedError

    def endless(go_on):
        while True:
            go_on()
            yield 1

    items = iter(lanes.begin([endless, endless], ask))
    next(items)
    told.set()
    with pytest.raises(InterruptedError):
        list(items)


def test_who_is_told_to_end_does_not_wait_for_what_a_lane_is_at(lanes):
    """A window that is being decoded cannot be broken off."""
    told, decoded, ended = threading.Event(), threading.Event(), threading.Event()

    def ask():
        if told.is_set():
            raise InterruptedError

    def deep_in_work(go_on):
        told.set()
        decoded.wait(20)
        try:
            go_on()
        finally:
            ended.set()
        yield 1

    with pytest.raises(InterruptedError):
        list(lanes.begin([deep_in_work], ask))
    assert not ended.is_set()
    decoded.set()
    assert ended.wait(10)


def test_an_idle_lane_takes_what_follows_while_the_other_is_still_busy():
    following = threading.Event()

    def busy(go_on):
        yield 1
        assert following.wait(10), "it would wait for all of the first part"
        yield 2

    def next_part(go_on):
        following.set()
        yield 3

    with Lanes(2) as lanes:
        first = lanes.begin([busy, counting(0, 0)], nobody_asks)
        second = lanes.begin([next_part], nobody_asks)
        assert list(first) == [1, 2]
        assert list(second) == [3]


def test_what_was_begun_but_not_asked_for_ends_with_the_lanes():
    begun, ended, late = threading.Event(), [], []

    def endless(go_on):
        begun.set()
        try:
            while True:
                go_on()
                yield 1
        finally:
            ended.append(1)

    def waiting(go_on):
        late.append(1)
        yield 1

    with Lanes(1) as lanes:
        lanes.begin([endless], nobody_asks)
        lanes.begin([waiting], nobody_asks)
        assert begun.wait(10)
    until(lambda: ended == [1])
    assert not late
