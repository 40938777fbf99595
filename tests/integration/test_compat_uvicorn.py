"""What is taken for granted of uvicorn, of both of its ways to read HTTP."""

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
from tests.server import free_port
from tests.waiting import until

seen: list[tuple[str, bool, bool, bool]] = []


async def refuse(_request: Request) -> Response:
    return PlainTextResponse("No.", status_code=413)


async def take(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture(scope="module", params=[HttpToolsProtocol, H11Protocol])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    class Noted(request.param):
        def note(self, event: str) -> None:
            answering, left = compat.is_answering(self), compat.has_body_left(self)
            seen.append((event, compat.speaks_http(self), answering, left))

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
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), http=Noted, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield server.config.port
    server.should_exit = True
    thread.join()


def test_uvicorn_tells_a_head_on_its_way_from_a_body_and_the_rest_of_a_refused_one(port: int):
    seen.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        until(lambda: seen == [("made", True, False, False)])
        line.sendall(b"POST /take HTTP/1.1\r\nHost: a\r\n")
        until(lambda: seen[1:] == [("data", True, False, False)])
        line.sendall(b"Content-Length: 4\r\n\r\nab")
        until(lambda: seen[2:] == [("data", True, True, True)])
        line.sendall(b"cd")
        assert b" 200 " in line.recv(65_536)
        assert seen[3] == ("data", True, True, False)
        line.sendall(b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        assert b" 413 " in line.recv(65_536)
        line.sendall(b"a")
        until(lambda: seen[5:] == [("data", True, False, True)])
    until(lambda: seen[6:] == [("lost", False, False, True)])


@pytest.mark.parametrize("kind", [HttpToolsProtocol, H11Protocol])
def test_uvicorn_calls_these_methods_of_a_connection(kind: type):
    for name in compat._EVENTS:
        assert callable(getattr(kind, name)), name
    assert AutoHTTPProtocol in (HttpToolsProtocol, H11Protocol)
