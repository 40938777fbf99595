"""Uvicorn's connections: report what happens on each. It has no options for bounds, and Streamlit would set none."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio

LOGGER = "uvicorn"
REQUESTS = ("uvicorn.access", "uvicorn.error")  # loggers with a line for every request, and its query
_WATCHER = "watched_by_stt"
_EVENTS = ("connection_made", "data_received", "connection_lost", "pause_writing", "resume_writing")

Connection = Any  # uvicorn's protocol object, of httptools or h11: hashable, one for each connection


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
    if not hasattr(kind, _WATCHER):
        watcher = make()
        setattr(kind, _WATCHER, watcher)
        for name in _EVENTS:
            setattr(kind, name, _then(getattr(kind, name), getattr(watcher, name)))


def watcher() -> Any:
    """Return the watcher of this process. Raises AttributeError before `watch`."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    return getattr(AutoHTTPProtocol, _WATCHER)


def transport(connection: Connection) -> asyncio.Transport:
    """Return the transport that the connection writes to."""
    found: asyncio.Transport = connection.transport
    return found


def later(connection: Connection, seconds: float, call: Callable[..., object], *values: Any) -> asyncio.TimerHandle:
    """Call something in `seconds`, in the event loop of the connection."""
    timer: asyncio.TimerHandle = connection.loop.call_later(seconds, call, *values)
    return timer


def speaks_http(connection: Connection) -> bool:
    """Return whether the connection is open and has not become a websocket, which another protocol object serves."""
    open_one = transport(connection)
    return not open_one.is_closing() and open_one.get_protocol() is connection


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
