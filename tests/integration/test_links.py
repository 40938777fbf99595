"""Test that a link gives a recording or an error message."""

from __future__ import annotations

import gzip
import socket
import threading
import time

import pytest
from werkzeug import Response

from stt.audio import decoder
from stt.errors import BadLink, Cancelled, TooLarge
from stt.links import download
from tests import audio

SOUND = audio.JFK.read_bytes()


@pytest.fixture
def raw_server():
    """Return a function that starts a server for one request, to which `answer` responds, and returns the URL."""
    servers, over = [], threading.Event()

    def serve(answer):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def accept():
            try:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65_536)
                    answer(connection, over)
            except OSError:
                pass  # the client has disconnected

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/a.mp3"

    yield serve
    over.set()
    for server in servers:
        server.close()


def test_link_is_downloaded_under_a_generated_name(httpserver, fetch, tmp_path):
    httpserver.expect_request("/talks/a.flac").respond_with_data(SOUND, content_type="audio/flac")
    progress = []
    path = fetch(httpserver.url_for("/talks/a.flac"), on_progress=lambda done, total: progress.append((done, total)))
    assert path.read_bytes() == SOUND
    assert path.parent == tmp_path
    assert "a.flac" not in path.name and path.name.isalnum()
    assert progress[-1] == (len(SOUND), len(SOUND))
    assert decoder.probe(path).kind == "FLAC"


def test_response_compressed_or_without_a_length_gives_the_same_recording(httpserver, fetch):
    httpserver.expect_request("/packed").respond_with_data(gzip.compress(SOUND), headers={"Content-Encoding": "gzip"})
    httpserver.expect_request("/pieces").respond_with_handler(
        lambda request: Response(iter([SOUND[:1000], SOUND[1000:]]), content_type="audio/flac")
    )
    for path in ("/packed", "/pieces"):
        assert fetch(httpserver.url_for(path)).read_bytes() == SOUND


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(httpserver, fetch, status):
    httpserver.expect_request("/old").respond_with_data(status=status, headers={"Location": "/new name?a=1"})
    httpserver.expect_request("/new name", query_string="a=1").respond_with_data(SOUND)
    assert fetch(httpserver.url_for("/old")).read_bytes() == SOUND


def test_ten_redirects_are_enough_and_eleven_are_too_many(httpserver, fetch, tmp_path):
    for n in range(1, 12):
        httpserver.expect_request(f"/{n}").respond_with_data(status=302, headers={"Location": f"/{n - 1}"})
    httpserver.expect_request("/0").respond_with_data(SOUND)
    assert fetch(httpserver.url_for("/10")).read_bytes() == SOUND
    with pytest.raises(BadLink, match="Too many redirects"):
        fetch(httpserver.url_for("/11"))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 404}, "nothing at this address"),
        ({"status": 401}, "signing in"),
        ({"status": 403}, "does not let this server"),
        ({"status": 410}, "taken down"),
        ({"status": 500}, "error 500"),
        ({"status": 204}, "error 204"),
        ({"response_data": b""}, "0 bytes"),
        ({"response_data": "<p>Hello", "content_type": "text/html; charset=utf-8"}, "a web page, not to a recording"),
        ({"response_data": "\n <!DOCTYPE html><p>", "content_type": "audio/mpeg"}, "a web page, not to a recording"),
    ],
)
def test_response_without_a_recording_gives_a_message_and_leaves_no_file(httpserver, fetch, tmp_path, answer, words):
    httpserver.expect_request("/a.mp3").respond_with_data(**answer)
    with pytest.raises(BadLink, match=words):
        fetch(httpserver.url_for("/a.mp3"))
    assert list(tmp_path.iterdir()) == []


def test_recording_over_the_limit_is_refused_by_its_length_or_while_it_arrives(httpserver, fetch, tmp_path):
    zeros = bytes(3_000_000)
    httpserver.expect_request("/told").respond_with_data(zeros)
    httpserver.expect_request("/untold").respond_with_handler(lambda request: Response(iter([zeros] * 3)))
    httpserver.expect_request("/bomb").respond_with_data(gzip.compress(zeros), headers={"Content-Encoding": "gzip"})
    progress = []
    for path in ("/told", "/untold", "/bomb"):
        with pytest.raises(TooLarge, match="limit of 2 MB"):
            fetch(httpserver.url_for(path), limit_bytes=2 << 20, on_progress=lambda done, _: progress.append(done))
    assert max(progress) <= 2 << 20
    assert list(tmp_path.iterdir()) == []


def send_slowly(start: bytes, piece: bytes):
    def answer(connection, over):
        connection.sendall(start)
        while not over.wait(0.05):
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX-Header: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b""),
    ],
)
def test_slow_or_silent_response_ends_at_the_time_limit_or_a_cancel(raw_server, fetch, tmp_path, start, piece):
    with pytest.raises(BadLink, match="too slowly"):
        fetch(raw_server(send_slowly(start, piece)), timeout_seconds=0.6)
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        fetch(raw_server(send_slowly(start, piece)), cancelled=lambda: time.monotonic() > begin + 0.3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nfLaC", b"", b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\nTransfer"],
)
def test_truncated_or_invalid_response_is_no_recording(raw_server, fetch, tmp_path, content):
    with pytest.raises(BadLink, match=r"connection to the site|0 bytes"):
        fetch(raw_server(lambda connection, _: connection.sendall(content)))
    assert list(tmp_path.iterdir()) == []


def test_the_body_of_a_redirect_is_not_read(httpserver, raw_server, fetch):
    httpserver.expect_request("/a.flac").respond_with_data(SOUND)
    head = f"HTTP/1.1 302 Found\r\nLocation: {httpserver.url_for('/a.flac')}\r\n\r\n"
    assert fetch(raw_server(send_slowly(head.encode(), bytes(65_536)))).read_bytes() == SOUND


def test_redirect_to_an_invalid_address_gives_a_message(raw_server, fetch):
    head = b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(BadLink, match="redirects to an invalid address"):
        fetch(raw_server(lambda connection, _: connection.sendall(head)))


def test_closed_port_gives_a_message(fetch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(BadLink, match="connection to the site"):
        fetch(f"http://127.0.0.1:{port}/a.mp3")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://talks.example/2024/a%20talk.mp3?x=1#t=3", "a talk.mp3"),
        ("https://talks.example/", "talks.example"),
        ("https://talks.example", "talks.example"),
        ("https://talks.example/a/..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("https://talks.example/" + "a" * 300, "a" * 200),
        ("https://talks.example/caf%C3%A9.mp3", "café.mp3"),
        ("https://talks.example/a%00%0Ab.mp3", "ab.mp3"),
    ],
)
def test_link_has_a_readable_name(url, name):
    assert download.name_of(url) == name
