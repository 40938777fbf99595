"""Parts of a recording are heard at once, and given in their order."""

from __future__ import annotations

import threading

import pytest

from stt.lanes import side_by_side


def nobody_asks() -> None:
    pass


def counting(first: int, last: int):
    return lambda go_on: iter(range(first, last))


def test_items_come_lane_after_lane():
    assert list(side_by_side([counting(0, 3), counting(3, 3), counting(3, 9)], nobody_asks)) == list(range(9))


def test_lanes_run_at_the_same_time():
    """Each waits for the other: one after the other would never end."""
    meeting = threading.Barrier(2, timeout=10)

    def lane(go_on):
        meeting.wait()
        yield threading.current_thread().name

    assert len(set(side_by_side([lane, lane], nobody_asks))) == 2


def test_an_item_is_given_before_its_lane_has_ended():
    given = threading.Event()

    def lane(go_on):
        yield "early"
        assert given.wait(10)
        yield "late"

    items = side_by_side([lane], nobody_asks)
    assert next(items) == "early"
    given.set()
    assert list(items) == ["late"]


@pytest.mark.parametrize("which", [0, 1])
def test_what_a_lane_raises_is_raised_and_ends_the_others(which):
    ended = threading.Event()

    def broken(go_on):
        yield 1
        raise ValueError("broken")

    def endless(go_on):
        try:
            while True:
                go_on()
                yield 2
        finally:
            ended.set()

    lanes = [broken, endless] if which == 0 else [counting(0, 1), broken, endless]
    with pytest.raises(ValueError, match="broken"):
        list(side_by_side(lanes, nobody_asks))
    assert ended.is_set()


def test_all_lanes_end_when_nobody_wants_more():
    ended = []

    def endless(go_on):
        try:
            while True:
                go_on()
                yield 1
        finally:
            ended.append(1)

    items = side_by_side([endless, endless], nobody_asks)
    next(items)
    items.close()
    assert len(ended) == 2


def test_all_lanes_end_when_told_to():
    told = threading.Event()

    def ask():
        if told.is_set():
            raise InterruptedError

    def endless(go_on):
        while True:
            go_on()
            yield 1

    items = side_by_side([endless, endless], ask)
    next(items)
    told.set()
    with pytest.raises(InterruptedError):
        list(items)
