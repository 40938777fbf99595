"""A link brings a recording or a sentence, and reaches nothing but the public internet."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from werkzeug import Request, Response

from stt import links, media
from stt.errors import BadLink, Cancelled, TooLarge
from tests import audio

SOUND = audio.JFK.read_bytes()
PUBLIC = "93.184.215.14"


@pytest.fixture
def fetch(tmp_path):
    """Download with private addresses allowed, as the local server has one."""

    def fetched(url, **options):
        options = {"limit_bytes": 10_000_000, "timeout_seconds": 20, "allow_private": True} | options
        return links.download(url, tmp_path, **options)

    return fetched


@pytest.fixture
def names(monkeypatch):
    """A name service: name -> the answers it gives one after the other (the last one for good)."""
    known: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def answer(host, port, *args, **kwargs):
        if host not in known:
            return real(host, port, *args, **kwargs)
        addresses = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return known


@pytest.fixture
def certificate(tmp_path_factory):
    """The files of a certificate for talks.example that nobody has signed, and of its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "talks.example")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("talks.example")]), critical=False)
    signed = made.sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def raw_server():
    """A server that speaks as slowly or as wrongly as its answer function likes. Gives the address for an answer."""
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
                pass  # the other side has left

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/a.mp3"

    yield serve
    over.set()
    for server in servers:
        server.close()


def test_a_link_brings_the_recording_under_a_name_of_our_own(httpserver, fetch, tmp_path):
    httpserver.expect_request("/talks/a.flac").respond_with_data(SOUND, content_type="audio/flac")
    news = []
    path = fetch(httpserver.url_for("/talks/a.flac"), on_progress=lambda done, total: news.append((done, total)))
    assert path.read_bytes() == SOUND
    assert path.parent == tmp_path
    assert "a.flac" not in path.name and path.name.isalnum()
    assert news[-1] == (len(SOUND), len(SOUND))
    assert media.probe(path).kind == "FLAC"


def test_a_packed_or_unmeasured_answer_is_the_same_recording(httpserver, fetch):
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


def test_five_redirects_are_enough_and_six_are_too_many(httpserver, fetch, tmp_path):
    for n in range(1, 7):
        httpserver.expect_request(f"/{n}").respond_with_data(status=302, headers={"Location": f"/{n - 1}"})
    httpserver.expect_request("/0").respond_with_data(SOUND)
    assert fetch(httpserver.url_for("/5")).read_bytes() == SOUND
    with pytest.raises(BadLink, match="leads on and on"):
        fetch(httpserver.url_for("/6"))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 404}, "nothing at this address"),
        ({"status": 401}, "sign-in"),
        ({"status": 403}, "does not let this server"),
        ({"status": 410}, "taken down"),
        ({"status": 500}, "error 500"),
        ({"status": 204}, "error 204"),
        ({"response_data": b""}, "0 bytes"),
        ({"response_data": "<p>Hello", "content_type": "text/html; charset=utf-8"}, "a web page, not to a recording"),
        ({"response_data": "\n <!DOCTYPE html><p>", "content_type": "audio/mpeg"}, "a web page, not to a recording"),
    ],
)
def test_what_is_no_recording_is_told_in_a_sentence_and_leaves_nothing(httpserver, fetch, tmp_path, answer, words):
    httpserver.expect_request("/a.mp3").respond_with_data(**answer)
    with pytest.raises(BadLink, match=words):
        fetch(httpserver.url_for("/a.mp3"))
    assert list(tmp_path.iterdir()) == []


def test_a_recording_over_the_limit_is_refused_by_its_length_or_while_it_comes(httpserver, fetch, tmp_path):
    zeros = bytes(3_000_000)
    httpserver.expect_request("/told").respond_with_data(zeros)
    httpserver.expect_request("/untold").respond_with_handler(lambda request: Response(iter([zeros] * 3)))
    httpserver.expect_request("/bomb").respond_with_data(gzip.compress(zeros), headers={"Content-Encoding": "gzip"})
    news = []
    for path in ("/told", "/untold", "/bomb"):
        with pytest.raises(TooLarge, match="limit of 2 MB"):
            fetch(httpserver.url_for(path), limit_bytes=2 << 20, on_progress=lambda done, _: news.append(done))
    assert max(news) <= 2 << 20
    assert list(tmp_path.iterdir()) == []


