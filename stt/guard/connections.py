"""Limit uvicorn's connections, because Streamlit starts uvicorn without options for such limits.

By default, uvicorn waits forever for the head (request line and headers) of a connection's first request, reads a head
of any size, and keeps a connection whose client has stopped reading. When the process has reached its limit of open
files, uvicorn accepts no further connection. If a server other than uvicorn runs this application, that server must
have such limits, and so must a proxy in front of the server (see docs/deploy.md).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from stt.compat import uvicorn
from stt.compat.uvicorn import Connection

# Timeout for the head of a request, seconds. For the first request of a connection, the timeout starts when the
# connection opens; for a later request, it starts when the first byte of the head arrives.
HEAD = 20.0
LARGEST_HEAD = 64 << 10  # maximum size of a request's head, bytes; it is checked after each block of up to 256 kB
REST = 60.0  # timeout for the rest of a request's body after the response (such as an error) was sent, seconds
STALLED = 600.0  # timeout for a client that reads nothing, seconds; it is long, because a paused player reads nothing
MOST_FILES = 65_536  # maximum limit of open files that this process requests from the system
MOST = 10_000  # maximum number of connections
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

log = logging.getLogger("stt.guard.connections")


def guard() -> None:
    """Limit the connections of uvicorn's servers in this process. Safe to call repeatedly."""
    uvicorn.watch(lambda: _Connections(min(MOST, open_files() * 3 // 4)))


def open_files() -> int:
    """Raise this process's soft limit of open files to the hard limit, at most to MOST_FILES, and return the result."""
    try:
        import resource
    except ImportError:  # Windows has no module `resource`
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_FILES
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if wanted > soft:
        with suppress(OSError, ValueError):  # the limit of macOS's kernel may be below the hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return soft


class _Connections:
    """Track all connections of a process, and limit their number to `most`.

    At that limit, a new connection replaces the connection whose request has been incomplete for the longest time. If
    no request is incomplete, the new connection is refused.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: set[asyncio.Transport] = set()
        # Size of `_open` at which closed connections are removed from it. No event reports the end of a websocket, so
        # closed websockets stay in `_open` until then.
        self._prune_at = 0
        # Connections with an incomplete head or body, and the timers that close them, in the order of their start.
        self._silent: dict[Connection, asyncio.TimerHandle] = {}
        self._sent: dict[Connection, int] = {}  # number of received bytes of an incomplete head
        self._stalled: dict[Connection, asyncio.TimerHandle] = {}  # connections whose client reads nothing

    def connection_made(self, connection: Connection, transport: asyncio.Transport) -> None:
        if len(self._open) >= self._prune_at:
            self._open = {each for each in self._open if not each.is_closing()}
            self._prune_at = min(self.most, max(256, 2 * len(self._open)))
        if len(self._open) >= self.most:
            if not self._silent:
                log.warning("a connection was refused: %d are open", self.most)
                transport.abort()
                return
            self._close(next(iter(self._silent)))
        self._open.add(transport)
        self._wait(connection, HEAD)

    def data_received(self, connection: Connection, data: bytes) -> None:
        if not uvicorn.speaks_http(connection) or uvicorn.is_answering(connection):
            self._end_wait(connection)
        else:  # no response is pending, so the data is a part of a head, or the rest of the previous request's body
            rest = uvicorn.has_body_left(connection)
            self._sent[connection] = 0 if rest else self._sent.get(connection, 0) + len(data)
            if self._sent[connection] > LARGEST_HEAD:
                connection.transport.write(TOO_LARGE)
                connection.transport.close()
            elif connection not in self._silent:
                self._wait(connection, REST if rest else HEAD)

    def connection_lost(self, connection: Connection, _error: Exception | None) -> None:
        self._open.discard(connection.transport)
        self._end_wait(connection)
        self.resume_writing(connection)

    def pause_writing(self, connection: Connection) -> None:
        if connection not in self._stalled:
            self._stalled[connection] = connection.loop.call_later(STALLED, connection.transport.abort)

    def resume_writing(self, connection: Connection) -> None:
        if timer := self._stalled.pop(connection, None):
            timer.cancel()

    def _wait(self, connection: Connection, seconds: float) -> None:
        self._silent[connection] = connection.loop.call_later(seconds, self._close, connection)

    def _end_wait(self, connection: Connection) -> None:
        self._sent.pop(connection, None)
        if timer := self._silent.pop(connection, None):
            timer.cancel()

    def _close(self, connection: Connection) -> None:
        self._end_wait(connection)
        self._open.discard(connection.transport)
        connection.transport.abort()
