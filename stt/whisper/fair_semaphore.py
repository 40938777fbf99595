"""A fair semaphore with a priority lane. Oversubscribing cores is slower than queueing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

CHECK_INTERVAL = 0.1  # interval between calls of `check_cancelled` while waiting, seconds


class PrioritySemaphore:
    """FIFO semaphore with `permits` permits.

    Callers with priority are served first. If there are several permits, and callers with priority hold all of them
    except one, the last permit goes to a caller without priority first. So callers without priority are not starved.
    """

    def __init__(self, permits: int) -> None:
        self._free, self._free_for_priority = permits, max(1, permits - 1)
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, bool]] = []  # ticket number, and whether the caller has priority
        self._numbers = count()

    @contextmanager
    def acquire(self, check_cancelled: Callable[[], None], *, priority: bool = False) -> Iterator[None]:
        """Wait for a permit, and hold it during the `with` block.

        `check_cancelled` is called repeatedly while waiting, and once after the permit was acquired. If it raises an
        exception, the caller leaves the queue or releases the permit.
        """
        with self._changed:
            ticket = (next(self._numbers), priority)
            self._waiting.append(ticket)
        try:
            while not self._try_acquire(ticket):
                check_cancelled()
        except BaseException:
            with self._changed:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            raise
        try:
            check_cancelled()
            yield
        finally:
            with self._changed:
                self._free += 1
                self._free_for_priority += priority
                self._changed.notify_all()

    def _try_acquire(self, ticket: tuple[int, bool]) -> bool:
        """Wait up to CHECK_INTERVAL for a permit for `ticket`. Return whether the permit was acquired."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free and self._next() == ticket, CHECK_INTERVAL):
                return False
            self._waiting.remove(ticket)
            self._free -= 1
            self._free_for_priority -= ticket[1]
            self._changed.notify_all()  # another permit may be free for the next ticket
            return True

    def _next(self) -> tuple[int, bool]:
        """Return the waiting ticket that is served next."""
        return min(self._waiting, key=lambda ticket: (ticket[1] != (self._free_for_priority > 0), ticket[0]))
