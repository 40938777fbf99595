"""Test which cookies of a request are accepted, with HTTPS and without."""

from __future__ import annotations

import pytest

from stt.auth import cookies
from tests.conftest import reset_caches

VISITOR, RETURN_TO, MORE = "stt_visitor", "stt_wanted", "_streamlit_xsrf=1"


@pytest.mark.parametrize(
    ("access", "secure", "sent", "seen"),
    [
        ("private", False, [f"{VISITOR}=a; {MORE}"], {f"{VISITOR}=a", MORE}),
        ("private", True, [f"__Host-{VISITOR}=a; {MORE}"], {f"{VISITOR}=a", MORE}),
        ("private", True, [f"{VISITOR}=planted; __Host-{VISITOR}=a"], {f"{VISITOR}=a"}),
        ("private", True, [f"__Host-{VISITOR}=a", f"{VISITOR}=planted"], {f"{VISITOR}=a"}),
        ("private", True, [f"{VISITOR}=old; {RETURN_TO}=planted"], {f"{VISITOR}=old"}),
        ("login", True, [f"{VISITOR}=planted; {RETURN_TO}=planted; {MORE}"], {MORE}),
        ("login", True, [f"__Host-{VISITOR}=a; __Host-{RETURN_TO}=b"], {f"{VISITOR}=a", f"{RETURN_TO}=b"}),
        ("login", False, [f"{VISITOR}=a; {RETURN_TO}=b"], {f"{VISITOR}=a", f"{RETURN_TO}=b"}),
        ("private", False, ["", ";;", "=", "x"], {"=", "x"}),
    ],
)
def test_cookie_that_could_be_planted_is_replaced_or_refused(
    monkeypatch: pytest.MonkeyPatch, data, access, secure, sent, seen
):
    monkeypatch.setenv("STT_ACCESS", access)
    reset_caches()
    header = cookies.sort(sent, secure=secure).header
    assert set(filter(None, header.split("; "))) == seen


@pytest.mark.parametrize(
    ("forwarded_proto", "scheme", "expected"),
    [(None, "https", True), (None, "wss", True), (None, "http", False), ("https", "http", True), ("https, http", "http", True),
     ("HTTPS", "http", True), ("wss", "ws", True), ("http, https", "http", False), ("http", "https", False)],
)  # fmt: skip
def test_header_of_the_first_proxy_determines_whether_it_is_https(
    forwarded_proto: str | None, scheme: str, expected: bool
):
    headers = {} if forwarded_proto is None else {"x-forwarded-proto": forwarded_proto}
    assert cookies.is_https(headers, scheme) is expected
