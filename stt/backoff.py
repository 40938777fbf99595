"""Wait between retries: exponential backoff with jitter, and the Retry-After header."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from stt.errors import Cancelled

LONGEST_WAIT = 300.0  # maximum that `retry_after` returns, seconds, even if the header asks for more
TICK = 0.2  # interval at which a waiting call checks whether it was cancelled, seconds


def backoff() -> Iterator[float]:
    """Yield the seconds to wait before each retry: 1, 2, 4 and so on, plus up to 0.5 s of jitter, at most 30."""
    from urllib3 import Retry  # imported here, because the first page should not wait for urllib3

    policy = Retry(total=None, backoff_factor=0.5, backoff_jitter=0.5, backoff_max=30).increment().increment()
    while True:
        yield (wait := policy.get_backoff_time())
        if wait < policy.backoff_max:  # urllib3 computes a power of 2, which overflows after 1,023 retries
            policy = policy.increment()


def retry_after(value: str | None) -> float | None:
    """Return the wait that a Retry-After header asks for, in seconds and at most LONGEST_WAIT.

    The header holds a number of seconds or a date. Return None if the header is missing or invalid.
    """
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    try:
        return min(Retry().parse_retry_after(value), LONGEST_WAIT) if value else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


def pause(seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
    """Sleep for `seconds`. Raises Cancelled within about TICK seconds after `cancelled` returns true."""
    until = time.monotonic() + seconds
    while True:
        if cancelled and cancelled():
            raise Cancelled()
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, TICK) if cancelled else left)


class Clock:
    """Represent a clock that tells the time and waits. For tests, the clock can run `speed` times as fast."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed

    def now(self) -> float:
        """Return the monotonic time of this clock in seconds."""
        return time.monotonic() * self._speed

    def pause(self, seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
        """Sleep for `seconds` of this clock. Raises Cancelled soon after `cancelled` returns true."""
        pause(seconds / self._speed, cancelled)


CLOCK = Clock()
