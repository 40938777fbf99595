"""Test what this project assumes about uvicorn, with both of its HTTP parsers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stt.compat import uvicorn as compat
from tests.waiting import until

events: list[tuple[str, bool, bool, bool]] = []


async def refuse(_request: Request) -> Response:
    return PlainTextResponse("No.", status_code=413)


async def take(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture(scope="module", params=[HttpToolsProtocol, H11Protocol])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    class ObservedProtocol(request.param):
        def note(self, event: str) -> None:
            answering, body_left = compat.is_answering(self), compat.has_body_left(self)
            events.append((event, compat.speaks_http(self), answering, body_left))

        def connection_made(self, transport) -> None:
            super().connection_made(transport)
            self.loop.call_later(0.0, self.note, "made")

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.note("data")

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self.note("lost")

    app = Starlette()
    app.add_route("/refuse", refuse, methods=["POST"])
    app.add_route("/take", take, methods=["POST"])
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=ObservedProtocol, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def receive_until(connection: socket.socket, expected: bytes) -> None:
    """Read from a connection until `expected` has arrived. A response may arrive in several parts."""
    received = b""
    while expected not in received:
        part = connection.recv(65_536)
        assert part, received
        received += part


def test_uvicorn_distinguishes_headers_a_body_and_the_rest_of_a_refused_body(port: int):
    events.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        until(lambda: events == [("made", True, False, False)])
        connection.sendall(b"POST /take HTTP/1.1\r\nHost: a\r\n")
        until(lambda: events[1:] == [("data", True, False, False)])
        connection.sendall(b"Content-Length: 4\r\n\r\nab")
        until(lambda: events[2:] == [("data", True, True, True)])
        connection.sendall(b"cd")
        receive_until(connection, b" 200 ")
        assert events[3] == ("data", True, True, False)
        connection.sendall(b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        receive_until(connection, b" 413 ")
        connection.sendall(b"a")
        until(lambda: events[5:] == [("data", True, False, True)])
    until(lambda: events[6:] == [("lost", False, False, True)])


@pytest.mark.parametrize("kind", [HttpToolsProtocol, H11Protocol])
def test_uvicorn_protocols_have_the_methods_that_are_wrapped(kind: type):
    for name in compat._EVENTS:
        assert callable(getattr(kind, name)), name
    assert AutoHTTPProtocol in (HttpToolsProtocol, H11Protocol)
