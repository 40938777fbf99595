"""Wait between retries: exponential backoff with jitter, and Retry-After."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from stt.errors import Cancelled

LONGEST_WAIT = 300.0  # maximum wait that a Retry-After may ask for, seconds
TICK = 0.2  # interval at which a waiting call checks for a cancel, seconds


def backoff() -> Iterator[float]:
    """Yield the seconds to wait before each retry: 1 to 1.5, 2 to 2.5 … 30, with jitter."""
    from urllib3 import Retry  # the first page should not wait for it

    policy = Retry(total=None, backoff_factor=0.5, backoff_jitter=0.5, backoff_max=30).increment()
    while True:
        policy = policy.increment()
        yield policy.get_backoff_time()


def retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header (seconds or a date), at most LONGEST_WAIT, or None."""
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    try:
        return min(Retry().parse_retry_after(value), LONGEST_WAIT) if value else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


def pause(seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
    """Sleep. Raises Cancelled soon after `cancelled` turns true."""
    until = time.monotonic() + seconds
    while True:
        if cancelled and cancelled():
            raise Cancelled()
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, TICK) if cancelled else left)


class Clock:
    """Tell the time and wait. A test passes one that runs `speed` times as fast."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed

    def now(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic() * self._speed

    def pause(self, seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
        """Sleep for `seconds` of this clock. Raises Cancelled soon after `cancelled` turns true."""
        pause(seconds / self._speed, cancelled)


CLOCK = Clock()
