"""Bind browsers to signed-in users, if STT_ACCESS is `login`.

A sign-in consists of two cookies that the same response to the identity provider's callback sets: the visitor cookie
and Streamlit's sign-in cookie. Neither cookie is valid without the other. So an attacker gains nothing by planting a
visitor cookie or copying a sign-in cookie, and a sign-out invalidates both cookies.
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

RENEWED = 3600  # minimum seconds between two updates of the time of a visitor's last visit
SIGNED_IN_FOR = 30 * 24 * 3600  # lifetime of a sign-in after the last visit, seconds; Streamlit's cookie has the same


def session_of(cookies: Mapping[str, str]) -> str | None:
    """Return the SHA-256 of all parts of Streamlit's sign-in cookie; None if a part is missing.

    The cookie's signature need not be checked, because `begin` binds only cookies that Streamlit has just set.
    """
    parts = streamlit.sign_in_parts(cookies)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest() if parts else None


def begin(visitor_name: str, session: str) -> None:
    """Bind a new visitor's name to `session`, the hash of a sign-in cookie (see `session_of`).

    The response that sets the sign-in cookie must also set the visitor cookie. `sign_in` records the owner later.
    """
    now = time.time()
    with database().begin() as connection:
        connection.execute(sign_ins.delete().where(sign_ins.c.at < now - SIGNED_IN_FOR))
        connection.execute(sign_ins.insert().values(visitor=visitor_name, session=session, owner=None, at=now))


def sign_in(visitor_name: str, session: str | None, owner: str) -> bool:
    """Record that this visitor is signed in as `owner`, and return True.

    Return False, and record nothing, if `begin` has not bound `visitor_name` to `session`, or if the sign-in has ended.
    """
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
    # If another tab has signed out since the query above, there is no row to update, and the result is False.
    return queries.write(sign_ins.update().where(mine).values(owner=owner, at=now)) == 1


def sign_out(visitor_name: str) -> None:
    """End this visitor's sign-in. From now on, the cookies of the sign-in, and copies of these cookies, are refused."""
    queries.write(sign_ins.delete().where(sign_ins.c.visitor == visitor_name))


def user_of(visitor_name: str) -> str | None:
    """Return the owner who is signed in with this browser, or None.

    A sign-in ends when the user signs out, or SIGNED_IN_FOR seconds after the last visit.
    """
    recent = sa.and_(
        sign_ins.c.visitor == visitor_name,
        sign_ins.c.session.is_not(None),  # sign-ins of an earlier app version have no session, and are invalid
        sign_ins.c.at > time.time() - SIGNED_IN_FOR,
    )
    return queries.value(sa.select(sign_ins.c.owner).where(recent))
