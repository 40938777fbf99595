"""Test that silent, slow and oversized requests are disconnected and do not block the connections of others."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from stt.auth import visitors
from stt.compat import uvicorn as compat
from stt.guard import bodies, connections
from stt.guard.bodies import Steady
from stt.guard.middleware import Visitors
from stt.web.routes import ROUTES
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("data")


async def read_body(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def refuse(_request: Request) -> Response:
    return PlainTextResponse("No.", status_code=413)


def large(_request: Request) -> Response:
    return PlainTextResponse(b"x" * (64 << 20))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    connections.guard()
    app = Starlette(routes=ROUTES, middleware=[Middleware(Visitors), Middleware(Steady)])
    for path, handler in (("/body", read_body), ("/refused", refuse), ("/large", large)):
        app.add_route(path, handler, methods=["GET", "POST"])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def connect(port: int, first: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(first)
    return connection


def send_slowly(connection: socket.socket, piece: bytes, every: float = 0.05) -> bytes:
    """Send `piece` again and again, at intervals of `every` seconds, until the server responds or disconnects.

    Return the response, or no bytes if the server disconnects.
    """
    connection.settimeout(every)
    for _ in range(int(20 / every)):
        try:
            connection.sendall(piece)
            return connection.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            return b""
    raise AssertionError("it takes all of them")


def read_refusal(connection: socket.socket) -> None:
    """Read the whole response of `refuse`, which may arrive in several parts."""
    answer = b""
    while not answer.endswith(b"No."):
        more = connection.recv(65_536)
        assert more, answer
        answer += more
    assert b" 413 " in answer


def read_to_end(connection: socket.socket) -> int:
    """Read until the server closes the connection. Return 1 plus the number of bytes, which is never 0."""
    count = 1
    try:
        while more := connection.recv(1 << 20):
            count += len(more)
    except ConnectionResetError:
        pass
    return count


def test_a_silent_connection_is_closed(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "HEAD", 0.3)
    with connect(port) as connection:
        assert read_to_end(connection)


FIRST_REQUEST = b"GET /refused HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"\r\n"),
        (b"GET /", b"a"),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
        (FIRST_REQUEST, b"\r\n"),
        (FIRST_REQUEST + b"GET /", b"a"),
    ],
)
def test_connection_that_sends_its_headers_slowly_is_closed(
    port: int, monkeypatch: pytest.MonkeyPatch, start: bytes, piece: bytes
):
    """Check also the headers of a second request, and empty lines before a request that never begins."""
    monkeypatch.setattr(connections, "HEAD", 0.4)
    with connect(port, start) as connection:
        if start.startswith(FIRST_REQUEST):
            read_refusal(connection)
        assert send_slowly(connection, piece) == b""


def test_headers_have_at_most_64_kilobytes(port: int):
    with connect(port, b"GET /refused HTTP/1.1\r\n") as connection:
        answer = send_slowly(connection, b"X: " + b"y" * 8000 + b"\r\n", 0.01)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""
    with connect(port, b"GET /refused HTTP/1.1\r\nConnection: close\r\n" + b"X: y\r\n" * 8000 + b"\r\n") as connection:
        assert b" 413 " in connection.recv(65_536)


def test_rest_of_an_answered_request_is_read_for_a_limited_time(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "REST", 0.5)
    with connect(port, b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n") as connection:
        read_refusal(connection)
        assert send_slowly(connection, b"x") == b""


def test_client_that_does_not_read_the_response_is_disconnected(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "STALLED", 0.3)
    with connect(port, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n") as connection:
        assert connection.recv(1, socket.MSG_PEEK), "the response has begun, and nothing of it was read"
        until(lambda: not is_served(connection))
        assert read_to_end(connection) < 64 << 20


def is_served(connection: socket.socket) -> bool:
    """Return whether the server has not closed its end of a connection that it has accepted."""
    watcher = getattr(AutoHTTPProtocol, compat.WATCHER)
    return connection.getsockname() in [transport.get_extra_info("peername") for transport in set(watcher._open)]


def test_client_that_reads_slowly_but_steadily_gets_the_full_response(port: int):
    assert len(requests.get(f"http://127.0.0.1:{port}/large", timeout=60).content) == 64 << 20


UPLOADS = {
    "raw": ("/upload", "application/octet-stream"),
    "form": ("/v1/stt/create", "multipart/form-data; boundary=b"),
    "JSON": ("/v1/stt/create", "application/json"),
    "plain text": ("/body", "text/plain"),
}


@pytest.mark.parametrize("bound", ["IDLE", "PERIOD"])
@pytest.mark.parametrize("kind", UPLOADS)
def test_body_that_stops_or_is_slow_gets_a_408_and_leaves_no_file(
    port: int, data: Path, monkeypatch: pytest.MonkeyPatch, kind: str, bound: str
):
    from stt.auth import tokens

    path, content_type = UPLOADS[kind]
    token = tokens.create("test", "user:ann")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {content_type}\r\nContent-Length: 99999\r\n"
        f"Authorization: Bearer {token}\r\nCookie: {visitors.COOKIE}={visitors.cookie_for('ann')}\r\n\r\n"
    )
    body_start = b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\nRIFF'
    with connect(port, head.encode() + body_start) as connection:
        if path != "/body" and kind != "JSON":
            until(lambda: list((data / "incoming").glob("*")))
        monkeypatch.setattr(bodies, bound, 0.6)
        connection.sendall(b"x")  # the waits after this byte have the new limit
        answer = connection.recv(65_536) if bound == "IDLE" else send_slowly(connection, b"x")
        assert answer.startswith(b"HTTP/1.1 408 "), answer
        while b"more came" not in answer and b"in a minute" not in answer:
            assert (more := connection.recv(65_536)), answer  # noqa: RUF018
            answer += more
    until(lambda: not list((data / "incoming").glob("*")))


def test_oldest_silent_connection_is_closed_at_the_limit(port: int, monkeypatch: pytest.MonkeyPatch):
    watcher = getattr(AutoHTTPProtocol, compat.WATCHER)
    monkeypatch.setattr(watcher, "most", 20)
    monkeypatch.setattr(watcher, "_prune_at", 0)
    busy = connect(port, b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
    silent = [connect(port) for _ in range(60)]
    assert requests.post(f"http://127.0.0.1:{port}/body", b"abc", timeout=30).text == "3"
    until(lambda: is_closed(silent[0]))
    assert not is_closed(silent[-1])
    busy.sendall(b"y")
    assert b" 200 " in busy.recv(65_536)
    for connection in (busy, *silent):
        connection.close()


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.5)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one(monkeypatch: pytest.MonkeyPatch):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, soft), hard))
    try:
        raised = connections.open_files()
        assert raised == resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, connections.MOST_FILES)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
