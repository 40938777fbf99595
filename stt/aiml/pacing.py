"""Pace calls to the provider: when to poll for a result, and how all calls of one key slow down together."""

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

SLOWEST = 10.0  # longest interval between polls, seconds
SPARE = 8  # maximum number of polls beyond those of a loop that polls every 10 seconds


class Schedule:
    """Compute the times to poll a job, which depend only on the seconds since its create.

    So polling continues on schedule after a restart, when only the time of the create is known. `expected` is how many
    seconds such a job takes (`expected_seconds`), None if unknown: then intervals grow with the time waited.
    """

    def __init__(self, expected: float | None = None) -> None:
        self.expected = expected if expected and math.isfinite(expected) and expected > 0 else None

    def wait(self, elapsed: float) -> float:
        """Return the seconds until the next poll, `elapsed` seconds after the create."""
        for moment in self.moments():
            # After a slow poll the next one may be due at once: skip it.
            if moment > elapsed + 0.05:
                return min(moment - elapsed, SLOWEST)
        raise AssertionError("moments never end")

    def moments(self) -> Iterator[float]:
        """Yield the seconds after the create at which to poll, without end."""
        at, polls = 0.0, 0
        while True:
            polls += 1
            # The second bound limits the number of polls: first the spare ones, then one every 10 seconds.
            at = max(at + min(self._step(at), SLOWEST), SLOWEST * (polls - SPARE - 1))
            yield at

    def _step(self, at: float) -> float:
        if self.expected is None:
            return max(2.0, 0.19 * at)
        if at < 0.7 * self.expected:  # early: only for jobs much faster than expected
            return min(max(1.5, 0.35 * at, 0.3 * self.expected), max(0.7 * self.expected - at, 0.5))
        if at < 1.5 * self.expected:
            return max(1.0, 0.08 * at)
        return max(2.0, 0.19 * at)


def expected_seconds(audio_seconds: float, past: Iterable[tuple[float, float]]) -> float | None:
    """Return how long a job will take, from `past` jobs of the model as (audio seconds, seconds taken).

    It is the median of the nine nearest in length; None with fewer than three.
    """
    usable = [(length, seconds) for length, seconds in past if length > 0 and seconds > 0]
    if len(usable) < 3 or audio_seconds <= 0:
        return None
    nearest = sorted(usable, key=lambda job: abs(math.log(job[0] / audio_seconds)))[:9]
    return median(seconds for _, seconds in nearest)


class Pace:
    """The pace of all calls of one key in this process.

    A 429 stops all calls of the key until the time that the provider asks for. Then there is a gap between calls,
    which shrinks as they succeed. Threads share it.
    """

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._resume = 0.0  # no call before this moment
        self._next = 0.0  # earliest time that no call has reserved
        self._gap = 0.0  # interval between calls, seconds
        self._refused = 0.0  # time of the last 429
        self._strikes = 0
        self._creating = 0

    def delay(self) -> float:
        """Return the seconds until the next call may be made."""
        return max(0.0, max(self._resume, self._next) - self._clock.now())

    def turn(self, until: float, cancelled: Callable[[], bool] | None = None) -> None:
        """Wait for this call's turn. Raises Cancelled, or ProviderBusy if it comes after `until` (on the clock)."""
        with self._changed:
            at = max(self._clock.now(), self._resume, self._next)
            if at <= until:
                self._next = at + self._gap
        while True:
            at = max(at, self._resume)  # another call may have been refused meanwhile
            left = at - self._clock.now()
            if left <= 0:
                return
            if at > until:
                raise ProviderBusy(f"The provider asks to wait {math.ceil(left)} seconds.")
            self._clock.pause(left, cancelled)

    def refused(self, began: float, wait: float | None) -> None:
        """Record that a call begun at `began` (monotonic) got a 429, with `wait` seconds of Retry-After if any."""
        with self._changed:
            now = self._clock.now()
            if began >= self._refused:  # calls that were under way together count once
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
        """Hold one of `limit` slots for a create, waiting as long as needed. Raises Cancelled."""
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
    """Return the pace that all clients of this key share. The key itself is not stored."""
    return _pace(hashlib.sha256(f"{base_url}\n{key}".encode()).digest(), clock)
