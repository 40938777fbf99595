"""Test that a link reaches only the public internet, for every spelling of its address and every DNS result."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from contextlib import suppress

import pytest
from werkzeug import Request, Response

from stt.compat import requests as compat
from stt.errors import BadLink, Cancelled
from stt.links import addresses
from stt.links import download as links
from tests import audio

PUBLIC = "93.184.215.14"
SOUND = audio.JFK.read_bytes()


@pytest.fixture
def names(monkeypatch):
    """Imitate DNS with the returned dictionary, from host name to the results of successive lookups.

    The last result is used for all later lookups.
    """
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
        ("http://exam\nple.com/a.mp3", "invalid characters"),
        ("http://no-such-name.invalid/a.mp3", "no site called no-such-name.invalid"),
        ("http://" + "a" * 300 + ".com/", "no site called"),
    ],
)
def test_invalid_address_is_refused(fetch, url, words):
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
def test_address_that_is_not_public_is_refused_in_every_spelling(tmp_path, host):
    for url in (f"http://{host}/a.mp3", f"https://{host}:8443/a.mp3"):
        download = lambda url: links.download(url, tmp_path, limit_bytes=1000, timeout_seconds=5)  # noqa: E731
        for use in (links.acceptable, links.check, download):
            with pytest.raises(BadLink, match="private network"):
                use(url)


# Networks without public sites: networks for multicast, tunnels, relays and clouds, and those entries of IANA's IPv4
# and IPv6 special-purpose address registries (November 2026) that host no public site.
SPECIAL = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "168.63.129.16/32",
    "::/128",
    "::1/128",
    "::ffff:10.0.0.0/104",
    "64:ff9b::a00:0/104",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:2::/48",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]


@pytest.mark.parametrize("net", SPECIAL)
def test_no_address_of_a_special_network_is_public(net):
    network = ipaddress.ip_network(net)
    for address in (network[0], network[network.num_addresses // 2], network[-1]):
        assert not addresses.public(str(address))


@pytest.mark.parametrize(
    "address",
    ["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
     "172.15.255.255", "172.32.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
     "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2620:4f:8001::1", "3ffe::1", "2a00::1"],
)  # fmt: skip
def test_addresses_beside_the_special_networks_are_public(address):
    assert addresses.public(address)


@pytest.mark.parametrize("port", [1, 21, 22, 25, 53, 79, 81, 442, 445, 993, 1023])
def test_port_below_1024_except_80_and_443_is_not_opened(names, port):
    names["talks.example"] = [[PUBLIC]]
    with pytest.raises(BadLink, match=f"port {port} are not opened"):
        links.acceptable(f"http://talks.example:{port}/a.mp3")
    assert links.acceptable(f"http://talks.example:{port}/a.mp3", allow_private=True)


@pytest.mark.parametrize("port", [80, 443, 1024, 8443, 65535])
def test_other_ports_are_opened(port):
    assert links.acceptable(f"http://talks.example:{port}/a.mp3")


def test_checking_only_the_text_of_a_link_looks_up_no_name(monkeypatch):
    real = socket.getaddrinfo

    def numbers_only(*args, **kwargs):
        assert kwargs["flags"] == socket.AI_NUMERICHOST
        return real(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", numbers_only)
    assert links.acceptable("https://talks.example/a.mp3") == "https://talks.example/a.mp3"
    for host in ("localhost", "LOCALHOST.", "a.localhost", "2130706433", "[::1]"):
        with pytest.raises(BadLink, match="private network"):
            links.acceptable(f"http://{host}/a.mp3")


def test_unanswered_dns_lookup_ends_at_the_time_limit_or_a_cancel(tmp_path, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", slow_lookup(socket.getaddrinfo, over))
    try:
        with pytest.raises(BadLink, match="too slowly"):
            links.download("http://slow.example/", tmp_path, limit_bytes=1000, timeout_seconds=0.3)
        with pytest.raises(Cancelled):
            links.download("http://slow.example/", tmp_path, limit_bytes=9, timeout_seconds=9, cancelled=lambda: True)
        monkeypatch.setattr(addresses, "LONGEST", 0.3)
        with pytest.raises(BadLink, match="looked up in time"):
            links.download("http://slow.example/", tmp_path, limit_bytes=1000, timeout_seconds=9)
    finally:
        over.set()


def slow_lookup(real, over):
    def look_up(*args, flags=0, **kwargs):
        if not flags:
            over.wait()
        return real(*args, flags=flags, **kwargs)

    return look_up


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_public_address_is_accepted(names, address):
    names["talks.example"] = [[address]]
    assert links.check(" https://talks.example/a b.mp3#t=10 ") == "https://talks.example/a%20b.mp3"


def test_host_name_in_any_script_is_encoded_as_in_browsers(names):
    names["xn--bcher-kva.example"] = [[PUBLIC]]
    for url in ("https://bücher.example/ä ö.mp3?q=ß#x", "https://BÜCHER。example/%C3%A4%20%C3%B6.mp3?q=%C3%9F"):
        assert links.check(url) == "https://xn--bcher-kva.example/%C3%A4%20%C3%B6.mp3?q=%C3%9F"
    assert links.check("https://bücher.example:8443/a.mp3") == "https://xn--bcher-kva.example:8443/a.mp3"


def test_a_name_with_one_private_address_among_public_ones_is_refused(names):
    names["talks.example"] = [[PUBLIC, "10.0.0.1"]]
    with pytest.raises(BadLink, match="private network"):
        links.check("http://talks.example/a.mp3")


def test_name_that_becomes_private_after_the_check_is_not_connected_to(names, tmp_path):
    """Imitate DNS rebinding: a public address at the first lookup, and this machine's address when connecting."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
        with pytest.raises(BadLink, match="private network"):
            url = f"http://rebinding.example:{server.getsockname()[1]}/a.mp3"
            links.download(url, tmp_path, limit_bytes=1000, timeout_seconds=5)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_redirect_into_a_private_network_is_refused(httpserver, names, tmp_path, monkeypatch):
    """Redirect from a host with a public address. Connections to that address are diverted to a local server."""
    real = compat.create_connection
    monkeypatch.setattr(compat, "create_connection", lambda address, *rest: real(("127.0.0.1", address[1]), *rest))
    names["talks.example"] = [[PUBLIC]]
    targets = ["http://169.254.169.254/latest/meta-data/", "//127.1/a.mp3", "http://[::ffff:10.0.0.1]/", "file:///etc"]
    for target in targets:
        httpserver.clear()
        httpserver.expect_request("/a.mp3").respond_with_data(status=302, headers={"Location": target})
        with pytest.raises(BadLink, match=r"private network|begin with http"):
            url = f"http://talks.example:{httpserver.port}/a.mp3"
            links.download(url, tmp_path, limit_bytes=1000, timeout_seconds=5)
        assert len(httpserver.log) == 1
    assert list(tmp_path.iterdir()) == []


