"""Several parts of one recording heard at once, each in a thread of its own.

One thread that hears a whole part does more than two that share the work on a window: on two cores two lanes are
about 1.6 times as fast as one part after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Lane = Callable[[Callable[[], None]], Iterator[Item]]
# Each item as itself, what the lane raised, and None at its end.
_Queue = SimpleQueue[tuple[Item, None] | tuple[None, BaseException] | None]
TICK = 0.1  # seconds without an item, after which who waits for it may look around


class _Stopped(Exception):
    """Nobody wants the items of this lane any more."""


class Lanes:
    """As many threads as given; what is begun while all are busy follows in its order, where one falls idle first."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, "lane")
        self._closed = threading.Event()

    def begin(self, lanes: Sequence[Lane[Item]], ask: Callable[[], None]) -> SideBySide[Item]:
        """Begin the lanes now, and give their items.

        A lane is called with a function that it must call between items; it raises when the lane is to end. `ask` is
        called by all lanes, and by who waits for their items, and may raise. What a lane raises is raised where its
        items are taken.
        """
        return SideBySide(self._threads, self._closed, lanes, ask)

    def __enter__(self) -> Lanes:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all lanes. They end when they ask the next time; nobody waits for the window that one may be at."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)


class SideBySide(Generic[Item]):
    """The items of all lanes, lane after lane, each as soon as it is there and those before it are given. Iterate
    once.
    """

    def __init__(
        self, threads: ThreadPoolExecutor, closed: threading.Event, lanes: Sequence[Lane[Item]], ask: Callable[[], None]
    ) -> None:
        self._closed, self._stopped, self._ask = closed, threading.Event(), ask
        self._given: list[tuple[Future[None], _Queue[Item]]] = []
        for lane in lanes:
            out: _Queue[Item] = SimpleQueue()
            self._given.append((threads.submit(self._work, lane, out), out))

    def __iter__(self) -> Iterator[Item]:
        with closing(self.live()) as live:
            yield from (item for item in live if item is not None)

    def live(self) -> Generator[Item | None, None, None]:
        """The same, and None whenever TICK has passed without an item."""
        try:
            for _, out in self._given:
                while True:
                    try:
                        found = out.get(timeout=TICK)
                    except Empty:
                        self._ask()
                        yield None
                        continue
                    if found is None:
                        break
                    if found[1] is not None:
                        raise found[1]
                    yield found[0]
        finally:
            self._stopped.set()
            for future, _ in self._given:
                future.cancel()

    def _work(self, lane: Lane[Item], out: _Queue[Item]) -> None:
        try:
            for item in lane(self._go_on):
                out.put((item, None))
            out.put(None)
        except BaseException as error:  # noqa: BLE001
            out.put((None, error))

    def _go_on(self) -> None:
        if self._stopped.is_set() or self._closed.is_set():
            raise _Stopped
        self._ask()
