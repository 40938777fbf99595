"""Bound connections of uvicorn, which Streamlit starts without options for that.

By default it waits forever for the first head, reads a head of any size, and keeps a connection whose client has
stopped reading; at the limit of open files it accepts none. Another server that runs this application has its own
bounds, and so has a proxy in front (see docs/deploy.md).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

HEAD = 20.0  # seconds for the head of a request, from the connection or from its first byte
LARGEST_HEAD = 64 << 10  # bytes, and the one block (256 kB) that it ends in
REST = 60.0  # seconds in which the rest of a body that was already answered, a refusal mostly, is still read
STALLED = 600.0  # seconds in which the other end reads nothing of an answer; a paused player does that
MOST_FILES = 65_536  # open files that this process asks for
MOST = 10_000  # connections
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

log = logging.getLogger("stt.guard.connections")
Protocol = Any  # uvicorn's, of httptools or h11


def guard() -> None:
    """Bound the connections of uvicorn's servers in this process. Safe to repeat."""
    try:
        from uvicorn.protocols.http.auto import AutoHTTPProtocol
    except ImportError:
        return
    kind: Protocol = AutoHTTPProtocol
    if not hasattr(kind, "guarded_by_stt"):
        kind.guarded_by_stt = _Connections(min(MOST, open_files() * 3 // 4))
        kind.guarded_by_stt.wrap(kind)


def open_files() -> int:
    """Raise the soft limit of open files to the hard one, MOST_FILES at most, and return it."""
    try:
        import resource
    except ImportError:  # Windows has none
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_FILES
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if wanted > soft:
        with suppress(OSError, ValueError):  # macOS has a lower bound of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return soft


class _Connections:
    """All connections of a process, at most `most`. A new one replaces the oldest that has sent no head."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: set[asyncio.Transport] = set()
        self._look = 0  # at so many it is looked which have ended: a websocket reports that to another protocol
        self._silent: dict[Protocol, asyncio.TimerHandle] = {}  # without a whole head, the oldest first
        self._sent: dict[Protocol, int] = {}  # bytes of a head that is not whole
        self._stalled: dict[Protocol, asyncio.TimerHandle] = {}

    def wrap(self, kind: type[Protocol]) -> None:
        """Make this protocol class report its events."""
        for name in ("connection_made", "data_received", "connection_lost", "pause_writing", "resume_writing"):
            setattr(kind, name, _then(getattr(kind, name), getattr(self, f"_{name}")))

    def _connection_made(self, protocol: Protocol, transport: asyncio.Transport) -> None:
        if len(self._open) >= self._look:
            self._open = {each for each in self._open if not each.is_closing()}
            self._look = min(self.most, max(256, 2 * len(self._open)))
        if len(self._open) >= self.most:
            if not self._silent:
                log.warning("a connection was refused: %d are open", self.most)
                transport.abort()
                return
            self._close(next(iter(self._silent)))
        self._open.add(transport)
        self._wait(protocol, HEAD)

    def _data_received(self, protocol: Protocol, data: bytes) -> None:
        if protocol.transport.is_closing() or protocol.transport.get_protocol() is not protocol:  # a websocket by now
            self._heard(protocol)
            return
        cycle = protocol.cycle
        if cycle is None or cycle.response_complete:  # nothing is being answered, so a head is on its way
            rest = cycle is not None and cycle.more_body
            self._sent[protocol] = 0 if rest else self._sent.get(protocol, 0) + len(data)
            if self._sent[protocol] > LARGEST_HEAD:
                protocol.transport.write(TOO_LARGE)
                protocol.transport.close()
            elif protocol not in self._silent:
                self._wait(protocol, REST if rest else HEAD)
        else:
            self._heard(protocol)

    def _connection_lost(self, protocol: Protocol, _error: Exception | None) -> None:
        self._open.discard(protocol.transport)
        self._heard(protocol)
        self._resume_writing(protocol)

    def _pause_writing(self, protocol: Protocol) -> None:
        if protocol not in self._stalled:
            self._stalled[protocol] = protocol.loop.call_later(STALLED, protocol.transport.abort)

    def _resume_writing(self, protocol: Protocol) -> None:
        if timer := self._stalled.pop(protocol, None):
            timer.cancel()

    def _wait(self, protocol: Protocol, seconds: float) -> None:
        self._silent[protocol] = protocol.loop.call_later(seconds, self._close, protocol)

    def _heard(self, protocol: Protocol) -> None:
        self._sent.pop(protocol, None)
        if timer := self._silent.pop(protocol, None):
            timer.cancel()

    def _close(self, protocol: Protocol) -> None:
        self._heard(protocol)
        self._open.discard(protocol.transport)
        protocol.transport.abort()


def _then(method: Callable[..., None], report: Callable[..., None]) -> Callable[..., None]:
    @wraps(method)
    def both(protocol: Protocol, *values: Any) -> None:
        method(protocol, *values)
        report(protocol, *values)

    return both