def test_request_has_the_host_name_and_none_of_our_keys_or_cookies(httpserver, names, fetch):
    names["talks.example"] = [["127.0.0.1"]]
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response(SOUND)

    httpserver.expect_request("/a.flac").respond_with_handler(answer)
    fetch(f"http://talks.example:{httpserver.port}/a.flac")
    assert seen[0].headers["Host"] == f"talks.example:{httpserver.port}"
    assert not {"Authorization", "Cookie", "Referer"} & {name.title() for name in seen[0].headers.keys()}  # noqa: SIM118 (iterating gives pairs)


def test_a_proxy_in_the_environment_is_not_used(httpserver, fetch, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    httpserver.expect_request("/a.flac").respond_with_data(SOUND)
    assert fetch(httpserver.url_for("/a.flac")).read_bytes() == SOUND


def test_tls_sends_the_host_name_and_a_self_signed_certificate_is_refused(names, fetch, certificate):
    names["talks.example"] = [["127.0.0.1"]]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server_names: list[str] = []
    context.sni_callback = lambda connection, name, _: server_names.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def handshake():
            with suppress(OSError):  # the handshake fails when the client refuses the certificate
                context.wrap_socket(server.accept()[0], server_side=True)

        thread = threading.Thread(target=handshake)
        thread.start()
        with pytest.raises(BadLink, match="no valid certificate"):
            fetch(f"https://talks.example:{server.getsockname()[1]}/a.flac")
        thread.join()
    assert server_names == ["talks.example"]
