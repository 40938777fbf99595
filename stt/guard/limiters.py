"""Run each kind of slow work in its own threads, and limit open requests per visitor.

Starlette runs the synchronous code of all routes, including Streamlit's, in one pool, which Streamlit limits to 28
threads. Only quick work may use that pool, because 28 slow requests would block every page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
from anyio.lowlevel import RunVar
from anyio.to_thread import run_sync
from starlette.requests import Request

from stt.auth import clients
from stt.errors import LimitReached

P = ParamSpec("P")
T = TypeVar("T")
_limiters: RunVar[dict[object, anyio.CapacityLimiter]] = RunVar("stt.guard.limiters")  # one dict per event loop


class Threads:
    """A limit of `count` threads for one kind of work. With `run_for`, one visitor uses at most half of the threads."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` in a thread as soon as one of the `count` threads is free, and return its result."""
        return await run_sync(partial(function, *args, **kwargs), limiter=_limiter(self, self.count))

    async def run_for(self, visitor: str | None, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` like `run`. Concurrent calls for the same visitor use at most half of the threads."""
        share = (self, visitor)
        async with (limiter := _limiter(share, max(1, self.count // 2))):
            try:
                return await self.run(function, *args, **kwargs)
            finally:
                statistics = limiter.statistics()
                # Delete the visitor's limiter if this was the visitor's only open call.
                if statistics.borrowed_tokens == 1 and not statistics.tasks_waiting:
                    _all().pop(share, None)

    async def iterate(self, visitor: str | None, pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
        """Yield `pieces`, each produced in a thread. While a slow client receives a piece, no thread is in use."""
        iterator = iter(pieces)
        while (piece := await self.run_for(visitor, next, iterator, None)) is not None:
            yield piece


LOOKUPS = Threads(8)  # identifying the visitor, and single database queries
UPLOADS = Threads(8)  # writing the blocks of uploads to disk
LIVE = Threads(8)  # starting live recordings, and storing their pieces
FINISHES = Threads(8)  # waiting for live recordings to be finished
EDITS = Threads(4)  # steps of editing a transcript
DECODINGS = Threads(2)  # decoding a word again
PROBES = Threads(4)  # probing uploaded files
CREATES = Threads(8)  # creating jobs from links
AUDIO = Threads(8)  # finding a recording, or fetching it from storage
WAVEFORMS = Threads(4)  # waveforms and the states of playback copies
RESULTS = Threads(2)  # transcripts as JSON; more threads would only wait for the interpreter lock
EXPORTS = Threads(1)  # files and archives, piece by piece; more threads would only wait for the interpreter lock
HEALTH = Threads(4)  # health and metrics
IMPORTS = Threads(2)  # importing modules at the first request that needs them


class Open:
    """A limit of open requests of one kind, per visitor and per network address. `what` names the kind in errors."""

    def __init__(self, what: str, most: int) -> None:
        self.what = what
        self.most = {"visitor": most, "address": 4 * most}  # more per address, because several visitors may share it
        self._open: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def place(self, visitor: str, request: Request) -> Iterator[None]:
        """Count a request as open, for its visitor and its client's address, until the context ends.

        Raises LimitReached if the visitor or the address has too many open requests.
        """
        places = [("visitor", visitor)]
        address = clients.address_of(request)
        if address is not None and address not in LOOPBACK:
            places.append(("address", clients.network_of(address)))
        for place in places:
            most = self.most[place[0]]
            if self._open[place] >= most:
                raise LimitReached(
                    f"{most} {self.what} at once are the limit for each {place[0]}.",
                    guidance="Wait until one of them has ended, then try again.",
                )
        self._open.update(places)
        try:
            yield
        finally:
            self._open.subtract(places)
            self._open = +self._open  # drop zero counts


# Addresses without a limit of open requests. Programs on this machine connect from these addresses, and so does a proxy
# on this machine that does not name its clients.
LOOPBACK = ("127.0.0.1", "::1")
OPEN_UPLOADS = Open("uploads", 16)
OPEN_LINKS = Open("links that are being taken in", 16)
OPEN_EXPORTS = Open("downloads of everything", 2)
OPEN_BODIES = Open("requests", 16)  # requests whose body is read into memory, up to 4 MB


def _all() -> dict[object, anyio.CapacityLimiter]:
    limiters = _limiters.get(None)
    if limiters is None:
        _limiters.set(limiters := {})
    return limiters


def _limiter(of: object, count: int) -> anyio.CapacityLimiter:
    limiters = _all()
    if of not in limiters:
        limiters[of] = anyio.CapacityLimiter(count)
    return limiters[of]
