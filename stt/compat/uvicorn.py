"""Internals of Uvicorn's HTTP connections: report all their events to a watcher, which can then enforce limits.

Uvicorn lacks options for such limits, and Streamlit, which starts Uvicorn, would not set them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio

LOGGER = "uvicorn"
REQUESTS = ("uvicorn.access", "uvicorn.error")  # loggers that log every request with its query
WATCHER = "watched_by_stt"  # name of the attribute of Uvicorn's class that holds the watcher
_EVENTS = ("connection_made", "data_received", "connection_lost", "pause_writing", "resume_writing")


class Connection(Protocol):
    """Uvicorn's protocol object (from httptools or h11). There is one for each connection."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    cycle: Any  # Uvicorn's object for the current request and its response, or None


class Watcher(Protocol):
    """An object that receives every event on every HTTP connection, after Uvicorn has processed the event."""

    def connection_made(self, connection: Connection, transport: asyncio.Transport, /) -> None: ...
    def data_received(self, connection: Connection, data: bytes, /) -> None: ...
    def connection_lost(self, connection: Connection, error: Exception | None, /) -> None: ...
    def pause_writing(self, connection: Connection, /) -> None: ...
    def resume_writing(self, connection: Connection, /) -> None: ...


def watch(make: Callable[[], Watcher]) -> None:
    """Report all events on the HTTP connections of this process to the watcher that `make` creates.

    Only the first call creates a watcher. Later calls do nothing.
    """
    try:
        from uvicorn.protocols.http.auto import AutoHTTPProtocol
    except ImportError:  # a server other than Uvicorn runs this application
        return
    kind: Any = AutoHTTPProtocol
    if not hasattr(kind, WATCHER):
        watcher = make()
        setattr(kind, WATCHER, watcher)
        for name in _EVENTS:
            setattr(kind, name, _then(getattr(kind, name), getattr(watcher, name)))


def speaks_http(connection: Connection) -> bool:
    """Return whether the connection is open and still uses HTTP. A websocket is served by another protocol object."""
    protocol: object = connection.transport.get_protocol()
    return not connection.transport.is_closing() and protocol is connection


def is_answering(connection: Connection) -> bool:
    """Return whether the head of a request has arrived and its response is not complete."""
    return connection.cycle is not None and not connection.cycle.response_complete


def has_body_left(connection: Connection) -> bool:
    """Return whether a part of the body of the last request has not arrived yet."""
    return connection.cycle is not None and bool(connection.cycle.more_body)


def _then(method: Callable[..., None], report: Callable[..., None]) -> Callable[..., None]:
    @wraps(method)
    def both(connection: Connection, *values: Any) -> None:
        method(connection, *values)
        report(connection, *values)

    return both
