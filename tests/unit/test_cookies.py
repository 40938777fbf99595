"""Which cookies of a request count, with HTTPS and without."""

from __future__ import annotations

import pytest

from stt.auth import cookies
from tests.conftest import forget

VISITOR, WANTED, MORE = "stt_visitor", "stt_wanted", "_streamlit_xsrf=1"


@pytest.mark.parametrize(
    ("access", "secure", "sent", "seen"),
    [
        ("private", False, [f"{VISITOR}=a; {MORE}"], {f"{VISITOR}=a", MORE}),
        ("private", True, [f"__Host-{VISITOR}=a; {MORE}"], {f"{VISITOR}=a", MORE}),
        ("private", True, [f"{VISITOR}=planted; __Host-{VISITOR}=a"], {f"{VISITOR}=a"}),
        ("private", True, [f"__Host-{VISITOR}=a", f"{VISITOR}=planted"], {f"{VISITOR}=a"}),
        ("private", True, [f"{VISITOR}=old; {WANTED}=planted"], {f"{VISITOR}=old"}),
        ("login", True, [f"{VISITOR}=planted; {WANTED}=planted; {MORE}"], {MORE}),
        ("login", True, [f"__Host-{VISITOR}=a; __Host-{WANTED}=b"], {f"{VISITOR}=a", f"{WANTED}=b"}),
        ("login", False, [f"{VISITOR}=a; {WANTED}=b"], {f"{VISITOR}=a", f"{WANTED}=b"}),
        ("private", False, ["", ";;", "=", "x"], {"=", "x"}),
    ],
)
def test_a_cookie_that_could_be_planted_gives_way(monkeypatch: pytest.MonkeyPatch, data, access, secure, sent, seen):
    monkeypatch.setenv("STT_ACCESS", access)
    forget()
    header = cookies.sort(sent, secure=secure).header
    assert set(filter(None, header.split("; "))) == seen


@pytest.mark.parametrize(
    ("said", "scheme", "expected"),
    [(None, "https", True), (None, "wss", True), (None, "http", False), ("https", "http", True), ("https, http", "http", True),
     ("HTTPS", "http", True), ("wss", "ws", True), ("http, https", "http", False), ("http", "https", False)],
)  # fmt: skip
def test_the_first_proxy_says_whether_it_is_https(said: str | None, scheme: str, expected: bool):
    headers = {} if said is None else {"x-forwarded-proto": said}
    assert cookies.is_https(headers, scheme) is expected
