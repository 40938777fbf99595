"""Test quotas by network address, which still apply after a visitor has deleted the cookie."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from starlette.requests import Request

from stt import kinds
from stt.auth import clients
from stt.db.engine import database
from stt.db.tables import usage
from stt.errors import LimitReached
from stt.guard.limiters import Open
from stt.settings import Settings
from stt.store import records
from tests.quotas import job, refusal, store_job


def test_dropping_the_cookie_gives_no_new_quota_and_an_office_is_not_blocked(host):
    host(STT_MINUTES_PER_VISITOR=10, STT_VISITORS_PER_ADDRESS=3, STT_JOBS_PER_VISITOR=2)
    for number in range(3):
        created = store_job(job(f"visitor:{number}", minutes=10), "203.0.113.7")
        records.transition(created.id, kinds.OPEN, kinds.DONE)
    assert "for each network address" in refusal(job("visitor:fresh", minutes=1), "203.0.113.7").message
    store_job(job("visitor:fresh", minutes=1), "203.0.113.8")
    store_job(job("user:ann@example.org", minutes=1), "203.0.113.7")  # a signed-in user is not counted by address
    with database().connect() as connection:
        stored = connection.execute(sa.select(usage.c.address).distinct()).scalars().all()
    assert "203.0" not in repr(stored) and len(stored) == 3


def test_concurrent_jobs_count_by_address_too(host):
    host(STT_JOBS_PER_VISITOR=1, STT_VISITORS_PER_ADDRESS=2)
    for number in range(2):
        store_job(job(f"visitor:{number}"), "2001:db8::1")
    assert "each network address" in refusal(job("visitor:2"), "2001:db8::2").message  # a /64 network counts as one
    store_job(job("visitor:2"), "2001:db8:0:1::2")


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        (None, "203.0.113.7", [], "203.0.113.7"),
        (None, "203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # the header is ignored, because no proxy is trusted
        ("10.0.0.0/8", "203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.0/8", "10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.0/8", "10.1.2.3", ["192.0.2.1, 198.51.100.1"], "198.51.100.1"),  # the client may have forged the first
        ("10.0.0.0/8", "10.1.2.3", ["192.0.2.1", "198.51.100.1"], "198.51.100.1"),  # the proxy has added a line
        ("10.0.0.0/8, 192.0.2.9", "10.1.2.3", ["198.51.100.1, 192.0.2.9"], "198.51.100.1"),
        ("10.0.0.0/8", "10.1.2.3", [], "10.1.2.3"),
        ("10.0.0.0/8", "::ffff:10.1.2.3", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.0/8", "10.1.2.3", ["nonsense"], None),
        (None, None, [], None),
    ],
)
def test_client_address_comes_from_trusted_proxies(host, trusted, peer, forwarded, client):
    host(**({"STT_TRUSTED_PROXIES": trusted} if trusted else {}))
    assert clients.client_address(peer, forwarded) == client


def request_through(peer: str, forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())]
    return Request({"type": "http", "headers": headers, "client": (peer, 5000)})


def test_open_requests_count_for_the_client_behind_a_trusted_proxy(host):
    host(STT_TRUSTED_PROXIES="172.16.0.0/12")
    places = Open("uploads", 1)
    with ExitStack() as opened:
        for number in range(20):  # all through one proxy, and each from another client
            opened.enter_context(
                places.place(f"visitor:{number}", request_through("172.17.0.1", f"198.51.100.{number}"))
            )
        for number in range(places.most["address"]):  # the client is one /64 network
            opened.enter_context(places.place(f"other:{number}", request_through("172.17.0.1", f"2001:db8::{number}")))
        with pytest.raises(LimitReached), places.place("fresh", request_through("172.17.0.1", "2001:db8::ffff")):
            pass
        for number in range(places.most["address"]):  # nobody has said that this peer is a proxy
            opened.enter_context(places.place(f"more:{number}", request_through("203.0.113.7", f"192.0.2.{number}")))
        with pytest.raises(LimitReached), places.place("fresh", request_through("203.0.113.7", "192.0.2.99")):
            pass
    with places.place("fresh", request_through("203.0.113.7", "192.0.2.99")):
        pass


def test_proxies_that_are_no_addresses_prevent_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STT_TRUSTED_PROXIES", "my-proxy")
    with pytest.raises(ValidationError):
        Settings()
