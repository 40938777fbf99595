"""Test what this project assumes about requests and urllib3."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from pytest_httpserver import HTTPServer

from stt.compat.requests import never_sent, redirect_of, session_to, untrusted
from tests.server import free_port


def test_urllib3_connects_through_the_method_that_is_replaced(httpserver: HTTPServer):
    httpserver.expect_request("/a").respond_with_data("here")
    looked_up, opened = [], []

    def addresses(host: str, port: int) -> Iterator[str]:
        looked_up.append((host, port))
        yield "127.0.0.1"

    url = f"http://talks.invalid:{httpserver.port}/a"
    with session_to(addresses, opened.append) as session:
        assert session.get(url).text == "here"
    assert looked_up == [("talks.invalid", httpserver.port)]
    (connection,) = opened
    assert isinstance(connection, socket.socket)


def test_urllib3_propagates_exceptions_raised_while_connecting():
    class Refused(Exception):
        pass

    def addresses(host: str, port: int) -> Iterator[str]:
        raise Refused(host)

    with session_to(addresses, lambda _: None) as session, pytest.raises(Refused):
        session.get("http://talks.invalid/a")


def test_a_connection_that_is_refused_when_it_is_opened_is_closed():
    class Refused(Exception):
        pass

    def refuse(_connection: socket.socket) -> None:
        raise Refused

    with socket.create_server(("127.0.0.1", 0)) as server, session_to(lambda *_: ["127.0.0.1"], refuse) as session:
        with pytest.raises(Refused) as refused:
            session.get(f"http://talks.example:{server.getsockname()[1]}/")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(10)
            assert connection.recv(1) == b""
        # The traceback still refers to the client's connection, so it was closed explicitly, not by garbage collection.
        assert refused.tb is not None


def test_urllib3_starts_tls_on_the_connection_that_was_opened(certificate: tuple[Path, Path]):
    opened: list[socket.socket] = []
    with serving(certificate) as (port, names), session_to(lambda *_: ["127.0.0.1"], opened.append) as session:
        with pytest.raises(requests.exceptions.SSLError) as refused:
            session.get(f"https://talks.example:{port}/")
    assert len(opened) == 1 and names == ["talks.example"], "TLS sends the host name"
    assert untrusted(refused.value) and never_sent(refused.value)


def test_requests_does_not_read_the_body_of_a_redirect_it_does_not_follow(httpserver: HTTPServer):
    httpserver.expect_request("/a").respond_with_data(b"x" * 1000, 302, {"Location": "/b%C3%BC"})
    with session_to(lambda *_: ["127.0.0.1"], lambda _: None) as session:
        with session.get(httpserver.url_for("/a"), stream=True, allow_redirects=False) as answer:
            assert answer.is_redirect and redirect_of(session, answer) == "/b%C3%BC"
            assert answer.raw.tell() == 0


def test_requests_keeps_the_reason_why_a_connection_failed():
    for url in (f"http://127.0.0.1:{free_port()}/", "http://no-such-name.invalid/"):
        with pytest.raises(requests.ConnectionError) as failed:
            requests.get(url, timeout=10)
        assert never_sent(failed.value) and not untrusted(failed.value)
    with pytest.raises(requests.exceptions.ProxyError) as failed:
        requests.get("http://talks.invalid/", proxies={"http": f"http://127.0.0.1:{free_port()}"}, timeout=10)
    assert never_sent(failed.value)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"])
def test_request_that_was_sent_is_not_reported_as_never_sent(answer: bytes):
    def hang_up(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(answer)

    with listening(hang_up) as port, pytest.raises(requests.RequestException) as failed:
        requests.post(f"http://127.0.0.1:{port}/", b"body", timeout=10)
    assert not never_sent(failed.value)


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that accepts one connection and passes it to `serve`. Yield the port of the server."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):  # the client may disconnect
                serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@contextmanager
def serving(certificate: tuple[Path, Path]) -> Iterator[tuple[int, list[str]]]:
    """Run a TLS server that accepts one connection. Yield its port and the list of host names requested with SNI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    names: list[str] = []
    context.sni_callback = lambda connection, name, _: names.append(name)
    with listening(lambda connection: context.wrap_socket(connection, server_side=True).close()) as port:
        yield port, names
