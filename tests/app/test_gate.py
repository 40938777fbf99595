"""Test who may connect to the server: host names, origins, and the cookies behind HTTPS."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from stt.auth import visitors
from tests import audio
from tests.conftest import reset_caches
from tests.server import Server

PAGE = {"Accept": "text/html"}
HTTPS = PAGE | {"X-Forwarded-Proto": "https, http"}
HANDSHAKE = (
    "GET /_stcore/stream HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class SilentProxy:
    """Accept connections and never respond. As the server's HTTP proxy, it gets all requests to other sites."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.calls: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self.calls.append(self.socket.accept()[0])
            except OSError:
                return

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"


@pytest.fixture(scope="module")
def proxy() -> Iterator[SilentProxy]:
    silent_proxy = SilentProxy()
    yield silent_proxy
    silent_proxy.socket.close()


@pytest.fixture(scope="module")
def server(proxy: SilentProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("gate") / "data"
    with Server(folder, http_proxy=proxy.url, https_proxy=proxy.url) as server:
        yield server


@contextmanager
def settings_of(server: Server, **environment: str) -> Iterator[None]:
    """Let this process use the server's data folder, and so its secret, with the given settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"STT_DATA_DIR": str(server.data), **environment}.items():
            patch.setenv(name, value)
        reset_caches()
        yield
    reset_caches()


def status(server: Server, head: str) -> int:
    """Send `head`, a request line and headers, byte for byte. Return the status of the response."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(f"{head}\r\n".encode("latin-1"))
        return int(connection.makefile("rb").readline().split()[1])


HOSTS = [
    (("localhost", "LOCALHOST.", "localhost:1", "127.0.0.1", "[::1]:8501", socket.gethostname()), 200),
    (("evil.example", "localhost.evil.example", "127.0.0.1.nip.io:8501", "203.0.113.7"), 421),
    (("a@localhost", "localhost, evil.example", "loc alhost", "", "[::1", "localhost:99999"), 400),
]


@pytest.mark.parametrize(("host", "expected"), [(host, code) for hosts, code in HOSTS for host in hosts])
def test_only_requests_for_names_of_this_server_are_served(server: Server, host: str, expected: int):
    for path in ("/", "/v1/models", "/favicon.png"):
        assert status(server, f"GET {path} HTTP/1.1\r\nConnection: close\r\nHost: {host}\r\n") == expected
    assert status(server, f"{HANDSHAKE}Host: {host}\r\n") == (101 if expected == 200 else 403)
    # Load balancers may request the health check with any address as the host.
    assert status(server, f"GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: {host}\r\n") in (200, 400)


def test_request_without_a_host_or_with_two_is_refused(server: Server):
    end = "Connection: close\r\n"
    assert status(server, f"GET /v1/models HTTP/1.0\r\n{end}") == 400
    assert status(server, f"GET /v1/models HTTP/1.1\r\n{end}Host: localhost\r\nHost: evil.example\r\n") == 400
    assert status(server, f"GET /v1/models HTTP/1.1\r\n{end}Host: localhost\r\nHost: localhost\r\n") == 400
    assert status(server, f"GET /healthz HTTP/1.1\r\n{end}Host: 10.1.2.3:8501\r\n") == 200
    assert status(server, f"GET /_stcore/health HTTP/1.1\r\n{end}Host: 10.1.2.3:8501\r\n") == 200


def test_unknown_host_name_gets_a_message_about_stt_hosts(server: Server):
    answer = requests.get(server.url, headers=PAGE | {"Host": "evil.example"})
    assert "does not go by the name evil.example" in answer.text and "STT_HOSTS" in answer.text
    assert "set-cookie" not in answer.headers and answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_stt_hosts_sets_the_names_that_are_served(tmp_path: Path):
    with Server(tmp_path / "data", STT_HOSTS="stt.example.org, *.example.net") as server:
        for host, expected in (
            ("stt.example.org", 200),
            ("a.example.net", 200),
            ("localhost", 200),
            ("example.org", 421),
        ):
            assert requests.get(f"{server.url}/v1/models", headers={"Host": host}).status_code == expected, host
        stream = f"ws://localhost:{server.port}/_stcore/stream"
        # The origin differs from the Host header, as behind a proxy that replaces the header.
        with connect(stream, origin="https://stt.example.org"):
            pass
        with pytest.raises(InvalidStatus), connect(stream, origin="https://a.example.net"):
            pass


def test_cross_origin_handshakes_are_refused_at_once_without_outside_requests(server: Server, proxy: SilentProxy):
    before = len(proxy.calls)
    began = time.monotonic()
    for number in range(10):
        assert (
            status(server, f"{HANDSHAKE}Host: localhost:{server.port}\r\nOrigin: https://evil{number}.example\r\n")
            == 403
        )
        assert requests.get(f"{server.url}/healthz", timeout=20).status_code == 200
    assert time.monotonic() - began < 20  # Streamlit itself would make ten look-ups of 2 s each
    assert len(proxy.calls) == before


@pytest.mark.parametrize("origin", ["http://localhost:1", "http://127.0.0.1:{port}", "null", "http://0.0.0.0:{port}"])
def test_other_port_or_name_of_this_machine_is_another_origin(server: Server, origin: str):
    origin = origin.format(port=server.port)
    assert status(server, f"{HANDSHAKE}Host: localhost:{server.port}\r\nOrigin: {origin}\r\n") == 403
    for method in ("GET", "POST", "PUT"):
        answer = requests.request(method, f"{server.url}/v1/models", headers={"Origin": origin})
        assert answer.status_code == 403
    assert (
        requests.get(f"{server.url}/", headers=PAGE | {"Origin": "null", "Sec-Fetch-Mode": "navigate"}).status_code
        == 200
    )


def test_handshake_of_the_servers_page_ignores_case_and_a_trailing_dot(server: Server):
    for host in (f"localhost:{server.port}", f"LOCALHOST.:{server.port}"):
        head = f"{HANDSHAKE}Host: {host}\r\nOrigin: http://localhost:{server.port}\r\n"
        assert status(server, head) == 101


def test_sign_in_routes_do_nothing_where_sign_in_is_off(server: Server, tmp_path: Path):
    with Server(tmp_path / "data", STT_ACCESS="shared") as shared:
        for where in (server, shared):
            session = requests.Session()
            session.get(where.url, headers=PAGE)
            before = dict(session.cookies)
            for path in ("/oauth2callback", "/auth/logout", "/auth/login", "/oauth2callback?code=a&state=b"):
                for headers in (PAGE, PAGE | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}):
                    answer = session.get(where.url + path, headers=headers, allow_redirects=False)
                    assert answer.status_code == 404 and "set-cookie" not in answer.headers
            assert dict(session.cookies) == before


