"""Time the calls to the provider: when to poll for a result, and a delay that all calls of one key share."""

from __future__ import annotations

import hashlib
import math
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from statistics import median

from stt.backoff import CLOCK, TICK, Clock
from stt.errors import Cancelled, ProviderBusy

SLOWEST = 10.0  # maximum interval between polls, seconds
SPARE = 8  # maximum number of polls for a job, not counting one poll every SLOWEST seconds


class Schedule:
    """Compute the times at which to poll for the result of a job, in seconds since the job was created.

    The times depend only on the start of the job and on `expected`, so polling can continue after a restart of the
    server. `expected` is the number of seconds that the job will probably take (see `expected_seconds`). If `expected`
    is None, the intervals grow with the time waited.
    """

    def __init__(self, expected: float | None = None) -> None:
        self.expected = expected if expected and math.isfinite(expected) and expected > 0 else None

    def wait(self, elapsed: float) -> float:
        """Return the seconds until the next poll, if `elapsed` seconds have passed since the job was created."""
        for moment in self.moments():
            # Skip a poll that is due within 0.05 s, as may happen if the previous poll was slow.
            if moment > elapsed + 0.05:
                return min(moment - elapsed, SLOWEST)
        raise AssertionError("moments never end")

    def moments(self) -> Iterator[float]:
        """Yield the times to poll, in seconds since the job was created. The generator never ends."""
        at, polls = 0.0, 0
        while True:
            polls += 1
            # The second argument of `max` limits the number of polls to SPARE, plus one for every SLOWEST seconds.
            at = max(at + min(self._step(at), SLOWEST), SLOWEST * (polls - SPARE - 1))
            yield at

    def _step(self, at: float) -> float:
        if self.expected is None:
            return max(2.0, 0.19 * at)
        if at < 0.7 * self.expected:  # poll rarely, because few jobs take less than 0.7 of the expected time
            return min(max(1.5, 0.35 * at, 0.3 * self.expected), max(0.7 * self.expected - at, 0.5))
        if at < 1.5 * self.expected:
            return max(1.0, 0.08 * at)
        return max(2.0, 0.19 * at)


def expected_seconds(audio_seconds: float, past: Iterable[tuple[float, float]]) -> float | None:
    """Return the expected duration of a job in seconds, or None if `past` has fewer than three usable jobs.

    `past` are earlier jobs of the same model, as (seconds of audio, seconds taken). The result is the median duration
    of the nine jobs whose audio is nearest in length.
    """
    usable = [(length, seconds) for length, seconds in past if length > 0 and seconds > 0]
    if len(usable) < 3 or audio_seconds <= 0:
        return None
    nearest = sorted(usable, key=lambda job: abs(math.log(job[0] / audio_seconds)))[:9]
    return median(seconds for _, seconds in nearest)


class Pace:
    """The rate limit of all calls with one key in this process. Threads may share a `Pace`.

    After a response 429, no call with the key is made for the time that the Retry-After header gives, or for a backoff
    time if there is no such header. After that, there is a gap between calls, which shrinks with each successful call.
    """

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._resume = 0.0  # no call is made before this time, seconds on the clock
        self._next = 0.0  # earliest time that the next caller of `wait` may get, seconds on the clock
        self._gap = 0.0  # minimum interval between two calls, seconds
        self._refused = 0.0  # time of the last response 429, seconds on the clock
        self._strikes = 0  # number of responses 429 since the last success; those of overlapping calls count once
        self._creating = 0  # number of create requests that are running

    def delay(self) -> float:
        """Return the seconds until the next call may be made."""
        return max(0.0, max(self._resume, self._next) - self._clock.now())

    def wait(self, until: float, cancelled: Callable[[], bool] | None = None) -> None:
        """Wait until the caller may make a call.

        Raises ProviderBusy if the wait would end after the time `until` on the clock, and Cancelled if `cancelled`
        returns true.
        """
        with self._changed:
            at = max(self._clock.now(), self._resume, self._next)
            if at <= until:
                self._next = at + self._gap
        while True:
            at = max(at, self._resume)  # another call may have got a 429 during the pause
            left = at - self._clock.now()
            if left <= 0:
                return
            if at > until:
                raise ProviderBusy(f"The provider asks to wait {math.ceil(left)} seconds.")
            self._clock.pause(left, cancelled)

    def refused(self, began: float, wait: float | None) -> None:
        """Record that a call got a response 429.

        `began` is the time on the clock at which the call began. `wait` is the Retry-After header in seconds, or None.
        """
        with self._changed:
            now = self._clock.now()
            if began >= self._refused:  # calls that began before the last 429 are not counted again
                self._refused = now
                self._strikes += 1
                self._gap = min(max(0.1, self._gap * 2), 5.0)
            own = min(2.0 ** (self._strikes - 1), 60.0) * random.uniform(0.75, 1.0)
            self._resume = max(self._resume, now + (own if wait is None else wait))

    def accepted(self, began: float) -> None:
        with self._changed:
            if began >= self._refused:
                self._strikes = 0
                self._gap = self._gap / 2 if self._gap > 0.05 else 0.0

    @contextmanager
    def creating(self, limit: int, cancelled: Callable[[], bool] | None = None) -> Iterator[None]:
        """Wait for one of `limit` slots for create requests, and hold the slot inside the block.

        Raises Cancelled if `cancelled` returns true while this waits.
        """
        with self._changed:
            while self._creating >= limit:
                self._changed.wait(TICK)
                if cancelled and cancelled():
                    raise Cancelled()
            self._creating += 1
        try:
            yield
        finally:
            with self._changed:
                self._creating -= 1
                self._changed.notify()


@lru_cache(maxsize=1000)
def _pace(digest: bytes, clock: Clock) -> Pace:
    return Pace(clock)


def pace_of(base_url: str, key: str, clock: Clock = CLOCK) -> Pace:
    """Return the `Pace` that all clients with this `base_url` and `key` share. Only a hash of the key is stored."""
    return _pace(hashlib.sha256(f"{base_url}\n{key}".encode()).digest(), clock)
