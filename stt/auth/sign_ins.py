"""Bind browsers to signed-in users, where `STT_ACCESS` is `login`.

A sign-in is a visitor's name and the sign-in cookie set with it by one response of the identity provider's callback.
Neither counts without the other, so a planted name or a copied cookie is worthless, and a sign-out ends both.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

import sqlalchemy as sa

from stt.compat import streamlit
from stt.db import queries
from stt.db.engine import database
from stt.db.tables import sign_ins

RENEWED = 3600  # seconds after which a visit is recorded again, which restarts the month
SIGNED_IN_FOR = 30 * 24 * 3600  # lifetime of a sign-in, seconds; the same as that of Streamlit's own cookie


def session_of(cookies: Mapping[str, str]) -> str | None:
    """Return the SHA-256 of the sign-in cookie with its parts; None if incomplete.

    Streamlit checks its signature: a cookie without a valid one was never bound to a visitor.
    """
    parts = streamlit.sign_in_parts(cookies)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest() if parts else None


def begin(visitor_name: str, session: str) -> None:
    """Bind a new visitor's name to the sign-in that the same response sets. `sign_in` adds the owner."""
    now = time.time()
    with database().begin() as connection:
        connection.execute(sign_ins.delete().where(sign_ins.c.at < now - SIGNED_IN_FOR))
        connection.execute(sign_ins.insert().values(visitor=visitor_name, session=session, owner=None, at=now))


def sign_in(visitor_name: str, session: str | None, owner: str) -> bool:
    """Record this visitor as `owner`; return False unless the callback set both and nobody has signed out since."""
    now = time.time()
    mine = sa.and_(
        sign_ins.c.visitor == visitor_name, sign_ins.c.session == session, sign_ins.c.at > now - SIGNED_IN_FOR
    )
    if session is None:
        return False
    row = queries.one(sa.select(sign_ins.c.owner, sign_ins.c.at).where(mine))
    if row is None:
        return False
    if row.owner == owner and row.at > now - RENEWED:
        return True
    # This updates no row if another tab has signed out in between.
    return queries.write(sign_ins.update().where(mine).values(owner=owner, at=now)) == 1


def sign_out(visitor_name: str) -> None:
    """End this visitor's sign-in: its cookies, and copies of them, are refused from now on."""
    queries.write(sign_ins.delete().where(sign_ins.c.visitor == visitor_name))


def user_of(visitor_name: str) -> str | None:
    """Return the owner that signed in with this browser in the last month and has not signed out."""
    recent = sa.and_(
        sign_ins.c.visitor == visitor_name,
        sign_ins.c.session.is_not(None),  # a sign-in of an earlier version has no session: sign in again
        sign_ins.c.at > time.time() - SIGNED_IN_FOR,
    )
    return queries.value(sa.select(sign_ins.c.owner).where(recent))