def drip(start: bytes, piece: bytes):
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
def test_neither_a_drip_nor_silence_outlasts_the_time_limit_or_the_cancel(raw_server, fetch, tmp_path, start, piece):
    with pytest.raises(BadLink, match="too slowly"):
        fetch(raw_server(drip(start, piece)), timeout_seconds=0.6)
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        fetch(raw_server(drip(start, piece)), cancelled=lambda: time.monotonic() > begin + 0.3)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nfLaC", b"", b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\nTransfer"],
)
def test_an_answer_that_breaks_off_is_no_recording(raw_server, fetch, tmp_path, content):
    with pytest.raises(BadLink, match="connection to the site|0 bytes"):
        fetch(raw_server(lambda connection, _: connection.sendall(content)))
    assert list(tmp_path.iterdir()) == []


def test_the_body_of_a_redirect_is_not_read(httpserver, raw_server, fetch):
    httpserver.expect_request("/a.flac").respond_with_data(SOUND)
    head = f"HTTP/1.1 302 Found\r\nLocation: {httpserver.url_for('/a.flac')}\r\n\r\n"
    assert fetch(raw_server(drip(head.encode(), bytes(65_536)))).read_bytes() == SOUND


def test_a_redirect_to_no_address_is_told_in_a_sentence(raw_server, fetch):
    head = b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(BadLink, match="something that is no address"):
        fetch(raw_server(lambda connection, _: connection.sendall(head)))


def test_a_closed_port_is_told_in_a_sentence(fetch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(BadLink, match="connection to the site"):
        fetch(f"http://127.0.0.1:{port}/a.mp3")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "begin with http"),
        ("a.mp3", "begin with http"),
        ("ftp://example.com/a.mp3", "begin with http"),
        ("file:///etc/hostname", "begin with http"),
        ("data:audio/mpeg;base64,AAAA", "begin with http"),
        ("http://", "not a complete address"),
        ("http:///a.mp3", "not a complete address"),
        ("http://example.com:99999/", "not a complete address"),
        ("http://[::1", "not a complete address"),
        ("http://user:secret@example.com/a.mp3", "user name"),
        ("http://user@example.com/a.mp3", "user name"),
        ("http://user@bücher.example/a.mp3", "not a complete address"),
        ("http://bücher .example/a.mp3", "not a complete address"),
        ("http://example.com\\@127.0.0.1/", "user name"),
        ("http://exam\nple.com/a.mp3", "signs that no address has"),
        ("http://no-such-name.invalid/a.mp3", "no site called no-such-name.invalid"),
        ("http://" + "a" * 300 + ".com/", "no site called"),
    ],
)
def test_what_is_no_address_is_refused(fetch, url, words):
    for use in (links.check, fetch):
        with pytest.raises(BadLink, match=words):
            use(url)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.1",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "LOCALHOST",
        "0x7f.0x0.0x0.0x1",
        "017700000001",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "168.63.129.16",
        "[::ffff:168.63.129.16]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:5db8:d822::1]",
        "[2001:0:5ef5:79fb::1]",
        "192.88.99.1",
        "[3fff::1]",
        "[5f00::1]",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[2001:db8::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
    ],
)
def test_an_address_that_is_not_public_is_refused_however_it_is_spelled(tmp_path, host):
    for url in (f"http://{host}/a.mp3", f"https://{host}:8443/a.mp3"):
        for use in (links.check, lambda url: links.download(url, tmp_path, limit_bytes=1000, timeout_seconds=5)):
            with pytest.raises(BadLink, match="private network"):
                use(url)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_a_public_address_passes(names, address):
    names["talks.example"] = [[address]]
    assert links.check(" https://talks.example/a b.mp3#t=10 ") == "https://talks.example/a%20b.mp3"