def test_metrics_are_local_only_unless_the_host_makes_them_public(server: Server, tmp_path: Path):
    remote_headers = (
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"},
        {"Host": socket.gethostname()},
    )
    for path in ("/metrics", "/_stcore/metrics"):
        assert requests.get(server.url + path).status_code == 200
        for headers in remote_headers:
            assert requests.get(server.url + path, headers=headers).status_code == 403
        # The client has forged the first line, and a proxy on this machine has added the second one.
        lines = "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9"
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{lines}\r\n\r\n"
        assert status(server, head) == 403
    with Server(tmp_path / "data", STT_PUBLIC_METRICS="1") as public:
        assert [requests.get(f"{public.url}/metrics", headers=headers).status_code for headers in remote_headers] == [
            200
        ] * 3


def test_cookie_behind_https_cannot_be_set_by_another_host(server: Server):
    answer = requests.get(server.url, headers=HTTPS)
    cookie = answer.headers["set-cookie"]
    assert (
        cookie.startswith("__Host-stt_visitor=")
        and "; Secure" in cookie
        and "Path=/" in cookie
        and "Domain" not in cookie
    )
    assert answer.headers["Cache-Control"] == "no-store"
    value = cookie.partition("=")[2].partition(";")[0]
    headers = HTTPS | {"Cookie": f"stt_visitor=planted; __Host-stt_visitor={value}"}
    again = requests.get(server.url, headers=headers)
    removed, renewed = again.raw.headers.getlist("set-cookie")
    assert (
        removed.startswith('stt_visitor="";')
        and "Max-Age=0" in removed
        and renewed.startswith(f"__Host-stt_visitor={value};")
    )
    # Without an accepted cookie the status would be 404. It is 400, because the upload is empty.
    assert requests.post(f"{server.url}/upload", headers=headers).status_code == 400


def test_old_cookie_is_replaced_behind_https_and_the_visitor_stays(server: Server):
    session = requests.Session()
    session.get(server.url, headers=PAGE)
    old = session.cookies["stt_visitor"]
    answer = requests.get(server.url, headers=HTTPS | {"Cookie": f"stt_visitor={old}"})
    removed, moved = answer.raw.headers.getlist("set-cookie")
    assert removed.startswith('stt_visitor="";') and "Max-Age=0" in removed and moved.startswith("__Host-stt_visitor=")
    with settings_of(server):
        found = visitors.visitor({visitors.COOKIE: moved.partition("=")[2].partition(";")[0]})
        assert found == visitors.visitor({visitors.COOKIE: old}) and found is not None


def test_streamlit_cookies_are_secure_behind_https(server: Server):
    plain, secure = (
        requests.get(f"{server.url}/_stcore/health", headers={"X-Forwarded-Proto": proto})
        for proto in ("http", "https")
    )
    assert "_streamlit_xsrf" in plain.headers["set-cookie"] and "Secure" not in plain.headers["set-cookie"]
    cookies = secure.raw.headers.getlist("set-cookie")
    assert cookies and all(cookie.endswith("; Secure") for cookie in cookies)
    assert secure.headers["Cache-Control"] == "no-store"


def test_audio_is_revalidated_each_time_but_sent_once(server: Server):
    session = requests.Session()
    session.get(server.url, headers=PAGE)
    with settings_of(server):
        from tests.transcripts import TALK, store

        generation_id = store(visitors.owner_of(visitors.visitor(session.cookies)), TALK, audio.JFK)
    address = f"{server.url}/audio/{generation_id}"
    first = session.get(address)
    assert first.headers["Cache-Control"] == "private, no-cache" and first.content == audio.JFK.read_bytes()
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = session.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    part = session.get(address, headers={"Range": "bytes=10-19", "If-Range": tag})
    assert part.status_code == 206 and part.content == first.content[10:20]
    # Without the cookie, the response does not reveal that the recording exists.
    assert requests.get(address, headers={"If-None-Match": tag}).status_code == 404
