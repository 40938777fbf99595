"""Uvicorn's connections: report what happens on each. It has no options for bounds, and Streamlit would set none."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio

LOGGER = "uvicorn"
REQUESTS = ("uvicorn.access", "uvicorn.error")  # loggers with a line for every request, and its query
WATCHER = "watched_by_stt"
_EVENTS = ("connection_made", "data_received", "connection_lost", "pause_writing", "resume_writing")


class Connection(Protocol):
    """Uvicorn's protocol object, of httptools or h11: one for each connection."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    cycle: Any  # a request and its response, or None


class Watcher(Protocol):
    """Receives every event on every HTTP connection, after uvicorn has dealt with it."""

    def connection_made(self, connection: Connection, transport: asyncio.Transport, /) -> None: ...
    def data_received(self, connection: Connection, data: bytes, /) -> None: ...
    def connection_lost(self, connection: Connection, error: Exception | None, /) -> None: ...
    def pause_writing(self, connection: Connection, /) -> None: ...
    def resume_writing(self, connection: Connection, /) -> None: ...


def watch(make: Callable[[], Watcher]) -> None:
    """Report to a new watcher what happens on all connections of this process. Safe to repeat: one watcher is made."""
    try:
        from uvicorn.protocols.http.auto import AutoHTTPProtocol
    except ImportError:  # another server runs this application
        return
    kind: Any = AutoHTTPProtocol
    if not hasattr(kind, WATCHER):
        watcher = make()
        setattr(kind, WATCHER, watcher)
        for name in _EVENTS:
            setattr(kind, name, _then(getattr(kind, name), getattr(watcher, name)))


def speaks_http(connection: Connection) -> bool:
    """Return whether the connection is open and has not become a websocket, which another protocol object serves."""
    protocol: object = connection.transport.get_protocol()
    return not connection.transport.is_closing() and protocol is connection


def is_answering(connection: Connection) -> bool:
    """Return whether a request is being answered; if not, a head is on its way, or the rest of a body."""
    return connection.cycle is not None and not connection.cycle.response_complete


def has_body_left(connection: Connection) -> bool:
    """Return whether the body of the last request has not come to its end."""
    return connection.cycle is not None and bool(connection.cycle.more_body)


def _then(method: Callable[..., None], report: Callable[..., None]) -> Callable[..., None]:
    @wraps(method)
    def both(connection: Connection, *values: Any) -> None:
        method(connection, *values)
        report(connection, *values)

    return both
