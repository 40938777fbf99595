"""How many may work at once, and who goes first: three that share two cores each take longer than two after another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

ASKED = 0.1  # seconds after which who waits is asked again


class Turns:
    """So many turns at once. Who comes first has the next, but those who may go `first` are before all others.

    Of several turns they leave one to the others, who would else stand still while many short things are done.
    """

    def __init__(self, at_once: int) -> None:
        self._free, self._ahead = at_once, max(1, at_once - 1)  # how many are left, for all and for who goes first
        self._changed = threading.Condition()
        self._waiting: list[tuple[int, bool]] = []  # their numbers, and whether they may go first
        self._numbers = count()

    @contextmanager
    def taken(self, ask: Callable[[], None], *, first: bool = False) -> Iterator[None]:
        """Wait for a turn and keep it. `ask` is called while waiting, and once more with the turn; it may raise."""
        with self._changed:
            me = (next(self._numbers), first)
            self._waiting.append(me)
        try:
            while not self._mine(me):
                ask()
        except BaseException:
            with self._changed:
                self._waiting.remove(me)
                self._changed.notify_all()
            raise
        try:
            ask()
            yield
        finally:
            with self._changed:
                self._free += 1
                self._ahead += first
                self._changed.notify_all()

    def _mine(self, me: tuple[int, bool]) -> bool:
        """Whether it is now the turn of `me`; waits for it a little."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free and self._next() == me, ASKED):
                return False
            self._waiting.remove(me)
            self._free -= 1
            self._ahead -= me[1]
            self._changed.notify_all()  # one more may be free
            return True

    def _next(self) -> tuple[int, bool]:
        """Who has the next turn of those who wait."""
        return min(self._waiting, key=lambda one: (one[1] != (self._ahead > 0), one[0]))
