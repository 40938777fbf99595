"""Test which host names the server accepts as its own, and which URLs count as pages of the server."""

from __future__ import annotations

import socket

import pytest

from stt.guard import hosts
from stt.guard.hosts import Host, is_known, is_own_page, parse
from tests.conftest import read_settings_again

MACHINE = socket.gethostname().lower()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", Host("localhost")),
        ("LocalHost.:8501", Host("localhost", 8501)),
        ("127.0.0.1:8501", Host("127.0.0.1", 8501)),
        ("[::1]:8501", Host("::1", 8501)),
        ("[0:0:0:0:0:0:0:1]", Host("::1")),
        ("[::ffff:192.0.2.7]", Host("192.0.2.7")),
        ("stt_web:8501", Host("stt_web", 8501)),
        *[
            (bad, None)
            for bad in ("", ":8501", "a b", "ann@localhost", "localhost/x", "localhost?x", "localhost:", "localhost:0")
        ],
        *[
            (bad, None)
            for bad in (
                "localhost:65536",
                "localhost:x",
                "[abc]",
                "[]",
                "[::1",
                "::1",
                "ｌocalhost",
                "a,b",
                ".",
                "x" * 300,
            )
        ],
    ],
)
def test_host_is_a_name_and_an_optional_port(text: str, expected: Host | None):
    assert parse(text) == expected


@pytest.fixture
def set_hosts(monkeypatch: pytest.MonkeyPatch, data):
    def set_names(names: str) -> None:
        monkeypatch.setenv("STT_HOSTS", names)
        read_settings_again()

    return set_names


def test_server_is_known_by_the_names_of_its_machine_by_default(data):
    for name in (
        "localhost",
        "stt.localhost",
        "127.0.0.1",
        "127.8.8.8",
        "[::1]",
        "0.0.0.0",
        "192.0.2.7",
        MACHINE,
        f"{MACHINE}.local",
    ):
        assert is_known(parse(name), "192.0.2.7"), name
    assert is_known(parse("[2001:db8::7]"), "2001:db8:0::7")
    for name in (
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "192.0.2.8",
        "[2001:db8::8]",
        f"{MACHINE}.evil.example",
    ):
        assert not is_known(parse(name), "192.0.2.7"), name
    assert not is_known(parse("192.0.2.7"), None)


def test_server_is_known_by_the_name_that_it_listens_on(data, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hosts, "_bound", set())
    assert not is_known(parse("stt.lan"), None)
    hosts.bind("STT.lan")
    hosts.bind(None)
    assert is_known(parse("stt.lan:8501"), None)


def test_server_is_known_by_configured_host_names(set_hosts):
    set_hosts("stt.example.org, *.example.net https://Copied.example/ 10.0.0.5:8501,[2001:db8::7] 2001:db8::8")
    for name in (
        "stt.example.org",
        "STT.example.org.:443",
        "a.example.net",
        "a.b.example.net",
        "copied.example",
        "10.0.0.5:8501",
    ):
        assert is_known(parse(name), None), name
    for name in ("[2001:db8::7]:80", "[2001:db8::8]", "localhost", "127.0.0.1"):
        assert is_known(parse(name), None), name
    for name in ("example.net", "evilexample.net", "10.0.0.5", "10.0.0.5:80", "example.org", "192.0.2.7", MACHINE):
        assert not is_known(parse(name), "192.0.2.7"), name
    set_hosts("*")
    assert is_known(parse("anything.example"), None)


def test_page_is_own_if_its_origin_is_the_host(data):
    for origin, host in (
        ("http://localhost:8501", "localhost:8501"),
        ("http://localhost", "localhost:80"),
        ("https://stt.example.org", "stt.example.org"),
        ("https://STT.example.org:443", "stt.example.org."),
        ("http://[::1]:8501", "[0::1]:8501"),
    ):
        assert is_own_page(origin, parse(host), secure=False), origin
    for origin, host in (
        ("http://localhost:3000", "localhost:8501"),
        ("http://127.0.0.1:8501", "localhost:8501"),
        ("https://evil.example", "localhost:8501"),
        ("http://localhost.evil.example:8501", "localhost:8501"),
        ("http://localhost:8501@evil.example", "localhost:8501"),
        ("http://localhost:8501/", "localhost:8501"),
        ("null", "localhost:8501"),
        ("", "localhost:8501"),
        ("file://", "localhost:8501"),
        ("chrome-extension://localhost:8501", "localhost:8501"),
        ("http://[::1", "localhost:8501"),
    ):
        assert not is_own_page(origin, parse(host), secure=False), origin
    assert not is_own_page("http://stt.example.org", parse("stt.example.org"), secure=True)


def test_page_of_a_configured_host_is_own_behind_a_proxy_with_another_host(set_hosts):
    set_hosts("stt.example.org, lan.example:8443, *.example.net, *")
    inside = parse("127.0.0.1:8501")
    for origin in ("https://stt.example.org", "https://lan.example:8443"):
        assert is_own_page(origin, inside, secure=True), origin
    for origin in (
        "https://stt.example.org:9000",
        "https://lan.example",
        "https://a.example.net",
        "https://evil.example",
    ):
        assert not is_own_page(origin, inside, secure=True), origin
