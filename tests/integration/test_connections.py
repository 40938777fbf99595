"""Who says nothing, little or too much does not keep a connection, and nobody else from having one."""

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
from tests.server import free_port
from tests.waiting import TICK, until

pytestmark = pytest.mark.usefixtures("data")


async def everything(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def nothing_read(_request: Request) -> Response:
    return PlainTextResponse("No.", status_code=413)


def large(_request: Request) -> Response:
    return PlainTextResponse(b"x" * (64 << 20))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    connections.guard()
    app = Starlette(routes=ROUTES, middleware=[Middleware(Visitors), Middleware(Steady)])
    for path, handler in (("/body", everything), ("/refused", nothing_read), ("/large", large)):
        app.add_route(path, handler, methods=["GET", "POST"])
    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield server.config.port
    server.should_exit = True
    thread.join()


def connected(port: int, first: bytes = b"") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.sendall(first)
    return line


def dripped(line: socket.socket, piece: bytes, every: float = 0.05) -> bytes:
    """Send pieces until the other end has had enough, and return its response."""
    line.settimeout(every)
    for _ in range(int(20 / every)):
        try:
            line.sendall(piece)
            return line.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            return b""
    raise AssertionError("it takes all of them")


def ended(line: socket.socket) -> int:
    """Return the number of bytes until the other end closes, at least 1 so that it is true."""
    count = 1
    try:
        while more := line.recv(1 << 20):
            count += len(more)
    except ConnectionResetError:
        pass
    return count


def test_a_silent_connection_is_closed(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "HEAD", 0.3)
    with connected(port) as line:
        assert ended(line)


FIRST = b"GET /refused HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"\r\n"),
        (b"GET /", b"a"),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
        (FIRST, b"\r\n"),
        (FIRST + b"GET /", b"a"),
    ],
)
def test_a_head_that_drips_is_cut_off(port: int, monkeypatch: pytest.MonkeyPatch, start: bytes, piece: bytes):
    """Also the head of a second request, and empty lines, of which no request ever begins."""
    monkeypatch.setattr(connections, "HEAD", 0.4)
    with connected(port, start) as line:
        if start.startswith(FIRST):
            assert b" 413 " in line.recv(65_536)
        assert dripped(line, piece) == b""


def test_a_head_has_at_most_64_kilobytes(port: int):
    with connected(port, b"GET /refused HTTP/1.1\r\n") as line:
        answer = dripped(line, b"X: " + b"y" * 8000 + b"\r\n", 0.01)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""
    with connected(port, b"GET /refused HTTP/1.1\r\nConnection: close\r\n" + b"X: y\r\n" * 8000 + b"\r\n") as line:
        assert b" 413 " in line.recv(65_536)


def test_of_an_answered_request_the_rest_is_read_for_a_while_only(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "REST", 0.5)
    with connected(port, b"POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n") as line:
        assert b" 413 " in line.recv(65_536)
        assert dripped(line, b"x") == b""


def test_who_does_not_read_an_answer_is_let_go(port: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connections, "STALLED", 0.3)
    with connected(port, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n") as line:
        TICK.wait(1)
        line.settimeout(5)
        assert ended(line) < 64 << 20


def test_who_reads_slowly_but_steadily_gets_it_all(port: int):
    assert len(requests.get(f"http://127.0.0.1:{port}/large", timeout=60).content) == 64 << 20


UPLOADS = {
    "raw": ("/upload", "application/octet-stream"),
    "form": ("/v1/stt/create", "multipart/form-data; boundary=b"),
    "JSON": ("/v1/stt/create", "application/json"),
    "any": ("/body", "text/plain"),
}


@pytest.mark.parametrize("bound", ["IDLE", "PERIOD"])
@pytest.mark.parametrize("kind", UPLOADS)
def test_a_body_that_stops_or_drips_is_a_408_and_leaves_nothing(
    port: int, data: Path, monkeypatch: pytest.MonkeyPatch, kind: str, bound: str
):
    from stt.auth import tokens

    monkeypatch.setattr(bodies, bound, 0.6)
    path, content = UPLOADS[kind]
    token = tokens.create("test", "user:ann")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {content}\r\nContent-Length: 99999\r\n"
        f"Authorization: Bearer {token}\r\nCookie: {visitors.COOKIE}={visitors.cookie_for('ann')}\r\n\r\n"
    )
    begin = b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\nRIFF'
    with connected(port, head.encode() + begin) as line:
        if path != "/body" and kind != "JSON":
            until(lambda: list((data / "incoming").glob("*")))
        answer = line.recv(65_536) if bound == "IDLE" else dripped(line, b"x")
        assert answer.startswith(b"HTTP/1.1 408 "), answer
        while b"more came" not in answer and b"in a minute" not in answer:
            assert (more := line.recv(65_536)), answer  # noqa: RUF018
            answer += more
    until(lambda: not list((data / "incoming").glob("*")))


def test_at_the_limit_the_oldest_silent_connection_makes_room(port: int, monkeypatch: pytest.MonkeyPatch):
    watcher = getattr(AutoHTTPProtocol, compat.WATCHER)
    monkeypatch.setattr(watcher, "most", 20)
    monkeypatch.setattr(watcher, "_prune_at", 0)
    busy = connected(port, b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
    silent = [connected(port) for _ in range(60)]
    assert requests.post(f"http://127.0.0.1:{port}/body", b"abc", timeout=5).text == "3"
    assert gone(silent[0]) and not gone(silent[-1])
    busy.sendall(b"y")
    assert b" 200 " in busy.recv(65_536)
    for line in (busy, *silent):
        line.close()


def gone(line: socket.socket) -> bool:
    line.settimeout(0.5)
    try:
        return line.recv(1) == b""
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
