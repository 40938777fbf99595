"""Test sign-ins: which claims identify a user, and to which cookies a sign-in is bound."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa
from itsdangerous import URLSafeTimedSerializer

from stt.auth import sign_ins, visitors
from stt.db.engine import database
from stt.db.tables import sign_ins as table
from tests.server import ROOT

ANN = "user:ann@example.org"


@pytest.mark.parametrize(
    ("verified", "counts"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        (False, False),
        ("false", False),
        (0, False),
        ("0", False),
        (1, False),
        (None, False),
        ("no", False),
        ("", False),
        ("yes", False),
        ([], False),
        (["true"], False),
    ],
)
def test_address_counts_only_if_the_identity_provider_calls_it_verified(host, verified: object, counts: bool):
    claims = {"email": "Ann@Example.org", "sub": "4711", "email_verified": verified}
    assert visitors.user(claims) == (ANN if counts else "user:4711")
    # Some providers let users choose the subject, so a subject is never accepted as an email address.
    assert visitors.user(claims | {"sub": "ann@example.org"}) == (ANN if counts else None)
    host(STT_ALLOWED_EMAILS="example.org")
    assert visitors.user(claims) == (ANN if counts else None)


def test_address_counts_if_the_identity_provider_sends_no_verified_claim(host):
    host(STT_ALLOWED_EMAILS="example.org")
    assert visitors.user({"email": "ann@example.org", "sub": "4711"}) == ANN
    assert visitors.user({"email": "", "sub": "4711"}) is None


def cookie(text: str) -> str:
    return URLSafeTimedSerializer("streamlit's secret", salt="_streamlit_user").dumps(text)


def test_long_sign_in_differs_from_another_by_any_of_its_parts():
    first = {
        "_streamlit_user": cookie("chunks-2"),
        "_streamlit_user_1": cookie("{a"),
        "_streamlit_user_2": cookie("b}"),
    }
    session = sign_ins.session_of(first)
    assert (
        session is not None and sign_ins.session_of(first | {"_streamlit_user_3": "left over", "other": "x"}) == session
    )
    assert sign_ins.session_of(first | {"_streamlit_user_2": cookie("c}")}) != session
    assert sign_ins.session_of({name: value for name, value in first.items() if not name.endswith("_2")}) is None
    short = sign_ins.session_of({"_streamlit_user": cookie("{ab}"), "_streamlit_user_tokens": "x"})
    assert short == sign_ins.session_of({"_streamlit_user": cookie("{ab}")}) and short != session


@pytest.mark.parametrize("value", ["", "no cookie at all", "ÿ", '"chunks-2"', "chunks-99"])
def test_invalid_or_incomplete_sign_in_cookie_signs_nobody_in(data: Path, value: str):
    value = cookie(value) if value.startswith("chunks") else value
    assert not sign_ins.sign_in("ann", sign_ins.session_of({"_streamlit_user": value}), ANN)
    assert sign_ins.user_of("ann") is None


def test_sign_in_is_valid_for_the_cookies_of_one_response_until_sign_out(data: Path):
    sign_ins.begin("new", "session")
    assert sign_ins.user_of("new") is None  # only `sign_in` records the user, and it was not called yet
    for name, session in (("planted", "session"), ("new", "copied"), ("new", None)):
        assert not sign_ins.sign_in(name, session, ANN)
        assert sign_ins.user_of(name) is None
    assert sign_ins.sign_in("new", "session", ANN) and sign_ins.user_of("new") == ANN
    sign_ins.sign_out("new")
    assert not sign_ins.sign_in("new", "session", ANN) and sign_ins.user_of("new") is None


def test_sign_in_of_an_earlier_version_is_not_valid(data: Path):
    with database().begin() as connection:
        connection.execute(table.insert().values(visitor="old", owner=ANN, at=2e9, session=None))
    assert sign_ins.user_of("old") is None and not sign_ins.sign_in("old", None, ANN)


def test_sign_in_expires_after_a_month(data: Path):
    sign_ins.begin("new", "session")
    assert sign_ins.sign_in("new", "session", ANN)
    with database().begin() as connection:
        connection.execute(sa.update(table).values(at=table.c.at - sign_ins.SIGNED_IN_FOR))
    assert sign_ins.user_of("new") is None and not sign_ins.sign_in("new", "session", ANN)


PAGES = sorted(path for path in (ROOT / "pages").rglob("*.py") if "node_modules" not in path.parts)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_dialog_and_fragment_checks_the_visitor_again(path: Path):
    """Check that pages use the `fragment` and `dialog` of `pages.session`, which check the visitor.

    Streamlit reruns fragments and dialogs without the code of the page that identifies the visitor.
    """
    # session.py uses Streamlit's functions in its own `fragment` and `dialog`, and once to wait for the database.
    allowed = {"session.py": 3}
    used = [ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    raw = [name for name in used if name in ("st.fragment", "st.dialog", "st.experimental_fragment")]
    assert len(raw) == allowed.get(path.name, 0), "use session.fragment and session.dialog"