def test_a_name_in_any_script_is_asked_for_as_browsers_do(names):
    names["xn--bcher-kva.example"] = [[PUBLIC]]
    for url in ("https://bücher.example/ä ö.mp3?q=ß#x", "https://BÜCHER。example/%C3%A4%20%C3%B6.mp3?q=%C3%9F"):
        assert links.check(url) == "https://xn--bcher-kva.example/%C3%A4%20%C3%B6.mp3?q=%C3%9F"
    assert links.check("https://bücher.example:8443/a.mp3") == "https://xn--bcher-kva.example:8443/a.mp3"


def test_a_name_with_one_private_address_among_public_ones_is_refused(names):
    names["talks.example"] = [[PUBLIC, "10.0.0.1"]]
    with pytest.raises(BadLink, match="private network"):
        links.check("http://talks.example/a.mp3")


def test_a_name_that_turns_private_after_the_check_is_not_connected_to(names, tmp_path):
    """DNS rebinding: public when looked up first, this machine when connected to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
        with pytest.raises(BadLink, match="private network"):
            url = f"http://rebinding.example:{server.getsockname()[1]}/a.mp3"
            links.download(url, tmp_path, limit_bytes=1000, timeout_seconds=5)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_redirect_into_a_private_network_is_refused(httpserver, names, tmp_path, monkeypatch):
    """The public server that redirects is a local one: the way to its public address ends there."""
    real = links.create_connection
    monkeypatch.setattr(links, "create_connection", lambda address, *rest: real(("127.0.0.1", address[1]), *rest))
    names["talks.example"] = [[PUBLIC]]
    targets = ["http://169.254.169.254/latest/meta-data/", "//127.1/a.mp3", "http://[::ffff:10.0.0.1]/", "file:///etc"]
    for target in targets:
        httpserver.clear()
        httpserver.expect_request("/a.mp3").respond_with_data(status=302, headers={"Location": target})
        with pytest.raises(BadLink, match="private network|begin with http"):
            url = f"http://talks.example:{httpserver.port}/a.mp3"
            links.download(url, tmp_path, limit_bytes=1000, timeout_seconds=5)
        assert len(httpserver.log) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_server_is_asked_by_its_name_without_keys_or_cookies_of_ours(httpserver, names, fetch):
    names["talks.example"] = [["127.0.0.1"]]
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response(SOUND)

    httpserver.expect_request("/a.flac").respond_with_handler(answer)
    fetch(f"http://talks.example:{httpserver.port}/a.flac")
    assert seen[0].headers["Host"] == f"talks.example:{httpserver.port}"
    assert not {"Authorization", "Cookie", "Referer"} & {name.title() for name in seen[0].headers.keys()}


def test_a_proxy_in_the_environment_is_not_used(httpserver, fetch, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    httpserver.expect_request("/a.flac").respond_with_data(SOUND)
    assert fetch(httpserver.url_for("/a.flac")).read_bytes() == SOUND


def test_tls_is_asked_for_by_name_and_a_certificate_that_nobody_signed_is_refused(names, fetch, certificate):
    names["talks.example"] = [["127.0.0.1"]]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    asked: list[str] = []
    context.sni_callback = lambda connection, name, _: asked.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def handshake():
            try:
                context.wrap_socket(server.accept()[0], server_side=True)
            except OSError:
                pass  # the other side refuses, as it should

        thread = threading.Thread(target=handshake)
        thread.start()
        with pytest.raises(BadLink, match="no valid certificate"):
            fetch(f"https://talks.example:{server.getsockname()[1]}/a.flac")
        thread.join()
    assert asked == ["talks.example"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://talks.example/2024/a%20talk.mp3?x=1#t=3", "a talk.mp3"),
        ("https://talks.example/", "talks.example"),
        ("https://talks.example", "talks.example"),
        ("https://talks.example/a/..%2F..%2Fetc%2Fpasswd", "etcpasswd"),
        ("https://talks.example/" + "a" * 300, "a" * 200),
        ("https://talks.example/caf%C3%A9.mp3", "café.mp3"),
        ("https://talks.example/a%00%0Ab.mp3", "ab.mp3"),
    ],
)
def test_a_link_has_a_name_for_people(url, name):
    assert links.name_of(url) == name
